"""scikit-learn's own check_estimator: nothing fails, and nothing is expected to."""

from __future__ import annotations

from sklearn.utils.estimator_checks import check_estimator


def assert_passes(estimator):
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    failed = {row["check_name"]: row["exception"] for row in results if row["status"] == "failed"}
    assert failed == {}
    assert {row["status"] for row in results} <= {"passed", "skipped"}
    skipped = [str(row["exception"]) for row in results if row["status"] == "skipped"]
    assert all(reason.startswith("SCIPY_ARRAY_API is not set") for reason in skipped)


def test_with_the_defaults(case):
    assert_passes(case.kind())


def test_with_everything_on(case):
    prepared = {"standardize": True, "missing": "mean", "refit": True}
    if case.takes({"polish_iter"}):
        prepared["polish_iter"] = 20  # most of the time of a fit to a few rows
    assert_passes(case.kind(algorithm=list(case.algorithms)[1], **prepared))
