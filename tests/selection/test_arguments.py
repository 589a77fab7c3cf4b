"""Errors of every search before the first fit, and data frames as input."""

from __future__ import annotations

import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso
from sklearn.metrics import make_scorer, mean_squared_error, roc_auc_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline

from sgnn import (
    BudgetSelector,
    GroupLassoClassifier,
    GroupLassoMLP,
    GroupLassoMLPRegressor,
    GroupLassoRegressor,
    SGINClassifier,
    SGINRegressor,
)
from sgnn.algorithms import Proximal
from sgnn.selection import (
    GroupSelectFromModel,
    LambdaSearchCV,
    StabilitySelector,
    SubsetSearch,
    lambda_path,
)

from .counting import Counting, fits_in

LAMS = [0.1, 0.2]


@pytest.fixture
def counting(tmp_path):
    """An estimator that must not be fitted."""
    yield Counting(tmp_path)
    assert fits_in(tmp_path) == []


def raising(estimator, X, y):
    raise RuntimeError("not today")


SCORINGS = {
    "several in a dict": ({"a": "r2"}, "scoring must be one metric.*cross_validate"),
    "several in a list": (["r2", "neg_mean_squared_error"], "scoring must be one metric"),
    "nothing returned": (lambda *_: None, "scoring=.* must return one number, got None"),
    "words returned": (lambda *_: "good", "scoring=.* must return one number, got 'good'"),
    "an array returned": (lambda *_: np.ones(3), "scoring=.* must return one number"),
    "an error": (
        raising,
        r"scoring=.* fails on the predictions of two rows and of all \(RuntimeError.*today",
    ),
    "of two arguments": (lambda y, p: 1.0, "scoring=.* fails on .*TypeError"),
    "unknown": ("beauty", "scoring"),
}


@pytest.mark.parametrize("wrong", SCORINGS)
def test_invalid_scorings_raise(numbers, counting, wrong):
    scoring, message = SCORINGS[wrong]
    with pytest.raises(ValueError, match=message) as excinfo:
        LambdaSearchCV(counting, LAMS, scoring=scoring).fit(numbers.data, numbers.target)
    assert "\n" not in str(excinfo.value)
    with pytest.raises(ValueError, match=message):
        lambda_path(counting, numbers.data, numbers.target, LAMS, scoring=scoring)


def test_the_reason_is_that_of_predictions_like_y(numbers, counting):
    y = 100 * np.column_stack([numbers.target, -numbers.target])
    search = LambdaSearchCV(counting, LAMS, scoring="neg_mean_squared_log_error")
    with pytest.raises(ValueError, match=r"scoring='neg_mean_.* fails on .*Mean Squared"):
        search.fit(numbers.data, y)


def test_valid_scorings(numbers, classes):
    X, y = numbers.data, numbers.target

    def sparsity(estimator, X, y):
        return -estimator.get_support().sum()  # which a constant model does not have

    for scoring in (make_scorer(mean_squared_error), sparsity, "r2", None, lambda *_: np.array(1)):
        assert LambdaSearchCV(Counting(), LAMS, cv=2, scoring=scoring).fit(X, y).best_lam_ in LAMS
    model = GroupLassoClassifier()
    for scoring in ("roc_auc", "neg_log_loss", "average_precision", "f1_macro"):
        LambdaSearchCV(model, [1e-3], cv=2, scoring=scoring).fit(classes.data, classes.target)

    def ranking(estimator, X, y):
        return roc_auc_score(y, estimator.predict(X))  # which a single class does not have

    order = np.argsort(classes.target)
    search = LambdaSearchCV(Lasso(), [1e-3], cv=2, scoring=ranking)
    search.set_params(cv=[(order[::2], order[1::2])]).fit(
        classes.data[order], classes.target[order]
    )

    def of_many(estimator, X, y):
        if len(y) < 20:
            raise ValueError("too few rows")
        return 1.0

    LambdaSearchCV(Lasso(), [1e-3], cv=2, scoring=of_many).fit(classes.data, classes.target)


def test_a_score_that_fails_later_names_scoring(numbers):
    def sometimes(estimator, X, y):
        return 1.0 if len(X) < 10 else "fine"

    with pytest.raises(ValueError, match=r"scoring=.* must return one number, got 'fine'"):
        LambdaSearchCV(Counting(), LAMS, scoring=sometimes).fit(numbers.data, numbers.target)


SPLITS = {
    "a class": (KFold, r"^cv must be an instance, got the class KFold: give KFold\(\)"),
    "none": ([], "^cv=.* has no splits: give at least one"),
    "nothing to train on": ([([], [1, 2])], "^cv has no rows to train on in split 0"),
    "nothing to score": ([([1, 2], [3]), ([1, 2], [])], "^cv has no rows to score in split 1"),
    "a row too far": ([([0, 120], [1])], "^cv names a row in split 0 that X, of 120 rows"),
    "a negative row": ([([0, 1], [-1])], "^cv names a row in split 0"),
    "fractions": ([([0.5, 1.5], [1])], "^cv must give the indices of rows"),
    "one fold": (1, "n_splits=1"),
}


@pytest.mark.parametrize("wrong", SPLITS)
def test_invalid_splits_raise(numbers, counting, wrong):
    cv, message = SPLITS[wrong]
    with pytest.raises(ValueError, match=message) as excinfo:
        LambdaSearchCV(counting, LAMS, cv=cv).fit(numbers.data, numbers.target)
    assert "\n" not in str(excinfo.value)


def test_splits_may_be_masks(numbers):
    mask = np.arange(120) < 80
    by_mask, by_rows = (
        LambdaSearchCV(Counting(), LAMS, cv=[split]).fit(numbers.data, numbers.target)
        for split in ((mask, ~mask), (np.flatnonzero(mask), np.flatnonzero(~mask)))
    )
    assert by_mask.best_score_ == by_rows.best_score_


@pytest.mark.parametrize("model", [SGINRegressor(2), GroupLassoRegressor(2), None])
def test_more_groups_than_there_are_cannot_be_selected(numbers, counting, model, monkeypatch):
    for kind in (SGINRegressor, GroupLassoRegressor):
        monkeypatch.setattr(kind, "fit", lambda *_, **__: pytest.fail("a fit was made"))
    search = LambdaSearchCV(model or counting, LAMS, select=7, groups=None if model else 2)
    with pytest.raises(ValueError, match=r"^select=7 is more than the 6 groups of X: give at most"):
        search.fit(numbers.data, numbers.target)


ARGUMENTS = {
    "a flag of jobs": ({"n_jobs": True}, "n_jobs must be None or an int but 0, got True"),
    "one and a half jobs": ({"n_jobs": 1.5}, "n_jobs must be None or an int but 0, got 1.5"),
    "lams in a set": ({"lams": {0.1, 0.2}}, "lams must be .*an int >= 2.*or a list of numbers"),
    "a lam alone": ({"lams": np.array(0.1)}, "lams must be"),
    "lams in a table": ({"lams": [[0.1, 0.2]]}, "lams must be"),
    "no lam": ({"lams": []}, "lams must be"),
    "words for lams": ({"lams": ["a"]}, "lams must be"),
    "a number for a memory": ({"memory": 3}, "memory must be None or a folder"),
    "a nameless memory": ({"memory": ""}, "memory must be None or a folder"),
}


@pytest.mark.parametrize("wrong", ARGUMENTS)
def test_invalid_arguments_raise(numbers, counting, wrong):
    changes, message = ARGUMENTS[wrong]
    X, y = numbers.data, numbers.target
    with pytest.raises(ValueError, match=message):
        lambda_path(counting, X, y, **changes)
    for cls in (LambdaSearchCV, StabilitySelector):
        with pytest.raises(ValueError, match=message):
            cls(counting).set_params(**changes).fit(X, y)


SHORT = {"max_epochs": 3, "hidden_layer_sizes": (4,), "warmup_epochs": 1, "random_state": 0}
MODELS = {
    "linear classes": GroupLassoClassifier(2),
    "linear numbers": GroupLassoRegressor(2),
    "sgin": SGINClassifier(2, **SHORT),
    "sgin of numbers": SGINRegressor(2, **SHORT),
    "mlp": GroupLassoMLP(2, algorithm=Proximal(polish_iter=5), **SHORT),
    "mlp of numbers": GroupLassoMLPRegressor(2, algorithm=Proximal(polish_iter=5), **SHORT),
    "theirs": Lasso(),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", MODELS)
def test_frames_and_arrays_give_the_same_results(numbers, classes, kind):
    """Also if no column is selected, as at the upper end of a grid."""
    made = classes if kind in {"linear classes", "sgin", "mlp"} else numbers
    model, y = MODELS[kind], made.target
    groups = 2 if kind == "theirs" else None
    tables = made.data, pd.DataFrame(made.data).add_prefix("c")
    lams = 3 if kind.startswith("linear") or kind == "theirs" else [0.001, 100.0]
    paths = [lambda_path(model, X, y, lams, groups=groups) for X in tables]
    np.testing.assert_array_equal(paths[0].support_, paths[1].support_)
    np.testing.assert_allclose(paths[0].scores, paths[1].scores, rtol=1e-12)
    assert paths[0].n_groups_[-1] <= 1
    searches = [
        LambdaSearchCV(model, lams, cv=2, select=select, groups=groups).fit(X, y)
        for X in tables
        for select in ("best", "one_se")
    ]
    last = [LambdaSearchCV(model, [lam], cv=2, groups=groups) for lam in (100.0,)]
    searches += [search.fit(X, y) for X in tables for search in last]
    for one, other in ((0, 2), (1, 3)):
        array, frame = searches[one], searches[other]
        np.testing.assert_allclose(
            array.predict(tables[0]), frame.predict(tables[1]), rtol=0, atol=1e-12
        )
        np.testing.assert_array_equal(array.transform(tables[0]), frame.transform(tables[1]))
    selectors = [
        StabilitySelector(model, 2, lams=lams, groups=groups, random_state=0).fit(X, y)
        for X in tables
    ]
    np.testing.assert_array_equal(selectors[0].supports_, selectors[1].supports_)
    if kind != "theirs":
        selectors = [GroupSelectFromModel(model).fit(X, y) for X in tables]
        np.testing.assert_array_equal(selectors[0].get_support(), selectors[1].get_support())


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    "model", [Counting(), GroupLassoMLPRegressor(max_epochs=2)], ids=["counting", "network"]
)
def test_the_progress_bar_is_monotone(numbers, capsys, monkeypatch, model, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    LambdaSearchCV(model, 6, cv=3, verbose=1).fit(numbers.data, numbers.target)
    shown = capsys.readouterr().err
    assert ("\r" in shown) == terminal
    frames = [frame for frame in re.split("[\r\n]", shown) if "%" in frame]
    shares = [int(frame.split("%")[0].split()[-1]) for frame in frames]
    assert shares == sorted(shares)
    assert shares[-1] == 100
    assert terminal or len(frames) <= 3  # a line at most every ten seconds, and the last


@pytest.mark.parametrize(
    "made",
    [
        lambda model, groups: LambdaSearchCV(model, [0.1, 0.2], cv=2),
        lambda model, groups: StabilitySelector(model, 4, random_state=0),
        lambda model, groups: BudgetSelector(
            model, max_groups=2, evaluate=None, random_state=0, search=SubsetSearch(max_steps=30)
        ),
    ],
    ids=["LambdaSearchCV", "StabilitySelector", "BudgetSelector"],
)
def test_a_pipeline_may_impute_what_is_missing(classes, made):
    X = classes.data.copy()
    X[::5, 0] = np.nan
    groups = np.unique(classes.groups, return_inverse=True)[1]
    model = make_pipeline(SimpleImputer(), GroupLassoClassifier(groups, lam=0.05))
    search = made(model, classes.groups).fit(X, classes.target)
    assert len(search.transform(X)) == len(X)
    with pytest.raises(ValueError, match="infinity"):
        made(model, classes.groups).fit(np.where(np.isnan(X), np.inf, X), classes.target)
