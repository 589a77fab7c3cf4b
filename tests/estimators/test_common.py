"""scikit-learn's own check_estimator: nothing fails, and nothing is expected to."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import check_estimator

from .instances import CASES

VARIANTS = {
    "default": {},
    "varied": {"algorithm": "b", "standardize": True, "missing": "mean", "refit": True},
}


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("kind", [case.kind for case in CASES])
def test_check_estimator(kind, settings):
    results = check_estimator(kind(**settings), on_skip=None, on_fail=None)
    failed = {row["check_name"]: row["exception"] for row in results if row["status"] == "failed"}
    assert failed == {}
    assert {row["status"] for row in results} <= {"passed", "skipped"}
    skipped = [str(row["exception"]) for row in results if row["status"] == "skipped"]
    assert all(reason.startswith("SCIPY_ARRAY_API is not set") for reason in skipped)
