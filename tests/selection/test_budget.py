"""BudgetSelector: the affordable set of least held-out loss, and what it refuses."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sgnn import BudgetSelector, GroupLassoMLP, SGINClassifier, SGINRegressor, SparseGroupCNN
from sgnn.datasets import (
    load_heart_costs,
    make_grouped_classification,
    make_grouped_regression,
)
from sgnn.losses import Huber
from sgnn.selection import StabilitySelector, SubsetSearch

QUICK = SubsetSearch((16,), max_steps=150)
LOGISTIC = LogisticRegression(max_iter=1000)


@pytest.fixture(scope="module")
def planted():
    """Three groups of six are informative."""
    return make_grouped_classification(300, 6, 3, n_informative=3, random_state=0)


def made(planted, estimator=LOGISTIC, **changes):
    groups = {} if "groups" in estimator.get_params() else {"groups": planted.groups}
    settings = {"search": QUICK, "evaluate": None, "random_state": 0} | groups
    return BudgetSelector(estimator, **settings | changes)


@pytest.fixture(scope="module")
def fitted(planted):
    return made(planted, max_groups=5, evaluate="chosen").fit(planted.data, planted.target)


def test_a_budget_too_large_is_not_used_up(planted, fitted):
    assert_array_equal(fitted.get_group_support(), planted.support)


def test_the_front_has_every_size_and_its_losses_are_those_of_held_out_rows(planted, fitted):
    sizes = [point["n_groups"] for point in fitted.front_]
    assert sizes == list(range(7))
    losses = [point["loss"] for point in fitted.front_]
    assert np.argmin(losses) in (3, 4)
    # no set does better than the noise allows, and no groups no better than guessing
    assert losses[0] == pytest.approx(np.log(2), abs=0.02)
    chosen = fitted.front_[3]
    own = cross_val_score(
        LogisticRegression(), fitted.transform(planted.data), planted.target, scoring="neg_log_loss"
    )
    assert chosen["loss"] == pytest.approx(-own.mean(), abs=0.05)


def test_exactly_k(planted):
    selector = made(planted, max_groups=5, exactly=True).fit(planted.data, planted.target)
    assert selector.get_group_support().sum() == 5


@pytest.mark.parametrize("tolerance", ["one_se", 0.05])
def test_without_a_budget_the_cheapest_within_the_tolerance(planted, tolerance):
    selector = made(planted, tolerance=tolerance).fit(planted.data, planted.target)
    assert_array_equal(selector.get_group_support(), planted.support)
    everything = made(planted, tolerance=1e9).fit(planted.data, planted.target)
    assert everything.get_group_support().sum() == 1


def test_where_nothing_is_to_be_found_one_group_is_enough(planted):
    shuffled = np.random.default_rng(0).permutation(planted.target)
    selector = made(planted).fit(planted.data, shuffled)
    assert selector.get_group_support().sum() == 1
    # that of least loss among those
    losses = {p["n_groups"]: p["loss"] for p in selector.front_}
    assert selector.front_[selector.best_index_]["loss"] == losses[1]


def test_a_price_is_kept(planted):
    costs = {"group 0": 50.0, "group 1": 10, "group 2": 1, "group 3": 1, "group 4": 1, "group 5": 1}
    names = [name for name, informative in zip(costs, planted.support, strict=True) if informative]
    costs[names[0]] = 100.0
    costs[names[1]] = costs[names[2]] = 4.0
    selector = made(planted, group_costs=costs, max_cost=20).fit(planted.data, planted.target)
    assert set(names[1:]) <= set(selector.selected_groups_)
    assert selector.cost_ == sum(costs[name] for name in selector.selected_groups_) <= 20
    richer = selector.choose(max_cost=110)
    assert set(richer["groups"]) == set(names)
    selector.refit(planted.data, planted.target, max_cost=110)
    assert set(selector.selected_groups_) == set(names)
    assert selector.cost_ == 108


def test_shared_costs(planted):
    """The second group of a pair is free: a callable says so."""
    first = int(planted.support.argmax())
    free = f"group {(first + 1) % 6}"

    def cost(names):
        return len(names) - (free in names and f"group {first}" in names)

    selector = made(planted, group_costs=cost, max_cost=1).fit(planted.data, planted.target)
    assert selector.cost_ == 1
    costs = {tuple(point["groups"]): point["cost"] for point in selector.front_}
    assert all(value == cost(names) for names, value in costs.items())


def test_keep_and_forbid(planted):
    noise = f"group {int((~planted.support).argmax())}"
    signal = f"group {int(planted.support.argmax())}"
    selector = made(planted, keep=[noise], forbid=[signal], max_groups=3)
    selector.fit(planted.data, planted.target)
    assert noise in selector.selected_groups_
    assert all(noise in point["groups"] for point in selector.front_)
    assert not any(signal in point["groups"] for point in selector.front_)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_groups": 0}, "^max_groups must be"),
        ({"max_cost": np.nan}, "^max_cost must be"),
        ({"max_cost": 0.5}, "^max_cost=0.5 is less than the cheapest group costs: give at least 1"),
        (
            {"keep": ["group 0", "group 1"], "max_groups": 1},
            "^keep names 2 groups and max_groups=1",
        ),
        ({"keep": ["group 0", "group 1"], "max_cost": 1.5}, "^keep names groups that cost 2 and"),
        ({"keep": ["wall"]}, "^keep names the unknown group 'wall'"),
        ({"forbid": ["wall"]}, "^forbid names the unknown group 'wall'"),
        ({"forbid": "group 0"}, "^forbid must be a list"),
        ({"keep": ["group 0"], "forbid": ["group 0"]}, "^keep and forbid both name 'group 0'"),
        ({"forbid": [f"group {g}" for g in range(6)]}, "^forbid names every group"),
        ({"group_costs": [1, 1, 1, 1, 1, -1]}, "^group_costs must be finite and not negative"),
        ({"group_costs": {"group 0": np.nan}}, "^group_costs must be finite and not negative"),
        ({"group_costs": lambda names: -1}, "^group_costs must return a finite number >= 0"),
        ({"group_costs": lambda names: "much"}, "^group_costs must return a finite number >= 0"),
        ({"exactly": True}, "^exactly=True asks for max_groups"),
        ({"exactly": True, "max_groups": 7}, "^exactly=True asks for max_groups"),
        ({"tolerance": -1}, "^tolerance must be"),
        ({"evaluate": "some"}, "^evaluate must be"),
        ({"search": "fast"}, "^search must be"),
        ({"search": SubsetSearch(max_steps=0)}, "^max_steps must be"),
        ({"cv": 1}, "n_splits=1|cv"),
    ],
)
def test_what_is_refused_before_the_search(planted, monkeypatch, changes, message):
    def searched(*arguments):
        raise AssertionError("it was searched")

    monkeypatch.setattr(SubsetSearch, "run", searched)
    with pytest.raises(ValueError, match=message):
        made(planted, **changes).fit(planted.data, planted.target)


def test_one_hot_classes_are_refused(planted):
    with pytest.raises(ValueError, match=r"y should be a 1d array.*: give one label for each row"):
        made(planted).fit(planted.data, np.eye(2)[planted.target])


def test_a_budget_that_no_set_found_meets_is_refused(fitted):
    with pytest.raises(ValueError, match=r"^max_cost=0.5 allows none of the sets found"):
        fitted.choose(max_cost=0.5)


@pytest.mark.parametrize(
    "budget", [{"max_groups": 0}, {"max_groups": 2.5}, {"max_cost": "150"}, {"max_cost": np.nan}]
)
def test_choose_checks_its_arguments(fitted, budget):
    with pytest.raises(ValueError, match=f"^{next(iter(budget))} must be"):
        fitted.choose(**budget)


def test_too_few_groups_for_what_is_kept_are_refused(planted):
    kept = made(planted, keep=["group 0", "group 1"]).fit(planted.data, planted.target)
    with pytest.raises(
        ValueError, match=r"^max_groups=1 allows none of the sets found, which have 2"
    ):
        kept.choose(max_groups=1)


@pytest.mark.parametrize(
    "method", ["predict", "predict_partial", "predict_partial_proba", "transform", "get_support"]
)
def test_before_fit(planted, method):
    arguments = () if method == "get_support" else (planted.data,)
    with pytest.raises(NotFittedError, match="BudgetSelector is not fitted: call fit first"):
        getattr(made(planted), method)(*arguments)


def test_refit_refuses_other_columns(planted):
    frame = pd.DataFrame(planted.data).add_prefix("c")
    selector = made(planted, max_groups=3).fit(frame, planted.target)
    with pytest.raises(ValueError, match="feature names should match"):
        selector.refit(frame.iloc[:, ::-1], planted.target, max_groups=2)
    selector.refit(frame, planted.target, max_groups=2)
    assert selector.front_[selector.best_index_] == selector.choose(max_groups=2)
    assert selector.front_[selector.best_index_]["groups"] == selector.selected_groups_


def test_sets_within_the_budget_are_trained_alone_first(planted):
    search = clone(QUICK).set_params(most_refits=2)
    selector = made(planted, max_groups=3, search=search).fit(planted.data, planted.target)
    assert_array_equal(selector.get_group_support(), planted.support)
    alone = [p["n_groups"] for p in selector.front_ if np.isfinite(p["loss"])]
    assert len(alone) == 2
    assert max(alone) == 3


def test_columns_that_were_not_chosen_may_be_anything(planted, fitted):
    X = planted.data.copy()
    X[:, ~fitted.get_support()] = np.nan
    assert_array_equal(fitted.predict(X), fitted.predict(planted.data))
    assert_array_equal(fitted.transform(X), planted.data[:, fitted.get_support()])


def test_predictions_from_what_is_there(planted, fitted):
    labels = np.asarray(planted.groups)
    X = planted.data.copy()
    rows = np.random.default_rng(0).random((len(X), 6)) < 0.5
    X[rows[:, np.unique(labels, return_inverse=True)[1]]] = np.nan
    everything = np.mean(fitted.predict_partial(planted.data) == planted.target)
    half = np.mean(fitted.predict_partial(X) == planted.target)
    assert everything > 0.85
    assert everything > half > 0.6
    nothing = fitted.predict_partial_proba(np.full((1, X.shape[1]), np.nan))
    assert_array_equal(nothing.round(0), [[1, 0]] if nothing[0, 0] > 0.5 else [[0, 1]])
    assert nothing == pytest.approx(np.full((1, 2), 0.5), abs=0.15)


def test_the_same_seed_gives_the_same_bits_and_n_jobs_changes_nothing(planted):
    one, two = (
        made(planted, SGINClassifier(planted.groups, max_epochs=3), evaluate="chosen", n_jobs=jobs)
        .set_params(max_groups=2)
        .fit(planted.data, planted.target)
        for jobs in (None, 2)
    )
    assert pd.DataFrame(one.front_).equals(pd.DataFrame(two.front_))
    assert_array_equal(one.predict_proba(planted.data), two.predict_proba(planted.data))


def test_all_points_are_scored_on_request(planted):
    selector = made(planted, evaluate="all").fit(planted.data, planted.target)
    scores = [point["score"] for point in selector.front_]
    assert np.isnan(scores[0])
    assert np.isfinite(scores[1:]).all()
    assert scores[3] > scores[1]


def test_memory_keeps_the_search(planted, tmp_path, monkeypatch):
    settings = {"memory": tmp_path, "max_groups": 2, "evaluate": "chosen"}
    first = made(planted, **settings).fit(planted.data, planted.target)

    def searched(*arguments):
        raise AssertionError("it was searched")

    monkeypatch.setattr(SubsetSearch, "run", searched)
    second = made(planted, **settings).fit(planted.data, planted.target)
    assert pd.DataFrame(first.front_).equals(pd.DataFrame(second.front_))


def test_rows_that_belong_together_are_held_out_together(planted, monkeypatch):
    label, seen = np.arange(300) // 5, []
    run = SubsetSearch.run

    def recorded(self, reading, X, splits, labels, *rest):
        seen.append((splits, labels))
        return run(self, reading, X, splits, labels, *rest)

    monkeypatch.setattr(SubsetSearch, "run", recorded)
    selector = made(planted, cv=GroupKFold(4), max_groups=3)
    selector.fit(planted.data, planted.target, groups=label)
    ((splits, labels),) = seen
    assert_array_equal(labels, label)
    assert len(splits) == 4
    for train, test in splits:
        assert not set(label[train]) & set(label[test])
    # a standard error of sixty groups of rows, not of three hundred rows
    front = selector._front
    assert len(np.unique(front.cluster)) == 60


@pytest.mark.parametrize(("cv", "n_splits"), [(None, 12), (3, 3)])
def test_copies_of_a_row_are_held_out_together(planted, monkeypatch, cv, n_splits):
    """Else a bootstrap sample would be trained on rows that it is judged by."""
    seen = []

    def recorded(self, reading, X, splits, labels, *rest):
        seen.append((X, splits))
        raise RuntimeError

    monkeypatch.setattr(SubsetSearch, "run", recorded)
    with pytest.raises(RuntimeError):
        StabilitySelector(made(planted, cv=cv), 2).fit(planted.data, planted.target)
    ((X, splits),) = seen
    assert len(np.unique(X[:, 0])) < 220
    assert len(splits) == n_splits
    assert all(not set(X[train, 0]) & set(X[test, 0]) for train, test in splits)


@pytest.mark.parametrize("together", [False, True])
def test_of_many_rows_five_thousand_are_held_out(monkeypatch, together):
    seen = []

    def recorded(self, reading, X, splits, labels, *rest):
        seen.append(splits)
        raise RuntimeError

    monkeypatch.setattr(SubsetSearch, "run", recorded)
    X, label = np.zeros((21_000, 20)), np.arange(21_000) // (1000 if together else 1)
    X[:, 1] = np.arange(21_000)
    with pytest.raises(RuntimeError):
        BudgetSelector(LOGISTIC).fit(X, np.arange(21_000) % 2, groups=label)
    (((train, test),),) = seen
    assert len(test) == 5000
    assert not set(label[train]) & set(label[test])


def test_sample_weights(planted):
    """Rows of weight 0 are not there: their targets may be reversed."""
    y = planted.target.copy()
    weight = np.ones(len(y))
    weight[::3] = 0
    y[::3] = 1 - y[::3]
    selector = made(planted, max_groups=4).fit(planted.data, y, sample_weight=weight)
    assert_array_equal(selector.get_group_support(), planted.support)


def test_numbers():
    data = make_grouped_regression(300, 6, 3, n_informative=2, random_state=0)
    selector = BudgetSelector(
        LinearRegression(), groups=data.groups, max_groups=4, search=QUICK, random_state=0
    ).fit(data.data, data.target)
    assert_array_equal(selector.get_group_support(), data.support)
    residual = selector.predict_partial(data.data) - data.target
    assert residual.var() < 0.3 * data.target.var()


@pytest.fixture(scope="module")
def heart():
    return load_heart_costs(as_frame=True)


def test_a_pipeline_of_words_and_numbers(heart):
    encoder = OneHotEncoder(handle_unknown="ignore")
    by_type = make_column_transformer(
        (encoder, make_column_selector(dtype_include="category")), remainder=StandardScaler()
    )
    numbers = ["age", "trestbps", "chol", "thalach", "oldpeak", "ca"]
    words = ["cp", "restecg", "slope", "thal"]
    by_name = make_column_transformer(
        (encoder, words), (StandardScaler(), numbers), remainder="passthrough"
    )
    for encoders in (by_type, by_name):
        selector = BudgetSelector(
            make_pipeline(encoders, LOGISTIC), group_costs=heart.group_costs, max_cost=150,
            search=QUICK, random_state=0,
        )  # fmt: skip
        selector.fit(heart.data, heart.target)
        assert selector.cost_ <= 150
        assert "cp" in selector.selected_groups_
        chosen = selector.front_[[p["groups"] for p in selector.front_].index(
            selector.selected_groups_)]  # fmt: skip
        assert chosen["score"] > 0.75
        partial = heart.data.copy()
        partial["ca"] = np.nan
        assert (selector.predict_partial(partial) == heart.target).mean() > 0.7


def test_a_network_in_a_pipeline_keeps_all_that_was_chosen(planted):
    model = make_pipeline(StandardScaler(), SGINClassifier(lam=10.0, max_epochs=3))
    selector = made(planted, model, max_groups=2, groups=planted.groups)
    selector.fit(planted.data, planted.target)
    assert selector.best_estimator_[-1].get_support().all()


@pytest.mark.parametrize("loss", [Huber(0.5), "quantile"], ids=str)
def test_a_network_in_a_pipeline_says_which_loss(loss):
    data = make_grouped_regression(120, 4, 2, n_informative=2, random_state=0)
    model = make_pipeline(StandardScaler(), SGINRegressor(loss=loss))
    said, given = (
        made(data, model, max_groups=2, search=search).fit(data.data, data.target).front_
        for search in (QUICK, clone(QUICK).set_params(loss=loss))
    )
    assert [point["loss"] for point in said] == [point["loss"] for point in given]


def test_the_compact_model(planted):
    import torch

    model = GroupLassoMLP(planted.groups, max_epochs=5)
    selector = made(planted, model, max_groups=2).fit(planted.data, planted.target)
    small = selector.compact()
    X = torch.from_numpy(selector.transform(planted.data))
    out = small(X).softmax(-1).detach().numpy()
    np.testing.assert_allclose(out, selector.predict_proba(planted.data), atol=1e-6)


@pytest.mark.parametrize("flat", [True, False])
def test_channels(flat):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4, 3, 3)).astype(np.float32)
    y = (X[:, 2].mean((1, 2)) > 0).astype(int)
    model = SparseGroupCNN(
        image_shape=(4, 3, 3) if flat else None, architecture="lenet5", max_epochs=1
    )
    X = X.reshape(200, -1) if flat else X
    selector = BudgetSelector(model, max_groups=1, search=QUICK, evaluate=None, random_state=0)
    selector.fit(X, y)
    assert selector.get_group_support().tolist() == [False, False, True, False]
    assert selector.transform(X).shape == ((200, 9) if flat else (200, 1, 3, 3))
    assert selector.predict(X).shape == selector.predict_partial(X).shape == (200,)


def test_stability_of_the_choice(planted):
    stability = StabilitySelector(made(planted, max_groups=3, exactly=True), 4, random_state=0)
    stability.fit(planted.data, planted.target)
    assert stability.supports_.sum() == 4 * 3
    assert np.isnan(stability.lams_).all()
    assert_array_equal(stability.get_group_support(), planted.support)


def test_stability_under_metadata_routing(planted):
    with config_context(enable_metadata_routing=True):
        stability = StabilitySelector(made(planted, max_groups=2), 2, random_state=0)
        stability.fit(planted.data, planted.target)
    assert stability.supports_.any(axis=-1).all()


def test_arguments_stay_as_they_are(planted):
    model = SGINClassifier(planted.groups, lam=0.1, max_groups=3, max_epochs=2)
    selector = made(planted, model, max_groups=2)
    X, y = planted.data.copy(), planted.target.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    selector.fit(X, y)
    assert_array_equal(X, planted.data)
    assert_array_equal(y, planted.target)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert model.get_params() == selector.estimator.get_params()
    clone(selector)


def test_pickle_and_grid_search(planted, fitted):
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict(planted.data), fitted.predict(planted.data))
    search = GridSearchCV(made(planted), {"max_groups": [1, 3]}, cv=2)
    search.fit(planted.data, planted.target)
    assert search.best_params_ == {"max_groups": 3}


def test_data_frames_out(planted, fitted):
    frame = pd.DataFrame(planted.data).add_prefix("c")
    selector = made(planted, max_groups=3).set_output(transform="pandas")
    out = selector.fit(frame, planted.target).transform(frame)
    assert list(out) == list(frame.columns[np.repeat(planted.support, 3)])


def test_the_bar_never_runs_back(planted, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    selector = made(planted, max_groups=2, verbose=1, evaluate="all")
    selector.fit(planted.data, planted.target)
    shown = [int(part.split("%")[0].split()[-1]) for part in capsys.readouterr().err.split("\r")
             if "%" in part]  # fmt: skip
    assert shown == sorted(shown)
    assert shown[-1] == 100
