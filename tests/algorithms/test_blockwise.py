"""Algorithms 1 and 2 against a naive transcript, a hand-worked case, and their promises."""

from __future__ import annotations

import copy
import os
from functools import partial

import numpy as np
import pytest
import torch

import sgnn
from sgnn import datasets
from sgnn.algorithms import Blockwise, BlockwiseB
from sgnn.losses import SquaredError

from ..naive import NaiveSGIN
from ..naive import network as transcribed
from ..problems import begin, run, sgin_network, with_limits

OURS = {"a": Blockwise, "b": BlockwiseB}
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
sgd = partial(torch.optim.SGD, lr=0.1)


def unequal(n=130, seed=0):
    """Rows whose 12 columns lie in four shuffled groups of 1, 2, 4 and 5."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation([0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3])
    X = rng.normal(size=(n, 12))
    y = (X[:, labels == 1].sum(1) + np.abs(X[:, labels == 3]).sum(1) > 3.5).astype(np.int64)
    return X, y, labels


def transcript(network, X, labels, algorithm, optimizer, *, bar="lam_tau", loss=None):
    module = network.module
    net = transcribed([module.theta, *module.weights], list(module.biases))
    columns = [torch.as_tensor(np.flatnonzero(labels == g)) for g in range(labels.max() + 1)]
    naive = NaiveSGIN(
        net,
        columns,
        network.problem.lam,
        bar=bar,
        algorithm=algorithm,
        optimizer=optimizer,
        loss=loss,
    )
    weight = network.problem.weight
    batches = [
        (torch.as_tensor(X[b]).to(module.theta), network.problem.y[b],
         None if weight is None else weight[b])
        for b in network.problem.rows.batches
    ]  # fmt: skip
    return naive, batches


def assert_same(network, naive, tolerance):
    module = network.module
    linear = [layer for layer in naive.net if hasattr(layer, "weight")]
    pairs = zip([module.theta, *module.weights], linear, strict=True)
    for ours, layer in pairs:
        torch.testing.assert_close(ours, layer.weight, rtol=0, atol=tolerance)
    for ours, layer in zip(module.biases, linear[1:], strict=True):
        torch.testing.assert_close(ours, layer.bias, rtol=0, atol=tolerance)
    assert network.problem.active.tolist() == naive.active


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("cache_size", [1000, 0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("bar", ["lam_tau", "lam"])
@pytest.mark.parametrize("algorithm", OURS)
def test_equals_the_transcript(algorithm, bar, weighted, cache_size, dtype):
    X, y, labels = unequal()
    weight = np.random.default_rng(1).multinomial(len(X), np.full(len(X), 1 / len(X)))
    lam = 0.003 if bar == "lam_tau" else 0.01
    network = sgin_network(
        X, y, labels, lam=lam, hidden=(8, 6), dtype=dtype, weight=weight if weighted else None
    )
    naive, batches = transcript(network, X, labels, algorithm, sgd, bar=bar)
    order = copy.deepcopy(network.problem.rng)
    epochs = 4
    ours = OURS[algorithm]()
    ours.warmup_epochs, ours.bar = 1, bar
    with sgnn.config_context(cache_size=cache_size):
        run(network, ours, sgd, epochs)
    for epoch in range(epochs):
        active_groups = np.flatnonzero(naive.active)
        naive.epoch(batches, order.permutation(active_groups), remove=epoch >= 1)
    assert 1 <= sum(naive.active) < 4  # the case would be empty if nothing was removed
    assert_same(network, naive, TOLERANCE[dtype])


@pytest.mark.parametrize(
    "optimizer",
    [
        partial(torch.optim.SGD, lr=0.05, momentum=0.9),
        partial(torch.optim.Adam, lr=0.01),
        partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1),
    ],
)
def test_removed_is_exactly_zero_for_good(optimizer):
    X, y, labels = unequal()
    network = sgin_network(X, y, labels, lam=0.02)
    algorithm = Blockwise()
    removed = run(network, algorithm, optimizer, 6)
    assert 1 <= sum(map(len, removed)) <= 3
    gone = ~network.problem.active[network.problem.groups.labels]
    assert (network.module.theta[:, gone] == 0).all()
    assert (network.module.theta[:, ~gone] != 0).any()


def test_squared_error_equals_the_transcript():
    X, _, labels = unequal()
    y = np.stack([X[:, 0] - X[:, 5], X[:, 3] ** 2], 1)
    network = sgin_network(X, y, labels, lam=0.01, loss=SquaredError(), n_outputs=2)
    half_square = lambda out, y: 0.5 * (out - y).square()  # noqa: E731
    naive, batches = transcript(network, X, labels, "a", sgd, loss=half_square)
    order = copy.deepcopy(network.problem.rng)
    run(network, Blockwise(), sgd, 2)
    for _ in range(2):
        naive.epoch(batches, order.permutation(np.flatnonzero(naive.active)))
    assert_same(network, naive, 1e-10)


@pytest.mark.skipif("SGNN_DATA" not in os.environ, reason="needs MNIST in SGNN_DATA")
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_equals_the_transcript_on_mnist_rows(dtype):
    mnist = datasets.fetch_mnist_rows(download_if_missing=False)
    X, y = mnist.data[:2000], mnist.target[:2000].astype(np.int64)
    labels = np.arange(784) // 28
    network = sgin_network(X, y, labels, lam=1e-3, hidden=(60, 20), batch_size=500, dtype=dtype)
    naive, batches = transcript(network, X, labels, "a", sgd)
    order = copy.deepcopy(network.problem.rng).permutation(28)
    run(network, Blockwise(), sgd, 1)
    naive.epoch(batches, order)
    assert 0 < sum(naive.active) < 28
    assert_same(network, naive, TOLERANCE[dtype])


def test_one_visit_worked_by_hand():
    """Two groups of one column, one ReLU unit, one output, squared error, one batch of two.

    f(x) = w relu(t1 x1 + t2 x2) + b with t = (1, 2), w = 3, b = 0, and the visit of group 1.
    """
    X = np.array([[1.0, 1.0], [2.0, 0.0]])
    y = np.array([[8.0], [5.0]])
    network = sgin_network(
        X, y, np.array([0, 1]), lam=0.5, hidden=(1,), batch_size=2, loss=SquaredError(),
        n_outputs=1,
    )  # fmt: skip
    module = network.module
    with torch.no_grad():
        network.theta.copy_(torch.tensor([[1.0, 2.0]]))
        module.weights[0].fill_(3.0)
        module.biases[0].zero_()
        algorithm = Blockwise()
        optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
        begin(algorithm, network, optimizer, 1)
        list(algorithm.sweep())
        algorithm.enter(0)
        loss1 = algorithm.objective(network.problem.rows.batches[0])
        # first products 3 and 2, outputs 9 and 6, residuals 1 and 1: mean of 1/2 r^2 is 1/2
        assert loss1.item() == pytest.approx(0.5)
        # without group 1: products 2 and 0, outputs 6 and 0, residuals -2 and -5: 29/4
        assert algorithm.loss_increase.item() == pytest.approx((29 / 4 - 0.5) * 2)
        algorithm.update()
        # d/dw = mean(r h) = (3 + 2)/2; d/db = 1; d/dt1 = mean(r w x1) + lam sign(t1)
        assert module.weights[0].item() == pytest.approx(3 - 0.01 * 2.5)
        assert module.biases[0].item() == pytest.approx(-0.01)
        assert algorithm.theta.item() == pytest.approx(1 - 0.01 * (3 * (1 + 2) / 2 + 0.5))
        algorithm.leave(0)
    assert network.problem.active.all()  # 6.75 is far above the bar 0.5 x 0.95
    assert network.theta[0, 1].item() == 2.0


def test_the_last_group_stays():
    X, y, labels = unequal()
    network = sgin_network(X, y, labels, lam=100.0)
    run(network, Blockwise(), sgd, 2)
    assert network.problem.active.sum() == 1


def test_max_groups_is_reached_by_backward_elimination():
    X, y, labels = unequal()
    network = sgin_network(X, y, labels, lam=0.0)
    removed = run(network, with_limits(Blockwise(), 2), sgd, 8)
    assert network.problem.active.tolist() == [
        False,
        True,
        False,
        True,
    ]  # the two that y is made of
    assert sum(map(len, removed[6:])) == 0  # the last quarter of the epochs is left in peace
