"""Plain (sub)gradient steps on the whole objective: paper 1's NN + tau, and what paper 2 does."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .full_gradient import FullGradient
from .network import Network
from .problem import drop_small

__all__ = ["Subgradient"]


@dataclass(eq=False)
class Subgradient(FullGradient):
    """Steps along the gradient of the loss plus a subgradient of the penalty.

    Nothing becomes exactly zero by itself; what is small at the end can be set to zero.

    Parameters
    ----------
    limits, warmup_epochs : Limits, int
        As in `FullGradient`.
    tolerance : float, default=0
        After the last epoch, penalized weights that do not exceed this are set to zero.
    keep_zeros : bool, default=False
        Penalized weights that are zero at the start stay zero.
    """

    stackable = True

    tolerance: float = 0.0
    keep_zeros: bool = False

    def begin(self) -> None:
        super().begin()
        tensors = [tensor for term in self.terms for tensor in term.tensors]
        self.masks = [(tensor, tensor != 0) for tensor in tensors] if self.keep_zeros else []

    def update(self) -> None:
        super().update()
        for tensor, mask in self.masks:
            tensor.mul_(mask)

    def objective(self, batch: slice) -> Tensor:
        loss = super().objective(batch)
        for term in self.terms:
            term.add_slope(self.lam)
        return loss

    def select(self, index: Tensor) -> None:
        super().select(index)
        self.masks = [(tensor, mask[index]) for tensor, mask in self.masks]

    def finish(self, network: Network) -> None:
        drop_small(network.problem.terms, self.tolerance)
