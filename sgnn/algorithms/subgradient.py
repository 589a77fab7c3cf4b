"""Plain (sub)gradient steps on the whole objective: paper 1's NN + tau, and what paper 2 does."""

from __future__ import annotations

from torch import Tensor

from .whole import WholeNetwork

__all__ = ["Subgradient"]


class Subgradient(WholeNetwork):
    """Steps along the gradient of the loss plus a subgradient of the penalty.

    Nothing becomes exactly zero by itself; what is small at the end can be set to zero.

    Parameters
    ----------
    max_groups : int, optional
        Keep at most so many groups: down to it by backward elimination between epochs.
    tolerance : float, default=0
        After the last epoch, a block none of whose entries exceeds this is set to zero.
    """

    def __init__(self, max_groups: int | None = None, tolerance: float = 0.0) -> None:
        super().__init__(max_groups)
        self.tolerance = tolerance

    def objective(self, batch: slice) -> Tensor:
        loss = super().objective(batch)
        R, lam = self.problem.regularizer, self.problem.lam
        for term in self.terms:
            assert term.tensor.grad is not None
            slope = R.subgradient(term.tensor, term.blocks, lam)
            term.tensor.grad = slope.add_(term.tensor.grad)
        return loss

    def finish(self) -> None:
        for term in self.problem.terms:
            largest = term.blocks.max(term.tensor.abs())
            term.tensor[:] = term.tensor * term.blocks.spread(largest > self.tolerance)
