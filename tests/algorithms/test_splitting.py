"""Variable splitting: its steps by hand, both conventions of SCAD, and beta that grows."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from sgnn.algorithms import Splitting
from sgnn.losses import SquaredError
from sgnn.regularizers import get

from ..problems import begin, run, sgin_network

LAM, BETA, LR = 0.05, 0.4, 0.1


def regression(n=60, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, 0] - 2 * X[:, 1] + 0.1 * rng.normal(size=n)


def linear(X, y, regularizer):
    network = sgin_network(
        X, y[:, None], np.arange(6) // 2, lam=LAM, hidden=(), loss=SquaredError(), n_outputs=1
    )
    network.problem.terms[0].regularizer = get(regularizer)
    return network


def soft(w, t):
    return np.sign(w) * np.maximum(np.abs(w) - t, 0)


def hard(w, t):
    return np.where(np.abs(w) > np.sqrt(2 * t), w, 0)


def scad_exact(w, a=3.7):
    """argmin_x SCAD_lam(x) / beta + 1/2 (x - w)^2 by a fine grid."""
    grid = np.linspace(-6, 6, 480_001)
    size = np.abs(grid)
    penalty = np.where(
        size <= LAM,
        LAM * size,
        np.where(
            size <= a * LAM,
            (2 * a * LAM * size - size**2 - LAM**2) / (2 * (a - 1)),
            LAM**2 * (a + 1) / 2,
        ),
    )
    return np.array([grid[np.argmin(penalty / BETA + (grid - x) ** 2 / 2)] for x in w])


def scad_program(w, a=3.7):
    """The thresholding of paper 3's table at lam / beta with step 1."""
    lam, size = LAM / BETA, np.abs(w)
    middle = ((a - 1) * w - np.sign(w) * a * lam) / (a - 2)
    return np.where(size <= 2 * lam, soft(w, lam), np.where(size <= a * lam, middle, w))


def by_hand(X, y, w, prox, epochs, beta=BETA, sigma=1.0):
    """Algorithm 1 of paper 3 on a linear model with groups of two columns, by SGD."""
    intercept, V = 0.0, prox(w)
    for _ in range(epochs):
        for first in range(0, len(X), 20):
            x, target = X[first : first + 20], y[first : first + 20]
            error = x @ w + intercept - target
            slope = x.T @ error / len(x) + beta * (w - V)
            for g in range(3):
                block = w[2 * g : 2 * g + 2]
                slope[2 * g : 2 * g + 2] += LAM * np.sqrt(2) * block / np.linalg.norm(block)
            w = w - LR * slope
            intercept -= LR * error.mean()
            V = prox(w)
        beta *= sigma
    return w


PROXES = {
    "sgl_l1": (lambda w: soft(w, LAM / BETA), False),
    "sgl_l0": (lambda w: hard(w, LAM / BETA), False),
    "sgl_scad": (scad_exact, False),
    "sgl_scad of the program": (scad_program, True),
}


@pytest.mark.parametrize("which", PROXES)
def test_the_steps_are_those_of_the_paper(which):
    prox, unit_step = PROXES[which]
    X, y = regression()
    network = linear(X, y, which.split()[0])
    w = network.module.theta[0].detach().numpy().copy()
    algorithm = Splitting(beta=BETA, sigma=1.0, unit_step=unit_step)
    run(network, algorithm, partial(torch.optim.SGD, lr=LR), 3)
    atol = 1e-4 if which == "sgl_scad" else 1e-12  # the grid has a mesh
    np.testing.assert_allclose(
        network.module.theta[0].detach(), by_hand(X, y, w, prox, 3), atol=atol
    )


def test_the_conventions_of_scad_differ():
    w = np.linspace(-1, 1, 41)
    assert np.abs(scad_exact(w) - scad_program(w)).max() > 0.05


def test_beta_grows_in_every_fifth_of_the_training():
    X, y = regression()
    network = linear(X, y, "sgl_l1")
    algorithm = Splitting(beta=2.0, sigma=1.5)
    begin(algorithm, network, torch.optim.SGD(network.module.parameters(), lr=0.1), 10)
    strengths = []
    for algorithm.epoch in range(10):
        algorithm.enter(-1)
        strengths.append(algorithm.strength)
    expected = [2.0 * 1.5**stage for stage in (0, 0, 1, 1, 2, 2, 3, 3, 4, 4)]
    np.testing.assert_allclose(strengths, expected)


def test_beta_is_25_lam_by_default():
    X, y = regression()
    network = linear(X, y, "sgl_l1")
    algorithm = Splitting()
    begin(algorithm, network, torch.optim.SGD(network.module.parameters(), lr=0.1), 10)
    assert algorithm.strength == pytest.approx(25 * LAM)


def test_small_weights_are_zero_in_the_end():
    X, y = regression()
    network = linear(X, y, "sgl_l1")
    sgd, whole = partial(torch.optim.SGD, lr=LR), linear(X, y, "sgl_l1")
    run(whole, Splitting(zero_tol=0.0), sgd, 20)
    run(network, Splitting(zero_tol=0.1), sgd, 20)
    before = whole.module.theta.detach()
    small = before.abs() <= 0.1
    assert small.any()
    assert torch.equal(network.module.theta, torch.where(small, 0.0, before))


@pytest.mark.parametrize(("name", "every"), [("hsq_gl_half", 16), ("sgl_tl1", 16), ("sgl_scad", 1)])
def test_a_slow_prox_is_taken_less_often(name, every):
    network = linear(*regression(), name)  # three mini-batches an epoch
    network.problem.rows.batches = [slice(0, 20)] * 40
    algorithm, moved = Splitting(beta=BETA), []
    begin(algorithm, network, torch.optim.SGD(network.module.parameters(), lr=LR), 1)
    with torch.no_grad():
        algorithm.enter(-1)
        for batch in network.problem.rows.batches:
            before = algorithm.V[0]
            algorithm.objective(batch)
            algorithm.update()
            moved.append(algorithm.V[0] is not before)
    assert [i for i, m in enumerate(moved, 1) if m] == list(range(every, 41, every))
