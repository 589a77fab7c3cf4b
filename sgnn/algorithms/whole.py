"""What the algorithms share that move every weight at once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..groups import Blocks
from .base import EVERYTHING, Algorithm, Problem, Term

__all__ = ["WholeNetwork"]


class WholeNetwork(Algorithm):
    """Gradient of the loss by every weight, on each mini-batch; the penalty is a subclass's.

    Parameters
    ----------
    max_groups : int, optional
        Keep at most so many groups: down to it by backward elimination between epochs.
    warmup_epochs : int, default=0
        Epochs in which the strength of the penalty grows from 0 to lam.
    """

    def __init__(self, max_groups: int | None = None, warmup_epochs: int = 0) -> None:
        self.max_groups, self.warmup_epochs = max_groups, warmup_epochs

    def begin(self, problem: Problem, optimizer: torch.optim.Optimizer, max_epochs: int) -> None:
        super().begin(problem, optimizer, max_epochs)
        rows, module = problem.rows, problem.module
        order = torch.from_numpy(rows.order).to(module.theta.device)
        # theta with its columns in the order of the rows' columns, so that none is gathered
        self.order, self.theta = order, nn.Parameter(module.theta[:, order].detach().clone())
        labels = torch.from_numpy(problem.groups.labels[rows.order]).to(order.device)
        blocks = Blocks.columns(self.theta.shape, labels, problem.blocks.weights)
        self.terms = [
            Term(self.theta, blocks) if term.tensor is module.theta else term
            for term in problem.terms
        ]
        self.parameters(self.theta)

    @property
    def lam(self) -> float:
        """Strength of the penalty in this epoch."""
        done = self.epoch / self.warmup_epochs if self.warmup_epochs else 1.0
        return self.problem.lam * min(1.0, done)

    def sweep(self) -> Iterable[int]:
        return [EVERYTHING]

    def objective(self, batch: slice) -> Tensor:
        return self.smooth(batch)

    def smooth(self, batch: slice) -> Tensor:
        """Set every `.grad` to the gradient of the batch's mean loss, and return the loss."""
        problem, module = self.problem, self.problem.module
        x = problem.rows.read(batch)
        layers = module.head(F.linear(x, self.theta))
        self.out = layers[-1]
        losses, g = problem.loss.gradient(self.out, problem.y[batch])
        g = module.backward(layers, problem.weighted(g, batch))
        self.theta.grad = g.T @ x
        return problem.mean(losses, batch)

    def update(self) -> None:
        super().update()
        if not self.problem.alive.all():
            self.restore()

    def leave(self, block: int) -> None:
        self.leave_module()

    def leave_module(self) -> None:
        """Bring the module's theta, in the order of X's columns, up to date."""
        self.problem.module.theta[:, self.order] = self.theta

    def moved(self) -> list[nn.Parameter]:
        """The parameters that training moves: theta in the rows' order, and the upper layers."""
        return [self.theta, *self.problem.module.upper()]

    def end_epoch(self) -> None:
        super().end_epoch()
        self.restore()

    def restore(self) -> None:
        """Removed groups to 0, by value: momentum moves what has a gradient of zero."""
        for g in (~self.problem.alive).nonzero()[0].tolist():
            self.theta[:, self.problem.rows.span(g)] = 0
