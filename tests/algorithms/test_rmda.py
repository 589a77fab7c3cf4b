"""RMDA: its iterates by hand, zeros at the end of every epoch, and a support that stays."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from sgnn.algorithms import RMDA, Proximal
from sgnn.losses import SquaredError

from ..problems import begin, run, sgin_network


def regression(n=60, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, 0] - 2 * X[:, 1] + 0.1 * rng.normal(size=n)


def linear(X, y, lam, batch_size=20):
    labels = np.arange(X.shape[1]) // 2
    return sgin_network(
        X, y[:, None], labels, lam=lam, hidden=(), loss=SquaredError(), n_outputs=1,
        batch_size=batch_size,
    )  # fmt: skip


def by_hand(X, y, w, *, lam, lr, momentum, epochs, batch_size):
    """Algorithm 1 of the paper on a linear model with groups of two columns: loops alone."""
    n, p = X.shape
    start, V, intercept, V_intercept, a, t = w.copy(), np.zeros(p), 0.0, 0.0, 0.0, 0
    b0 = 0.0
    for _ in range(epochs):
        for first in range(0, n, batch_size):
            x, target = X[first : first + batch_size], y[first : first + batch_size]
            error = x @ w + intercept - target
            t += 1
            s = lr * np.sqrt(t)
            a += s
            V = V + s * x.T @ error / len(x)
            V_intercept += s * error.mean()
            tilde = start - V / np.sqrt(t)
            for g in range(p // 2):
                block = tilde[2 * g : 2 * g + 2]
                norm = np.sqrt(block @ block)
                threshold = a / np.sqrt(t) * lam * np.sqrt(2)
                tilde[2 * g : 2 * g + 2] = block * max(1 - threshold / norm, 0) if norm else 0
            c = 1.0 if first + batch_size >= n else momentum
            w = (1 - c) * w + c * tilde
            intercept = (1 - c) * intercept + c * (b0 - V_intercept / np.sqrt(t))
    return w, intercept


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0])
def test_the_iterates_are_those_of_the_paper(momentum):
    X, y = regression()
    network = linear(X, y, lam=0.05)
    w = network.module.theta[0].detach().numpy().copy()
    run(network, RMDA(polish_iter=0, momentum=momentum), partial(torch.optim.SGD, lr=0.1), 4)
    expected, intercept = by_hand(
        X, y, w, lam=0.05, lr=0.1, momentum=momentum, epochs=4, batch_size=20
    )
    np.testing.assert_allclose(network.module.theta[0].detach(), expected, rtol=1e-12)
    assert network.module.biases[0].item() == pytest.approx(intercept, rel=1e-12)


def supports(algorithm, epochs=60):
    """Which groups are not zero after each epoch, at a lam above the zero level of two of them."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 6))
    y = X[:, 0] - 2 * X[:, 1] + 2 * rng.normal(size=200)
    network, seen = linear(X, y, lam=0.3, batch_size=5), []
    optimizer = partial(torch.optim.SGD, lr=0.05)

    class Watched(type(algorithm)):
        def end_epoch(self):
            super().end_epoch()
            seen.append(tuple(self.network.reads()))

    algorithm.__class__ = Watched
    run(network, algorithm, optimizer, epochs)
    return seen


def test_the_support_settles_where_the_noise_of_proximal_steps_wakes_all_groups():
    settled, noisy = supports(RMDA()), supports(Proximal(prox_every=1))
    assert set(settled[-30:]) == {(True, False, False)}
    assert (True, False, False) not in noisy[-30:]


def test_a_halved_learning_rate_starts_anew():
    X, y = regression()
    network = linear(X, y, lam=0.05)
    algorithm = RMDA()
    begin(algorithm, network, torch.optim.SGD(network.module.parameters(), lr=0.1), 4)
    stages = []
    with torch.no_grad():
        for lr in (0.1, 0.08, 0.06, 0.05, 0.04, 0.02):
            algorithm.optimizer.param_groups[0]["lr"] = lr
            algorithm.enter(-1)
            stages.append(algorithm.t)
            for batch in network.problem.rows.batches:
                algorithm.objective(batch)
                algorithm.update()
            algorithm.leave(-1)
    assert stages == [0, 3, 6, 0, 3, 0]
