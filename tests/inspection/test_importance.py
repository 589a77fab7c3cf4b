"""GroupImportanceDisplay draws a bar per group, with error bars for several values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import GroupLassoRegressor, GroupSelectFromModel, LambdaSearchCV, StabilitySelector
from sgnn.datasets import make_grouped_regression
from sgnn.inspection import GroupImportanceDisplay, group_permutation_importance
from sgnn.inspection.importance import KEPT, REMOVED

from .test_stability import color

NAMES = ("blood", "scan", "age")


@pytest.fixture(scope="module")
def made():
    """Six groups of two columns, two of them informative."""
    return make_grouped_regression(80, 6, 2, 2, random_state=0)


@pytest.fixture(scope="module")
def model(made):
    return GroupLassoRegressor(made.groups, lam=0.2).fit(made.data, made.target)


def bars(display):
    """Name -> length, from the top."""
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in display.ax_.patches], strict=True))


def whiskers(display):
    """Half the length of each error bar, from the top."""
    (lines,) = display.ax_.collections
    return [np.ptp(segment[:, 0]) / 2 for segment in lines.get_segments()]


def test_bars_from_the_most_important_group_to_the_least():
    values, kept = np.array([0.25, 1.0, 0.0]), np.array([True, True, False])
    display = GroupImportanceDisplay(values, NAMES, kept, label="price").plot()
    assert list(bars(display).items()) == [("scan", 1.0), ("blood", 0.25), ("age", 0.0)]
    assert [color(bar) for bar in display.ax_.patches] == [KEPT, KEPT, REMOVED]
    assert display.ax_.get_xlabel() == "price"
    low, high = display.ax_.get_ylim()
    assert low > high  # the first one is on top
    assert not display.ax_.collections


def test_error_bars_are_at_their_bars():
    values, errors = np.array([0.25, 1.0, 0.5]), np.array([0.1, 0.2, 0.3])
    display = GroupImportanceDisplay(values, NAMES, values > 0, errors=errors).plot()
    assert whiskers(display) == pytest.approx([0.2, 0.3, 0.1])


def test_norms_of_a_model(made, model):
    display = GroupImportanceDisplay.from_estimator(model)
    seen = model.coef_ * made.data.std(axis=0)  # of scaled columns
    norms = np.array([np.linalg.norm(seen[made.groups == g]) for g in np.unique(made.groups)])
    np.testing.assert_allclose(display.importances, norms / norms.max())
    kept = [color(bar) == KEPT for bar in display.ax_.patches]
    assert kept == [True, True, False, False, False, False]
    assert set(list(bars(display))[:2]) == set(model.selected_groups_)


def test_a_search_shows_its_best_estimator(made):
    search = LambdaSearchCV(GroupLassoRegressor(made.groups), [0.2], cv=2)
    search.fit(made.data, made.target)
    shown = GroupImportanceDisplay.from_estimator(search).importances
    alone = GroupImportanceDisplay.from_estimator(search.best_estimator_).importances
    np.testing.assert_array_equal(shown, alone)


def test_a_selector_shows_its_importances(made):
    forest = RandomForestRegressor(5, random_state=0)
    selector = GroupSelectFromModel(forest, 2, made.groups).fit(made.data, made.target)
    display = GroupImportanceDisplay.from_estimator(selector)
    np.testing.assert_array_equal(display.importances, selector.group_importances_)
    assert sum(color(bar) == KEPT for bar in display.ax_.patches) == 2


def test_shares_of_the_samples_and_their_standard_errors(made):
    selector = StabilitySelector(Lasso(), 10, lams=[0.05, 0.6], groups=made.groups, random_state=0)
    display = GroupImportanceDisplay.from_estimator(selector.fit(made.data, made.target))
    counts = selector.supports_.sum(axis=1).max(axis=0)
    assert display.importances.tolist() == [k / 10 for k in counts]
    np.testing.assert_allclose(display.errors, [np.sqrt(k * (10 - k) / 1000) for k in counts])


def test_means_over_several_fits(made):
    model = GroupLassoRegressor(made.groups, lam=0.35)
    fits = cross_validate(model, made.data, made.target, cv=3, return_estimator=True)["estimator"]
    display = GroupImportanceDisplay.from_estimators(fits)
    shares = [fit.group_norms_ / fit.group_norms_.max() for fit in fits]
    np.testing.assert_allclose(display.importances, np.mean(shares, axis=0))
    np.testing.assert_allclose(display.errors, np.std(shares, axis=0))
    kept = np.sum([fit.group_support_ for fit in fits], axis=0) >= 2
    np.testing.assert_array_equal(display.support, kept)


def test_fits_with_other_groups_raise(made, model):
    other = GroupLassoRegressor(3).fit(made.data, made.target)
    for fits, words in (([model, other], "2 fits with 2 sets"), ([], "0 fits with 0 sets")):
        with pytest.raises(ValueError, match=f"estimators has {words} of groups: give fits of one"):
            GroupImportanceDisplay.from_estimators(fits)


@pytest.mark.parametrize("form", [np.array, sparse.csr_array, pd.DataFrame])
def test_permutations_by_their_expectation(form):
    """y = 2 a + b: the expected decrease in squares is 2 * 4 var(a) + ... for any order."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 4))
    y = 2 * X[:, 0] + X[:, 1]
    fitted = LinearRegression().fit(form(X), y)
    found = group_permutation_importance(
        fitted, form(X), y, groups=[0, 1, 1, 2], scoring="neg_mean_squared_error", n_repeats=3,
        random_state=0,
    )  # fmt: skip
    drops = found.importances
    np.testing.assert_array_equal(found.importances_mean, drops.mean(axis=1))
    np.testing.assert_array_equal(found.importances_std, drops.std(axis=1))
    assert found.names == [0, 1, 2]
    np.testing.assert_allclose(drops.mean(axis=1), [2 * 4, 2 * 1, 0], atol=0.4)
    assert drops.shape == (3, 3)


def test_columns_of_a_group_are_permuted_jointly():
    """y = a - b with b close to a: a joint permutation hardly changes y."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(500, 1))
    X = np.hstack([a, a + 0.01 * rng.normal(size=(500, 1))])
    fitted = LinearRegression().fit(X, X[:, 0] - X[:, 1])
    score = "neg_mean_squared_error"
    pair, alone = (
        group_permutation_importance(
            fitted, X, X[:, 0] - X[:, 1], groups=groups, scoring=score, random_state=0
        ).importances
        for groups in (2, None)
    )
    assert pair.max() < 1e-3
    assert alone.min() > 1


def test_permutations_are_the_same_for_any_number_of_jobs(made, model):
    one, two = (
        group_permutation_importance(
            model, made.data, made.target, random_state=0, n_jobs=n_jobs
        ).importances
        for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(one, two)


def test_permutations_that_will_not_do(made, model):
    with pytest.raises(ValueError, match="n_repeats must be an int >= 1"):
        group_permutation_importance(model, made.data, made.target, n_repeats=0)
    with pytest.raises(NotFittedError):
        group_permutation_importance(clone(model), made.data, made.target)


def test_permutations_of_a_model(made, model):
    before = made.data.copy()
    display = GroupImportanceDisplay.from_permutations(
        model, made.data, made.target, n_repeats=4, random_state=0
    )
    np.testing.assert_array_equal(made.data, before)
    assert (display.importances > 0.1).tolist() == made.support.tolist()
    np.testing.assert_array_equal(display.importances[~model.group_support_], 0)
    assert (display.errors[model.group_support_] > 0).all()
    assert "4 permutations" in display.ax_.get_xlabel()


def test_it_draws_in_the_axes_it_is_given(model, pyplot):
    ax = pyplot.figure().add_subplot()
    display = GroupImportanceDisplay.from_estimator(model, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_errors(made):
    with pytest.raises(NotFittedError):
        GroupImportanceDisplay.from_estimator(GroupLassoRegressor())
    with pytest.raises(
        TypeError, match=r"has no importances of groups: .* or call from_permutations"
    ):
        GroupImportanceDisplay.from_estimator(Lasso().fit(made.data, made.target))
    foreign = make_pipeline(StandardScaler(), Lasso()).fit(made.data, made.target)
    with pytest.raises(TypeError, match=r"^estimator, a \w+, has no importances") as error:
        GroupImportanceDisplay.from_estimator(foreign)
    assert "\n" not in str(error.value)


def test_models_in_pipelines_and_searches(made, model):
    pipeline = make_pipeline(StandardScaler(), clone(model)).fit(made.data, made.target)
    grid = GridSearchCV(pipeline, {"grouplassoregressor__lam": [0.2]}, cv=2)
    grid.fit(made.data, made.target)
    search = LambdaSearchCV(pipeline, [0.2], cv=2).fit(made.data, made.target)
    expected = GroupImportanceDisplay.from_estimator(pipeline[-1]).importances
    for outer in (pipeline, grid, search, make_pipeline(grid)):
        display = GroupImportanceDisplay.from_estimator(outer)
        np.testing.assert_allclose(display.importances, expected)
        assert list(display.names) == list(model.groups_.names)
    folds = cross_validate(pipeline, made.data, made.target, return_estimator=True)["estimator"]
    assert GroupImportanceDisplay.from_estimators(folds).errors.shape == (6,)
