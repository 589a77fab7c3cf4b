"""Blockwise descent of many networks at once, each with its own order of visits and its own end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..groups import Blocks
from ..modules import UpperLayers
from ..regularizers.base import reweighted
from .blockwise import Blockwise, BlockwiseB
from .joint import Joint, NewOptimizer
from .optimizer_state import OptimizerState
from .stack import mean, weighted

__all__ = ["JointBlockwise"]

PACKED = 2**23  # entries of the visited columns of all replicas that are copied, at most


@dataclass(frozen=True)
class Visit:
    """Who visits what: replicas (k,), and a group of each (k,)."""

    replicas: Tensor
    groups: Tensor


class JointBlockwise(Joint):
    """Algorithms 1 and 2 of paper 1 on a stack of small networks.

    At any time every replica visits one of its groups, a different one perhaps; those that have
    fewer groups left finish their epoch sooner and rest.  H_rest is computed anew for every
    batch: a stack is for networks of which X theta is the lesser part.

    Parameters
    ----------
    members : sequence of Blockwise
        Enrolled.
    new_optimizer : callable
        As in `Joint`.
    """

    members: list[Blockwise]  # type: ignore[assignment]

    def __init__(self, members: Sequence[Blockwise], new_optimizer: NewOptimizer) -> None:
        super().__init__(members, new_optimizer)
        stack, first = self.stack, self.stack.members[0]
        self.device, self.rule = stack.like.device, members[0]
        sizes, n_groups = stack.groups.sizes, len(stack.groups)
        self.longest, self.ragged = int(sizes.max()), bool(np.ptp(sizes))
        self.offsets = torch.from_numpy(stack.rows.offsets).to(self.device)
        self.penalties = torch.from_numpy(stack.groups.penalties).to(stack.like)
        R, (q, p) = len(stack), first.module.theta.shape
        self.theta = stack.like.new_empty((R, q, p))
        # theta once more, each group apart, short ones filled up with zeros; and in one row all
        # that is above theta
        self.parts = OptimizerState(stack.like.new_zeros((R, n_groups, q, self.longest)), 2)
        self.shapes = [tensor.shape for tensor in first.module.upper_parameters()]
        length = sum(shape.numel() for shape in self.shapes)
        self.upper = OptimizerState(stack.like.new_empty((R, length)), 1)
        self._load()

    def _load(self) -> None:
        for r, member in enumerate(self.stack.members):
            self.theta[r] = member.module.theta[:, self.stack.order]
            self.upper.values[r] = torch.cat(
                [p.flatten() for p in member.module.upper_parameters()]
            )
            for g in range(len(self.stack.groups)):
                part = self.theta[r, :, member.rows.span(g)]
                self.parts.values[r, g, :, : part.shape[1]] = part

    def _store(self) -> None:
        for r, member in enumerate(self.stack.members):
            member.module.theta[:, self.stack.order] = self.theta[r]
            values = self._unpacked(self.upper.values[r])
            for p, value in zip(member.module.upper_parameters(), values, strict=True):
                p.copy_(value)

    def _unpacked(self, upper: Tensor) -> list[Tensor]:
        """(..., all numbers above theta) -> the weights and biases (..., *shape), as views."""
        pieces = upper.split([shape.numel() for shape in self.shapes], -1)
        lead = upper.shape[:-1]
        return [v.view(*lead, *shape) for v, shape in zip(pieces, self.shapes, strict=True)]

    # the hooks --------------------------------------------------------------------------------

    def sweep(self) -> Iterable[Visit]:
        orders = [problem.rng.permutation(problem.active_groups) for problem in self.stack.members]
        self.n_visits = torch.tensor([float(len(order)) for order in orders], dtype=torch.float64)
        return self._visits(orders)

    def _visits(self, orders: list[np.ndarray]) -> Iterator[Visit]:
        for v in range(max(map(len, orders))):
            visiting = [r for r, order in enumerate(orders) if v < len(order)]
            replicas = torch.tensor(visiting, device=self.device)
            replicas = replicas[self.upper.order((replicas,))]
            groups = [int(orders[r][v]) for r in replicas.tolist()]
            yield Visit(replicas, torch.tensor(groups, device=self.device))

    def enter(self, visit: Visit) -> None:
        self.visit, stack = visit, self.stack
        pair = (visit.replicas, visit.groups)
        upper, self.upper_grad, leaves = self.upper.gather(pair[:1], self.optimizer)
        self.part_theta, self.part_grad, others = self.parts.gather(pair, self.optimizer)
        self.gathered = (upper, leaves, others)
        self.optimizer.param_groups[0]["params"] = leaves + others
        n_weights = len(stack.members[0].module.weights)
        tensors = self._unpacked(upper)
        self.upper_layers = UpperLayers(tensors[:n_weights], tensors[n_weights:], stack.activation)
        blocks = Blocks.whole(self.part_theta.shape[1:], 1.0).to(stack.like)
        self.blocks = reweighted(blocks, self.penalties[visit.groups].unsqueeze(1))
        self.lam = stack.lam[visit.replicas]
        self.weight = None if stack.weight is None else stack.weight[visit.replicas]
        self._enter_rest()
        self._enter_part()
        visited = zip(visit.replicas.tolist(), visit.groups.tolist(), strict=True)
        removable = [self.members[r].removable(g) for r, g in visited]
        self.removable = torch.tensor(removable, device=self.device)
        self.measuring = any(removable) and not isinstance(self.rule, BlockwiseB)
        self.loss_increase = stack.like.new_zeros(len(visit.replicas))

    def _enter_rest(self) -> None:
        """What the rows are multiplied by for H_rest, (k, p, q), and what is added, (k, 1, q)."""
        visit, stack = self.visit, self.stack
        rest = self.theta[visit.replicas]
        rest.masked_fill_((stack.labels == visit.groups[:, None]).unsqueeze(1), 0)
        self.offset = None
        if stack.scale is not None and stack.shift is not None:
            self.offset = (rest @ stack.shift[visit.replicas].unsqueeze(2)).mT
            rest *= stack.scale[visit.replicas].unsqueeze(1)
        self.rest_theta = rest.mT.contiguous()

    def _enter_part(self) -> None:
        """Which columns are visited, (k, m), and how they are scaled; all rows of them if few."""
        visit, stack = self.visit, self.stack
        places = self.offsets[visit.groups, None] + torch.arange(self.longest, device=self.device)
        self.real = (places < self.offsets[visit.groups + 1, None]).unsqueeze(1)  # (k, 1, m)
        self.columns = places.clamp_max(len(stack.labels) - 1)
        self.scale = self.shift = None
        if stack.scale is not None and stack.shift is not None:
            self.scale, self.shift = (
                t[visit.replicas].gather(1, self.columns).unsqueeze(1)
                for t in (stack.scale, stack.shift)
            )
        packed = stack.rows.n * self.columns.numel() <= PACKED
        self.packed = self._gathered(slice(0, stack.rows.n)).contiguous() if packed else None

    def _gathered(self, batch: slice) -> Tensor:
        """The visited columns of a batch, (k, b, m)."""
        x = self.stack.rows.read(batch)
        part = x.T[self.columns.flatten()].view(*self.columns.shape, -1).mT
        if self.scale is not None and self.shift is not None:
            part = part * self.scale + self.shift
        return part * self.real if self.ragged else part

    def _read(self, batch: slice) -> tuple[Tensor, Tensor]:
        """Of a batch: the visited columns (k, b, m), and H_rest (k, b, q)."""
        rest = self.stack.rows.read(batch) @ self.rest_theta
        if self.offset is not None:
            rest += self.offset
        return self._gathered(batch) if self.packed is None else self.packed[:, batch], rest

    def objective(self, batch: slice) -> Tensor:
        stack, b = self.stack, batch.stop - batch.start
        part, rest = self._read(batch)
        z = rest.new_empty((len(rest), 2 * b if self.measuring else b, rest.shape[2]))
        torch.add(rest, torch.bmm(part, self.part_theta.mT), out=z[:, :b])
        y = stack.targets(batch, self.visit.replicas)
        if self.measuring:
            z[:, b:], y = rest, torch.cat([y, y], max(0, y.ndim - 2))
        layers = self.upper_layers.forward(z)
        losses, g = stack.loss.gradient(layers[-1], y)
        first = mean(losses[:, :b], self.weight, batch)
        if self.measuring:
            self.loss_increase += (
                (mean(losses[:, b:], self.weight, batch) - first).clamp_min_(0).mul_(b)
            )
        g = weighted(g[:, :b], self.weight, batch)
        found = self.upper_layers.backward([a[:, :b] for a in layers], g)
        grad = stack.regularizer.subgradient(self.part_theta, self.blocks, self.lam)
        torch.baddbmm(grad, found.product.mT, part, out=self.part_grad)
        pieces = [t.flatten(1) for t in (*found.weights, *found.biases)]
        torch.cat(pieces, 1, out=self.upper_grad)
        everyone = stack.like.new_zeros(len(stack))
        everyone[self.visit.replicas] = first
        return everyone

    def leave(self, visit: Visit) -> None:
        if isinstance(self.rule, BlockwiseB) and self.removable.any():
            self._measure()
        pair, n_steps = (visit.replicas, visit.groups), len(self.stack.rows.batches)
        upper, leaves, others = self.gathered
        self.upper.scatter(pair[:1], upper, leaves, self.optimizer, n_steps)
        self.parts.scatter(pair, self.part_theta, others, self.optimizer, n_steps)
        gone = (self.removable & self._below_threshold()).tolist()
        chosen = zip(visit.replicas.tolist(), visit.groups.tolist(), strict=True)
        for (r, g), part, remove in zip(chosen, self.part_theta, gone, strict=True):
            problem = self.stack.members[r]
            span = problem.rows.span(g)
            self.theta[r, :, span] = 0 if remove else part[:, : span.stop - span.start]
            if remove:
                problem.remove(g)

    def _measure(self) -> None:
        """Algorithm 2's second pass: what the loss is with the group and without it."""
        stack = self.stack
        for batch in stack.rows.batches:
            part, rest = self._read(batch)
            y = stack.targets(batch, self.visit.replicas)
            loss1, loss2 = (
                mean(stack.loss(self.upper_layers.forward(z)[-1], y), self.weight, batch)
                for z in (rest + part @ self.part_theta.mT, rest)
            )
            self.loss_increase += (loss2 - loss1).clamp_min_(0).mul_(batch.stop - batch.start)

    def _below_threshold(self) -> Tensor:
        """Line 11, (k,): the mean loss increase is below the bar."""
        lam_tau = self.stack.regularizer.value(self.part_theta, self.blocks, self.lam)
        return self.loss_increase / self.stack.rows.n < (
            self.lam if self.rule.bar == "lam" else lam_tau
        )

    def end_epoch(self) -> Tensor:
        self._store()
        for r, member in enumerate(self.members):
            before = member.problem.active.copy()
            member.advance()
            for g in np.flatnonzero(before & ~member.problem.active).tolist():
                self.theta[r, :, member.problem.rows.span(g)] = 0
        return self.n_visits

    def select(self, index: Tensor) -> None:
        super().select(index)
        self.theta = self.theta[index]
        self.parts.select(index)
        self.upper.select(index)
