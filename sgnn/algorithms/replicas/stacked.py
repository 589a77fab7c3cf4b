"""Networks on the same rows as one: their parameters stacked along an axis of replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from ...modules import UpperLayers
from ...regularizers.base import reweighted
from ..dense import DenseNetwork, groups_read, n_polish
from ..network import Network
from ..problem import Problem, RescaledRows, Rows, Term

__all__ = ["StackedNetwork"]


class StackedNetwork(Network):
    """R networks that share rows, groups and their shape: theta is (R, q, p), and so on.

    They differ in their weights, lam, scaling of the columns and of y, and active sets.  The
    parameters of the members are views of the stacked ones until `store`.

    Parameters
    ----------
    members : sequence of DenseNetwork
        With one loss and regularizer; their rows are those of the first, rescaled for
        members whose sample weights make other means.

    Attributes
    ----------
    scale, shift : tensor of shape (R, p) or None
        Replica r reads x * scale[r] + shift[r] where the rows hold x.
    labels : tensor of shape (p,)
        The groups of the columns, in the order of the rows.
    """

    members: list[DenseNetwork] = []  # noqa: RUF012 - in the place of a property
    zero_tol = DenseNetwork.zero_tol

    def __init__(self, members: Sequence[DenseNetwork]) -> None:
        self.members, first = list(members), members[0]
        self.module, places = first.module, zip(*(m.parameters for m in members), strict=True)
        self.parameters = [nn.Parameter(torch.stack([p.detach() for p in own])) for own in places]
        self.theta, *upper = self.parameters
        n_weights, own = len(first.module.weights), [member.problem for member in members]
        self.upper = UpperLayers(upper[:n_weights], upper[n_weights:], first.module.activation)
        rows, y, weight = own[0].rows, own[0].y, None
        if any(problem.weight is not None for problem in own):
            ones = self.theta.detach().new_ones(rows.n)
            weight = torch.stack([ones if p.weight is None else p.weight for p in own])
        same = all(torch.equal(problem.y, y) for problem in own)
        self.problem = Problem(
            loss=own[0].loss,
            rows=rows.rows if isinstance(rows, RescaledRows) else rows,
            y=y if same else torch.stack([problem.y for problem in own]),
            weight=weight,
            groups=own[0].groups,
            lam=torch.tensor([problem.lam for problem in own], dtype=torch.float64).to(self.theta),
            active=np.stack([problem.active for problem in own]),
            rng=own[0].rng,
            adaptive=own[0].adaptive,
        )
        labels = own[0].groups.labels[rows.order]
        self.labels = torch.from_numpy(labels).to(self.theta.device)
        self.scale: Tensor | None = None
        self.shift: Tensor | None = None
        if any(isinstance(problem.rows, RescaledRows) for problem in own):
            one, zero = self.theta.new_ones(len(labels)), self.theta.new_zeros(len(labels))
            scaled = [problem.rows for problem in own]
            self.scale = torch.stack([r.scale if isinstance(r, RescaledRows) else one
                                      for r in scaled])  # fmt: skip
            self.shift = torch.stack([r.shift if isinstance(r, RescaledRows) else zero
                                      for r in scaled])  # fmt: skip
        self._tie()

    def _tie(self) -> None:
        """Make the members' parameters and active sets views of those of the stack, and its terms.

        The terms are those of the members, of the stacked parameters.
        """
        for r, member in enumerate(self.members):
            member.problem.active = self.problem.active[r]
            for stacked, p in zip(self.parameters, member.parameters, strict=True):
                p.data = stacked.data[r]
        self.problem.terms, first = [], self.members[0]
        for own in zip(*(member.problem.terms for member in self.members), strict=True):
            place = next(i for i, p in enumerate(first.parameters) if p is own[0].tensor)
            blocks = own[0].blocks
            if any((term.blocks.weights != blocks.weights).any() for term in own):
                blocks = reweighted(blocks, torch.stack([term.blocks.weights for term in own]))
            self.problem.terms.append(Term(self.parameters[place], blocks, own[0].regularizer))
        self.removed: Tensor | None = None
        self.n_active = self.problem.active.size

    @property
    def n_polish(self) -> int:  # type: ignore[override]
        return n_polish(self.upper)

    # the loss ----------------------------------------------------------------------------------

    def outputs(self, batch: slice, rows: Rows | None = None) -> Tensor:
        return self.upper.forward(self._product((rows or self.problem.rows).read(batch)))[-1]

    def gradient(self, batch: slice) -> Tensor:
        problem = self.problem
        x = problem.rows.read(batch)
        layers = self.upper.forward(self._product(x))
        self.out = layers[-1]
        loss, g = problem.mean_gradient(self.out, batch)
        g = self.upper.backward(layers, g)
        self.theta.grad = g.mT @ x
        if self.scale is not None and self.shift is not None:
            self.theta.grad.mul_(self.scale.unsqueeze(1))
            self.theta.grad.add_(g.sum(1).unsqueeze(2) * self.shift.unsqueeze(1))
        return loss

    def _product(self, x: Tensor) -> Tensor:
        """Rows (b, p) -> first products (R, b, q), that lie in memory as (R, q, b)."""
        if self.scale is None or self.shift is None:
            return (self.theta @ x.T).mT
        z = (self.theta * self.scale.unsqueeze(1)) @ x.T
        return z.add_(self.theta @ self.shift.unsqueeze(2)).mT

    # groups of the input -----------------------------------------------------------------------

    def reads(self) -> np.ndarray:
        return groups_read([self.theta, *self.upper.weights], self.problem)

    def norms(self) -> np.ndarray:
        return np.stack([member.norms() for member in self.members])

    def zero(self, group: int) -> None:
        for member in self.members:
            member.zero(group)

    def loss_increase(self, problem: Problem) -> np.ndarray:
        raise NotImplementedError("the members have active sets of their own")

    def restore(self) -> None:
        n_active = int(self.problem.active.sum())
        if n_active < self.n_active:
            active = torch.from_numpy(self.problem.active).to(self.labels.device)
            self.removed, self.n_active = ~active[:, None, self.labels], n_active
        if self.removed is not None:
            self.theta.masked_fill_(self.removed, 0)

    def adapt(self) -> None:
        """Weigh the groups of every replica by what it has learned of them."""
        for member in self.members:
            member.adapt()
        self._tie()

    # the members -------------------------------------------------------------------------------

    def select(self, index: Tensor) -> None:
        """Go on with these replicas alone."""
        places, problem = index.tolist(), self.problem
        for r in set(range(len(self.members))) - set(places):
            _untie(self.members[r])
        self.members = [self.members[r] for r in places]
        for p in self.parameters:
            p.data, p.grad = p.data[index], None
        if self.scale is not None and self.shift is not None:
            self.scale, self.shift = self.scale[index], self.shift[index]
        assert isinstance(problem.lam, Tensor)
        self.problem = replace(
            problem,
            lam=problem.lam[index],
            weight=None if problem.weight is None else problem.weight[index],
            y=problem.y if problem.y.ndim < 3 else problem.y[index],
            active=problem.active[places],
        )
        self._tie()

    def states(self) -> list[list[Tensor]]:
        copies = self.state()
        return [[copy[r] for copy in copies] for r in range(len(self.members))]

    def state(self) -> list[Tensor]:
        return [p.detach().clone() for p in self.parameters]

    def load_state(self, state: list[Tensor]) -> None:
        for p, value in zip(self.parameters, state, strict=True):
            p.copy_(value)

    def store(self) -> None:
        for member in self.members:
            _untie(member)


def _untie(member: DenseNetwork) -> None:
    """Give a member parameters and an active set of its own, and its module the weights."""
    member.problem.active = member.problem.active.copy()
    for p in member.parameters:
        p.data = p.data.clone()
    member.store()
