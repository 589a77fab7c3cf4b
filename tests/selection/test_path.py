"""lambda_path: a fit at every lam, its groups and its score."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Lasso
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import SGINRegressor
from sgnn.selection import lambda_path

from .counting import Counting

LAMS = [0.3, 0.03, 0.1]


def test_fits_at_every_lam_are_independent(numbers):
    X, y = numbers.data, numbers.target
    path = lambda_path(Lasso(), X, y, LAMS, groups=numbers.groups)
    np.testing.assert_array_equal(path.lams_, sorted(LAMS))
    for lam, support, score in zip(path.lams_, path.support_, path.scores, strict=True):
        alone = Lasso(lam).fit(X, y)
        kept = [(alone.coef_[numbers.groups == g] != 0).any() for g in np.unique(numbers.groups)]
        assert support.tolist() == kept
        assert score == alone.score(X, y)
    np.testing.assert_array_equal(path.n_groups_, path.support_.sum(axis=1))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_networks_at_every_lam_are_independent(numbers):
    X, y = numbers.data, numbers.target
    settings = {"max_epochs": 8, "warmup_epochs": 2, "hidden_layer_sizes": (8,), "random_state": 0}
    path = lambda_path(SGINRegressor(numbers.groups, **settings), X, y, [0.2, 0.01])
    for i, lam in enumerate([0.01, 0.2]):
        alone = SGINRegressor(numbers.groups, lam=lam, **settings).fit(X, y)
        np.testing.assert_array_equal(path.support_[i], alone.get_group_support())
        assert path.scores[i] == pytest.approx(alone.score(X, y))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("piped", [False, True])
def test_a_warm_start_continues_from_lam_to_lam(numbers, piped):
    X, y = numbers.data, numbers.target
    settings = {"max_epochs": 9, "warmup_epochs": 8, "hidden_layer_sizes": (8,), "random_state": 0}
    model = SGINRegressor(numbers.groups, warm_start=True, **settings)
    given = make_pipeline(StandardScaler(), model) if piped else model
    path = lambda_path(given, X, y, [0.5, 0.001, 0.1])
    inputs = StandardScaler().fit_transform(X) if piped else X
    for i, lam in enumerate([0.001, 0.1, 0.5]):
        model.set_params(lam=lam).fit(inputs, y)
        np.testing.assert_array_equal(path.support_[i], model.get_group_support())
        assert path.scores[i] == model.score(inputs, y)
    assert not (path.support_[1:] & ~path.support_[:-1]).any()  # removed for good
    assert len(set(path.n_groups_)) > 1


def test_rows_held_out_are_scored(numbers):
    X, y = numbers.data, numbers.target
    held_out = {"X_val": X[80:], "y_val": y[80:], "scoring": "neg_mean_absolute_error"}
    path = lambda_path(Lasso(), X[:80], y[:80], LAMS, **held_out)
    alone = Lasso(path.lams_[1]).fit(X[:80], y[:80])
    assert path.scores[1] == -mean_absolute_error(y[80:], alone.predict(X[80:]))


def test_sample_weight_is_passed_to_the_fits(numbers):
    X, y = numbers.data, numbers.target
    weight = np.repeat([0.0, 2.0], 60)
    path = lambda_path(Lasso(), X, y, [0.1], sample_weight=weight, X_val=X, y_val=y)
    assert path.scores[0] == pytest.approx(Lasso(0.1).fit(X[60:], y[60:]).score(X, y))


def test_lam_is_that_of_the_last_step_of_a_pipeline(numbers):
    X, y = numbers.data * np.geomspace(1, 100, 12), numbers.target
    pipe = make_pipeline(StandardScaler(), Lasso())
    path = lambda_path(pipe, X, y, LAMS, groups=numbers.groups)
    scaled = StandardScaler().fit_transform(X)
    expected = lambda_path(Lasso(), scaled, y, LAMS, groups=numbers.groups)
    np.testing.assert_array_equal(path.support_, expected.support_)
    np.testing.assert_allclose(path.scores, expected.scores)


def test_arguments_are_not_changed(numbers):
    X, y, model = numbers.data.copy(), numbers.target.copy(), Lasso(0.5)
    lambda_path(model, X, y, LAMS)
    assert model.get_params() == Lasso(0.5).get_params()
    assert not hasattr(model, "coef_")
    np.testing.assert_array_equal(X, numbers.data)
    np.testing.assert_array_equal(y, numbers.target)


@pytest.mark.parametrize(
    ("estimator", "change", "error", "words"),
    [
        (StandardScaler(), {}, TypeError, "estimator must be .* parameter lam, .* got StandardSc"),
        (Lasso, {}, TypeError, "estimator must be an instance"),
        (SGINRegressor(), {"groups": 2}, ValueError, "groups is for .* give the groups to that"),
        (Counting(), {"groups": 5}, ValueError, "groups=5 must be a positive block size"),
        (Counting(), {"X_val": np.ones((2, 12))}, ValueError, "X_val and y_val belong together"),
        (Counting(), {"X": np.ones((3, 2))}, ValueError, "inconsistent numbers of samples"),
        (Counting(), {"X": np.full((120, 12), np.nan)}, ValueError, "Input X contains NaN"),
        (Counting(), {"y": np.full(120, np.inf)}, ValueError, "Input y contains infinity"),
    ],
)
def test_errors_are_raised_before_any_fit(numbers, monkeypatch, estimator, change, error, words):
    monkeypatch.setattr(Counting, "fit", lambda *_: pytest.fail("a fit was made"))
    arguments = {"X": numbers.data, "y": numbers.target, "lams": LAMS} | change
    with pytest.raises(error, match=words) as caught:
        lambda_path(estimator, **arguments)
    assert "\n" not in str(caught.value)


def test_an_estimator_that_does_not_select(numbers):
    with pytest.raises(TypeError, match="estimator must select: a fitted KernelRidge has neither"):
        lambda_path(KernelRidge(), numbers.data, numbers.target, LAMS)


def test_steps_that_change_the_columns(numbers):
    pipe = make_pipeline(PCA(3), Lasso())
    with pytest.raises(ValueError, match="last step of estimator was given 3: put the other steps"):
        lambda_path(pipe, numbers.data, numbers.target, LAMS, groups=numbers.groups)
