"""The cases as fixtures: all, those of a kind, and each under all of its algorithms."""

from __future__ import annotations

import pytest
from sklearn.base import is_classifier, is_regressor

from .instances import CASES, SGIN, VARIANTS


def each(cases):
    """A fixture that is each of the cases in turn."""
    return pytest.fixture(scope="session", params=cases, ids=str)(lambda request: request.param)


case = each(CASES)
variant = each(VARIANTS)
sgin = each(SGIN)
classifier = each([case for case in CASES if is_classifier(case())])
regressor = each([case for case in CASES if is_regressor(case())])


@pytest.fixture(scope="session")
def fitted(case):
    """The case's estimator, fitted once; tests look at it and leave it as it is."""
    return case().fit(case.X, case.y)
