"""A network as algorithms see it that move every weight at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..groups import Blocks
from .terms import Term

if TYPE_CHECKING:
    from .dense_problem import DenseProblem

__all__ = ["DenseNetwork", "Leaf", "Network"]


class Leaf(NamedTuple):
    """A tensor that the optimizer moves, and what it stands for.

    Attributes
    ----------
    moved : tensor
    parameter : nn.Parameter
        Of the module.
    columns : tensor of long or None
        Its columns there, None where it is the parameter itself.
    """

    moved: Tensor
    parameter: nn.Parameter
    columns: Tensor | None


class Network(ABC):
    """Parameters to move, what of them is penalized, and the loss with its gradient.

    Attributes
    ----------
    problem : Problem or Stack
        What is minimized: rows, targets, ...
    parameters : list of nn.Parameter
        What training moves.
    terms : list of Term
        What is penalized, among the parameters.
    out : tensor
        Outputs for the last batch that `gradient` was taken of.
    """

    problem: Any
    parameters: list[nn.Parameter]
    terms: list[Term]
    out: Tensor

    def read(self, batch: slice) -> tuple[Tensor, Tensor]:
        """The rows (b, p) that `gradient` sees, columns in the order of X, and their targets."""
        return self.problem.rows.read_in_order(batch), self.problem.y[batch]

    @abstractmethod
    def gradient(self, batch: slice) -> Tensor:
        """Set every `.grad` to the gradient of the batch's mean loss, and return the loss."""

    @abstractmethod
    def loss(self, batch: slice) -> Tensor:
        """The batch's mean loss."""

    @abstractmethod
    def restore(self) -> None:
        """Set the groups of the input that are removed to 0, by value.

        Momentum moves what has a gradient of zero.
        """

    def leaves(self) -> list[Leaf]:
        """The parameters, and what they are in the module."""
        return [Leaf(p, p, None) for p in self.parameters]

    def shuffle(self, epoch: int) -> None:
        """Before an epoch: deal the rows into mini-batches anew, where that is done."""

    def select(self, index: Tensor) -> None:
        """Go on with these replicas alone, where there are some."""

    def load(self) -> None:
        """Take the parameters from the module."""

    def store(self) -> None:
        """Give the parameters back to the module."""


class DenseNetwork(Network):
    """An MLP, with theta's columns in the order of the rows' columns, so that none is gathered.

    Parameters
    ----------
    problem : DenseProblem
    """

    def __init__(self, problem: DenseProblem) -> None:
        self.problem, module = problem, problem.module
        self.order = torch.from_numpy(problem.rows.order).to(module.theta.device)
        self.theta = nn.Parameter(module.theta[:, self.order].detach().clone())
        labels = torch.from_numpy(problem.groups.labels[problem.rows.order]).to(self.order.device)
        blocks = Blocks.columns(self.theta.shape, labels, problem.blocks.weights)
        self.terms = [
            Term(self.theta, blocks, term.regularizer) if term.tensor is module.theta else term
            for term in problem.terms
        ]
        self.parameters = [self.theta, *module.upper_parameters()]

    def gradient(self, batch: slice) -> Tensor:
        problem, module = self.problem, self.problem.module
        x = problem.rows.read(batch)
        layers = module.upper_layers(F.linear(x, self.theta))
        self.out = layers[-1]
        losses, g = problem.loss.gradient(self.out, problem.y[batch])
        g = module.backward(layers, problem.weighted(g, batch))
        self.theta.grad = g.T @ x
        return problem.mean(losses, batch)

    def loss(self, batch: slice) -> Tensor:
        return self.problem.loss_from(self.problem.rows.read(batch) @ self.theta.T, batch)

    def restore(self) -> None:
        for group in self.problem.removed:
            self.theta[:, self.problem.rows.span(group)] = 0
        if not self.problem.module.theta.requires_grad:  # it is frozen
            self.load()

    def shuffle(self, epoch: int) -> None:
        self.theta.requires_grad_(self.problem.module.theta.requires_grad)

    def leaves(self) -> list[Leaf]:
        return [Leaf(self.theta, self.problem.module.theta, self.order), *super().leaves()[1:]]

    def load(self) -> None:
        self.theta.copy_(self.problem.module.theta[:, self.order])

    def store(self) -> None:
        self.problem.module.theta[:, self.order] = self.theta
