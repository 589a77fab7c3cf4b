"""Figures are drawn without a window, and closed."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def agg():
    """Draw without a window."""
    pytest.importorskip("matplotlib").use("Agg")


@pytest.fixture(autouse=True)
def pyplot(agg):
    """Return pyplot, and close what the test has opened."""
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="session")
def registry(agg):
    """Return the display of all registered regularizers."""
    from sgnn.inspection import RegularizerDisplay

    return RegularizerDisplay.from_names()
