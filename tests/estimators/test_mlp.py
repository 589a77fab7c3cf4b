"""GroupLassoMLP: the solution of linear models, every regularizer, hidden units and biases."""

from __future__ import annotations

import celer
import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.preprocessing import StandardScaler

from sgnn import GroupLassoMLP, GroupLassoMLPRegressor, regularizers
from sgnn.regularizers import Adaptive, GroupLasso, SparseGroupLasso

from ..versions import L1
from .instances import MLPS, outputs

# a convex objective, of the data as they come
LINEAR = {"hidden_layer_sizes": (), "standardize": False, "random_state": 0}
ALGORITHMS = ["proximal", "rmda"]


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_groups_of_one_are_the_lasso(algorithm):
    X, y = diabetes()
    model = GroupLassoMLPRegressor(lam=0.05, algorithm=algorithm, **LINEAR).fit(X, y)
    lasso = Lasso(alpha=0.05, tol=1e-12).fit(X, y)
    theta = model.module_.theta[0].detach().numpy()
    np.testing.assert_allclose(theta, lasso.coef_, atol=1e-4)
    np.testing.assert_array_equal(model.get_support(), lasso.coef_ != 0)
    assert 0 < model.get_support().sum() < 10


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_groups_are_the_group_lasso_of_celer(algorithm):
    X, y = diabetes()
    groups = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [1, 2, 3, 4]))
    lam = 0.08
    model = GroupLassoMLPRegressor(groups, lam=lam, algorithm=algorithm, **LINEAR).fit(X, y)
    members = [np.flatnonzero(groups == g).tolist() for g in range(4)]
    rival = celer.GroupLasso(
        members, alpha=lam, weights=np.sqrt([1.0, 2.0, 3.0, 4.0]), tol=1e-12
    ).fit(X, y)
    theta = model.module_.theta[0].detach().numpy()
    np.testing.assert_allclose(theta, rival.coef_, atol=1e-4)
    assert model.module_.biases[0].item() == pytest.approx(rival.intercept_, abs=1e-4)
    np.testing.assert_array_equal(model.get_support(), rival.coef_ != 0)
    assert 0 < model.get_group_support().sum() < 4


def test_two_classes_are_l1_logistic_regression_at_the_same_lam():
    """Outputs -v.x/2 and v.x/2 have block norm |v| / sqrt(2), and 2 weights: the factor cancels."""
    X, y = cancer()
    lam = 0.02
    model = GroupLassoMLP(lam=lam, **LINEAR).fit(X, y)
    plain = LogisticRegression(
        C=1 / (lam * len(X)), **L1, solver="saga", tol=1e-9, max_iter=20_000
    ).fit(X, y)
    theta = model.module_.theta.detach().numpy()
    np.testing.assert_allclose(theta[1] - theta[0], plain.coef_[0], atol=1e-4)
    np.testing.assert_array_equal(model.get_support(), plain.coef_[0] != 0)
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_many_classes_satisfy_the_optimality_conditions(algorithm):
    X, y = load_digits(return_X_y=True)
    X, rows = X / 16, np.repeat(np.arange(8), 8)
    lam = 0.02
    model = GroupLassoMLP(rows, lam=lam, algorithm=algorithm, **LINEAR).fit(X, y)
    error = (model.predict_proba(X) - np.eye(10)[y]) / len(X)
    assert np.abs(error.sum(0)).max() < 1e-5  # the intercepts are free
    gradient, theta = error.T @ X, model.module_.theta.detach().numpy()
    for g in range(8):
        own, slope = theta[:, rows == g], gradient[:, rows == g]
        bound = lam * np.sqrt(own.size)
        if model.group_support_[g]:
            np.testing.assert_allclose(slope, -bound * own / np.linalg.norm(own), atol=1e-5)
        else:
            assert (own == 0).all()
            assert np.linalg.norm(slope) <= bound + 1e-5
    assert 0 < model.group_support_.sum() < 8


@pytest.mark.parametrize("algorithm", ["proximal", "rmda", "subgradient"])
@pytest.mark.parametrize("name", regularizers.names())
def test_every_regularizer_trains_and_compacts(name, algorithm):
    case = MLPS[0].by(algorithm)
    settings = {"lam": 0.002, "max_epochs": 4, "algorithm__polish_iter": 3, "max_groups": None}
    estimator = case(regularizer=name, **settings).fit(case.X, case.y)
    said = outputs(estimator, case.X)
    assert np.isfinite(said).all()
    assert all(np.isfinite(row["regularization"]) for row in estimator.history_)
    with torch.no_grad():
        small = estimator.compact()(torch.tensor(estimator.transform(case.X)))
    np.testing.assert_allclose(torch.softmax(small, 1), said, atol=1e-6)


def test_alpha_mixes_where_there_is_a_mix():
    case = MLPS[1]
    by_name, made = (
        case(regularizer=regularizer, alpha=alpha, lam=0.01).fit(case.X, case.y)
        for regularizer, alpha in (("sparse_group_lasso", 0.2), (SparseGroupLasso(0.2), None))
    )
    np.testing.assert_array_equal(outputs(by_name, case.X), outputs(made, case.X))
    other = case(regularizer="sparse_group_lasso", alpha=0.9, lam=0.01).fit(case.X, case.y)
    assert np.abs(outputs(other, case.X) - outputs(made, case.X)).max() > 1e-3


def test_adaptive_weights_remove_what_the_first_fit_made_small():
    case = MLPS[1]
    settings = {
        "algorithm__polish_iter": 100,
        "max_epochs": 40,
        "max_groups": None,
        "regularize": ("input",),
    }
    plain = {"group_weights": "sqrt_size"}
    first = case(**plain, **settings).fit(case.X, case.y)
    assert first.group_support_.all()
    factors = 1 / first.group_norms_
    second = case(group_weights=first.groups_.weights * factors, **settings).fit(case.X, case.y)
    assert second.selected_groups_ == case.planted
    wrapped = case(regularizer=Adaptive(GroupLasso(), torch.tensor(factors)), **plain, **settings)
    np.testing.assert_allclose(
        outputs(wrapped.fit(case.X, case.y), case.X), outputs(second, case.X), atol=1e-12
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("costs", [None, [1.0, 5.0, 1.0, 1.0, 1.0]], ids=["alike", "costs"])
def test_the_polish_weighs_groups_by_what_the_epochs_made_of_them(algorithm, costs):
    case = MLPS[0].by(algorithm)
    settings = {"max_groups": None, "lam": 1e-3, "group_costs": costs}
    raw = case(algorithm__polish_iter=0, **settings).fit(case.X, case.y)
    columns = raw.module_.theta.detach().square().mean(0).numpy()
    groups = [case.made.groups == name for name in raw.groups_.names]
    squares = np.array([columns[group].mean() for group in groups])
    expected = raw.groups_.weights * np.maximum(1.0, columns.mean() / squares)
    np.testing.assert_allclose(raw.groups_.weights, [np.sqrt(8 * g.sum()) for g in groups])
    polished = case(algorithm__polish_iter=3, **settings).fit(case.X, case.y)
    np.testing.assert_allclose(polished.groups_.weights, expected)
    assert polished.history_[-1]["regularization"] == pytest.approx(penalty_of(polished))
    plain = case(algorithm__polish_iter=3, group_weights="sqrt_size", **settings).fit(
        case.X, case.y
    )
    np.testing.assert_array_equal(plain.groups_.weights, raw.groups_.weights)
    assert (expected > 1.05 * raw.groups_.weights).any()


def penalty_of(model):
    """lam times the sum of the factors times the norms, from the weights alone."""
    module, groups = model.module_, model.groups_
    inputs = groups.weights * groups.costs @ model.group_norms_
    (W,), (first, _) = module.weights, module.biases
    hidden = np.sqrt(len(W)) * W.detach().norm(dim=0).sum().item()
    return model.lam * (inputs + hidden + first.detach().abs().sum().item())


def test_linear_models_and_other_weights_are_not_adapted():
    case = MLPS[0]
    for settings in (
        {"hidden_layer_sizes": ()},
        {"regularize": ("hidden",)},
        {"regularizer": "l1"},
        {"early_stopping": True},
    ):
        settings = settings | {"max_groups": None, "algorithm__polish_iter": 3, "lam": 1e-3}
        model, plain = (
            case(group_weights=weights, **settings).fit(case.X, case.y)
            for weights in ("adaptive", "sqrt_size")
        )
        np.testing.assert_array_equal(model.groups_.weights, plain.groups_.weights)
        np.testing.assert_array_equal(outputs(model, case.X), outputs(plain, case.X))


PLACES = {
    ("input",): (True, False, False),
    ("hidden",): (False, True, False),
    ("bias",): (False, False, True),
    ("input", "hidden", "bias"): (True, True, True),
}


@pytest.mark.parametrize("regularize", PLACES, ids=str)
def test_what_is_penalized_is_what_becomes_zero(regularize):
    case = MLPS[1]
    settings = {"lam": 0.05, "max_groups": None, "algorithm__polish_iter": 50, "max_epochs": 20}
    estimator = case(regularize=regularize, **settings).fit(case.X, case.y)
    module = estimator.module_
    zeros = [
        bool((tensor == 0).any()) for tensor in (module.theta, module.weights[0], module.biases[0])
    ]
    assert tuple(zeros) == PLACES[regularize]
    # the intercept is no group of any
    assert (module.biases[-1] != 0).all()


def test_sparsity_counts_what_is_zero():
    case = MLPS[1]
    settings = {
        "hidden_layer_sizes": (9, 7),
        "lam": 0.01,
        "algorithm__polish_iter": 50,
        "max_groups": None,
    }
    estimator = case(**settings).fit(case.X, case.y)
    module = estimator.module_
    layers = estimator.sparsity_
    assert [layer["name"] for layer in layers] == ["input", "hidden 1", "hidden 2"]
    assert [layer["neurons"] for layer in layers] == [10, 9, 7]
    assert [layer["weights"] for layer in layers] == [90, 63, 7]
    tensors = [module.theta, *module.weights]
    for layer, W, bias in zip(layers, tensors, [None, *module.biases[:-1]], strict=True):
        W = W.detach().numpy()
        dead = [(W[:, j] == 0).all() and (bias is None or bias[j] == 0) for j in range(W.shape[1])]
        assert layer["zero_neurons"] == sum(dead)
        assert layer["zero_weights"] == (W == 0).sum()
        assert layer["flops"] == 2 * W.size
    assert sum(layer["zero_neurons"] for layer in layers[1:]) > 0
    left = sum(layer["flops_left"] for layer in layers)
    small = estimator.compact()
    assert left == 2 * sum(W.numel() for W in (small.theta, *small.weights))


def test_the_last_row_of_the_history_speaks_of_the_polished_network():
    case = MLPS[1]
    settings = {"lam": 0.012, "max_groups": None, "max_epochs": 30}
    estimator = case(algorithm__polish_iter=100, **settings).fit(case.X, case.y)
    raw = case(algorithm__polish_iter=0, **settings).fit(case.X, case.y)
    assert raw.group_support_.sum() != estimator.group_support_.sum()
    assert estimator.history_[-1]["n_groups"] == estimator.group_support_.sum()
    assert estimator.history_[:-1] != []
    losses = [[row["loss"] for row in fit.history_] for fit in (raw, estimator)]
    assert losses[0] == losses[1]


def test_early_stopping_is_not_polished():
    case = MLPS[0]
    settings = {"early_stopping": True, "max_epochs": 30}
    polished, raw = (
        case(algorithm__polish_iter=polish_iter, **settings).fit(case.X, case.y)
        for polish_iter in (50, 0)
    )
    np.testing.assert_array_equal(outputs(polished, case.X), outputs(raw, case.X))


@pytest.mark.parametrize("case", MLPS, ids=str)
def test_a_lam_too_large_leaves_nothing_and_says_so(case):
    estimator = case(lam=10.0, max_groups=None)
    with pytest.warns(ConvergenceWarning, match=r"no group is left.*lower lam"):
        estimator.fit(case.X, case.y)
    assert not estimator.get_support().any()
    assert np.ptp(outputs(estimator, case.X), axis=0).max() == 0
    np.testing.assert_array_equal(estimator.feature_importances_, np.zeros(10))


def test_the_subgradient_leaves_nothing_between_zero_and_the_tolerance():
    case = MLPS[1].by("subgradient")
    settings = {"lam": 0.03, "algorithm__zero_tol": 0.02, "max_epochs": 60, "max_groups": None}
    estimator = case(**settings).fit(case.X, case.y)
    module, labels = estimator.module_, estimator.groups_.labels
    groups = [module.theta[:, labels == g] for g in range(5)]
    units = [W[:, j] for W in module.weights for j in range(W.shape[1])]
    largest = np.array([float(block.detach().abs().max()) for block in groups + units])
    assert ((largest == 0) | (largest > 0.02)).all()
    assert (largest == 0).any()


def test_a_polish_that_is_interrupted_keeps_its_best_point(monkeypatch):
    import sgnn.algorithms.polish as module

    case, calls = MLPS[0], []
    settings = {"algorithm__polish_iter": 50, "max_groups": None}
    gradient = module._gradient

    def interrupted(algorithm, point):
        calls.append(1)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return gradient(algorithm, point)

    monkeypatch.setattr(module, "_gradient", interrupted)
    with pytest.warns(UserWarning, match="polish was interrupted"):
        estimator = case(**settings).fit(case.X, case.y)
    monkeypatch.undo()
    fewer = case(**settings | {"algorithm__polish_iter": 19}).fit(case.X, case.y)
    np.testing.assert_array_equal(outputs(estimator, case.X), outputs(fewer, case.X))
