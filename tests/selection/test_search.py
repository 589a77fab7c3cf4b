"""LambdaSearchCV: results as of GridSearchCV, the selection rules, and the selector."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import SGINClassifier
from sgnn.selection import LambdaSearchCV

from .counting import Counting

LAMS = np.geomspace(1e-3, 1, 9)
QUICK = {
    "max_epochs": 8, "warmup_epochs": 2, "hidden_layer_sizes": (8,), "learning_rate": 0.05,
    "random_state": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def searches(numbers):
    """scikit-learn's search and this one, over the same lams."""
    X, y = numbers.data, numbers.target
    theirs = GridSearchCV(Lasso(), {"alpha": LAMS}, cv=4, scoring="r2").fit(X, y)
    ours = LambdaSearchCV(Lasso(), LAMS, cv=4, scoring="r2", groups=numbers.groups).fit(X, y)
    return theirs, ours


def test_results_are_those_of_grid_search(searches):
    theirs, ours = searches
    timed = {key for key in theirs.cv_results_ if key.endswith("_time")}
    for key in theirs.cv_results_.keys() - timed - {"params", "param_alpha"}:
        np.testing.assert_array_equal(ours.cv_results_[key], theirs.cv_results_[key], strict=True)
    assert timed <= ours.cv_results_.keys()
    assert ours.cv_results_["params"] == [{"lam": lam} for lam in LAMS]
    np.testing.assert_array_equal(ours.cv_results_["param_lam"], LAMS)
    assert ours.best_index_ == theirs.best_index_
    assert ours.best_score_ == theirs.best_score_
    assert ours.best_params_ == {"lam": theirs.best_params_["alpha"]} == {"lam": ours.best_lam_}
    np.testing.assert_array_equal(ours.best_estimator_.coef_, theirs.best_estimator_.coef_)
    assert len(pd.DataFrame(ours.cv_results_)) == len(LAMS)


def test_groups_are_counted_in_every_fit(numbers, searches):
    X, y, results = numbers.data, numbers.target, searches[1].cv_results_
    expected = [
        [
            len(np.unique(numbers.groups[Lasso(lam).fit(X[rows], y[rows]).coef_ != 0]))
            for rows, _ in KFold(4).split(X)
        ]
        for lam in LAMS
    ]
    counts = np.c_[[results[f"split{k}_group_counts"] for k in range(4)]].T
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_allclose(results["mean_group_counts"], np.mean(expected, axis=1))


def test_one_se_takes_the_largest_lam_within_a_standard_error(numbers):
    fine = np.geomspace(1e-3, 1, 60)
    chosen = LambdaSearchCV(Lasso(), fine, cv=4, scoring="r2", select="one_se")
    chosen.fit(numbers.data, numbers.target)
    scores = np.c_[[chosen.cv_results_[f"split{k}_test_score"] for k in range(4)]]
    means, errors = scores.mean(axis=0), scores.std(axis=0, ddof=1) / np.sqrt(4)
    within = means >= means.max() - errors[means.argmax()]
    assert chosen.best_lam_ == fine[within].max() > fine[means.argmax()]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1])
def test_a_tolerance_takes_the_largest_lam_within_a_share_of_the_best_score(numbers, share):
    search = LambdaSearchCV(Lasso(), np.geomspace(1e-3, 1, 60), cv=4, select=share)
    search.fit(numbers.data, numbers.target)
    means = search.cv_results_["mean_test_score"]
    assert search.best_index_ == np.flatnonzero(means >= means.max() - share * means.max())[-1]
    losses = LambdaSearchCV(
        Lasso(), search.lams_, cv=4, select=share, scoring="neg_mean_squared_error"
    ).fit(numbers.data, numbers.target)
    mse = -losses.cv_results_["mean_test_score"]
    assert losses.best_index_ == np.flatnonzero(mse <= (1 + share) * mse.min())[-1]


@pytest.mark.parametrize("select", ["best", "one_se", 0.05, 2])
def test_choosing_again_is_what_another_search_would_have_chosen(numbers, select):
    X, y = numbers.data, numbers.target
    search, other = (
        LambdaSearchCV(Lasso(), LAMS, cv=4, groups=numbers.groups, select=choice).fit(X, y)
        for choice in ("best", select)
    )
    found = search.choose(select, X, y)
    assert found["lam"] == search.best_lam_ == other.best_lam_
    assert found["score"] == search.best_score_ == other.best_score_
    results = other.cv_results_
    assert found["score_se"] == results["std_test_score"][other.best_index_] / np.sqrt(3)
    assert found["n_groups"] == results["mean_group_counts"][other.best_index_]
    np.testing.assert_array_equal(search.best_estimator_.coef_, other.best_estimator_.coef_)
    np.testing.assert_array_equal(search.group_support_, other.group_support_)
    assert search.select == "best"


def test_choosing_without_rows_fits_and_changes_nothing(numbers, monkeypatch):
    search = LambdaSearchCV(Counting(), LAMS, cv=3).fit(numbers.data, numbers.target)
    before = dict(vars(search))
    monkeypatch.setattr(Counting, "fit", lambda *_: pytest.fail("a fit was made"))
    assert search.choose("one_se")["lam"] in LAMS
    assert vars(search) == before
    with pytest.raises(ValueError, match="those of fits to all rows: give X and y too"):
        search.choose(3)
    with pytest.raises(ValueError, match="select must be"):
        search.choose("sparse")
    with pytest.raises(NotFittedError):
        LambdaSearchCV(Counting()).choose("best")


def test_of_equal_scores_the_largest_lam_is_taken(numbers):
    search = LambdaSearchCV(Counting(), [1e-4, 1e-5, 1e-3], scoring=lambda *_: 1.0)
    assert search.fit(numbers.data, numbers.target).best_lam_ == 1e-3
    assert search.cv_results_["rank_test_score"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("select", [2, 6])
@pytest.mark.parametrize("seed", [0, None])
def test_select_a_number_of_groups(numbers, select, seed):
    # without a seed every fit draws other noise, but at lam = 0 all groups are selected
    lams = 12 if seed == 0 else [0.0, *np.geomspace(0.3, 0.45, 6)]
    model = Counting(noise=0.05, random_state=seed)
    search = LambdaSearchCV(model, lams, select=select, groups=numbers.groups, cv=3)
    search.fit(numbers.data, numbers.target)
    assert search.get_group_support().sum() == select
    assert search.group_support_.tolist() == [
        search.best_estimator_.get_support()[numbers.groups == g].any()
        for g in np.unique(numbers.groups)
    ]


def test_of_the_lams_with_so_many_groups_the_best_is_taken(numbers):
    X, y = numbers.data, numbers.target
    search = LambdaSearchCV(Lasso(), LAMS, select=2, groups=numbers.groups).fit(X, y)
    two = [len(np.unique(numbers.groups[Lasso(a).fit(X, y).coef_ != 0])) == 2 for a in LAMS]
    assert sum(two) > 1
    assert search.best_score_ == search.cv_results_["mean_test_score"][two].max()


def test_a_number_that_is_not_reached_names_the_nearest(numbers):
    X, y = numbers.data, numbers.target
    search = LambdaSearchCV(Lasso(), [1e-3, 1.0], select=4, groups=numbers.groups)
    few, many = (len(np.unique(numbers.groups[Lasso(a).fit(X, y).coef_ != 0])) for a in (1.0, 1e-3))
    with pytest.raises(ValueError, match=rf"are {few} \(lam=1\) and {many} \(lam=0.001\): select"):
        search.fit(X, y)


def test_methods_delegate_to_the_best_estimator(classes):
    X, y = pd.DataFrame(classes.data).add_prefix("c"), classes.target
    X, labels = X, np.array(["no", "yes"])[y]
    model = SGINClassifier(classes.groups, **QUICK)
    search = LambdaSearchCV(model, [0.03, 0.1], cv=3).fit(X, labels)
    alone = SGINClassifier(classes.groups, lam=search.best_lam_, **QUICK).fit(X, labels)
    np.testing.assert_array_equal(search.predict(X), alone.predict(X))
    np.testing.assert_array_equal(search.predict_proba(X), alone.predict_proba(X))
    assert search.score(X, labels) == alone.score(X, labels)
    assert search.classes_.tolist() == ["no", "yes"]
    np.testing.assert_array_equal(search.get_support(), alone.get_support())
    assert search.get_group_support(names=True) == alone.selected_groups_
    np.testing.assert_array_equal(search.transform(X), alone.transform(X))
    assert list(search.get_feature_names_out()) == list(alone.get_feature_names_out())
    framed = search.set_output(transform="pandas").transform(X)
    pd.testing.assert_frame_equal(framed, X.loc[:, alone.get_support()])
    np.testing.assert_array_equal(search.decision_function(X), alone.decision_function(X))
    assert not hasattr(LambdaSearchCV(Lasso()), "decision_function")


def test_columns_of_removed_groups_are_not_read(classes):
    search = LambdaSearchCV(SGINClassifier(classes.groups, **QUICK), [0.2], cv=2)
    search.fit(classes.data, classes.target)
    hidden = np.where(search.get_support(), classes.data, np.nan)
    np.testing.assert_array_equal(search.predict(hidden), search.predict(classes.data))
    assert np.isfinite(search.transform(hidden)).all()
    assert np.isnan(hidden).any()


def test_of_an_estimator_that_does_not_transform(numbers, searches):
    search = searches[1]
    groups = numbers.groups
    kept = np.isin(groups, np.unique(groups[search.best_estimator_.coef_ != 0]))
    np.testing.assert_array_equal(search.transform(numbers.data), numbers.data[:, kept])


def test_random_state_is_that_of_every_fit(numbers):
    X, y = numbers.data, numbers.target
    one, two, other = (
        LambdaSearchCV(make_pipeline(StandardScaler(), Counting(noise=1.0)), LAMS, random_state=s)
        .fit(X, y)
        .cv_results_["mean_test_score"]
        for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_sample_groups_go_to_the_splitter(numbers):
    X, y = numbers.data, numbers.target
    patients = np.random.default_rng(0).integers(6, size=len(X))
    search = LambdaSearchCV(Lasso(), LAMS, cv=GroupKFold(3)).fit(X, y, groups=patients)
    folds = list(GroupKFold(3).split(X, y, patients))
    expected = LambdaSearchCV(Lasso(), LAMS, cv=folds).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(scores, expected.cv_results_["mean_test_score"])
    with config_context(enable_metadata_routing=True):
        search.fit(X, y, groups=patients)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], scores)


@pytest.mark.parametrize("routing", [False, True])
def test_missing_sample_groups_raise(numbers, routing):
    search = LambdaSearchCV(Lasso(), LAMS, cv=GroupKFold(3))
    with (
        config_context(enable_metadata_routing=routing),
        pytest.raises(ValueError, match=r"^groups is missing.*give fit\(X, y, groups=...\)"),
    ):
        search.fit(numbers.data, numbers.target)


@pytest.mark.parametrize("routing", [False, True])
def test_weights_count_in_fits_and_scores(numbers, routing):
    X, y = numbers.data, numbers.target
    weight = np.random.default_rng(0).integers(1, 4, size=len(X))
    repeated = np.repeat(np.arange(len(X)), weight)
    split = [(np.arange(80), np.arange(80, 120))]
    twice = [tuple(np.flatnonzero(np.isin(repeated, part)) for part in split[0])]
    with config_context(enable_metadata_routing=routing):
        model = Lasso(tol=1e-10)
        if routing:
            model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        weighted = LambdaSearchCV(model, LAMS, cv=split).fit(X, y, sample_weight=weight)
    expected = LambdaSearchCV(Lasso(tol=1e-10), LAMS, cv=twice).fit(X[repeated], y[repeated])
    for key in ("split0_test_score", "split0_group_counts"):
        np.testing.assert_allclose(weighted.cv_results_[key], expected.cv_results_[key])
    np.testing.assert_allclose(weighted.best_estimator_.coef_, expected.best_estimator_.coef_)


def test_one_split_has_no_standard_error(numbers):
    search = LambdaSearchCV(Lasso(), LAMS, cv=ShuffleSplit(1, random_state=0), select="one_se")
    search.fit(numbers.data, numbers.target)
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()


def test_without_refit(numbers):
    search = LambdaSearchCV(Lasso(), LAMS, refit=False).fit(numbers.data, numbers.target)
    assert search.best_lam_ in LAMS
    for method in (search.predict, search.transform, lambda X: search.get_group_support()):
        with pytest.raises(NotFittedError, match="refit=True"):
            method(numbers.data)


def test_scores_that_are_all_missing(numbers):
    search = LambdaSearchCV(Counting(), LAMS, scoring=lambda *_: np.nan)
    with pytest.raises(ValueError, match="scoring gave no finite score"):
        search.fit(numbers.data, numbers.target)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"select": "sparse"}, "select must be 'best' or 'one_se' or an int >= 1, or a share"),
        ({"select": -1}, "select must be"),
        ({"select": 1.0}, "select must be"),
        ({"lams": -1.0}, "lams must be"),
        ({"refit": 1}, "refit must be True or False"),
        ({"n_jobs": 0}, "n_jobs must be None or an int but 0, got 0"),
        ({"verbose": -1}, "verbose must be an int >= 0"),
        ({"groups": [0, 1]}, "groups has 2 labels for the 12 columns"),
        ({"cv": 1}, "n_splits=1"),
        ({"cv": 500}, "n_splits=500"),
        ({"scoring": "beauty"}, "scoring"),
        ({"random_state": -1}, "random_state must be"),
        ({"memory": 3}, "memory"),
    ],
)
def test_invalid_arguments_raise(numbers, monkeypatch, change, words):
    monkeypatch.setattr(Counting, "fit", lambda *_: pytest.fail("a fit was made"))
    with pytest.raises(ValueError, match=words) as caught:
        LambdaSearchCV(Counting(), LAMS).set_params(**change).fit(numbers.data, numbers.target)
    assert "\n" not in str(caught.value)
