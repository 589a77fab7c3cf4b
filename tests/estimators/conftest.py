"""The cases as fixtures."""

from __future__ import annotations

import pytest

from .instances import CASES, CLASSIFIER, REGRESSOR


@pytest.fixture(scope="session", params=CASES, ids=str)
def case(request):
    """Each estimator in turn, with its data and settings."""
    return request.param


@pytest.fixture(scope="session")
def fitted(case):
    """The case's estimator, fitted once; tests look at it and leave it as it is."""
    return case().fit(case.X, case.y)


@pytest.fixture(scope="session")
def fitted_classifier():
    """The classifier's case, fitted once."""
    return CLASSIFIER().fit(CLASSIFIER.X, CLASSIFIER.y)


@pytest.fixture(scope="session")
def fitted_regressor():
    """The regressor's case, fitted once."""
    return REGRESSOR().fit(REGRESSOR.X, REGRESSOR.y)
