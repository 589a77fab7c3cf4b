"""lam has no unit: what the columns and y are measured in changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import is_regressor

from sgnn import GroupLassoClassifier, GroupLassoMLPRegressor, GroupLassoRegressor, SGINRegressor
from sgnn.losses import Quantile

from .instances import CASES, CLASSES, MLPS, NUMBERS, SGIN, Case, outputs

ONE: dict[str, dict] = {"newton": {}}  # their only algorithm
LINEAR = (
    Case(GroupLassoClassifier, CLASSES, ONE, {"lam": 0.05}),
    Case(GroupLassoRegressor, NUMBERS, ONE, {"lam": 0.05}),
)
OF_POSITIVE = {"poisson": 0.03, "gamma": 0.01}
LOSSES = ["squared_error", "absolute_error", "huber", "quantile", Quantile(0.8), *OF_POSITIVE]


@pytest.fixture(params=[*CASES, *LINEAR], ids=str)
def any_case(request):
    return request.param


def scaled_fits(case, factor):
    """Fits to the case and to it times the factor, and what the second should say and does."""
    unit = factor if is_regressor(case.kind()) else 1.0
    y = factor * case.y if is_regressor(case.kind()) else case.y
    one, other = case().fit(case.X, case.y), case().fit(factor * case.X, y)
    return one, other, unit * outputs(one, case.X), outputs(other, factor * case.X)


@pytest.mark.parametrize("factor", [1024.0, 2.0**-10, 2.0**600, 2.0**-600])
def test_powers_of_two_change_no_bit(any_case, factor):
    one, other, expected, said = scaled_fits(any_case, factor)
    np.testing.assert_array_equal(said, expected)
    np.testing.assert_array_equal(other.group_support_, one.group_support_)
    np.testing.assert_array_equal(other.group_norms_, one.group_norms_)
    assert 0 < one.group_support_.sum() < 5


@pytest.mark.parametrize("factor", [1000.0, 1e-3])
def test_other_factors_change_what_rounding_does(any_case, factor):
    one, other, expected, said = scaled_fits(any_case, factor)
    spread = factor * any_case.y.std() if is_regressor(one) else 1.0
    np.testing.assert_allclose(said, expected, rtol=0, atol=1e-3 * spread)
    np.testing.assert_array_equal(other.group_support_, one.group_support_)


@pytest.mark.parametrize("case", [SGIN[1], MLPS[1]], ids=str)
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_every_loss_has_its_scale(case, loss):
    positive = loss in OF_POSITIVE
    y = np.exp(case.y) if positive else case.y
    settings = {"loss": loss, "lam": 0.003, "max_groups": 2}
    one, other = (case(**settings).fit(case.X, factor * y) for factor in (1.0, 1024.0))
    np.testing.assert_array_equal(other.predict(case.X), 1024.0 * one.predict(case.X))
    assert one.selected_groups_ == case.planted
    raw = case(standardize=False, **settings).fit(case.X, y)
    assert np.abs(raw.predict(case.X) - one.predict(case.X)).max() > 1e-3


@pytest.mark.parametrize("case", [SGIN[1], MLPS[1], LINEAR[1]], ids=str)
def test_the_offset_of_y_changes_nothing(case):
    one, other = (case().fit(case.X, y) for y in (case.y, case.y + 2.0**20))
    np.testing.assert_allclose(other.predict(case.X) - 2.0**20, one.predict(case.X), atol=1e-6)
    assert other.selected_groups_ == one.selected_groups_ == case.planted


@pytest.mark.parametrize("kind", [SGINRegressor, GroupLassoMLPRegressor, GroupLassoRegressor])
def test_every_target_has_its_own_scale(kind):
    X, y = NUMBERS.data, np.column_stack([NUMBERS.target, -NUMBERS.target + NUMBERS.data[:, 0]])
    unit = np.array([1.0, 4096.0])
    settings = {} if kind is GroupLassoRegressor else {"max_epochs": 3, "random_state": 0}
    one, other = (kind(NUMBERS.groups, **settings).fit(X, f * y) for f in (1.0, unit))
    np.testing.assert_array_equal(other.predict(X), unit * one.predict(X))


def test_a_constant_y_is_only_shifted():
    X, y = NUMBERS.data, np.full(120, 1e6)
    with pytest.warns(match="The predictions are the same|not below lambda_max"):
        said = GroupLassoRegressor(NUMBERS.groups).fit(X, y).predict(X)
    np.testing.assert_allclose(said, 1e6)
    network = SGINRegressor(NUMBERS.groups, lam=0.0, random_state=0).fit(X, y)
    np.testing.assert_allclose(network.predict(X), 1e6, atol=0.1)


def test_a_constant_y_without_an_intercept_has_a_scale_too():
    X = NUMBERS.data + 3
    supports = [
        GroupLassoRegressor(NUMBERS.groups, lam=0.5, fit_intercept=False)
        .fit(X, np.full(120, value))
        .group_support_.tolist()
        for value in (0.01, 1.0, 1000.0)
    ]
    assert supports[0] == supports[1] == supports[2]
    assert any(supports[0])
