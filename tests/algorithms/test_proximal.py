"""Proximal steps: the solution of a linear model, exact zeros, and the steps of the optimizers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.linear_model import Lasso, LogisticRegression

from sgnn.algorithms import Proximal
from sgnn.algorithms.proximal import mean_step
from sgnn.losses import SquaredError

from ..problems import begin, run, sgin_network
from ..versions import L1

OPTIMIZERS = [
    partial(torch.optim.SGD, lr=0.05),
    partial(torch.optim.SGD, lr=0.01, momentum=0.9),
    partial(torch.optim.Adam, lr=0.02),
    partial(torch.optim.Adamax, lr=0.02),
    partial(torch.optim.RMSprop, lr=0.01),
]


def rows(n=80, p=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, 0] - 2 * X[:, 3] + 0.5 * X[:, 7] + 0.1 * rng.normal(size=n)


def solved(network, optimizer, epochs=20):
    run(network, Proximal(polish_iter=0), optimizer, epochs)
    return polished(network, optimizer, Proximal(polish_iter=500, polish_tol=1e-8))[-1]


def polished(network, optimizer, algorithm):
    """The residuals of the iterations of the polish."""
    begin(algorithm, network, optimizer(network.parameters), 1)
    with torch.no_grad():
        residuals = list(algorithm.polish())
        network.store()
    return residuals


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_groups_of_one_are_scikit_learns_lasso(optimizer):
    X, y = rows()
    network = sgin_network(
        X, y[:, None], np.arange(12), lam=0.1, hidden=(), loss=SquaredError(), n_outputs=1
    )
    residual = solved(network, optimizer)
    lasso = Lasso(alpha=0.1, tol=1e-12).fit(X, y)  # 1/2 mean squares + alpha ||w||_1
    theta = network.module.theta[0].detach().numpy()
    np.testing.assert_allclose(theta, lasso.coef_, atol=1e-6)
    np.testing.assert_array_equal(theta == 0, lasso.coef_ == 0)
    assert network.module.biases[0].item() == pytest.approx(lasso.intercept_, abs=1e-6)
    assert residual <= 1e-8


def test_groups_satisfy_the_optimality_conditions():
    X, y = rows()
    labels = np.random.default_rng(1).permutation(np.arange(12) // 3)
    lam = 0.2
    network = sgin_network(
        X, y[:, None], labels, lam=lam, hidden=(), loss=SquaredError(), n_outputs=1
    )
    solved(network, OPTIMIZERS[0])
    w, b = network.module.theta[0].detach().numpy(), network.module.biases[0].item()
    gradient = X.T @ (X @ w + b - y) / len(X)
    zero = 0
    for g in range(4):
        own, slope = w[labels == g], gradient[labels == g]
        if (own == 0).all():
            zero += 1
            assert np.linalg.norm(slope) <= lam * np.sqrt(3) + 1e-6
        else:
            np.testing.assert_allclose(
                slope, -lam * np.sqrt(3) * own / np.linalg.norm(own), atol=1e-6
            )
    assert 1 <= zero <= 3


def test_two_outputs_are_logistic_regression_with_an_l1_penalty():
    X, y = rows(n=120)
    labels = (y > 0).astype(np.int64)
    lam = 0.05
    network = sgin_network(X, labels, np.arange(12), lam=lam, hidden=(), n_outputs=2)
    solved(network, OPTIMIZERS[0])
    # with outputs -v.x/2 and v.x/2 the block norm of a column is |v| / sqrt(2)
    theta = network.module.theta.detach().numpy()
    v = theta[1] - theta[0]
    plain = LogisticRegression(
        C=np.sqrt(2) / (lam * len(X)), **L1, solver="saga", tol=1e-10, max_iter=20_000
    ).fit(X, labels)
    np.testing.assert_allclose(v, plain.coef_[0], atol=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_polish_of_a_network_lowers_the_objective_and_leaves_exact_zeros(optimizer):
    X, y = rows()
    network = sgin_network(
        X, y[:, None], np.arange(12) // 3, lam=0.05, hidden=(5,), loss=SquaredError(),
        n_outputs=1, activation="tanh",
    )  # fmt: skip

    def objective():
        with torch.no_grad():
            return network.problem.penalty() + network.loss(slice(0, 80))

    start = objective()
    run(network, Proximal(polish_iter=0), optimizer, 30)
    trained = objective()
    polished(network, optimizer, Proximal(polish_iter=100))
    assert objective() < trained < start
    norms = network.term.blocks.norm(network.theta)
    assert norms[0] > 0  # y is made of the columns 0, 3 and 7
    assert norms[3] == 0


def test_mean_steps_by_hand():
    p = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    p.grad = torch.tensor([1.0, 3.0], dtype=torch.float64)
    assert mean_step(torch.optim.SGD([p], lr=0.1), p, 5.0, (-1,)) == 0.1
    heavy = torch.optim.SGD([p], lr=0.1, momentum=0.9)
    assert mean_step(heavy, p, 5.0, (-1,)) == pytest.approx(1.0)
    expected = {
        # after one step the corrected second moment is the squared gradient: steps .1/1, .1/3,
        # and the penalty's own slope of 5 counts to both gradients
        torch.optim.Adam: 0.1 / (2 + 5),
        # the first moment is not corrected inside the division: lr / (1 - beta1) over 1 and 3
        torch.optim.Adamax: 0.1 / (1 - 0.9) / (2 + 5),
        # the running mean of squares is (1 - alpha) g^2 = 0.01 g^2
        torch.optim.RMSprop: 0.1 / (0.1 * 2 + 5),
    }
    for kind, step in expected.items():
        optimizer = kind([p], lr=0.1)
        optimizer.step()
        assert mean_step(optimizer, p, 5.0, (-1,)) == pytest.approx(step, rel=1e-5)
