"""A multi-layer network, its first layer cut into groups of columns, its gradient written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..modules import MLP, UpperLayers
from ..modules.reach import read_inputs
from ..regularizers.base import reweighted
from .network import ENOUGH, Leaf, Network
from .problem import Problem, Rows, Term

__all__ = ["DenseNetwork", "groups_read", "n_polish"]

LARGEST_FACTOR = 1e6  # of the weight of a group in `adapt`, which no gradient overcomes


def groups_read(layers: Sequence[Tensor], problem: Problem) -> np.ndarray:
    """Which groups of the active set reach an output by weights that are not 0: (..., n_groups).

    `layers` are the weights (..., out, in) from theta on, its columns in the order of the rows.
    """
    reached = read_inputs(layers).cpu().numpy()
    return problem.active & np.logical_or.reduceat(reached, problem.rows.offsets[:-1], -1)


def n_polish(upper: UpperLayers) -> int:
    """Iterations of a polish, at most: a linear model is convex, and its minimum is reached."""
    return 200 if upper.weights else 20_000


class DenseNetwork(Network):
    """An MLP; theta's columns are in the order of the rows' columns, so that none is gathered.

    Parameters
    ----------
    problem : Problem
    module : MLP

    Attributes
    ----------
    theta : nn.Parameter of shape (q, p)
        That of the module, in the order of the rows' columns.
    upper : UpperLayers
    """

    module: MLP
    zero_tol = 1e-3  # paper 2

    def __init__(self, problem: Problem, module: MLP) -> None:
        self.problem, self.module, self.upper = problem, module, module.upper_layers
        self.order = torch.from_numpy(problem.rows.order).to(module.theta.device)
        self.theta = nn.Parameter(module.theta[:, self.order].detach().clone())
        self.leaves = [Leaf(self.theta, module.theta, self.order)]
        self.leaves += [Leaf(p, p, None) for p in (*module.weights, *module.biases)]
        self.parameters = [leaf.moved for leaf in self.leaves]

    @property
    def n_polish(self) -> int:  # type: ignore[override]
        return n_polish(self.upper)

    @property
    def term(self) -> Term | None:
        """What is penalized of theta."""
        return next((term for term in self.problem.terms if term.tensor is self.theta), None)

    def outputs(self, batch: slice, rows: Rows | None = None) -> Tensor:
        x = (rows or self.problem.rows).read(batch)
        return self.upper.forward(x @ self.theta.T)[-1]

    def gradient(self, batch: slice) -> Tensor:
        problem = self.problem
        x = problem.rows.read(batch)
        layers = self.upper.forward(F.linear(x, self.theta))
        self.out = layers[-1]
        loss, g = problem.mean_gradient(self.out, batch)
        self.theta.grad = self.upper.backward(layers, g).T @ x
        return loss

    def loss_from(self, z: Tensor, batch: slice) -> Tensor:
        """Mean loss of the batch from its first-layer product z (b, q), which is overwritten."""
        return self.problem.mean_loss(self.upper.forward(z)[-1], batch)

    # groups of the input -----------------------------------------------------------------------

    def reads(self) -> np.ndarray:
        return groups_read([self.theta, *self.upper.weights], self.problem)

    def norms(self) -> np.ndarray:
        theta, groups = self.module.theta.detach().double().cpu().numpy(), self.problem.groups
        return np.sqrt(np.bincount(groups.labels, np.square(theta).sum(0), minlength=len(groups)))

    def zero(self, group: int) -> None:
        self.theta[:, self.problem.rows.span(group)] = 0

    def adapt(self) -> None:
        """Weigh the groups by what has been learned of them, as adaptive group lasso does.

        Group g counts max(1, m / m_g) times as much as before, where m_g is the mean square of its
        weights and m that of the whole layer; a group that is 0 is removed.
        """
        term, problem = self.term, self.problem
        assert term is not None
        squares, sizes = term.blocks.sum(self.theta.square()), term.blocks.sizes
        for group in np.flatnonzero(problem.active & (squares == 0).cpu().numpy()):
            self.remove(int(group))
        ratios = sizes * (squares.sum() / sizes.sum()) / squares
        factors = torch.where(squares > 0, ratios, 1.0).clamp(1.0, LARGEST_FACTOR)
        weights = problem.groups.weights * factors.double().cpu().numpy()
        problem.groups = replace(problem.groups, weights=weights)
        term.blocks = reweighted(term.blocks, term.blocks.weights * factors)

    def loss_increase(self, problem: Problem) -> np.ndarray:
        # each batch's first product is computed once and then lacks one group at a time
        rows, groups = problem.rows, self.problem.active_groups
        spans = [rows.span(g) for g in groups]
        batches, total = rows.first(ENOUGH), torch.zeros(len(groups), dtype=torch.float64)
        for batch in batches:
            x = rows.read(batch)
            z = x @ self.theta.T
            losses = [problem.mean_loss(self.upper.forward(z.clone())[-1], batch)]
            for s in spans:
                without = torch.addmm(z, x[:, s], self.theta[:, s].T, alpha=-1)
                losses.append(problem.mean_loss(self.upper.forward(without)[-1], batch))
            with_all, *others = torch.stack(losses).cpu()
            total += (torch.stack(others) - with_all) * (batch.stop - batch.start)
        increase = np.full(len(self.problem.active), np.nan)
        increase[groups] = total.numpy() / batches[-1].stop
        return increase

    # the module --------------------------------------------------------------------------------

    def state(self) -> list[Tensor]:
        return [p.detach().clone() for p in self.parameters]

    def load_state(self, state: list[Tensor]) -> None:
        for p, value in zip(self.parameters, state, strict=True):
            p.copy_(value)
        self.store()

    def load(self) -> None:
        self.theta.copy_(self.module.theta[:, self.order])

    def store(self) -> None:
        self.module.theta[:, self.order] = self.theta
