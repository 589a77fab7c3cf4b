"""What `fit` costs beyond its arithmetic: SGINClassifier against the same loops in bare torch.

    python benchmarks/fit_overhead.py [--epochs 3] [--rounds 5] [--threads 1 2]

20,000 x 48 in 12 groups, hidden layers [32, 32], batches of 100, SGD.  "sgd" is the whole
objective by autograd and torch.optim; "a" is Algorithm 1 written naively.  Both sides start
from the same weights, see the same batches in the same order and must end with the same weights.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch
from skorch.callbacks import Callback

sys.path.insert(0, str(Path(__file__).parents[1]))
from sgnn import SGINClassifier
from sgnn.datasets import make_grouped_classification
from tests.naive import NaiveSGIN, network

LAM, LR, BATCH = 1e-3, 0.05, 100


class Start(Callback):
    """Keeps the network as it was before the first step."""

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        self.module = copy.deepcopy(net.module_)


def estimator(algorithm, epochs, **settings):
    return SGINClassifier(
        groups=4, lam=LAM, algorithm=algorithm, optimizer="sgd", learning_rate=LR,
        lr_schedule=None, max_epochs=epochs, warmup_epochs=epochs, n_iter_no_change=None,
        batch_size=BATCH, hidden_layer_sizes=(32, 32), standardize=False, random_state=0,
        **{"dtype": "float32", **settings},
    )  # fmt: skip


def bare_network(X, y, dtype):
    """The network that the estimator starts from, as an nn.Sequential."""
    fitted = estimator("sgd", 1, callbacks=[("start", Start())], dtype=dtype).fit(X, y)
    module = dict(fitted.net_.callbacks_)["start"].module
    return network([module.theta, *module.weights], list(module.biases))


def bare_sgd(net, batches, epochs):
    """NN + tau, as one writes it: autograd, torch.optim and the penalty by norms of columns."""
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    for _ in range(epochs):
        for X, y in batches:
            optimizer.zero_grad()
            blocks = net[0].weight.view(32, 12, 4)
            penalty = 2 * blocks.square().sum((0, 2)).sqrt().sum()
            (torch.nn.functional.cross_entropy(net(X), y) + LAM * penalty).backward()
            optimizer.step()


def bare_blockwise(net, batches, epochs):
    groups = [torch.arange(4 * g, 4 * g + 4) for g in range(12)]
    naive = NaiveSGIN(net, groups, LAM, optimizer=partial(torch.optim.SGD, lr=LR))
    rng = np.random.default_rng(0)
    rng.integers(2**63)  # the estimator has drawn its first weights from it
    for _ in range(epochs):
        naive.epoch([(X, y, None) for X, y in batches], rng.permutation(12), remove=False)


def check(algorithm, bare, X, y, order):
    """In float64, where sums in another order (by more threads) differ by rounding alone."""
    Xb, yb = torch.from_numpy(X[order]), torch.from_numpy(y[order])
    net = bare_network(X, y, "float64")
    bare(net, list(zip(Xb.split(BATCH), yb.split(BATCH), strict=True)), 1)
    fitted = estimator(algorithm, 1, dtype="float64").fit(X, y).module_
    ours = [fitted.theta, *fitted.weights, *fitted.biases]
    layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    theirs = [layer.weight for layer in layers]
    theirs += [layer.bias for layer in layers if layer.bias is not None]
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def compare(algorithm, bare, epochs, rounds):
    data = make_grouped_classification(20_000, 12, 4, random_state=0)
    X, y = data.data.astype(np.float32), data.target.astype(np.int64)
    order = np.random.default_rng(len(X)).permutation(len(X))  # the order of the mini-batches
    Xb, yb = torch.from_numpy(X[order]), torch.from_numpy(y[order])
    batches = list(zip(Xb.split(BATCH), yb.split(BATCH), strict=True))
    check(algorithm, bare, X.astype(np.float64), y, order)
    start = bare_network(X, y, "float32")
    ratios = []
    for _ in range(rounds):
        net = copy.deepcopy(start)
        began = time.perf_counter()
        bare(net, batches, epochs)
        middle = time.perf_counter()
        estimator(algorithm, epochs).fit(X, y)
        ratios.append((time.perf_counter() - middle) / (middle - began))
    print(
        f'algorithm="{algorithm}": fit / bare loop {median(ratios):.2f} '
        f"(of {[round(r, 2) for r in ratios]}), {epochs} epochs, {torch.get_num_threads()} "
        f"threads, same weights after one (1e-10, in float64)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        compare("sgd", bare_sgd, 4 * arguments.epochs, arguments.rounds)
        compare("a", bare_blockwise, arguments.epochs, arguments.rounds)
