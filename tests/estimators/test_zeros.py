"""A removed group is exactly zero for good, and what stands in its columns is not looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from .instances import first_layer, outputs


class Momentum(torch.optim.SGD):
    """A user's own optimizer, whose momentum moves a weight on after its gradient is masked."""

    def __init__(self, params, lr):
        super().__init__(params, lr, momentum=0.9)


class Decay(torch.optim.AdamW):
    """Adam with a strong decoupled weight decay."""

    def __init__(self, params, lr):
        super().__init__(params, lr, weight_decay=0.5)


OPTIMIZERS = {
    "sgd": 0.2,
    Momentum: 0.05,
    Decay: 0.05,
    "adam": 0.05,
    "adamw": 0.05,
    "adamax": 0.05,
    "rmsprop": 0.02,
}


def assert_exact_zeros(estimator, case):
    """Every group that was removed, and no other, is zero in the first layer."""
    gone = ~estimator.get_support()
    assert gone.any()
    assert not gone.all()
    theta = first_layer(estimator).numpy()
    assert (theta[:, gone] == 0).all()
    assert (theta[:, ~gone] != 0).any(axis=0).all()
    np.testing.assert_array_equal(estimator.group_norms_ == 0, ~estimator.group_support_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("refit", [False, True], ids=["", "refit"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_removed_is_exactly_zero(case, optimizer, refit):
    settings = {"optimizer": optimizer, "learning_rate": OPTIMIZERS[optimizer], "refit": refit}
    estimator = case(**settings).fit(case.X, case.y)
    # removed early enough for momentum and decay to act on what was removed
    assert any(row["removed"] for row in estimator.history_[:-3])
    assert_exact_zeros(estimator, case)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("optimizer", [Momentum, Decay])
def test_removed_stays_removed_in_a_second_fit(variant, optimizer):
    case, settings = variant, {"optimizer": optimizer, "max_groups": 2}
    estimator = case(warm_start=True, **settings).fit(case.X, case.y)
    first, weights = estimator.selected_groups_, first_layer(estimator)
    estimator.set_params(lam=0.0, max_groups=None).fit(case.X, case.y)
    assert estimator.selected_groups_ == first
    assert not torch.equal(first_layer(estimator), weights)
    assert_exact_zeros(estimator, case)


def noise(X):
    return np.random.default_rng(0).normal(size=X.shape)


POISONS = {"noise": noise, "1e30": 1e30, "nan": np.nan, "inf": np.inf, "-inf": -np.inf}
PREPARED = [{"standardize": True}, {"missing": "mean"}, {"dtype": "float32", "batch_size": 50}]


@pytest.mark.parametrize(
    ("poison", "settings"),
    [
        pytest.param(
            poison,
            settings,
            id=f"{name}-{settings}",
            marks=[pytest.mark.slow] * bool(settings and name != "nan"),
        )
        for name, poison in POISONS.items()
        for settings in ({}, *PREPARED)
    ],
)
def test_removed_columns_are_not_looked_at(case, poison, settings):
    estimator = case(**settings).fit(case.X, case.y)
    assert estimator.selected_groups_ == case.planted
    other = poison(case.X) if callable(poison) else poison
    X = np.where(case.informative, case.X, other)
    np.testing.assert_array_equal(outputs(estimator, X), outputs(estimator, case.X))
    np.testing.assert_array_equal(estimator.predict(X), estimator.predict(case.X))
    np.testing.assert_array_equal(estimator.transform(X), estimator.transform(case.X))
    assert estimator.score(X, case.y) == estimator.score(case.X, case.y)


def test_removed_columns_may_hold_strings(case):
    frame = case.frame
    estimator = case(groups="prefix").fit(frame, case.y)
    spoilt = frame.copy()
    for name in frame.columns[~case.informative]:
        spoilt[name] = "not measured any more"
    np.testing.assert_array_equal(outputs(estimator, spoilt), outputs(estimator, frame))
    np.testing.assert_array_equal(estimator.transform(spoilt), estimator.transform(frame))
    assert estimator.score(spoilt, case.y) == estimator.score(frame, case.y)


@pytest.mark.parametrize("form", ["frame", "array"])
@pytest.mark.parametrize(
    ("poison", "message"), [(np.nan, "NaN"), (np.inf, "infinity"), ("high", "strings")]
)
def test_kept_columns_are_looked_at(case, poison, message, form):
    given = case.frame if form == "frame" else pd.DataFrame(case.X)
    spoilt = given.astype(object)
    spoilt.iloc[3, np.flatnonzero(case.informative)[0]] = poison
    if form == "array":
        given, spoilt = given.to_numpy(), spoilt.to_numpy()
    estimator = case().fit(given, case.y)
    for method in (estimator.predict, estimator.transform):
        with pytest.raises(ValueError, match=f"X contains {message}"):
            method(spoilt)
