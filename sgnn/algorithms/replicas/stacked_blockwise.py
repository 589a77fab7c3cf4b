"""Blockwise descent of many networks at once, each with its own order of visits and its own end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from ...groups import Blocks
from ...modules import UpperLayers
from ...regularizers.base import reweighted
from ..blockwise import Blockwise, BlockwiseB
from .optimizer_state import OptimizerState
from .stacked import StackedNetwork

__all__ = ["StackedBlockwise"]

PACKED = 2**23  # entries of the visited columns of all replicas that are copied, at most


@dataclass(frozen=True)
class Visits:
    """Which replicas (k,) visit which of their groups (k,), and what that takes.

    Attributes
    ----------
    parts : tensor of shape (k, q, m)
        The visited theta_i, filled up with zeros to the m columns of the largest group.
    upper : tensor of shape (k, all numbers above theta)
    parts_grad, upper_grad : tensors
        Where the optimizer looks for their gradients.
    leaves : pair of lists of nn.Parameter
        What the optimizer steps: pieces of `upper` and of `parts`.
    layers : UpperLayers
        Views of `upper`.
    blocks : Blocks
        One block each, with the penalty's factors of the visited groups.
    removable : tensor of bool, shape (k,)
    columns : tensor of long, shape (k, m)
        The columns of the rows that are visited.
    real : tensor of bool, shape (k, 1, m)
        Which of them belong to the group.
    rest : tensor of shape (k, p, q)
        What the rows are multiplied by for H_rest.
    offset : tensor of shape (k, 1, q) or None
        What is added to H_rest.
    """

    replicas: Tensor
    groups: Tensor
    parts: Tensor
    parts_grad: Tensor
    upper: Tensor
    upper_grad: Tensor
    leaves: tuple[list[nn.Parameter], list[nn.Parameter]]
    layers: UpperLayers
    blocks: Blocks
    removable: Tensor
    columns: Tensor
    real: Tensor
    rest: Tensor
    offset: Tensor | None


class StackedBlockwise(Blockwise):
    """Algorithms 1 and 2 of paper 1 on a stack of small networks.

    At any time every replica visits one of its groups, a different one perhaps; those that have
    fewer groups left finish their epoch sooner and wait.  H_rest is computed anew for every
    batch: a stack is for networks of which X theta is the lesser part.

    Parameters
    ----------
    rule : Blockwise
        What each member is trained by.
    """

    network: StackedNetwork  # type: ignore[assignment]

    def __init__(self, rule: Blockwise) -> None:
        super().__init__(rule.bar, rule.warmup_epochs, rule.max_groups)
        self.second_pass = isinstance(rule, BlockwiseB)

    def begin(self) -> None:
        groups, theta = self.problem.groups, self.network.theta
        self.regularizer, self.device = self.problem.terms[0].regularizer, theta.device
        self.longest, self.ragged = int(groups.sizes.max()), bool(np.ptp(groups.sizes))
        self.offsets = torch.from_numpy(self.problem.rows.offsets).to(self.device)
        self.penalties = torch.from_numpy(groups.penalties).to(theta)
        R, q, _ = theta.shape
        # theta once more, each group apart, short ones filled up with zeros; and in one row all
        # that is above theta
        self.parts = OptimizerState(theta.new_zeros((R, len(groups), q, self.longest)), 2)
        for g in range(len(groups)):
            part = theta[:, :, self.problem.rows.span(g)]
            self.parts.values[:, g, :, : part.shape[2]] = part
        upper = [p.detach().flatten(1) for p in self.network.parameters[1:]]
        self.upper_state = OptimizerState(torch.cat(upper, 1), 1)

    def _unpacked(self, upper: Tensor) -> list[Tensor]:
        """(..., all numbers above theta) -> the weights and biases (..., *shape), as views."""
        shapes = [p.shape[1:] for p in self.network.parameters[1:]]
        pieces = upper.split([shape.numel() for shape in shapes], -1)
        return [
            piece.view(*upper.shape[:-1], *shape)
            for piece, shape in zip(pieces, shapes, strict=True)
        ]

    @property
    def lam(self) -> Tensor:
        assert isinstance(self.problem.lam, Tensor)
        return self.problem.lam

    # the hooks ---------------------------------------------------------------------------------

    @property
    def n_visits(self) -> Tensor:  # type: ignore[override]
        counts = self.problem.active.sum(1)
        return torch.from_numpy(counts.astype(np.float64))

    def sweep(self) -> Iterable[tuple[Tensor, Tensor]]:  # type: ignore[override]
        problems = [member.problem for member in self.network.members]
        orders = [problem.rng.permutation(problem.active_groups) for problem in problems]
        for v in range(max(map(len, orders))):
            visiting = [r for r, order in enumerate(orders) if v < len(order)]
            replicas = torch.tensor(visiting, device=self.device)
            replicas = replicas[self.upper_state.order((replicas,))]
            groups = [int(orders[r][v]) for r in replicas.tolist()]
            yield replicas, torch.tensor(groups, device=self.device)

    def enter(self, block: tuple[Tensor, Tensor]) -> None:  # type: ignore[override]
        replicas, groups = block
        upper, upper_grad, leaves = self.upper_state.gather((replicas,), self.optimizer)
        parts, parts_grad, others = self.parts.gather(block, self.optimizer)
        self.optimizer.param_groups[0]["params"] = leaves + others
        tensors, n_weights = self._unpacked(upper), len(self.network.upper.weights)
        activation = self.network.upper.activation
        one = Blocks.whole(parts.shape[1:], 1.0).to(parts)
        members = [self.network.members[r].problem for r in replicas.tolist()]
        removable = map(self.removable, members, groups.tolist())
        rest, offset = self._rest_of(replicas, groups)
        places = self.offsets[groups, None] + torch.arange(self.longest, device=self.device)
        self.visits = v = Visits(
            replicas=replicas,
            groups=groups,
            parts=parts,
            parts_grad=parts_grad,
            upper=upper,
            upper_grad=upper_grad,
            leaves=(leaves, others),
            layers=UpperLayers(tensors[:n_weights], tensors[n_weights:], activation),
            blocks=reweighted(one, self.penalties[groups].unsqueeze(1)),
            removable=torch.tensor([*removable], device=self.device),
            columns=places.clamp_max(len(self.network.labels) - 1),
            real=(places < self.offsets[groups + 1, None]).unsqueeze(1),
            rest=rest,
            offset=offset,
        )
        # the problem of the visiting replicas
        self.visiting = replace(
            self.problem,
            y=self.problem.y if self.problem.y.ndim < 3 else self.problem.y[replicas],
            weight=None if self.problem.weight is None else self.problem.weight[replicas],
            lam=self.lam[replicas],
        )
        packed = self.problem.rows.n * v.columns.numel() <= PACKED
        self.packed = self._gathered(slice(0, self.problem.rows.n)).contiguous() if packed else None
        self.measuring = bool(v.removable.any()) and not self.second_pass
        self.loss_increase = parts.new_zeros(len(replicas))

    def _rest_of(self, replicas: Tensor, groups: Tensor) -> tuple[Tensor, Tensor | None]:
        network = self.network
        rest, offset = network.theta.detach()[replicas], None
        rest.masked_fill_((network.labels == groups[:, None]).unsqueeze(1), 0)
        if network.scale is not None and network.shift is not None:
            offset = (rest @ network.shift[replicas].unsqueeze(2)).mT
            rest *= network.scale[replicas].unsqueeze(1)
        return rest.mT.contiguous(), offset

    def _gathered(self, batch: slice) -> Tensor:
        """The visited columns of a batch, (k, b, m)."""
        network, v = self.network, self.visits
        part = self.problem.rows.read(batch).T[v.columns.flatten()].view(*v.columns.shape, -1).mT
        if network.scale is not None and network.shift is not None:
            scale, shift = (
                t[v.replicas].gather(1, v.columns).unsqueeze(1)
                for t in (network.scale, network.shift)
            )
            part = part * scale + shift
        return part * v.real if self.ragged else part

    def _read(self, batch: slice) -> tuple[Tensor, Tensor]:
        """Of a batch: the visited columns (k, b, m), and H_rest (k, b, q)."""
        rest = self.problem.rows.read(batch) @ self.visits.rest
        if self.visits.offset is not None:
            rest += self.visits.offset
        return self._gathered(batch) if self.packed is None else self.packed[:, batch], rest

    def objective(self, batch: slice) -> Tensor:
        problem, v, b = self.visiting, self.visits, batch.stop - batch.start
        part, rest = self._read(batch)
        z = rest.new_empty((len(rest), 2 * b if self.measuring else b, rest.shape[2]))
        torch.add(rest, torch.bmm(part, v.parts.mT), out=z[:, :b])
        y = problem.targets(batch)
        if self.measuring:
            z[:, b:], y = rest, torch.cat([y, y], max(0, y.ndim - 2))
        layers = v.layers.forward(z)
        losses, g = problem.loss.gradient(layers[-1], y)
        first = problem.mean(losses[:, :b], batch)
        if self.measuring:
            increase = problem.mean(losses[:, b:], batch) - first
            self.loss_increase += increase.clamp_min_(0).mul_(b)
        g = v.layers.backward([a[:, :b] for a in layers], problem.weighted(g[:, :b], batch))
        grad = self.regularizer.subgradient(v.parts, v.blocks, problem.lam)
        torch.baddbmm(grad, g.mT, part, out=v.parts_grad)
        pieces = [t.grad.flatten(1) for t in (*v.layers.weights, *v.layers.biases)
                  if t.grad is not None]  # fmt: skip
        torch.cat(pieces, 1, out=v.upper_grad)
        everyone = first.new_zeros(len(self.network.members))  # 0 for finished replicas
        everyone[v.replicas] = first
        return everyone

    def update(self) -> None:
        self.optimizer.step()

    def leave(self, block: tuple[Tensor, Tensor]) -> None:  # type: ignore[override]
        v, n_steps = self.visits, len(self.problem.rows.batches)
        if self.second_pass and v.removable.any():
            self._measure()
        self.upper_state.scatter((v.replicas,), v.upper, v.leaves[0], self.optimizer, n_steps)
        self.parts.scatter(block, v.parts, v.leaves[1], self.optimizer, n_steps)
        remove = (v.removable & self._below_threshold()).tolist()
        chosen = zip(v.replicas.tolist(), v.groups.tolist(), v.parts, remove, strict=True)
        for r, g, part, gone in chosen:
            member = self.network.members[r]
            if gone:
                member.remove(g)
            else:
                span = self.problem.rows.span(g)
                self.network.theta[r, :, span] = part[:, : span.stop - span.start]

    def _measure(self) -> None:
        """Algorithm 2's second pass: what the loss is with the group and without it."""
        problem, v = self.visiting, self.visits
        for batch in problem.rows.batches:
            part, rest = self._read(batch)
            y = problem.targets(batch)
            loss1, loss2 = (
                problem.mean(problem.loss(v.layers.forward(z)[-1], y), batch)
                for z in (rest + part @ v.parts.mT, rest)
            )
            self.loss_increase += (loss2 - loss1).clamp_min_(0).mul_(batch.stop - batch.start)

    def _below_threshold(self) -> Tensor:  # type: ignore[override]
        lam = self.visiting.lam
        lam_tau = self.regularizer.value(self.visits.parts, self.visits.blocks, lam)
        return self.loss_increase / self.problem.rows.n < (lam if self.bar == "lam" else lam_tau)

    def end_epoch(self) -> None:
        upper = self._unpacked(self.upper_state.values)
        for p, value in zip(self.network.parameters[1:], upper, strict=True):
            p.copy_(value)
        super(Blockwise, self).end_epoch()

    def select(self, index: Tensor) -> None:
        self.network.select(index)
        self.problem = self.network.problem
        self.parts.select(index)
        self.upper_state.select(index)
