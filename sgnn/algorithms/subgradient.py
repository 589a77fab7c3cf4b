"""Plain (sub)gradient steps on the whole objective: paper 1's NN + tau, and what paper 2 does."""

from __future__ import annotations

import torch
from torch import Tensor

from .base import Problem
from .whole import WholeNetwork

__all__ = ["Subgradient"]


class Subgradient(WholeNetwork):
    """Steps along the gradient of the loss plus a subgradient of the penalty.

    Nothing becomes exactly zero by itself; what is small at the end can be set to zero.

    Parameters
    ----------
    max_groups, warmup_epochs : int
        As in `WholeNetwork`.
    tolerance : float, default=0
        After the last epoch, a block none of whose entries exceeds this is set to zero.
    keep_zeros : bool, default=False
        Penalized weights that are zero at the start stay zero.
    """

    def __init__(
        self,
        max_groups: int | None = None,
        warmup_epochs: int = 0,
        tolerance: float = 0.0,
        keep_zeros: bool = False,
    ) -> None:
        super().__init__(max_groups, warmup_epochs)
        self.tolerance, self.keep_zeros = tolerance, keep_zeros

    def begin(self, problem: Problem, optimizer: torch.optim.Optimizer, max_epochs: int) -> None:
        super().begin(problem, optimizer, max_epochs)
        self.masks = [term.tensor != 0 for term in self.terms] if self.keep_zeros else []

    def update(self) -> None:
        super().update()
        for term, mask in zip(self.terms, self.masks, strict=False):
            term.tensor.mul_(mask)

    def objective(self, batch: slice) -> Tensor:
        loss = super().objective(batch)
        R, lam = self.problem.regularizer, self.lam
        for term in self.terms:
            assert term.tensor.grad is not None
            slope = R.subgradient(term.tensor, term.blocks, lam)
            term.tensor.grad = slope.add_(term.tensor.grad)
        return loss

    def finish(self) -> None:
        for term in self.problem.terms:
            largest = term.blocks.max(term.tensor.abs())
            term.tensor[:] = term.tensor * term.blocks.spread(largest > self.tolerance)
