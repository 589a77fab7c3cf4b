"""PathDisplay draws the counts, the scores and the lam that was chosen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import GroupLassoRegressor
from sgnn.datasets import make_grouped_regression
from sgnn.groups import Groups
from sgnn.inspection.path import PathDisplay
from sgnn.selection import LambdaSearchCV, PathResult, lambda_path

LAMS = np.array([0.01, 0.1, 1.0])


@pytest.fixture(scope="module")
def made():
    """Six groups of two columns."""
    return make_grouped_regression(60, 6, 2, 2, random_state=0)


def test_the_curves_are_those_of_the_path(made):
    path = lambda_path(Lasso(), made.data, made.target, LAMS, groups=made.groups)
    display = PathDisplay.from_path(path)
    ((counts,), (scores,)) = display.ax_.lines, display.score_ax_.lines
    np.testing.assert_array_equal(counts.get_xydata(), np.c_[LAMS, path.n_groups_])
    np.testing.assert_array_equal(scores.get_xydata(), np.c_[LAMS, path.scores])
    assert display.ax_.get_legend() is None
    assert display.ax_.get_xlabel() == "lam"


def cells(display):
    """The shades of the groups, (n_groups, n_lams)."""
    (mesh,) = display.groups_ax_.collections
    return np.asarray(mesh.get_array())


def test_every_group_is_a_band_over_the_lams_that_select_it(made):
    path = lambda_path(Lasso(), made.data, made.target, LAMS, groups=made.groups)
    display = PathDisplay.from_path(path)
    np.testing.assert_array_equal(cells(display), path.support_.T)
    names = [label.get_text() for label in display.groups_ax_.get_yticklabels()]
    assert names == list(path.groups_.names)
    top, bottom = display.groups_ax_.get_ylim()[::-1]
    assert top < bottom  # the first group is on top
    (mesh,) = display.groups_ax_.collections
    # ends halfway between lams, in ratios
    ends = mesh.get_coordinates()[0, :, 0]
    np.testing.assert_allclose(ends, np.sqrt([1e-5, 1e-3, 1e-1, 10]))


def test_bands_of_a_search_are_shares_of_the_splits(made):
    search = LambdaSearchCV(Lasso(), LAMS, cv=3, groups=made.groups, refit=False)
    display = PathDisplay.from_estimator(search.fit(made.data, made.target))
    np.testing.assert_array_equal(cells(display), search.supports_.mean(axis=1).T)
    np.testing.assert_allclose(cells(display).sum(axis=0), display.n_groups)
    (chosen,) = display.groups_ax_.lines
    assert set(chosen.get_xdata()) == {search.best_lam_}


def test_costs_replace_lam():
    lams, support = LAMS, np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0]], dtype=bool)
    groups = Groups.of(["cheap", "dear", "fair"], 3, costs={"dear": 90, "fair": 9})
    path = PathResult(lams, support, np.array([0.9, 0.8, 0.5]), groups)
    display = PathDisplay.from_path(path)
    scores = display.score_ax_.lines[-1]
    # of the best model at each price, the last one up to the end
    np.testing.assert_array_equal(scores.get_ydata(), [0.5, 0.8, 0.9, 0.9])
    np.testing.assert_allclose(scores.get_xdata(), [1, 10, 100, 105])
    assert scores.get_drawstyle() == "steps-post"
    assert display.ax_.get_xlabel() == "cost of the groups left"
    # from the cheapest selection to the most expensive
    np.testing.assert_array_equal(cells(display), support[::-1].T)
    other = PathDisplay.from_path(path, group_costs=[1, 2, 3])
    assert other.costs.tolist() == [6, 4, 1]
    with pytest.raises(ValueError, match="unknown group 'free'"):
        PathDisplay.from_path(path, group_costs={"free": 0})


def test_over_cost_the_best_model_at_each_price_is_shown():
    """Along lam costs go up and down again, and dear fits may be worse than cheap ones."""
    support = np.array([[1, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0]], dtype=bool)
    groups = Groups.of(["cheap", "dear", "fair"], 3, costs={"dear": 90, "fair": 9})
    path = PathResult(np.geomspace(0.01, 1, 4), support, np.array([0.95, 0.6, 0.9, 0.5]), groups)
    display = PathDisplay.from_path(path)
    everything, best, steps = display.score_ax_.lines
    assert set(everything.get_xdata()) == {100, 90, 10, 1}
    np.testing.assert_array_equal(best.get_xydata(), [[1, 0.5], [10, 0.9], [100, 0.95]])
    assert (np.diff(steps.get_xdata()) > 0).all()
    assert (np.diff(steps.get_ydata()) >= 0).all()
    counts = display.ax_.lines[0]
    np.testing.assert_array_equal(counts.get_ydata(), [1, 2, 3, 3])
    np.testing.assert_array_equal(cells(display), support[[3, 2, 0]].T)
    low, high = display.ax_.get_xlim()
    assert display.ax_.get_xscale() == "log"
    assert low == pytest.approx(1 / 1.2)
    assert high == pytest.approx(105)


@pytest.mark.parametrize("ends", [(0.01, 0.3), (1e-4, 1.0), (0.02, 0.04)])
def test_the_labels_of_lam_do_not_collide(ends):
    lams = np.geomspace(*ends, 20)
    display = PathDisplay(lams, np.arange(20)[::-1], np.zeros(20)).plot()
    display.figure_.draw_without_rendering()
    low, high = display.ax_.get_xlim()
    boxes = [
        label.get_window_extent()
        for place, label in zip(
            display.ax_.get_xticks(), display.ax_.get_xticklabels(), strict=True
        )
        if low <= place <= high and label.get_text()
    ]
    assert len(boxes) >= 1
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    assert not any(t.get_text() for t in display.ax_.get_xticklabels(minor=True))


def test_a_search_in_a_pipeline(made):
    search = LambdaSearchCV(GroupLassoRegressor(made.groups), LAMS, cv=3)
    pipeline = make_pipeline(StandardScaler(), search).fit(made.data, made.target)
    assert PathDisplay.from_estimator(pipeline).best_lam == pipeline[-1].best_lam_
    grid = GridSearchCV(Lasso(), {"alpha": LAMS}).fit(made.data, made.target)
    with pytest.raises(TypeError, match="a GridSearchCV, does not keep the groups of its fits"):
        PathDisplay.from_estimator(grid)


def test_a_search_uses_the_costs_of_its_estimator(made):
    names = list(dict.fromkeys(made.groups))
    model = GroupLassoRegressor(made.groups, group_costs={names[0]: 5.0})
    search = LambdaSearchCV(model, LAMS, cv=3).fit(made.data, made.target)
    display = PathDisplay.from_estimator(search)
    expected = search.supports_.mean(axis=1) @ [5, 1, 1, 1, 1, 1]
    np.testing.assert_allclose(display.costs, expected)
    (chosen,) = display.groups_ax_.lines
    assert set(chosen.get_xdata()) == {expected[search.best_index_]}


def test_a_search_has_a_band_and_a_chosen_lam(made):
    search = LambdaSearchCV(Lasso(), LAMS, cv=3).fit(made.data, made.target)
    display = PathDisplay.from_estimator(search)
    results = search.cv_results_
    counts, chosen = display.ax_.lines
    np.testing.assert_array_equal(counts.get_ydata(), results["mean_group_counts"])
    assert set(chosen.get_xdata()) == {search.best_lam_}
    (band,) = display.score_ax_.collections
    (outline,) = band.get_paths()
    low = results["mean_test_score"] - results["std_test_score"]
    high = results["mean_test_score"] + results["std_test_score"]
    assert outline.vertices[:, 1].min() == pytest.approx(low.min())
    assert outline.vertices[:, 1].max() == pytest.approx(high.max())
    assert f"{search.best_lam_:.3g}" in display.ax_.get_legend().get_texts()[0].get_text()


def test_lam_may_be_zero(made):
    display = PathDisplay(np.array([0.0, 0.1, 1.0]), np.array([3, 2, 1]), np.zeros(3)).plot()
    display.figure_.draw_without_rendering()
    places = display.ax_.transData.transform([(lam, 0) for lam in display.lams])[:, 0]
    assert (np.diff(places) > 0).all()
    assert places.min() >= display.ax_.bbox.x0


def test_it_draws_in_the_axes_it_is_given(made, pyplot):
    ax = pyplot.figure().add_subplot()
    display = PathDisplay(LAMS, np.array([3, 2, 1]), np.zeros(3)).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.groups_ax_ is None


def test_it_draws_in_two_axes(made, pyplot):
    path = lambda_path(Lasso(), made.data, made.target, LAMS, groups=made.groups)
    pair = pyplot.figure().subplots(1, 2)
    display = PathDisplay.from_path(path, ax=pair)
    assert display.ax_ is pair[0]
    assert display.groups_ax_ is pair[1]
    assert [ax.get_xlabel() for ax in pair] == ["lam", "lam"]
    assert PathDisplay.from_path(path, ax=pair[0]).groups_ax_ is None


def test_a_search_that_is_not_fitted():
    with pytest.raises(NotFittedError):
        PathDisplay.from_estimator(LambdaSearchCV(Lasso()))
