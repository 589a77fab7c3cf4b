"""scikit-learn's searches, selectors and pipelines on all estimators, the linear ones too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.feature_selection import RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import GroupLassoClassifier, GroupLassoRegressor, LambdaSearchCV

from .instances import CASES, CLASSES, NUMBERS

LINEAR = ((GroupLassoClassifier, CLASSES, 0.05), (GroupLassoRegressor, NUMBERS, 0.3))
# few epochs: what is asked here is which rows and columns arrive, not what is learned of them
MODELS = [
    *((case(max_epochs=3), case.made) for case in CASES),
    *((kind(made.groups, lam=lam), made) for kind, made, lam in LINEAR),
]


@pytest.fixture(params=MODELS, ids=lambda pair: type(pair[0]).__name__)
def model(request):
    """An estimator and its data: ten columns in five groups."""
    estimator, made = request.param
    return clone(estimator), made


def rows_of(made):
    """Eight patients, of whom each has its rows in one fold."""
    return np.arange(len(made.target)) % 8


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_cross_validation_over_lam(model):
    estimator, made = model
    lams = [estimator.lam, 100.0]
    search = GridSearchCV(estimator, {"lam": lams}, cv=2).fit(made.data, made.target)
    again = clone(estimator).set_params(**search.best_params_).fit(made.data, made.target)
    np.testing.assert_array_equal(search.predict(made.data), again.predict(made.data))
    results = cross_validate(estimator, made.data, made.target, cv=2)
    scores = search.cv_results_["split0_test_score"][0], search.cv_results_["split1_test_score"][0]
    np.testing.assert_array_equal(results["test_score"], scores)


def test_select_from_model(model):
    estimator, made = model
    selector = SelectFromModel(estimator).fit(made.data, made.target)
    expected = clone(estimator).fit(made.data, made.target).get_support()
    np.testing.assert_array_equal(selector.get_support(), expected)


def test_a_pipeline_with_memory_fits_each_step_once(model, tmp_path):
    estimator, made = model
    pipe = make_pipeline(StandardScaler(), estimator, Ridge(), memory=str(tmp_path))
    steps = make_pipeline(StandardScaler(), clone(estimator), Ridge())
    for _ in range(2):
        pipe.fit(made.data, made.target)
        assert len(list(tmp_path.rglob("output.pkl"))) == 2
    steps.fit(made.data, made.target)
    np.testing.assert_array_equal(pipe.predict(made.data), steps.predict(made.data))
    np.testing.assert_array_equal(pipe[1].get_support(), steps[1].get_support())


@pytest.mark.parametrize("kind", [GridSearchCV, LambdaSearchCV])
def test_nested_cross_validation_keeps_the_rows_of_a_patient_together(model, kind):
    estimator, made = model
    patients, seen = rows_of(made), []

    class Watched(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(set(groups.tolist()))
            return super().split(X, y, groups)

    grid = {"lam": [estimator.lam]} if kind is GridSearchCV else [estimator.lam]
    search = kind(estimator, grid, cv=Watched(2))
    with config_context(enable_metadata_routing=True):
        scores = cross_validate(
            search, made.data, made.target, cv=GroupKFold(2), params={"groups": patients}
        )["test_score"]
    expected = []
    for train, test in GroupKFold(2).split(made.data, groups=patients):
        alone = clone(estimator).fit(made.data[train], made.target[train])
        expected.append(alone.score(made.data[test], made.target[test]))
    np.testing.assert_array_equal(scores, expected)
    # the inner folds had half of the patients each, those of the outer one's training rows
    assert [len(patients) for patients in seen] == [4, 4]
    assert seen[0].isdisjoint(seen[1])


def test_recursive_elimination_of_single_columns(model):
    estimator, made = model
    selector = RFECV(estimator.set_params(groups=None, lam=0.0), step=4, cv=2)
    selector.fit(made.data, made.target)
    assert 1 <= selector.n_features_ <= 10
    assert selector.estimator_.n_features_in_ == selector.n_features_
    np.testing.assert_array_equal(selector.transform(made.data), made.data[:, selector.support_])


@pytest.mark.parametrize("form", ["labels", "size", "lists", "names", "prefix"])
def test_recursive_elimination_of_groups_names_what_does_it(model, form):
    estimator, made = model
    frame = pd.DataFrame(made.data).add_prefix("a__")
    groups = {
        "labels": made.groups,
        "size": 2,
        "lists": [range(5), range(5, 10)],
        "names": {"one": list(frame)[:5], "two": list(frame)[5:]},
        "prefix": "prefix",
    }[form]
    selector = RFECV(estimator.set_params(groups=groups), step=1, cv=2)
    with pytest.raises(ValueError, match=r"^groups.*LambdaSearchCV\(select=k\) keeps k whole"):
        selector.fit(frame, made.target)


def test_sequential_selection_of_groups_names_what_does_it(model):
    """In the last line of what scikit-learn says about fits that failed."""
    estimator, made = model
    selector = SequentialFeatureSelector(
        estimator.set_params(groups=2), n_features_to_select=2, cv=2
    )
    with pytest.raises(ValueError, match=r"LambdaSearchCV\(select=k\) keeps k whole"):
        selector.fit(made.data, made.target)
