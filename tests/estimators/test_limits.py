"""max_groups and max_cost: what is kept of the groups, by which rows, in every training."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.base import clone, is_classifier

from .instances import CNN, MLPS, SGIN, outputs

# by whose algorithms and lam the penalty alone makes the weights of noise worth removing
PENALIZED = [
    (SGIN[0].by("sgd"), 0.03),
    (MLPS[0].by("subgradient"), 0.03),
    (MLPS[1].by("subgradient"), 0.03),
    (CNN.by("splitting"), 0.01),
    (CNN.by("subgradient"), 0.01),
    (CNN.by("gates"), 0.01),
]
FREE = {"lam": 0.0, "max_groups": None}


@pytest.mark.parametrize(("case", "lam"), PENALIZED, ids=str)
def test_an_empty_group_goes_first(case, lam):
    X = np.column_stack([np.zeros((len(case.X), 2)), case.X])
    groups = ["empty"] * 2 + list(case.made.groups)
    model = case(groups=groups, lam=lam, max_groups=5, max_epochs=40).fit(X, case.y)
    assert [name for row in model.history_ for name in row["removed"]] == ["empty"]


def memorized(case):
    """Rows whose labels are partly noise: one column tells of them, 60 tell the rows apart."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 61))
    y = X[:, 0] + rng.normal(size=240)
    return X, (y > 0).astype(int) if is_classifier(case()) else y


@pytest.mark.parametrize("limit", ["max_groups", "max_cost"])
@pytest.mark.parametrize("held_out", ["nothing", "early_stopping", "X_val"])
def test_groups_are_judged_by_validation_rows(variant, held_out, limit):
    """A network learns its rows by heart from what tells them apart; others say what is true."""
    X, y = memorized(variant)
    settings = {"groups": ["true"] + ["wide"] * 60, "max_epochs": 40, "warmup_epochs": 10}
    more = {"early_stopping": True, "validation_fraction": 0.3}
    more = more if held_out == "early_stopping" else {}
    model = variant(**{**FREE, **settings, **more, limit: 1})
    validation = {"X_val": X[120:], "y_val": y[120:]} if held_out == "X_val" else {}
    model.fit(X[:120], y[:120], **validation)
    assert model.selected_groups_ == ["wide" if held_out == "nothing" else "true"]


# max_cost --------------------------------------------------------------------------------------


def prices(case):
    """A price for each group of the case: 3 for those that carry the target, 1 and more else."""
    names = list(dict.fromkeys(case.made.groups.tolist()))
    others = iter([1.0, 2.5, 4.0])
    return {name: 3.0 if name in case.planted else next(others) for name in names}


def cost_of(model):
    """What the groups that are left cost."""
    return model.groups_.costs[model.group_support_].sum()


def fitted(case, **changes):
    model = case(**{**FREE, "group_costs": prices(case), **changes})
    return model.fit(case.X, case.y)


def test_max_cost_follows_max_groups(case):
    arguments = list(inspect.signature(case.kind).parameters)
    assert arguments.index("max_cost") == arguments.index("max_groups") + 1
    assert "max_cost : float, default=None\n" in case.kind.__doc__
    assert case(max_cost=2.5).get_params()["max_cost"] == 2.5
    assert clone(case(max_cost=2.5)).set_params(max_cost=4).max_cost == 4
    assert case.kind().max_cost is None


@pytest.mark.parametrize("max_cost", [1, 3.5, 6, 8.25, 13.5])
def test_what_is_kept_costs_no_more(variant, max_cost):
    model = fitted(variant, max_cost=max_cost)
    kept = model.group_support_
    assert 0 < cost_of(model) <= max_cost
    assert (model.group_norms_[~kept] == 0).all()
    assert (model.group_norms_[kept] > 0).all()
    if max_cost == 13.5:  # of all of them
        assert kept.all()
    again = fitted(variant, max_cost=max_cost)
    np.testing.assert_array_equal(outputs(again, variant.X), outputs(model, variant.X))


def test_the_informative_groups_are_kept_where_they_can_be(variant):
    assert fitted(variant, max_cost=6).selected_groups_ == variant.planted
    assert set(fitted(variant, max_cost=7.5).selected_groups_) >= set(variant.planted)
    (kept,) = fitted(variant, max_cost=3.5, max_epochs=24).selected_groups_
    assert kept in variant.planted


def test_a_group_beyond_max_cost_goes_whatever_it_tells(variant):
    dear, other = variant.planted
    costs = prices(variant) | {dear: 3.5}
    model = fitted(variant, max_cost=3, group_costs=costs)
    assert model.selected_groups_ == [other]
    removed = [name for row in model.history_ for name in row["removed"]]
    assert set(removed[:2]) == {dear, max(costs, key=costs.get)}  # both are beyond it


def test_of_twins_the_cheaper_is_kept_within_max_cost(case):
    half, labels = case.X[:, case.informative], case.made.groups[case.informative]
    names = np.array([*np.char.add(labels, " A"), *np.char.add(labels, " B")])
    for cheap in "AB":
        costs = {name: 1.0 if name[-1] == cheap else 9.0 for name in names.tolist()}
        model = case(**{**FREE, "groups": names, "group_costs": costs, "max_cost": 11})
        kept = model.fit(np.hstack([half, half]), case.y).selected_groups_
        assert sorted(name[-1] == cheap for name in kept) == [False, True, True]


def test_at_a_price_of_one_max_cost_is_max_groups(variant):
    by_cost = variant(**{**FREE, "max_cost": 2}).fit(variant.X, variant.y)
    by_number = variant(**{**FREE, "max_groups": 2}).fit(variant.X, variant.y)
    removed = [[row["removed"] for row in model.history_] for model in (by_cost, by_number)]
    assert removed[0] == removed[1]
    np.testing.assert_array_equal(outputs(by_cost, variant.X), outputs(by_number, variant.X))


def test_the_cost_falls_evenly_for_three_quarters_of_the_epochs(sgin):
    model = fitted(sgin, max_cost=1.5, max_epochs=20)
    costs, left = prices(sgin), 13.5
    for epoch, row in enumerate(model.history_, 1):
        left -= sum(costs[name] for name in row["removed"])
        allowed = 13.5 - min(1, epoch / 15) * 12 + (1.35 if epoch < 15 else 0)
        assert left <= allowed
        dearest = max(costs[name] for name in row["removed"]) if row["removed"] else 0.0
        assert not row["removed"] or left + dearest > allowed  # none before one has to
        assert epoch <= 15 or not row["removed"]


def test_both_limits_hold(variant):
    few = fitted(variant, max_groups=1, max_cost=8)
    assert len(few.selected_groups_) == 1
    cheap = fitted(variant, max_groups=4, max_cost=3.5)
    assert cost_of(cheap) <= 3.5


@pytest.mark.parametrize(
    "settings",
    [
        {"max_epochs": 1},
        {"max_epochs": 200},
        {"refit": True},
        {"early_stopping": True, "max_epochs": 60},
        {"n_iter_no_change": 1},
    ],
    ids=str,
)
def test_max_cost_is_reached_in_every_training(variant, settings):
    assert 0 < cost_of(fitted(variant, max_cost=5, **settings)) <= 5


def test_a_warm_start_goes_down_further(case):
    model = case(**{**FREE, "group_costs": prices(case), "max_cost": 6, "warm_start": True})
    before = model.fit(case.X, case.y).group_support_.copy()
    after = model.set_params(max_cost=3).fit(case.X, case.y).group_support_
    assert (after <= before).all()
    assert 0 < cost_of(model) <= 3
    with pytest.raises(ValueError, match=r"max_cost=2 is less than 3, the cost of the cheapest"):
        model.set_params(max_cost=2).fit(case.X, case.y)  # those of 1 and 2.5 are removed


@pytest.mark.parametrize("argument", ["group_costs", "group_weights"])
def test_a_group_without_a_penalty_is_kept_within_max_cost(case, argument):
    noise = next(name for name in prices(case) if name not in case.planted)
    one = {"group_costs": dict.fromkeys(prices(case), 1.0)}
    free = dict.fromkeys(prices(case), 1.0) | {noise: 0.0}
    value = free if argument == "group_costs" else list(free.values())
    model = case(**{**FREE, **one, "max_cost": 2, argument: value}).fit(case.X, case.y)
    assert noise in model.selected_groups_
    assert len(model.selected_groups_) == (3 if argument == "group_costs" else 2)


def test_a_sum_of_costs_may_round(case):
    costs = dict.fromkeys(prices(case), 0.1)
    assert fitted(case, group_costs=costs, max_cost=0.3).group_support_.sum() == 3
