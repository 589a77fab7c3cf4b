"""Sample weights and class weights mean repeated, left-out and rebalanced rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from .instances import outputs

SETTINGS = [
    {},
    {"standardize": False},
    {"refit": True},
    # not standardized: the intercept of a linear model would start where its gradient is rounding
    {"dtype": "float64", "hidden": False, "standardize": False},
]


def assert_same(case, one, other):
    np.testing.assert_allclose(outputs(one, case.X), outputs(other, case.X), rtol=0, atol=1e-8)
    assert one.selected_groups_ == other.selected_groups_


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_weight_zero_leaves_the_row_out(variant, settings):
    case = variant
    kept = np.arange(len(case.X)) % 3 > 0
    weighted = case(**settings).fit(case.X, case.y, sample_weight=kept.astype(float))
    fewer = case(**settings).fit(case.X[kept], case.y[kept])
    assert_same(case, weighted, fewer)
    everything = case(**settings).fit(case.X, case.y)
    assert np.abs(outputs(weighted, case.X) - outputs(everything, case.X)).max() > 1e-3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("settings", [*SETTINGS, {"early_stopping": True}], ids=str)
def test_what_stands_in_a_row_of_weight_zero_does_not_count(variant, settings):
    case = variant
    weight = np.tile([0.0, 1.0], len(case.X) // 2)
    spoilt = np.where(weight[:, None] > 0, case.X, 1e3)
    one, other = (case(**settings).fit(X, case.y, sample_weight=weight) for X in (case.X, spoilt))
    assert_same(case, one, other)
    for name in {"loss", "valid_loss"} & one.history_[0].keys():
        recorded = [[row[name] for row in fit.history_] for fit in (one, other)]
        np.testing.assert_allclose(*recorded)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_whole_weights_repeat_rows(variant, settings):
    case = variant
    counts = np.arange(len(case.X)) % 3
    weighted = case(**settings).fit(case.X, case.y, sample_weight=counts)
    X, y = np.repeat(case.X, counts, axis=0), np.repeat(case.y, counts)
    assert_same(case, weighted, case(**settings).fit(X, y))


@pytest.mark.parametrize("scale", [1e-6, 7.0])
def test_only_the_proportions_of_the_weights_count(case, scale):
    weight = np.linspace(1, 2, len(case.X))
    one, other = (case().fit(case.X, case.y, sample_weight=w) for w in (weight, scale * weight))
    assert_same(case, one, other)
    uniform = case().fit(case.X, case.y, sample_weight=np.full(len(case.X), scale))
    assert_same(case, uniform, case().fit(case.X, case.y))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 5.0}, {1: 0.25}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_class_weights_are_sample_weights(classifier, class_weight, weighted):
    case = classifier
    some = (case.y == 0) | (np.arange(len(case.y)) % 4 == 0)  # few of class 1
    X, y = case.X[some], case.y[some]
    weight = np.tile([1.0, 2.0], len(y))[: len(y)] if weighted else np.ones(len(y))
    by_class = case(class_weight=class_weight).fit(X, y, sample_weight=weight)
    if class_weight == "balanced":
        # the weight of each class, summed over its rows, is the same
        factors = (1 / np.bincount(y, weight))[y]
    else:
        factors = compute_sample_weight(class_weight, y)
    assert_same(case, by_class, case().fit(X, y, sample_weight=weight * factors))
    plain = case().fit(X, y, sample_weight=weight)
    assert np.abs(outputs(by_class, X) - outputs(plain, X)).max() > 1e-2


def test_class_weights_go_by_label(classifier):
    case = classifier
    names = np.array(["no", "yes"])[case.y]
    by_name = case(class_weight={"yes": 3.0}).fit(case.X, names)
    by_number = case(class_weight={1: 3.0}).fit(case.X, case.y)
    np.testing.assert_array_equal(outputs(by_name, case.X), outputs(by_number, case.X))
