"""scikit-learn's own check_estimator: nothing fails, and nothing is expected to."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import check_estimator

from .instances import CASES

DEFAULT = [(case.kind, {}) for case in CASES]
PREPARED = {"standardize": True, "missing": "mean", "refit": True}
VARIED = [(case.kind, {"algorithm": case.algorithms[1], **PREPARED}) for case in CASES]


@pytest.mark.parametrize(("kind", "settings"), DEFAULT + VARIED, ids=str)
def test_check_estimator(kind, settings):
    results = check_estimator(kind(**settings), on_skip=None, on_fail=None)
    failed = {row["check_name"]: row["exception"] for row in results if row["status"] == "failed"}
    assert failed == {}
    assert {row["status"] for row in results} <= {"passed", "skipped"}
    skipped = [str(row["exception"]) for row in results if row["status"] == "skipped"]
    assert all(reason.startswith("SCIPY_ARRAY_API is not set") for reason in skipped)
