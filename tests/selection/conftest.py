"""Small data sets with planted groups."""

from __future__ import annotations

import pytest

from sgnn.datasets import make_grouped_classification, make_grouped_regression

SIX = {"n_samples": 120, "n_groups": 6, "group_size": 2, "n_informative": 2, "random_state": 0}


@pytest.fixture(scope="session")
def numbers():
    """A regression, two groups of six informative."""
    return make_grouped_regression(**SIX)


@pytest.fixture(scope="session")
def classes():
    """A classification, two groups of six informative."""
    return make_grouped_classification(**SIX)
