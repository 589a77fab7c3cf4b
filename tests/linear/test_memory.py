"""What a fit holds beside a large X: one copy of the columns in float64, and little else."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from sgnn import GroupLassoClassifier, GroupLassoRegressor
from sgnn.groups import Groups
from sgnn.linear import dense_columns, missing, standardize_blocks
from sgnn.linear.dense_columns import StreamedDesign

N, P = 2000, 300
GROUPS = np.repeat(np.arange(20), 15)
MOST = 2.5  # times X, which is float32
FITS = {"weight 0": {}, "NaN": {"missing": "mean"}}


@pytest.fixture(params=["C", "F"])
def X(request, monkeypatch):
    """Small, and what is read at a time is smaller still, as it is beside an X of 100 MB."""
    monkeypatch.setattr(missing, "CHUNK", N * P // 100)
    monkeypatch.setattr(dense_columns, "STORED", N * P // 100)
    values = np.random.default_rng(0).normal(size=(N, P)) + np.arange(P)
    X = np.asarray(values, dtype=np.float32, order=request.param)
    X.setflags(write=False)
    return X


def grown(model, X, *args):
    """The peak of what a fit holds, over the bytes of X."""
    tracemalloc.start()
    try:
        model.fit(X, *args)
        return tracemalloc.get_traced_memory()[1] / X.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [GroupLassoClassifier, GroupLassoRegressor])
@pytest.mark.parametrize("case", FITS)
def test_all_groups_are_copied_once(X, kind, case):
    rng = np.random.default_rng(1)
    y, weight = X[:, ::15].sum(1) + 5 * rng.normal(size=N), np.ones(N)
    y = y > y.mean() if kind is GroupLassoClassifier else y
    if case == "weight 0":
        weight[0] = 0.0
    else:
        X = np.where(np.arange(N)[:, None] % 7 > 0, X, np.float32(np.nan))
    model = kind(GROUPS, lam=0.003, tol=1e-3, **FITS[case])
    assert grown(model, X, y, weight) < MOST
    assert model.group_support_.all()


def test_groups_that_the_strong_rule_discards_are_not_copied(X):
    model = GroupLassoRegressor(GROUPS, lam=0.15)
    assert grown(model, X, X[:, 0] + X[:, 20]) < 1.0
    assert model.selected_groups_ == [0, 1]
    assert model.lambda_max_ < 2 * model.lam  # below that, the rule starts from other lams


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_what_is_streamed_is_what_is_stored(X, fit_intercept):
    rng = np.random.default_rng(0)
    rows, fill = np.flatnonzero(rng.random(N) < 0.9), rng.normal(size=P)
    holes = np.where(rng.random(X.shape) < 0.1, np.nan, X)
    weight = rng.dirichlet(np.ones(len(rows)))
    groups = Groups.of(rng.permutation(GROUPS), P)
    flags = {"fit_intercept": fit_intercept, "standardize": True}
    streamed, rescaling = standardize_blocks(holes, weight, groups, rows=rows, fill=fill, **flags)
    assert isinstance(streamed, StreamedDesign)
    V = rng.normal(size=(P + fit_intercept, 2)) * (rng.random((P + fit_intercept, 1)) < 0.5)
    R = rng.normal(size=(len(rows), 2)) / len(rows)
    by_hand = np.where(np.isnan(holes), fill, holes)[rows]
    coef, intercept = rescaling.to_coef(V)
    np.testing.assert_allclose(streamed.matvec(V), by_hand @ coef.T + intercept, atol=1e-10)
    stored = streamed.restricted(np.full(20 + fit_intercept, True))
    np.testing.assert_allclose(stored.matvec(V), streamed.matvec(V), atol=1e-10)
    np.testing.assert_allclose(stored.rmatvec(R), streamed.rmatvec(R), atol=1e-12)
    mask = np.arange(20 + fit_intercept) % 2 == 0
    part = np.repeat(mask, streamed.sizes)
    np.testing.assert_array_equal(streamed.restricted(mask).columns, stored.columns[part])
    np.testing.assert_allclose(np.add.reduceat(stored.columns**2 @ weight, stored.starts), 1)
