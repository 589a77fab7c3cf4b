"""Neither celer nor skglm finds a lower objective, and a dual bound certifies it."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from sgnn import GroupLassoClassifier, GroupLassoRegressor

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SHARES = np.array([0.3, 0.1])  # lam over lambda_max
CLOSE = 1e-8
RAW = {"standardize": False}


@pytest.fixture
def rivals(monkeypatch):
    """The benchmark, which has the six problems, the rivals, the objective and its dual."""
    for rival in ("celer", "skglm"):  # here, for they take seconds to be imported
        pytest.importorskip(rival)
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("linear_path")


slow = pytest.mark.slow  # skglm's solver of the logistic loss is compiled for half a minute


@pytest.mark.parametrize(
    "kind", ["numbers", pytest.param("two classes", marks=slow), "three classes"]
)
@pytest.mark.parametrize("name", ["tall", "wide"])
def test_nothing_lower_is_found(rivals, name, kind):
    X, labels, y = rivals.table(*rivals.TABLES[name])
    y = y if kind == "numbers" else np.digitize(y, rivals.CUTS[kind])
    model = GroupLassoRegressor if kind == "numbers" else GroupLassoClassifier
    lams = SHARES * model(labels, **RAW).path(X, y, lams=1).lams[0]
    path = model(labels, **RAW).path(X, y, lams=lams)
    assert path.kkt_residuals.max() <= 1e-6
    precise = rivals.ours(X, y, labels, lams, 1e-10)
    values = zip(lams, path.coefs, path.intercepts, path.objectives, strict=True)
    for i, (lam, coef, intercept, objective) in enumerate(values):
        value = rivals.objective(X, y, labels, lam, coef, intercept)
        assert objective == pytest.approx(value, abs=1e-12)
        assert value <= rivals.dual(X, y, labels, lam, precise[0][i], precise[1][i]) + CLOSE
    if kind in rivals.RIVALS:
        found = rivals.RIVALS[kind](X, y, labels, lams, 1e-10)
        for objective, *each in zip(path.objectives, lams, *found, strict=True):
            assert objective <= rivals.objective(X, y, labels, *each) + CLOSE


def test_the_dual_is_a_bound_wherever_it_is_taken(rivals):
    """Of y = 2 x with variance 1 the minimum is 2 lam - lam^2 / 2, and at coef c the dual less."""
    X, y = np.array([[-1.0], [1.0]]), np.array([-2.0, 2.0])
    minimum = 2 * 0.5 - 0.5**2 / 2
    for coef in (0.0, 1.0, 1.5, 2.0, 3.0):
        bound = rivals.dual(X, y, np.array([0]), 0.5, np.array([coef]), 0.1)
        assert bound <= minimum + 1e-12
    tight = rivals.dual(X, y, np.array([0]), 0.5, np.array([1.5]), 0.0)
    assert tight == pytest.approx(minimum)
