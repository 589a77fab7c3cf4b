"""The problem of a multi-layer network whose first layer is cut into groups of columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..groups import Blocks
from ..modules import MLP
from ..regularizers.base import reweighted
from .network import DenseNetwork, Network
from .problem import ENOUGH, Problem
from .terms import Term

__all__ = ["DenseProblem"]

LARGEST_FACTOR = 1e6  # of the weight of a group in `adapt`, which no gradient overcomes


@dataclass(kw_only=True)
class DenseProblem(Problem):
    """mean loss + lam * sum of R, over the weights of an MLP.

    The terms are the groups of theta alone until others are put in their place.
    """

    module: MLP

    def __post_init__(self) -> None:
        device = self.module.theta.device
        self.columns = [
            torch.from_numpy(self.groups.columns(g)).to(device) for g in range(len(self.groups))
        ]
        labels = torch.from_numpy(self.groups.labels.copy()).to(device)
        weights = torch.from_numpy(self.groups.penalties).to(self.module.theta)
        self.blocks = Blocks.columns(self.module.theta.shape, labels, weights)
        self.terms = [Term(self.module.theta, self.blocks, self.regularizer)]

    def network(self) -> Network:
        return DenseNetwork(self)

    def selected(self) -> np.ndarray:
        read = self.module.read_columns().cpu().numpy()
        return self.active & (np.bincount(self.groups.labels, read, len(self.groups)) > 0)

    def remove(self, group: int) -> None:
        self.module.theta[:, self.columns[group]] = 0
        self.active[group] = False

    def adapt(self) -> None:
        """Weigh the groups by what has been learned of them, as adaptive group lasso does.

        Group g counts max(1, m / m_g) times as much as before, where m_g is the mean square of its
        weights and m that of the whole layer; a group that is 0 is removed.
        """
        squares, sizes = self.blocks.sum(self.module.theta.square()), self.blocks.sizes
        for group in np.flatnonzero(self.active & (squares == 0).cpu().numpy()):
            self.remove(int(group))
        ratios = sizes * (squares.sum() / sizes.sum()) / squares
        factors = torch.where(squares > 0, ratios, 1.0).clamp(1.0, LARGEST_FACTOR)
        weights = self.groups.weights * factors.double().cpu().numpy()
        self.groups = replace(self.groups, weights=weights)
        self.blocks = reweighted(self.blocks, self.blocks.weights * factors)
        for term in self.terms:
            if term.tensor is self.module.theta:
                term.blocks = self.blocks

    def removal_cost(self) -> np.ndarray:
        # each batch's first product is computed once and then lacks one group at a time
        theta, active_groups = self.module.theta, self.active_groups
        parts = [theta[:, self.columns[g]] for g in active_groups]
        total, seen = torch.zeros(len(active_groups), dtype=torch.float64), 0
        for batch in self.rows.batches:
            xs = [self.rows.read(batch, self.rows.span(g)) for g in active_groups]
            z = torch.stack([x @ part.T for x, part in zip(xs, parts, strict=True)]).sum(0)
            base = self.loss_from(z.clone(), batch)
            lacking = [self.loss_from(z - x @ part.T, batch) - base
                       for x, part in zip(xs, parts, strict=True)]  # fmt: skip
            total += torch.stack(lacking).cpu() * (batch.stop - batch.start)
            seen += batch.stop - batch.start
            if seen >= ENOUGH:
                break
        return total.numpy() / seen - self._penalties()

    def _penalties(self) -> np.ndarray:
        """What each active group adds to the penalty."""
        theta = self.module.theta
        if all(term.tensor is not theta for term in self.terms):
            return np.zeros(len(self.active_groups))
        without = theta.repeat(len(self.active_groups), 1, 1)
        for w, g in zip(without, self.active_groups, strict=True):
            w[:, self.columns[g]] = 0
        R, lam = self.regularizer, self.lam
        less = R.value(theta, self.blocks, lam) - R.value(without, self.blocks, lam)
        return less.cpu().double().numpy()

    def outputs(self, batch: slice) -> Tensor:
        order = torch.from_numpy(self.rows.order).to(self.module.theta.device)
        return self.module.upper_layers(self.rows.read(batch) @ self.module.theta[:, order].T)[-1]

    def loss_from(self, z: Tensor, batch: slice) -> Tensor:
        """Mean loss of the batch from its first-layer product z (b, q), which is overwritten."""
        return self.mean(self.loss(self.module.upper_layers(z)[-1], self.y[batch]), batch)
