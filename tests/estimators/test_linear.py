"""The linear baselines: scikit-learn's checks, and agreement with other solvers."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import Lasso, LogisticRegression, MultiTaskLasso
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from sgnn.datasets import make_grouped_classification, make_grouped_regression
from sgnn.estimators.linear import GroupLassoClassifier, GroupLassoRegressor

from ..versions import L1
from .test_common import assert_passes

SIZES = {"n_samples": 120, "n_groups": 5, "group_size": [2, 1, 3, 2, 2], "n_informative": 2}
CLASSES = make_grouped_classification(**SIZES, random_state=0)
NUMBERS = make_grouped_regression(**SIZES, random_state=0)
X = CLASSES.data
Y3 = np.digitize(NUMBERS.target, np.quantile(NUMBERS.target, [0.3, 0.6]))
Y2 = np.column_stack([NUMBERS.target, np.cos(NUMBERS.target)])
DATA = {
    "two classes": (GroupLassoClassifier, X, CLASSES.target),
    "three classes": (GroupLassoClassifier, NUMBERS.data, Y3),
    "numbers": (GroupLassoRegressor, NUMBERS.data, NUMBERS.target),
    "pairs": (GroupLassoRegressor, NUMBERS.data, Y2),
}


@pytest.fixture(params=DATA)
def data(request):
    """(estimator class, X, y), read-only."""
    kind, X, y = DATA[request.param]
    X, y = X.copy(), y.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    return kind, X, y


def new(kind, lam=0.05, **settings):
    return kind(CLASSES.groups, lam=lam, **settings)


def outputs(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def assert_same(one, other, X, atol=1e-6):
    np.testing.assert_allclose(outputs(one, X), outputs(other, X), rtol=0, atol=atol)
    assert one.selected_groups_ == other.selected_groups_


# scikit-learn's checks --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", [GroupLassoClassifier, GroupLassoRegressor])
@pytest.mark.parametrize("settings", [{}, {"standardize": False, "missing": "mean"}], ids=str)
def test_check_estimator(kind, settings):
    assert_passes(kind(**settings))


# the same minimum as other solvers --------------------------------------------------------------


def test_groups_of_one_are_the_lasso():
    X, y = NUMBERS.data, NUMBERS.target
    lasso = Lasso(alpha=0.1, tol=1e-14, max_iter=100_000).fit(X, y)
    model = GroupLassoRegressor(lam=0.1, standardize=False).fit(X, y)
    np.testing.assert_allclose(model.coef_, lasso.coef_, atol=1e-7)
    assert model.intercept_ == pytest.approx(lasso.intercept_)
    assert 0 < model.group_support_.sum() < 10
    np.testing.assert_array_equal(model.get_support(), lasso.coef_ != 0)


def test_groups_of_one_with_several_targets_are_the_multi_task_lasso():
    X = NUMBERS.data
    lasso = MultiTaskLasso(alpha=0.1, tol=1e-14, max_iter=100_000).fit(X, Y2)
    model = GroupLassoRegressor(lam=0.1, standardize=False, tol=1e-9).fit(X, Y2)
    np.testing.assert_allclose(model.coef_, lasso.coef_, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, lasso.intercept_)
    assert model.coef_.shape == (2, 10)


def test_groups_of_one_are_the_sparse_logistic_regression():
    y = CLASSES.target
    theirs = LogisticRegression(
        C=1 / (0.05 * len(y)), **L1, solver="saga", tol=1e-12, max_iter=100_000
    ).fit(X, y)
    model = GroupLassoClassifier(lam=0.05, standardize=False).fit(X, y)
    np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, theirs.intercept_, atol=1e-7)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), atol=1e-7)
    np.testing.assert_allclose(model.decision_function(X), theirs.decision_function(X), atol=1e-6)
    np.testing.assert_array_equal(model.predict(X), theirs.predict(X))


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
@pytest.mark.parametrize(("n", "p", "n_groups"), [(200, 30, 6), (30, 90, 9)])
def test_celer_finds_nothing_better(share, n, p, n_groups):
    celer = pytest.importorskip("celer")
    rng = np.random.default_rng(0)
    labels = np.sort(np.append(np.arange(n_groups), rng.integers(0, n_groups, p - n_groups)))
    X = rng.normal(size=(n, p))
    y = X[:, labels < 2].sum(1) + rng.normal(size=n)
    groups = [np.flatnonzero(labels == g).tolist() for g in range(n_groups)]
    weights = np.sqrt(np.bincount(labels))
    raw = {"standardize": False}
    lam = share * GroupLassoRegressor(labels, **raw).fit(X, y).lambda_max_
    model = GroupLassoRegressor(labels, lam=lam, **raw).fit(X, y)
    rival = celer.GroupLasso(groups, alpha=lam, weights=weights, tol=1e-12, max_iter=1000)
    rival.fit(np.asfortranarray(X), y)

    def objective(coef, intercept):
        penalty = weights @ [np.linalg.norm(coef[group]) for group in groups]
        return np.square(y - X @ coef - intercept).mean() / 2 + lam * penalty

    ours, theirs = (objective(m.coef_, m.intercept_) for m in (model, rival))
    assert ours <= theirs + 1e-10
    assert model.objective_ == pytest.approx(ours, abs=1e-12)
    np.testing.assert_allclose(model.coef_, rival.coef_, atol=1e-4)


def test_unpenalized_classes_are_those_of_scikit_learn():
    X = NUMBERS.data
    y = np.where(np.arange(len(X)) % 5 > 0, Y3, 1)  # no longer separable
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    model = GroupLassoClassifier(lam=0.0).fit(X, y)
    ours = log_loss(y, model.predict_proba(X))
    assert ours == pytest.approx(log_loss(y, theirs.predict_proba(X)), abs=1e-9)
    assert model.objective_ == pytest.approx(ours)


# fitted attributes ------------------------------------------------------------------------------


@pytest.mark.parametrize("lam", [0.01, 0.1])
@pytest.mark.parametrize("standardize", [False, True])
def test_the_kkt_residual_is_at_most_tol(data, lam, standardize):
    kind, X, y = data
    model = new(kind, lam, standardize=standardize).fit(X, y)
    assert 0 <= model.kkt_residual_ <= model.tol
    assert model.n_iter_ >= 1
    assert model.lambda_max_ > lam


def test_at_lambda_max_no_group_is_left_and_just_below_one_is(data):
    kind, X, y = data
    top = new(kind).fit(X, y).lambda_max_
    for lam in (top, 2 * top):
        with pytest.warns(ConvergenceWarning, match="no group is left"):
            model = new(kind, lam).fit(X, y)
        assert model.selected_groups_ == []
        np.testing.assert_array_equal(model.coef_, 0)
        assert np.ptp(outputs(model, X), axis=0) == pytest.approx(0)
    assert len(new(kind, 0.999 * top).fit(X, y).selected_groups_) == 1


def test_the_shapes_are_those_of_scikit_learn(data):
    kind, X, y = data
    model = new(kind).fit(X, y)
    theirs = (LogisticRegression() if is_classifier(model) else Lasso()).fit(X, y)
    assert model.coef_.shape == theirs.coef_.shape
    assert np.shape(model.intercept_) == np.shape(theirs.intercept_)
    assert model.predict(X).shape == theirs.predict(X).shape
    if is_classifier(model):
        assert model.decision_function(X).shape == theirs.decision_function(X).shape


def test_norms_support_and_importances_agree(data):
    kind, X, y = data
    model = new(kind, standardize=False).fit(X, y)
    coef = model.coef_.reshape(-1, 10)
    names = list(dict.fromkeys(CLASSES.groups.tolist()))
    norms = [np.linalg.norm(coef[:, CLASSES.groups == name]) for name in names]
    np.testing.assert_allclose(model.group_norms_, norms)
    assert list(model.groups_.names) == names
    assert model.get_group_support().tolist() == [norm > 0 for norm in norms]
    assert model.get_group_support(names=True) == model.selected_groups_
    assert 0 < len(model.selected_groups_) < 5
    np.testing.assert_array_equal(model.feature_importances_ > 0, coef.any(0))
    selector = SelectFromModel(model, prefit=True)
    np.testing.assert_array_equal(selector.get_support(), model.get_support())


def test_removed_columns_are_not_read(data):
    kind, X, y = data
    model = new(kind).fit(X, y)
    spoilt = X.copy()
    spoilt[:, ~model.get_support()] = np.nan
    np.testing.assert_array_equal(outputs(model, spoilt), outputs(model, X))
    np.testing.assert_array_equal(model.transform(spoilt), X[:, model.get_support()])
    frame = pd.DataFrame(X, columns=[f"c{j}" for j in range(10)])
    framed = new(kind).set_output(transform="pandas").fit(frame, y)
    kept = frame.columns[framed.get_support()]
    pd.testing.assert_frame_equal(framed.transform(frame), frame[kept])
    assert framed.get_feature_names_out().tolist() == kept.tolist()
    back = model.inverse_transform(model.transform(X))
    np.testing.assert_array_equal(back, np.where(model.get_support(), X, 0.0))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3])
def test_a_constant_target_is_the_intercept(value):
    with pytest.warns(ConvergenceWarning, match="no group is left") as caught:
        model = new(GroupLassoRegressor).fit(X, np.full(len(X), value), np.arange(len(X)))
    assert len(caught) == 1
    assert model.intercept_ == pytest.approx(value)


def test_a_class_without_weight_is_never_predicted():
    weight = (Y3 != 2).astype(float)
    model = new(GroupLassoClassifier).fit(NUMBERS.data, Y3, weight)
    assert set(model.predict(NUMBERS.data)) == {0, 1}
    assert model.predict_proba(NUMBERS.data)[:, 2].max() < 1e-6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_without_an_intercept(data):
    kind, X, y = data
    model = new(kind, fit_intercept=False).fit(X, y)
    np.testing.assert_array_equal(model.intercept_, 0)
    twice = new(kind, fit_intercept=False).fit(np.vstack([X, -X]), np.concatenate([y, y]))
    assert twice.objective_ != pytest.approx(model.objective_)


def test_standardize_is_a_scaler_before_it(data):
    kind, X, y = data
    uneven = 3 * X * np.logspace(-3, 3, 10) + 5
    inside = new(kind, standardize=True).fit(uneven, y)
    before = make_pipeline(StandardScaler(), new(kind)).fit(uneven, y)
    np.testing.assert_allclose(outputs(inside, uneven), outputs(before, uneven), atol=1e-6)
    np.testing.assert_allclose(inside.group_norms_, before[-1].group_norms_, atol=1e-6)


# weights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("standardize", [False, True])
def test_whole_weights_repeat_rows(data, standardize):
    kind, X, y = data
    counts = np.arange(len(X)) % 3
    weighted = new(kind, standardize=standardize).fit(X, y, sample_weight=counts)
    repeated = new(kind, standardize=standardize).fit(
        np.repeat(X, counts, axis=0), np.repeat(y, counts, axis=0)
    )
    assert_same(weighted, repeated, X)
    assert weighted.objective_ == pytest.approx(repeated.objective_, abs=1e-12)
    assert np.abs(outputs(weighted, X) - outputs(new(kind).fit(X, y), X)).max() > 1e-3


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 5.0}], ids=str)
def test_class_weights_are_sample_weights(class_weight):
    y = CLASSES.target * (np.arange(len(X)) % 3 > 0)
    by_class = new(GroupLassoClassifier, class_weight=class_weight).fit(X, y)
    by_row = new(GroupLassoClassifier).fit(X, y, compute_sample_weight(class_weight, y))
    assert_same(by_class, by_row, X)
    assert (
        np.abs(outputs(by_class, X) - outputs(new(GroupLassoClassifier).fit(X, y), X)).max() > 0.01
    )


def test_lam_weight_and_cost_multiply(data):
    kind, X, y = data
    roots = np.sqrt([2, 1, 3, 2, 2])
    same = [
        new(kind),
        new(kind, group_weights="none", group_costs=roots),
        new(kind, lam=0.01, group_weights=roots, group_costs=np.full(5, 5.0)),
    ]
    first, *others = [model.fit(X, y) for model in same]
    for other in others:
        assert_same(other, first, X)


# sparse X, missing values ------------------------------------------------------------------------


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
@pytest.mark.parametrize("standardize", [False, True])
def test_sparse_is_dense(data, form, standardize, monkeypatch):
    kind, X, y = data
    thin = np.where(np.random.default_rng(0).random(X.shape) < 0.4, X, 0.0)
    dense = new(kind, 0.02, standardize=standardize).fit(thin, y)
    matrix = form(thin)
    monkeypatch.setattr(type(sparse.csc_array(thin)), "toarray", forbidden)
    monkeypatch.setattr(type(sparse.csr_array(thin)), "toarray", forbidden)
    model = new(kind, 0.02, standardize=standardize).fit(matrix, y)
    np.testing.assert_allclose(model.coef_, dense.coef_, atol=1e-7)
    np.testing.assert_allclose(outputs(model, matrix), outputs(dense, thin), atol=1e-7)
    kept = model.transform(matrix)
    assert sparse.issparse(kept)
    assert kept.shape == (len(X), model.get_support().sum())


def forbidden(*args, **kwargs):
    pytest.fail("a sparse matrix was made dense")


@pytest.mark.parametrize("form", [np.array, sparse.csc_array])
def test_missing_values_are_means(data, form):
    kind, X, y = data
    rng = np.random.default_rng(0)
    holes = X.copy()
    holes[rng.random(X.shape) < 0.1] = np.nan
    weight = rng.uniform(0.5, 2, len(X))
    present = ~np.isnan(holes)
    mean = (weight[:, None] * np.where(present, holes, 0)).sum(0) / (weight @ present)
    by_hand = new(kind).fit(np.where(present, holes, mean), y, weight)
    model = new(kind, missing="mean").fit(form(holes), y, weight)
    np.testing.assert_allclose(model.coef_, by_hand.coef_, atol=1e-7)
    filled_in = outputs(by_hand, np.where(present, holes, mean))
    np.testing.assert_allclose(outputs(model, form(holes)), filled_in, atol=1e-7)


# paths and warm starts --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_path_is_single_fits(data):
    kind, X, y = data
    weight = np.linspace(1, 2, len(X))
    model = new(kind)
    path = model.path(X, y, lams=[0.01, 0.3, 0.1], sample_weight=weight)
    assert path.lams.tolist() == [0.3, 0.1, 0.01]
    assert not hasattr(model, "coef_")
    for i, lam in enumerate(path.lams):
        single = new(kind, lam).fit(X, y, weight)
        np.testing.assert_allclose(path.coefs[i], single.coef_, atol=1e-6)
        np.testing.assert_allclose(path.intercepts[i], single.intercept_, atol=1e-6)
        np.testing.assert_allclose(path.group_norms[i], single.group_norms_, atol=1e-6)
        assert path.objectives[i] == pytest.approx(single.objective_, abs=1e-10)
    assert (path.kkt_residuals <= model.tol).all()


def test_a_path_of_so_many_starts_where_the_first_group_enters(data):
    kind, X, y = data
    path = new(kind).path(X, y, lams=6)
    top = new(kind).fit(X, y).lambda_max_
    np.testing.assert_allclose(path.lams, top * np.logspace(0, -3, 6))
    assert not path.coefs[0].any()
    assert path.coefs[1].any()


def test_a_warm_start_ends_where_a_cold_one_does(data):
    kind, X, y = data
    model = new(kind, 0.1, warm_start=True).fit(X, y)
    for lam in (0.01, 0.1):
        cold = new(kind, lam).fit(X, y)
        assert_same(model.set_params(lam=lam).fit(X, y), cold, X)
    assert model.fit(X, y).n_iter_ == 0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("weighted", [False, True])
def test_replicas_are_single_fits_in_the_order_of_the_arguments(data, weighted):
    kind, X, y = data
    lams = [0.01, 0.3, 0.1, 0.03, 0.1]
    counts = np.random.default_rng(0).multinomial(len(X), np.full(len(X), 1 / len(X)), size=2)
    # two bootstrap samples in turn: each has a path of its own
    weights = [counts[r % 2].astype(float) for r in range(5)] if weighted else None
    model = new(kind, 7.0, warm_start=True)
    replicas = model.fit_replicas(X, y, lams, weights, seeds=range(5))
    assert not hasattr(model, "coef_")
    for r, (lam, replica) in enumerate(zip(lams, replicas, strict=True)):
        single = new(kind, lam).fit(X, y, weights[r] if weighted else None)
        assert (replica.lam, replica.warm_start) == (lam, True)
        np.testing.assert_allclose(replica.coef_, single.coef_, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(replica.group_support_, single.group_support_)
        assert_same(replica, single, X)
        assert replica.kkt_residual_ <= replica.tol
        assert vars(replica).keys() == vars(single).keys()
        assert replica.lambda_max_ == single.lambda_max_


def test_replicas_are_warm_started(data):
    """The smallest lam takes few iterations more after the next one."""
    kind, X, y = data
    near, far = new(kind).fit_replicas(X, y, [0.0100, 0.0101])
    assert near.n_iter_ < far.n_iter_
    assert near.n_iter_ < new(kind, 0.01).fit(X, y).n_iter_


def test_replicas_are_refused_before_any_is_fitted(data, monkeypatch):
    kind, X, y = data
    monkeypatch.setattr(kind, "_solve", lambda *_: pytest.fail("a fit was made"))
    with pytest.raises(ValueError, match="lam must be a finite number >= 0, got -1"):
        new(kind).fit_replicas(X, y, [0.1, -1.0])


def test_too_few_iterations_warn(data):
    kind, X, y = data
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        model = new(kind, max_iter=2).fit(X, y)
    assert model.kkt_residual_ > model.tol


# errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lam": -1}, "lam must be a finite number >= 0, got -1"),
        ({"max_iter": 0}, "max_iter must be an int >= 1, got 0"),
        ({"tol": 0}, "tol must be a finite number > 0, got 0"),
        ({"fit_intercept": "yes"}, "fit_intercept must be True or False"),
        ({"missing": "zero"}, "missing must be one of 'error', 'mean'"),
        ({"groups": [0, 1]}, "groups has 2 labels for the 10 columns"),
        ({"group_costs": {"nobody": 1}}, "group_costs has a cost for the unknown group"),
    ],
)
def test_refused(data, settings, message):
    kind, X, y = data
    model = kind(**settings)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("lams", [0, "few", [0.1, -1], [], None, [np.nan]])
def test_lams_that_are_refused(lams):
    with pytest.raises(ValueError, match="lams must be an int >= 1 or finite numbers >= 0"):
        new(GroupLassoRegressor).path(X, NUMBERS.target, lams=lams)


@pytest.mark.parametrize("form", [np.array, sparse.csr_array])
@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "NaN in column '?3'?:.*missing='mean'"), (np.inf, "infinity.*column '?3'?:")],
)
def test_values_that_are_refused(form, value, message):
    spoilt = X.copy()
    spoilt[7, 3] = value
    with pytest.raises(ValueError, match=f"X contains {message}"):
        new(GroupLassoClassifier).fit(form(spoilt), CLASSES.target)
    model = GroupLassoClassifier(lam=0.0).fit(X, CLASSES.target)
    with pytest.raises(ValueError, match=f"X contains {message}"):
        model.predict(form(spoilt))


def test_squares_that_overflow_are_refused():
    with pytest.raises(ValueError, match="X contains values whose squares overflow"):
        new(GroupLassoClassifier, standardize=False).fit(1e200 * X, CLASSES.target)


def test_a_column_without_values_is_refused():
    empty = np.where(np.arange(10) == 3, np.nan, X)
    with pytest.raises(ValueError, match="X has no value at all in column 3"):
        new(GroupLassoClassifier, missing="mean").fit(empty, CLASSES.target)


def test_a_sparse_matrix_of_the_wrong_shape_is_refused():
    matrix = sparse.csr_array(X)
    with pytest.raises(ValueError, match="y has 5 entries for the 120 rows"):
        new(GroupLassoClassifier).fit(matrix, CLASSES.target[:5])
    model = new(GroupLassoClassifier).fit(matrix, CLASSES.target)
    with pytest.raises(ValueError, match=r"5 features, but.*give the columns of the fit"):
        model.predict(matrix[:, :5])


def test_copies(data):
    kind, X, y = data
    model = new(kind).fit(X, y)
    np.testing.assert_array_equal(outputs(pickle.loads(pickle.dumps(model)), X), outputs(model, X))
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.coef_, model.coef_)


def test_verbose_prints_a_line_for_each_solution(capsys):
    new(GroupLassoRegressor, verbose=1).path(NUMBERS.data, NUMBERS.target, lams=3)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "0 of 5 groups" in lines[0]
    assert "KKT residual" in lines[-1]
