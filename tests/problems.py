"""Small problems that several tests set up alike."""

from __future__ import annotations

import numpy as np
import torch

from sgnn.algorithms import DenseNetwork, Limits, Problem, StoredRows, Term
from sgnn.groups import Blocks, Groups
from sgnn.losses import CrossEntropy
from sgnn.modules import MLP, InputTransform
from sgnn.regularizers import GroupLasso
from sgnn.training import Run, Settings, train


def sgin_network(
    X, y, labels, *, lam, hidden=(8,), batch_size=20, dtype=torch.float64, loss=None,
    weight=None, n_outputs=None, seed=0, activation="relu",
):  # fmt: skip
    """A DenseNetwork on these rows, in the order given, with an MLP drawn from the seed."""
    groups = Groups.of(labels, X.shape[1])
    n_outputs = int(y.max()) + 1 if n_outputs is None else n_outputs
    generator = torch.Generator().manual_seed(seed)
    module = MLP(
        InputTransform(X.shape[1]), hidden, n_outputs, activation, dtype=dtype, generator=generator
    )
    order = np.argsort(groups.labels, kind="stable")
    problem = Problem(
        loss=loss or CrossEntropy(),
        rows=StoredRows(groups, len(X), batch_size, torch.as_tensor(X[:, order]).to(dtype)),
        y=torch.as_tensor(y),
        weight=None if weight is None else torch.as_tensor(weight).to(dtype),
        groups=groups,
        lam=lam,
        active=np.ones(len(groups), dtype=bool),
        rng=np.random.default_rng(seed),
    )
    network = DenseNetwork(problem, module)
    blocks = Blocks.columns(network.theta.shape, torch.from_numpy(groups.labels[order]))
    blocks.weights = torch.tensor(groups.penalties)
    problem.terms = [Term(network.theta, blocks.to(network.theta), GroupLasso())]
    return network


def with_limits(algorithm, *args, **limits):
    """The algorithm, that keeps what `Limits` of these arguments allow."""
    algorithm.limits = Limits(*args, **limits)
    return algorithm


def begin(algorithm, network, optimizer, epochs, warmup=0):
    """What the loop of sgnn.training does before the first epoch."""
    algorithm.network, algorithm.problem = network, network.problem
    algorithm.optimizer, algorithm.max_epochs, algorithm.epoch = optimizer, epochs, 0
    algorithm.warmup = warmup
    algorithm.begin()


def run(network, algorithm, optimizer, epochs):
    """Train for so many epochs by an optimizer, parameters -> optimizer; what each removed."""
    settings = Settings(epochs, lambda p, lr: optimizer(p), 1.0, n_iter_no_change=None)
    training = Run(network, settings)
    train([training], algorithm)
    return [row["removed"] for row in training.history]
