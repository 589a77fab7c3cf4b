"""Clones, pickles and parameters: the constructor only remembers, and a copy says the same."""

from __future__ import annotations

import pickle

import cloudpickle
import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import sgnn

from .instances import outputs


def through_pickle(estimator, folder):
    return pickle.loads(pickle.dumps(estimator))


def through_joblib(estimator, folder):
    joblib.dump(estimator, folder / "estimator.joblib")
    return joblib.load(folder / "estimator.joblib")


def through_cloudpickle(estimator, folder):
    return cloudpickle.loads(cloudpickle.dumps(estimator))


def through_save(estimator, folder):
    sgnn.save(estimator, folder / "estimator.sgnn")
    return sgnn.load(folder / "estimator.sgnn")


def through_skops(estimator, folder):
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(estimator)
    return skops.loads(data, trusted=skops.get_untrusted_types(data=data))


@pytest.mark.parametrize(
    "copy", [through_pickle, through_joblib, through_cloudpickle, through_save, through_skops]
)
def test_a_stored_estimator_says_the_same(case, fitted, copy, tmp_path):
    loaded = copy(fitted, tmp_path)
    np.testing.assert_array_equal(outputs(loaded, case.X), outputs(fitted, case.X))
    np.testing.assert_array_equal(loaded.transform(case.X), fitted.transform(case.X))
    assert loaded.selected_groups_ == fitted.selected_groups_
    assert loaded.history_ == fitted.history_
    assert loaded.groups_.names == fitted.groups_.names


def test_a_stored_estimator_holds_no_data(case):
    few, many = (
        case(max_epochs=1, lam=0.0).fit(np.tile(case.X, (k, 1)), np.tile(case.y, k)) for k in (1, 2)
    )
    assert abs(len(pickle.dumps(many)) - len(pickle.dumps(few))) < case.X.nbytes / 4


def test_a_loaded_estimator_trains_on(case, fitted):
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        outputs(loaded.fit(case.X, case.y), case.X), outputs(fitted, case.X)
    )


def test_clone_keeps_every_parameter(case):
    given = {name: f"a {name}" for name in case().get_params(deep=False)}
    assert clone(case.kind(**given)).get_params() == given


def test_clone_leaves_the_fit_behind(fitted):
    learned = [name for name in vars(clone(fitted)) if name.endswith("_")]
    assert learned == []


@pytest.mark.parametrize("name", ["feature_importances_", "selected_groups_"])
def test_before_the_fit_nothing_was_learned(case, name):
    assert not hasattr(case(), name)
    with pytest.raises(NotFittedError):
        getattr(case(), name)


@pytest.mark.parametrize(
    "name", ["get_support", "get_group_support", "get_feature_names_out", "compact"]
)
def test_before_the_fit_nothing_is_known(case, name):
    with pytest.raises(NotFittedError):
        getattr(case(), name)()


@pytest.mark.parametrize("name", ["predict", "transform"])
def test_before_the_fit_nothing_is_said_of_X(case, name):
    with pytest.raises(NotFittedError):
        getattr(case(), name)(case.X)


def test_set_params_is_the_constructor(case):
    changes = {"lam": 0.5, "groups": 2, "optimizer": "sgd", "max_epochs": 3}
    assert case.kind().set_params(**changes).get_params() == case.kind(**changes).get_params()
    with pytest.raises(ValueError, match="Invalid parameter 'lambda_'"):
        case.kind().set_params(lambda_=1)


def test_repr_tells_what_was_changed(case):
    assert repr(case.kind()) == f"{case}()"
    assert repr(case.kind("prefix", lam=0.25)) == f"{case}(groups='prefix', lam=0.25)"


def test_groups_is_the_one_positional_argument(case):
    with pytest.raises(TypeError, match="positional"):
        case.kind(None, 0.1)
