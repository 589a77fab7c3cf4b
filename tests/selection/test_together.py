"""Fits of a study that are made in one training: which ones, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import GroupLassoMLP, GroupLassoRegressor, SGINClassifier
from sgnn.selection import LambdaSearchCV, StabilitySelector, lambda_path
from sgnn.selection._fits import Data, Order
from sgnn.selection._together import together

from .counting import Counting, CountingTogether, fits_in

LAMS = [0.003, 0.03, 0.3]


class Apart:
    """A network whose fits are made one after the other."""

    def replicas_at_once(self, shape):
        return 1


class SGINApart(Apart, SGINClassifier):
    pass


class MLPApart(Apart, GroupLassoMLP):
    pass


SHORT_POLISH = {"polish_iter": 10}
PAIRS = [(SGINClassifier, SGINApart, {}), (GroupLassoMLP, MLPApart, SHORT_POLISH)]
SMALL = {"hidden_layer_sizes": (6,), "max_epochs": 6, "warmup_epochs": 2, "random_state": 0}


def chunks(estimator, orders, fit_params=()):
    X = np.zeros((30, 4))
    return together(estimator, orders, Data(X, X[:, 0], None, fit_params=dict(fit_params)))


def test_a_chunk_has_one_set_of_rows_and_few_weights():
    model = CountingTogether()  # ten at once
    splits = [np.arange(20), np.arange(10, 30)]
    assert chunks(model, [Order(lam, rows) for lam in range(3) for rows in splits]) == [
        [0, 2, 4],
        [1, 3, 5],
    ]
    weights = [np.ones(30), np.ones(30), np.ones(30)]
    bootstraps = [Order(lam, weight=w) for lam in range(4) for w in weights]
    assert chunks(model, bootstraps) == [[0, 3, 6, 9, 1, 4, 7, 10], [2, 5, 8, 11]]
    path = chunks(model, [Order(lam) for lam in range(25)])
    assert sorted(map(len, path)) == [8, 8, 9]
    assert np.concatenate(path).tolist() == list(range(25))


def test_who_goes_alone():
    orders = [Order(lam) for lam in range(3)]
    alone = [[0], [1], [2]]
    assert chunks(Counting(), orders) == chunks(Lasso(), orders) == alone
    assert chunks(CountingTogether(), orders, {"sample_weight": np.ones(30)}) == [[0, 1, 2]]
    assert chunks(CountingTogether(), orders, {"other": 1}) == alone
    assert chunks(make_pipeline(StandardScaler(), CountingTogether()), orders) == [[0, 1, 2]]
    seeded = [Order(1.0, seed=seed) for seed in (0, 0, 1)]
    assert chunks(make_pipeline(StandardScaler(), CountingTogether()), seeded) == [[0, 1], [2]]
    # one that only goes from lam to lam is given all lams of the same weights
    assert chunks(GroupLassoRegressor(), [Order(lam) for lam in range(200)]) == [list(range(200))]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("cls", "apart", "settings"), PAIRS)
def test_a_search_finds_what_grid_search_finds(classes, cls, apart, settings):
    X, y = classes.data, classes.target
    search = LambdaSearchCV(cls(2, **SMALL, **settings), LAMS, cv=3).fit(X, y)
    grid = GridSearchCV(apart(2, **SMALL, **settings), {"lam": LAMS}, cv=3).fit(X, y)
    for k in range(3):
        np.testing.assert_allclose(
            search.cv_results_[f"split{k}_test_score"], grid.cv_results_[f"split{k}_test_score"]
        )
    assert search.best_params_ == grid.best_params_
    np.testing.assert_allclose(search.predict_proba(X), grid.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(("cls", "apart", "settings"), PAIRS)
def test_a_stability_study_is_that_of_single_fits(classes, cls, apart, settings):
    def study(model):
        selector = StabilitySelector(model, 6, lams=LAMS, random_state=0)
        return selector.fit(classes.data, classes.target).supports_

    together, alone = (study(kind(2, **SMALL, **settings)) for kind in (cls, apart))
    np.testing.assert_array_equal(together, alone)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_pipeline_is_fitted_together_behind_its_transformers(classes, monkeypatch):
    X, y = 5 + 3 * classes.data, classes.target
    model = SGINClassifier(2, **SMALL)
    sizes = []
    fit_replicas = SGINClassifier.fit_replicas

    def counted(self, X, y, lams, *args):
        sizes.append(len(lams))
        return fit_replicas(self, X, y, lams, *args)

    monkeypatch.setattr(SGINClassifier, "fit_replicas", counted)
    search = LambdaSearchCV(make_pipeline(StandardScaler(), model), LAMS, cv=3).fit(X, y)
    assert sizes == [3, 3, 3]
    for lam, scores in zip(LAMS, search.cv_results_["mean_test_score"], strict=True):  # by clones
        piped = make_pipeline(StandardScaler(), SGINApart(2, **SMALL | {"lam": lam}))
        grid = GridSearchCV(piped, {"sginapart__lam": [lam]}, cv=3).fit(X, y)
        assert scores == pytest.approx(grid.best_score_)


def test_the_ends_of_a_grid_are_looked_for_in_one_training(numbers, tmp_path):
    ends = {}
    for cls in (Counting, CountingTogether):
        folder = tmp_path / cls.__name__
        folder.mkdir()
        path = lambda_path(cls(folder, lam=0.05), numbers.data, numbers.target, 4)
        ends[cls] = path.lams_
        if cls is CountingTogether:  # 17 doublings and halvings, and the path
            assert len(fits_in(folder)) == 3
    np.testing.assert_array_equal(ends[Counting], ends[CountingTogether])
