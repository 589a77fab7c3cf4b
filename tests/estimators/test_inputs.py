"""Fit changes nothing that it was given, and takes it in every usual form."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from sgnn.modules import LeNet5

from .instances import NUMBERS, outputs


def test_nothing_given_is_changed(case):
    X, y = case.X.copy(), case.y.copy()
    weight = np.linspace(0.5, 2, len(X))
    arguments = {
        "groups": {
            name: np.flatnonzero(case.made.groups == name) for name in set(case.made.groups)
        },
        "group_costs": np.ones(5),
        "group_weights": [1.0] * 5,
        "callbacks": [],
        "standardize": True,
        "missing": "mean",
        "refit": True,
    }
    if case.takes(["hidden_layer_sizes"]):
        arguments["hidden_layer_sizes"] = [6, 4]
    else:
        arguments["architecture"] = LeNet5(filters=[6], units=[4])
    X_val, y_val = X[:20].copy(), y[:20].copy()
    given = (
        X,
        y,
        weight,
        X_val,
        y_val,
        {k: v for k, v in arguments.items() if k != "architecture"},
    )
    before, architecture = copy.deepcopy(given), repr(arguments.get("architecture"))
    estimator = case(**arguments).fit(X, y, weight, X_val=X_val, y_val=y_val)
    outputs(estimator, X)
    estimator.transform(X)
    np.testing.assert_equal(given, before)
    assert repr(arguments.get("architecture")) == architecture
    assert all(estimator.get_params()[name] is value for name, value in arguments.items())


def test_read_only_arrays_stay_so(case):
    assert not case.X.flags.writeable
    estimator = case(standardize=True, missing="mean", early_stopping=True).fit(case.X, case.y)
    outputs(estimator, case.X)
    assert not case.X.flags.writeable


@pytest.mark.parametrize(
    "form",
    [np.asfortranarray, lambda X: X.tolist(), lambda X: np.repeat(X, 2, axis=0)[::2]],
    ids=["columns first", "lists", "strided"],
)
def test_the_layout_of_X_does_not_matter(case, fitted, form):
    X = form(case.X)
    expected = outputs(fitted, case.X)
    np.testing.assert_array_equal(outputs(case().fit(X, case.y), X), expected)


@pytest.mark.parametrize("dtype", ["i1", "u4", "i8", "f2", "f4", ">f8", ">i4", "longdouble"])
def test_every_kind_of_number_means_the_same(case, dtype):
    coarse = np.round(10 * np.abs(case.X)).clip(0, 100).astype(dtype)
    settings = {"dtype": "float64", "max_epochs": 3, "lam": 0.0}
    expected = case(**settings).fit(coarse.astype(float), case.y)
    got = case(**settings).fit(coarse, case.y)
    np.testing.assert_allclose(outputs(got, coarse), outputs(expected, coarse), atol=1e-12)


@pytest.mark.parametrize("labels", [["no", "yes"], [-1, 1], [False, True], [2.0, 7.0]], ids=str)
def test_class_labels_come_back(classifier, labels):
    X, y = classifier.X, np.array(labels)[classifier.y]
    estimator = classifier().fit(X, y)
    assert estimator.classes_.tolist() == labels
    assert estimator.predict(X).dtype == y.dtype
    by_number = classifier().fit(X, classifier.y).predict(X)
    np.testing.assert_array_equal(estimator.predict(X), np.array(labels)[by_number])


def test_many_classes(classifier):
    X, y = NUMBERS.data, np.digitize(NUMBERS.target, [-0.7, 0, 0.7])
    estimator = classifier(max_epochs=40).fit(X, y)
    assert estimator.predict_proba(X).shape == (len(y), 4)
    np.testing.assert_allclose(estimator.predict_proba(X).sum(1), 1)
    assert estimator.score(X, y) > 0.8


def test_many_targets(regressor):
    X, signal = regressor.X, regressor.y
    y = np.column_stack([signal, -3 * signal, np.ones(len(X))])
    estimator = regressor(max_epochs=60).fit(X, y)
    predicted = estimator.predict(X)
    assert predicted.shape == y.shape
    assert estimator.selected_groups_ == regressor.planted
    np.testing.assert_allclose(predicted[:, 1], -3 * predicted[:, 0], atol=1)
    np.testing.assert_allclose(predicted[:, 2], 1, atol=0.1)


def test_one_column_of_targets_stays_a_column(regressor):
    X, y = regressor.X, regressor.y
    column, flat = (regressor().fit(X, target).predict(X) for target in (y[:, None], y))
    np.testing.assert_array_equal(column, flat[:, None])


def test_a_large_mean_of_the_target_is_no_hardship(regressor):
    X, y = regressor.X, regressor.y
    shifted, centered = (regressor().fit(X, target).predict(X) for target in (y + 1e5, y))
    np.testing.assert_allclose(shifted - 1e5, centered, atol=1e-6)
