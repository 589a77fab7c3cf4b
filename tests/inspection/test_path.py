"""PathDisplay draws the counts, the scores and the lam that was chosen."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso

from sgnn.datasets import make_grouped_regression
from sgnn.inspection.path import PathDisplay
from sgnn.selection import LambdaSearchCV, lambda_path

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


def test_a_search_has_a_band_and_a_choice(made):
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


def test_a_search_that_is_not_fitted():
    with pytest.raises(NotFittedError):
        PathDisplay.from_estimator(LambdaSearchCV(Lasso()))
