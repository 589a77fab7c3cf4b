"""Small problems that several tests set up alike."""

from __future__ import annotations

import numpy as np
import torch

from sgnn.algorithms import DenseProblem, StoredRows
from sgnn.groups import Groups
from sgnn.losses import CrossEntropy
from sgnn.modules import MLP, InputTransform
from sgnn.regularizers import GroupLasso


def sgin_problem(
    X, y, labels, *, lam, hidden=(8,), batch_size=20, dtype=torch.float64, loss=None,
    weight=None, n_outputs=None, seed=0, activation="relu",
):  # fmt: skip
    """A DenseProblem on these rows, in the order given, with an MLP drawn from the seed."""
    groups = Groups.of(labels, X.shape[1])
    n_outputs = int(y.max()) + 1 if n_outputs is None else n_outputs
    generator = torch.Generator().manual_seed(seed)
    module = MLP(
        InputTransform(X.shape[1]), hidden, n_outputs, activation, dtype=dtype, generator=generator
    )
    order = np.argsort(groups.labels, kind="stable")
    rows = StoredRows(groups, torch.as_tensor(X[:, order]).to(dtype), batch_size)
    return DenseProblem(
        module=module,
        loss=loss or CrossEntropy(),
        rows=rows,
        y=torch.as_tensor(y),
        weight=None if weight is None else torch.as_tensor(weight).to(dtype),
        groups=groups,
        regularizer=GroupLasso(),
        lam=lam,
        active=np.ones(len(groups), dtype=bool),
        rng=np.random.default_rng(seed),
    )


def run(problem, algorithm, optimizer, epochs):
    """The loop of sgnn.training without skorch: what each epoch removed."""
    removed, names = [], np.array(problem.groups.names)
    algorithm.begin(problem, optimizer(problem.module.parameters()), epochs)
    with torch.no_grad():
        for _ in range(epochs):
            before = problem.active.copy()
            for block in list(algorithm.sweep()):
                algorithm.enter(block)
                for batch in problem.rows.batches:
                    algorithm.objective(batch)
                    algorithm.update()
                algorithm.leave(block)
            algorithm.end_epoch()
            removed.append(names[before & ~problem.active].tolist())
    return removed
