"""GroupSelectFromModel: SelectFromModel for whole groups."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import config_context
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import Lasso, LogisticRegression

from sgnn import SGINClassifier
from sgnn.selection import GroupSelectFromModel

FOREST = RandomForestClassifier(20, random_state=0)
QUICK = {"max_epochs": 12, "warmup_epochs": 4, "hidden_layer_sizes": (8,), "random_state": 0}


def by_group(values, groups, reduce):
    return np.array([reduce(values[groups == g]) for g in dict.fromkeys(groups.tolist())])


@pytest.mark.parametrize("threshold", [None, "median", "1.5*mean", 0.08])
@pytest.mark.parametrize("estimator", [FOREST, LogisticRegression()], ids=["forest", "logistic"])
def test_a_group_is_selected_if_a_column_of_it_is(classes, estimator, threshold):
    X, y, groups = classes.data, classes.target, classes.groups
    columns = SelectFromModel(estimator, threshold=threshold).fit(X, y).get_support()
    selector = GroupSelectFromModel(estimator, groups=groups, threshold=threshold).fit(X, y)
    expected = by_group(columns, groups, np.any)
    np.testing.assert_array_equal(selector.get_group_support(), expected)
    np.testing.assert_array_equal(selector.get_support(), np.repeat(expected, 2))
    np.testing.assert_array_equal(selector.transform(X), X[:, np.repeat(expected, 2)])


def test_single_columns_agree_with_scikit_learn(classes):
    X, y = classes.data, classes.target
    theirs, ours = SelectFromModel(FOREST).fit(X, y), GroupSelectFromModel(FOREST).fit(X, y)
    np.testing.assert_array_equal(ours.get_support(), theirs.get_support())
    assert ours.threshold_ == theirs.threshold_


def test_max_features_may_cut_a_group_and_max_groups_never(classes):
    X, y, groups = classes.data, classes.target, classes.groups
    forest = SelectFromModel(FOREST, threshold=-np.inf, max_features=3).fit(X, y)
    assert {1} <= set(by_group(forest.get_support(), groups, np.sum).tolist())
    for max_groups in (1, 2, 5):
        selector = GroupSelectFromModel(FOREST, max_groups, groups, threshold=-np.inf).fit(X, y)
        assert set(by_group(selector.get_support(), groups, np.sum).tolist()) == {0, 2}
        best = by_group(FOREST.fit(X, y).feature_importances_, groups, np.max)
        kept = selector.get_group_support()
        assert kept.sum() == max_groups
        assert best[kept].min() > best[~kept].max()


def test_groups_are_the_estimators_own_by_default(classes):
    model = SGINClassifier(classes.groups, lam=0.05, **QUICK)
    fitted = SGINClassifier(classes.groups, lam=0.05, **QUICK).fit(classes.data, classes.target)
    selector = GroupSelectFromModel(model).fit(classes.data, classes.target)
    assert 0 < selector.get_group_support().sum() < 6
    np.testing.assert_array_equal(selector.get_group_support(), fitted.get_group_support())
    assert selector.selected_groups_ == fitted.selected_groups_
    one = GroupSelectFromModel(model, max_groups=1).fit(classes.data, classes.target)
    assert one.get_group_support().argmax() == fitted.group_norms_.argmax()


def test_several_rows_of_coefficients(classes):
    X, y = classes.data, np.arange(len(classes.data)) % 3
    coef = LogisticRegression().fit(X, y).coef_
    selector = GroupSelectFromModel(LogisticRegression(), groups=classes.groups).fit(X, y)
    expected = by_group(np.abs(coef).sum(axis=0), classes.groups, np.max)
    np.testing.assert_allclose(selector.group_importances_, expected)


def test_ties_select_the_first_groups():
    X = np.zeros((40, 4))
    X[:, 1] = X[:, 3] = np.arange(40.0)
    model = Lasso(0.1).fit(X, X[:, 1])
    model.coef_ = np.array([0.0, 1.0, 0.0, 1.0])
    selector = GroupSelectFromModel(model, 1, groups=2, prefit=True).fit(X)
    assert selector.get_group_support().tolist() == [True, False]


def test_prefit(classes):
    X, y = classes.data, classes.target
    fitted = RandomForestClassifier(20, random_state=1).fit(X, y)
    selector = GroupSelectFromModel(fitted, groups=classes.groups, prefit=True).fit(X)
    again = GroupSelectFromModel(
        RandomForestClassifier(20, random_state=1), groups=classes.groups
    ).fit(X, y)
    np.testing.assert_array_equal(selector.group_importances_, again.group_importances_)


@pytest.mark.parametrize("routing", [False, True])
def test_sample_weight_is_passed_to_fit(numbers, routing):
    X, y = numbers.data, numbers.target
    weight = np.repeat([0.0, 1.0], 60)
    with config_context(enable_metadata_routing=routing):
        model = Lasso(0.1)
        if routing:
            model.set_fit_request(sample_weight=True)
        selector = GroupSelectFromModel(model, groups=numbers.groups)
        selector.fit(X, y, sample_weight=weight)
    expected = np.abs(Lasso(0.1).fit(X[60:], y[60:]).coef_)
    found = selector.group_importances_
    np.testing.assert_allclose(found, by_group(expected, numbers.groups, np.max), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_groups": 0}, "max_groups must be None or an int >= 1, got 0"),
        ({"groups": [[0, 1]]}, "groups leave 10 of the 12 columns without a group"),
    ],
)
def test_invalid_arguments_raise(numbers, monkeypatch, change, words):
    monkeypatch.setattr(Lasso, "fit", lambda *_: pytest.fail("a fit was made"))
    with pytest.raises(ValueError, match=words):
        GroupSelectFromModel(Lasso()).set_params(**change).fit(numbers.data, numbers.target)
