"""Gates: one step by hand, what the module holds between epochs, and where D-gating ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sgnn.algorithms import Gates
from sgnn.losses import SquaredError
from sgnn.regularizers import DGating, HardConcrete
from sgnn.regularizers.gates import FASTER, OPEN

from ..problems import run, sgin_network, with_limits

LAM, LR = 0.05, 0.1
labels = np.arange(6) // 2


def regression(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    return X, X[:, 0] - 2 * X[:, 1] + 0.1 * rng.normal(size=n)


def linear(lam=LAM, batch_size=60):
    X, y = regression()
    return sgin_network(
        X, y[:, None], labels, lam=lam, hidden=(), loss=SquaredError(), n_outputs=1,
        batch_size=batch_size,
    )  # fmt: skip


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=LR)


def test_one_step_of_d_gating_by_hand():
    network, (X, y) = linear(), regression()
    w = network.module.theta.detach().numpy()[0].copy()
    bias = network.module.biases[0].item()
    run(network, Gates(gating=DGating()), sgd, 1)
    s = math.sqrt(2)  # the root of the number of weights in each group
    norm = np.array([np.linalg.norm(w[labels == g]) for g in range(3)])
    gamma, omega = np.sqrt(norm), w / np.sqrt(norm[labels])
    slope = X.T @ (X @ w + bias - y) / len(X)
    by_group = np.array([(slope * omega)[labels == g].sum() for g in range(3)])
    omega_after = omega - LR * (slope * gamma[labels] + LAM * s * omega)
    gamma_after = gamma - LR * (by_group + LAM * s * gamma)
    expected = omega_after * gamma_after[labels]
    np.testing.assert_allclose(network.module.theta.detach().numpy()[0], expected, rtol=1e-10)


def test_d_gating_ends_at_the_group_lasso():
    network, (X, y) = linear(lam=0.3), regression()
    algorithm = Gates(gating=DGating(), zero_tol=1e-6)
    run(network, algorithm, sgd, 3000)
    w, bias = network.module.theta.detach().numpy()[0], network.module.biases[0].item()
    force = -X.T @ (X @ w + bias - y) / len(X)
    # what the optimality conditions of the group lasso say, group by group
    for g in range(3):
        inside = labels == g
        if g:
            assert not w[inside].any()
            assert np.linalg.norm(force[inside]) <= 0.3 * math.sqrt(2)
        else:
            pull = 0.3 * math.sqrt(2) * w[inside] / np.linalg.norm(w[inside])
            np.testing.assert_allclose(force[inside], pull, atol=1e-6)


def test_a_step_of_hard_concrete_gates_by_hand():
    """With lam so large that the loss says nothing, every gate falls by the same."""
    network, gating = linear(lam=1e6), HardConcrete()
    algorithm = Gates(gating=gating)
    run(network, algorithm, lambda p: torch.optim.SGD(p, lr=1e-9), 1)
    p = 1 / (1 + math.exp(-(OPEN - 2 / 3 * math.log(0.1 / 1.1))))
    slope = 1e6 * math.sqrt(2) * p * (1 - p) * FASTER
    gates = algorithm.factors[0][1].detach().numpy()
    np.testing.assert_allclose(gates, OPEN / FASTER - 1e-9 * slope, rtol=1e-6)


@pytest.mark.parametrize("gating", [HardConcrete(), DGating(), DGating(3)], ids=repr)
def test_between_epochs_the_module_holds_what_the_factors_stand_for(gating):
    network = linear(batch_size=20)
    algorithm = Gates(gating=gating)
    run(network, algorithm, sgd, 2)
    omega, gates = (part.detach() for part in algorithm.factors[0])
    kept = gates.prod(-2) if isinstance(gating, DGating) else gating.at_test_time(FASTER * gates)
    expected = omega.numpy()[0] * kept.numpy()[labels]
    np.testing.assert_allclose(network.module.theta.detach().numpy()[0], expected, rtol=1e-12)


def test_gates_of_groups_that_say_nothing_shut():
    network = linear(lam=0.02, batch_size=10)
    run(network, Gates(gating=HardConcrete()), lambda p: torch.optim.Adam(p, lr=0.02), 150)
    norms = network.module.theta.detach().reshape(3, 2).norm(dim=1)
    assert norms[0] > 1
    assert (norms[1:] == 0).all()


def test_removed_groups_stay_removed():
    network = linear(batch_size=20)
    run(network, with_limits(Gates(gating=HardConcrete()), 1), sgd, 4)
    assert network.problem.active.tolist() == [True, False, False]
    assert (network.module.theta.detach().reshape(3, 2)[1:] == 0).all()
