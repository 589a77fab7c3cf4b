"""scikit-learn's own check_estimator: nothing fails, and nothing is expected to."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import check_estimator

from sgnn.algorithms import ALGORITHMS
from sgnn.modules import LeNet5


def assert_passes(estimator):
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    failed = {row["check_name"]: row["exception"] for row in results if row["status"] == "failed"}
    assert failed == {}
    assert {row["status"] for row in results} <= {"passed", "skipped"}
    skipped = [str(row["exception"]) for row in results if row["status"] == "skipped"]
    assert all(reason.startswith("SCIPY_ARRAY_API is not set") for reason in skipped)


PREPARED = {"standardize": True, "missing": "mean", "refit": True}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def short(case):
    """A fit that takes a tenth of the time of one with the defaults."""
    settings = {"max_epochs": 10, "learning_rate": 0.05, "warmup_epochs": 5}
    if case.takes({"hidden_layer_sizes"}):
        settings["hidden_layer_sizes"] = (16,)
    else:
        settings["architecture"] = LeNet5(filters=(8,), units=(16,))
    return settings


def made(case, *names, **settings):
    """An estimator of these settings, with a short polish where its algorithm has one."""
    algorithm = ALGORITHMS.made(*names or [*case.algorithms][:1])
    if "polish_iter" in algorithm.get_params():
        settings["algorithm"] = algorithm.set_params(polish_iter=20)
    elif names:
        settings["algorithm"] = names[0]
    return case.kind(**settings)


def test_with_few_epochs(case):
    assert_passes(made(case, **short(case)))


@pytest.mark.slow
def test_with_everything_on(case):
    assert_passes(made(case, list(case.algorithms)[1], **short(case), **PREPARED))


@pytest.mark.slow
def test_with_the_defaults(case):
    assert_passes(case.kind())


@pytest.mark.slow
def test_with_everything_on_and_the_defaults(case):
    assert_passes(made(case, list(case.algorithms)[1], **PREPARED))
