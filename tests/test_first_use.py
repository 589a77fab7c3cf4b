"""What a newcomer does on the first day, in the order of the day."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import sgnn
from sgnn import (
    GroupImportanceDisplay,
    GroupLassoClassifier,
    GroupLassoMLP,
    GroupLassoMLPRegressor,
    GroupLassoRegressor,
    LambdaSearchCV,
    LayerSparsityDisplay,
    PathDisplay,
    SGINClassifier,
    SGINRegressor,
    StabilityDisplay,
    StabilitySelector,
)
from sgnn.datasets import load_heart_costs

HEART = load_heart_costs(as_frame=True)
X, X_TEST, Y, Y_TEST = train_test_split(
    HEART.data, HEART.target, stratify=HEART.target, random_state=0
)
# from one that keeps nearly all tests to one that keeps a few
LAMS = {
    SGINClassifier: [0.03, 0.1],
    GroupLassoMLP: [0.002, 0.008],
    GroupLassoClassifier: [0.01, 0.05],
}
CLASSIFIERS = list(LAMS)
REGRESSORS = [SGINRegressor, GroupLassoMLPRegressor, GroupLassoRegressor]


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    pyplot.close("all")


def made(kind, *args, **settings):
    """An estimator with its own defaults, and a seed where it takes one."""
    seed = {"random_state": 0} if "random_state" in kind().get_params() else {}
    return kind(*args, **seed, **settings)


def pipeline(kind, **settings):
    """Words one-hot encoded, numbers as they come, a group for each test."""
    encoder = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_include="category"),
        ),
        remainder="passthrough",
    ).set_output(transform="pandas")
    return make_pipeline(encoder, made(kind, sgnn.source_columns(X.columns), **settings))


def on_one_worker(kind):
    """So that its search is made once."""
    return pytest.param(kind, id=kind.__name__, marks=pytest.mark.xdist_group(kind.__name__))


@pytest.fixture(scope="module", params=map(on_one_worker, CLASSIFIERS))
def kind(request):
    return request.param


def test_a_mixed_table_by_default(kind):
    model = pipeline(kind).fit(X, Y)
    assert model.score(X_TEST, Y_TEST) > 0.75
    assert set(model[-1].groups_.names) == set(X.columns)
    assert len(model[-1].groups_.labels) == 9 + 4 + 3 + 3 + 3
    assert set(model[-1].selected_groups_) <= set(X.columns)


def test_prices(kind):
    costs = HEART.group_costs
    free, priced = (pipeline(kind, lam=0.01, group_costs=c).fit(X, Y) for c in (None, costs))
    spent = [sum(costs[name] for name in model[-1].selected_groups_) for model in (free, priced)]
    assert spent[1] < spent[0]


def test_grid_search(kind):
    search = GridSearchCV(pipeline(kind), {f"{kind.__name__.lower()}__lam": LAMS[kind]}, cv=3)
    assert search.fit(X, Y).best_score_ > 0.75
    assert search.score(X_TEST, Y_TEST) > 0.75


@pytest.fixture(scope="module")
def searched(kind):
    return LambdaSearchCV(pipeline(kind), lams=6, cv=3).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lambda_search(searched):
    assert searched.score(X_TEST, Y_TEST) > 0.75
    assert set(searched.selected_groups_) <= set(X.columns)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lambda_search_for_fewer(kind, searched):
    search = LambdaSearchCV(pipeline(kind), lams=6, cv=3, select="one_se").fit(X, Y)
    assert search.score(X_TEST, Y_TEST) > 0.65
    assert 0 < len(search.selected_groups_) <= len(searched.selected_groups_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lambda_search_for_so_many(kind):
    fits = [pipeline(kind, lam=lam).fit(X, Y) for lam in LAMS[kind]]
    k = len(fits[-1][-1].selected_groups_)
    search = LambdaSearchCV(pipeline(kind), lams=LAMS[kind], cv=2, select=k).fit(X, Y)
    assert len(search.selected_groups_) == k
    assert 0 < k < 13


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_stability(kind):
    selector = StabilitySelector(
        pipeline(kind, lam=LAMS[kind][-1]), n_bootstraps=6, random_state=0
    ).fit(X, Y)
    assert selector.selection_probabilities_.shape == (1, 13)
    assert len(StabilityDisplay.from_estimator(selector).ax_.patches) == 13


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_displays(kind, searched):
    fitted = searched.best_estimator_[-1]
    assert len(GroupImportanceDisplay.from_estimator(fitted).ax_.patches) == 13
    assert PathDisplay.from_estimator(searched).ax_.lines
    if kind is GroupLassoMLP:
        assert LayerSparsityDisplay.from_estimator(fitted).ax_.patches


@pytest.mark.parametrize("kind", REGRESSORS, ids=lambda kind: kind.__name__)
def test_regression_in_raw_units(kind):
    raw, y = load_diabetes(return_X_y=True, scaled=False)
    ridge = cross_val_score(Ridge(), raw, y, cv=5).mean()
    assert cross_val_score(made(kind), raw, y, cv=5).mean() >= ridge - 0.03
    model = made(kind).fit(raw, y)
    assert np.abs(model.predict(raw).mean() - y.mean()) < 0.05 * y.std()
    cents = clone(model).fit(raw, 100 * y)
    np.testing.assert_allclose(cents.predict(raw), 100 * model.predict(raw), atol=0.1 * y.std())
