"""Joint training of the fits of a search: the batches, and equality with single fits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import GroupLassoMLP, GroupLassoRegressor, SGINClassifier
from sgnn.algorithms import Proximal
from sgnn.selection import LambdaSearchCV, StabilitySelector, lambda_path
from sgnn.selection._fits import Data, Sample, plan_batches

from .counting import Counting, CountingReplicas, fits_in

LAMS = [0.003, 0.03, 0.3]


class OneByOne:
    """A network without joint training."""

    def replicas_at_once(self, shape):
        return 1


class SGINOneByOne(OneByOne, SGINClassifier):
    pass


class MLPOneByOne(OneByOne, GroupLassoMLP):
    pass


SHORT_POLISH = {"algorithm": Proximal(polish_iter=10)}
PAIRS = [(SGINClassifier, SGINOneByOne, {}), (GroupLassoMLP, MLPOneByOne, SHORT_POLISH)]
SMALL = {"hidden_layer_sizes": (6,), "max_epochs": 6, "warmup_epochs": 2, "random_state": 0}


ALL_ROWS = Sample()


def batches(estimator, n_lams, samples=(ALL_ROWS,), **fit_params):
    X = np.zeros((30, 4))
    return plan_batches(estimator, Data(X, X[:, 0], None, fit_params=fit_params), n_lams, samples)


def test_a_batch_has_one_set_of_rows_and_few_weights():
    model = CountingReplicas()  # ten per batch
    splits = [Sample(np.arange(20)), Sample(np.arange(10, 30))]
    assert batches(model, 3, splits) == [[0, 2, 4], [1, 3, 5]]
    bootstraps = [Sample(weight=np.ones(30), seed=seed) for seed in range(3)]
    assert batches(model, 4, bootstraps) == [[0, 3, 6, 9, 1, 4, 7, 10], [2, 5, 8, 11]]
    path = batches(model, 25)
    assert sorted(map(len, path)) == [8, 8, 9]
    assert np.concatenate(path).tolist() == list(range(25))


def test_fits_without_joint_training():
    alone = [[0], [1], [2]]
    assert batches(Counting(), 3) == batches(Lasso(), 3) == alone
    assert batches(CountingReplicas(), 3, sample_weight=np.ones(30)) == [[0, 1, 2]]
    assert batches(CountingReplicas(), 3, other=1) == alone
    pipeline = make_pipeline(StandardScaler(), CountingReplicas())
    assert batches(pipeline, 3) == [[0, 1, 2]]
    assert batches(pipeline, 3, sample_weight=np.ones(30)) == alone
    assert batches(pipeline, 2, [Sample(seed=0), Sample(seed=1)]) == [[0, 2], [1, 3]]
    # without replicas_at_once a batch has all lams of the same weights
    assert batches(GroupLassoRegressor(), 200) == [list(range(200))]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("cls", "apart", "settings"), PAIRS)
def test_a_search_agrees_with_grid_search(classes, cls, apart, settings):
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
def test_stability_selection_agrees_with_single_fits(classes, cls, apart, settings):
    def run_search(model):
        selector = StabilitySelector(model, 6, lams=LAMS, random_state=0)
        return selector.fit(classes.data, classes.target).supports_

    jointly, alone = (run_search(kind(2, **SMALL, **settings)) for kind in (cls, apart))
    np.testing.assert_array_equal(jointly, alone)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_last_step_of_a_pipeline_is_trained_jointly(classes, monkeypatch):
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
        in_pipeline = make_pipeline(StandardScaler(), SGINOneByOne(2, **SMALL | {"lam": lam}))
        grid = GridSearchCV(in_pipeline, {"sginonebyone__lam": [lam]}, cv=3).fit(X, y)
        assert scores == pytest.approx(grid.best_score_)


def test_the_ends_of_a_grid_are_found_by_joint_training(numbers, tmp_path):
    ends = {}
    for cls in (Counting, CountingReplicas):
        folder = tmp_path / cls.__name__
        folder.mkdir()
        path = lambda_path(cls(folder, lam=0.05), numbers.data, numbers.target, 4)
        ends[cls] = path.lams_
        if cls is CountingReplicas:  # 17 doublings and halvings, and the path
            assert len(fits_in(folder)) == 3
    np.testing.assert_array_equal(ends[Counting], ends[CountingReplicas])
