"""Many problems on the same rows as one: their networks stacked along an axis of replicas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..groups import Blocks
from ..modules import UpperLayers
from ..regularizers.base import reweighted
from .dense_problem import DenseProblem
from .network import Network
from .rows import RescaledRows
from .terms import Term

__all__ = ["Stack", "StackedNetwork", "mean", "weighted"]


class Stack:
    """R problems that share rows, targets, groups and the shape of the network.

    They differ in their weights, lam, scaling of the columns and of y, and network.  To an
    algorithm that moves every weight at once it looks like one problem whose lam and loss are (R,).

    Parameters
    ----------
    members : sequence of DenseProblem
        With one `loss` and `regularizer`; the rows are those of the first, rescaled for
        members whose weights make other means.
    """

    def __init__(self, members: Sequence[DenseProblem]) -> None:
        self.members, first = list(members), members[0]
        self.rows, self.loss = first.rows, first.loss
        same = all(torch.equal(member.y, first.y) for member in members)
        self.y = first.y if same else torch.stack([member.y for member in members])
        self.groups, self.regularizer = first.groups, first.regularizer
        self.activation = first.module.activation
        self.like = first.like
        self.order = torch.from_numpy(first.rows.order).to(self.like.device)
        # (p,) of the columns in the order of the rows
        self.labels = torch.from_numpy(first.groups.labels[first.rows.order]).to(self.like.device)
        self.lam = torch.tensor([m.lam for m in members], dtype=torch.float64).to(self.like)
        self.weight = self._weights()
        self.scale, self.shift = self._scaling()

    def __len__(self) -> int:
        return len(self.members)

    def network(self) -> StackedNetwork:
        """The networks as one, as algorithms see it that move every weight at once."""
        return StackedNetwork(self)

    def select(self, index: Tensor) -> None:
        """Go on with these replicas alone."""
        self.members = [self.members[r] for r in index.tolist()]
        self.lam = self.lam[index]
        for name in ("weight", "scale", "shift"):
            value = getattr(self, name)
            setattr(self, name, None if value is None else value[index])
        if self.y.ndim == 3:
            self.y = self.y[index]

    def adapt(self) -> None:
        """Weigh the groups of every replica by what it has learned of them."""
        for member in self.members:
            member.adapt()

    def targets(self, batch: slice, replicas: Tensor | None = None) -> Tensor:
        """Of a batch: those that all share, or (R, b, n_outputs) where each scales y by its own."""
        if self.y.ndim < 3:
            return self.y[batch]
        return self.y[:, batch] if replicas is None else self.y[replicas, batch]

    def removed_columns(self) -> Tensor | None:
        """The columns of removed groups, (R, 1, p) in the order of the rows, if there are any."""
        active = np.stack([member.active for member in self.members])
        if active.all():
            return None
        return ~torch.from_numpy(active).to(self.labels.device)[:, None, self.labels]

    def _weights(self) -> Tensor | None:
        if all(member.weight is None for member in self.members):
            return None
        ones = self.like.new_ones(self.rows.n)
        return torch.stack([ones if m.weight is None else m.weight for m in self.members])

    def _scaling(self) -> tuple[Tensor | None, Tensor | None]:
        """Replica r reads x * scale[r] + shift[r], (R, p), where the rows hold x."""
        own = [member.rows for member in self.members]
        if not any(isinstance(rows, RescaledRows) for rows in own):
            return None, None
        as_it_is = self.like.new_ones(len(self.order)), self.like.new_zeros(len(self.order))
        pairs = [(r.scale, r.shift) if isinstance(r, RescaledRows) else as_it_is for r in own]
        scales, shifts = zip(*pairs, strict=True)
        return torch.stack(scales), torch.stack(shifts)


class StackedNetwork(Network):
    """The networks of a stack: theta is (R, q, p), and so on.

    Parameters
    ----------
    stack : Stack
    """

    def __init__(self, stack: Stack) -> None:
        self.problem = stack
        first = stack.members[0]
        tensors = [first.module.theta, *first.module.upper_parameters()]
        self.parameters = [nn.Parameter(t.new_empty((len(stack), *t.shape))) for t in tensors]
        self.theta, *upper = self.parameters
        n_weights = len(first.module.weights)
        self.weights, self.biases = upper[:n_weights], upper[n_weights:]
        place = {id(tensor): i for i, tensor in enumerate(tensors)}
        every = zip(*(member.terms for member in stack.members), strict=True)
        self.terms = [self._term(own, place[id(own[0].tensor)]) for own in every]
        self.load()

    def _term(self, own: Sequence[Term], place: int) -> Term:
        """One for the terms that the replicas have in that place."""
        blocks = own[0].blocks
        if place == 0:
            shape = self.theta.shape[1:]
            blocks = Blocks.columns(shape, self.problem.labels, blocks.weights)
            if any((term.blocks.weights != blocks.weights).any() for term in own):
                weights = torch.stack([term.blocks.weights for term in own])
                blocks = reweighted(blocks, weights)
        return Term(self.parameters[place], blocks, own[0].regularizer)

    def gradient(self, batch: slice) -> Tensor:
        stack, head = self.problem, self._upper_layers()
        x = stack.rows.read(batch)
        layers = head.forward(self._product(x))
        self.out = layers[-1]
        losses, g = stack.loss.gradient(self.out, stack.targets(batch))
        found = head.backward(layers, weighted(g, stack.weight, batch))
        self.theta.grad = found.product.mT @ x
        if stack.scale is not None and stack.shift is not None:
            self.theta.grad.mul_(stack.scale.unsqueeze(1))
            self.theta.grad.add_(found.product.sum(1).unsqueeze(2) * stack.shift.unsqueeze(1))
        grads = [*found.weights, *found.biases]
        for p, grad in zip(self.parameters[1:], grads, strict=True):
            p.grad = grad
        return mean(losses, stack.weight, batch)

    def loss(self, batch: slice) -> Tensor:
        stack = self.problem
        out = self._upper_layers().forward(self._product(stack.rows.read(batch)))[-1]
        return mean(stack.loss(out, stack.targets(batch)), stack.weight, batch)

    def _upper_layers(self) -> UpperLayers:
        return UpperLayers(self.weights, self.biases, self.problem.activation)

    def _product(self, x: Tensor) -> Tensor:
        """Rows (b, p) -> first products (R, b, q)."""
        stack = self.problem
        if stack.scale is None or stack.shift is None:
            return x @ self.theta.mT.contiguous()
        z = x @ (self.theta * stack.scale.unsqueeze(1)).mT.contiguous()
        return z.add_((self.theta @ stack.shift.unsqueeze(2)).mT)

    def shuffle(self, epoch: int) -> None:
        self.removed = self.problem.removed_columns()

    def restore(self) -> None:
        if self.removed is not None:
            self.theta.masked_fill_(self.removed, 0)

    def load(self) -> None:
        for r, member in enumerate(self.problem.members):
            self.theta[r] = member.module.theta[:, self.problem.order]
            for stacked, p in zip(
                self.parameters[1:], member.module.upper_parameters(), strict=True
            ):
                stacked[r] = p
        self.shuffle(0)

    def store(self) -> None:
        for r, member in enumerate(self.problem.members):
            member.module.theta[:, self.problem.order] = self.theta[r]
            for stacked, p in zip(
                self.parameters[1:], member.module.upper_parameters(), strict=True
            ):
                p.copy_(stacked[r])

    def select(self, index: Tensor) -> None:
        """Go on with these replicas alone."""
        for p in self.parameters:
            p.data, p.grad = p.data[index], None
        self.shuffle(0)


def mean(losses: Tensor, weight: Tensor | None, batch: slice) -> Tensor:
    """Weighted means (R,) of the losses (R, b) of a batch; weights are (R, n)."""
    if weight is None:
        return losses.mean(1)
    return (losses * weight[:, batch]).sum(1) / losses.shape[1]


def weighted(g: Tensor, weight: Tensor | None, batch: slice) -> Tensor:
    """Gradients of the batch's mean losses, from the gradients g (R, b, n_outputs) of its rows."""
    b = g.shape[1]
    return g / b if weight is None else g * (weight[:, batch, None] / b)
