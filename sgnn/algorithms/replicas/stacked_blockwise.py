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
from ..blockwise import Blockwise, BlockwiseB, GroupByGroup
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
    real : tensor of bool, shape (k, m, 1)
        Which of them belong to the group.
    rest : tensor of shape (k, q, p)
        What the rows are multiplied by for H_rest.
    offset : tensor of shape (k, q, 1) or None
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


class StackedBlockwise(GroupByGroup):
    """Algorithms 1 and 2 of paper 1 on a stack of small networks.

    At any time every replica visits one of its groups, a different one perhaps; those that have
    fewer groups left finish their epoch sooner and wait.  H_rest is computed anew for every
    batch: a stack is for networks of which X theta is the lesser part.  First products lie in
    memory as (k, q, b), which makes the batched products that follow up to ten times faster.

    Parameters
    ----------
    rule : Blockwise
        What each member is trained by.
    """

    network: StackedNetwork

    def __init__(self, rule: Blockwise) -> None:
        self.bar, self.warmup_epochs, self.limits = rule.bar, rule.warmup_epochs, rule.limits
        self.second_pass = isinstance(rule, BlockwiseB)

    def begin(self) -> None:
        groups, theta = self.problem.groups, self.network.theta
        R, q, p = theta.shape
        sizes = np.diff(self.problem.rows.offsets)
        self.regularizer, self.device = self.problem.terms[0].regularizer, theta.device
        self.longest, self.ragged = int(sizes.max()), bool(np.ptp(sizes))
        offsets = torch.from_numpy(self.problem.rows.offsets).to(self.device)
        # of each group the columns (n_groups, m), and which of them are its own (n_groups, m, 1)
        columns = offsets[:-1, None] + torch.arange(self.longest, device=self.device)
        self.columns = columns.clamp_max(p - 1)
        self.real = (columns < offsets[1:, None]).unsqueeze(2)
        self.penalties = torch.tensor(groups.penalties).to(theta)
        labels = self.columns.new_zeros(self.longest)
        self.one_block = Blocks((q, self.longest), (-1,), labels, self.penalties[:1])
        # H_rest and first products of a batch: memory that is given back after a step would have to
        # be asked for, and zeroed by the system, at the next
        largest = max(batch.stop - batch.start for batch in self.problem.rows.batches)
        self.buffers = theta.new_empty(2, R * q * largest)
        # theta once more, each group apart, short ones filled up with zeros; and in one row all
        # that is above theta
        parts = theta.detach().mT[:, self.columns] * self.real
        self.parts = OptimizerState(parts.mT.contiguous(), 2)
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

    # the hooks ---------------------------------------------------------------------------------

    @property
    def n_visits(self) -> Tensor:
        counts = self.problem.active.sum(1)
        return torch.from_numpy(counts.astype(np.float64))

    def sweep(self) -> Iterable[tuple[Tensor, Tensor]]:
        device, problems = self.device, [member.problem for member in self.network.members]
        orders = [p.rng.permutation(np.flatnonzero(p.active)) for p in problems]
        for v in range(max(map(len, orders))):
            visiting = np.array([r for r, order in enumerate(orders) if v < len(order)])
            visiting = visiting[self.upper_state.order((visiting,))]
            groups = [int(orders[r][v]) for r in visiting]
            yield torch.as_tensor(visiting, device=device), torch.as_tensor(groups, device=device)

    def enter(self, block: tuple[Tensor, Tensor]) -> None:
        replicas, groups = block
        upper, upper_grad, leaves = self.upper_state.gather((replicas,), self.optimizer)
        parts, parts_grad, others = self.parts.gather(block, self.optimizer)
        self.optimizer.param_groups[0]["params"] = leaves + others
        tensors, n_weights = self._unpacked(upper), len(self.network.upper.weights)
        activation = self.network.upper.activation
        rest, offset = self._rest_of(replicas, groups)
        penalties = self.penalties[groups]
        self.visits = v = Visits(
            replicas=replicas,
            groups=groups,
            parts=parts,
            parts_grad=parts_grad,
            upper=upper,
            upper_grad=upper_grad,
            leaves=(leaves, others),
            layers=UpperLayers(tensors[:n_weights], tensors[n_weights:], activation),
            blocks=reweighted(self.one_block, penalties.unsqueeze(1)),
            removable=self._removable(replicas, penalties),
            columns=self.columns[groups],
            real=self.real[groups],
            rest=rest,
            offset=offset,
        )
        # the problem of the visiting replicas
        self.visiting = replace(
            self.problem,
            y=self.problem.y if self.problem.y.ndim < 3 else self.problem.y[replicas],
            weight=None if self.problem.weight is None else self.problem.weight[replicas],
            lam=torch.as_tensor(self.problem.lam)[replicas],
        )
        packed = self.problem.rows.n * v.columns.numel() <= PACKED
        self.packed = self._gathered(slice(0, self.problem.rows.n)).contiguous() if packed else None
        self.measuring = bool(v.removable.any()) and not self.second_pass
        self.loss_increase = parts.new_zeros(len(replicas))

    def _removable(self, replicas: Tensor, penalties: Tensor) -> Tensor:
        """Whether each visit may end in a removal, by the rule of `Blockwise.removable`."""
        several = torch.from_numpy(self.problem.active.sum(1) > 1).to(self.device)
        free = (torch.as_tensor(self.problem.lam)[replicas] * penalties > 0) & several[replicas]
        return free & (self.epoch >= self.warmup)

    def _rest_of(self, replicas: Tensor, groups: Tensor) -> tuple[Tensor, Tensor | None]:
        network = self.network
        rest, offset = network.theta.detach()[replicas], None
        rest.masked_fill_((network.labels == groups[:, None]).unsqueeze(1), 0)
        if network.scale is not None and network.shift is not None:
            offset = rest @ network.shift[replicas].unsqueeze(2)
            rest *= network.scale[replicas].unsqueeze(1)
        return rest, offset

    def _gathered(self, batch: slice) -> Tensor:
        """The visited columns of a batch, (k, m, b)."""
        network, v = self.network, self.visits
        part = self.problem.rows.read(batch).T[v.columns.flatten()].view(*v.columns.shape, -1)
        if network.scale is not None and network.shift is not None:
            scale, shift = (
                t[v.replicas].gather(1, v.columns).unsqueeze(2)
                for t in (network.scale, network.shift)
            )
            part = part * scale + shift
        return part * v.real if self.ragged else part

    def _read(self, batch: slice) -> tuple[Tensor, Tensor, Tensor]:
        """Of a batch: the visited columns (k, m, b), H_rest and first products (k, q, b)."""
        x, v = self.problem.rows.read(batch), self.visits
        k, q, p = v.rest.shape
        rest, z = self.buffers[:, : k * q * len(x)].view(2, k, q, len(x))
        torch.mm(v.rest.view(k * q, p), x.T, out=rest.view(k * q, len(x)))
        if v.offset is not None:
            rest += v.offset
        part = self._gathered(batch) if self.packed is None else self.packed[..., batch]
        # of one column, entry by entry in a fifth of the time
        add = torch.addcmul if self.longest == 1 else torch.baddbmm
        return part, rest, add(rest, v.parts, part, out=z)

    def objective(self, batch: slice) -> Tensor:
        problem, v = self.visiting, self.visits
        part, rest, z = self._read(batch)
        layers = v.layers.forward(z.mT)
        first, g = problem.mean_gradient(layers[-1], batch)
        if self.measuring:
            self._measure(first, rest, batch)
        g = v.layers.backward(layers, g)
        grad = self.regularizer.subgradient(v.parts, v.blocks, problem.lam)
        torch.baddbmm(grad, g.mT, part.mT, out=v.parts_grad)
        pieces = [t.grad.flatten(1) for t in (*v.layers.weights, *v.layers.biases)
                  if t.grad is not None]  # fmt: skip
        torch.cat(pieces, 1, out=v.upper_grad)
        everyone = first.new_zeros(len(self.network.members))  # 0 for finished replicas
        everyone[v.replicas] = first
        return everyone

    def leave(self, block: tuple[Tensor, Tensor]) -> None:
        v, n_steps = self.visits, len(self.problem.rows.batches)
        if self.second_pass and v.removable.any():
            self._second_pass()
        self.upper_state.scatter((v.replicas,), v.upper, v.leaves[0], self.optimizer, n_steps)
        self.parts.scatter(block, v.parts, v.leaves[1], self.optimizer, n_steps)
        i, j = v.real[..., 0].nonzero(as_tuple=True)
        self.network.theta.mT[v.replicas[i], v.columns[i, j]] = v.parts.mT[i, j]
        remove = v.removable & self._below_threshold()
        for r, g in zip(v.replicas[remove].tolist(), v.groups[remove].tolist(), strict=True):
            self.network.members[r].remove(g)

    def _second_pass(self) -> None:
        """Algorithm 2's: what the loss is with the group and without it."""
        for batch in self.problem.rows.batches:
            _, rest, z = self._read(batch)
            self._measure(self._loss(z, batch), rest, batch)

    def _measure(self, loss: Tensor, rest: Tensor, batch: slice) -> None:
        """Add what the loss of a batch grows by without the group; H_rest is overwritten."""
        increase = self._loss(rest, batch) - loss
        self.loss_increase += increase.clamp_min_(0).mul_(batch.stop - batch.start)

    def _loss(self, z: Tensor, batch: slice) -> Tensor:
        """Mean loss of a batch from its first products (k, q, b), which are overwritten."""
        return self.visiting.mean_loss(self.visits.layers.forward(z.mT)[-1], batch)

    def _below_threshold(self) -> Tensor:
        lam = self.visiting.lam
        lam_tau = self.regularizer.value(self.visits.parts, self.visits.blocks, lam)
        return self.loss_increase / self.problem.rows.n < (lam if self.bar == "lam" else lam_tau)

    def end_epoch(self) -> None:
        upper = self._unpacked(self.upper_state.values)
        for p, value in zip(self.network.parameters[1:], upper, strict=True):
            p.copy_(value)
        super().end_epoch()

    def select(self, index: Tensor) -> None:
        self.network.select(index)
        self.problem = self.network.problem
        self.parts.select(index)
        self.upper_state.select(index)
