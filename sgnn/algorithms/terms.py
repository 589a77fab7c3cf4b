"""What is penalized: one tensor, or two as one, and how it is cut into blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn

from ..groups import Blocks
from ..regularizers import Regularizer
from ..regularizers.base import Lam
from ..regularizers.oicsr import join_units, split_units

__all__ = ["JoinedTerm", "Term", "drop_small"]


@dataclass(eq=False)
class Term:
    """lam * R of one tensor, or of one a replica.

    Parameters
    ----------
    tensor : nn.Parameter
        In the shape of the blocks; leading axes are replicas, which lam and steps may have too.
    blocks : Blocks
    regularizer : Regularizer
    share : float, default=1
        Factor of lam.
    """

    tensor: nn.Parameter
    blocks: Blocks
    regularizer: Regularizer
    share: float = field(default=1.0, kw_only=True)

    @property
    def tensors(self) -> tuple[nn.Parameter, ...]:
        """The parameters that it is made of."""
        return (self.tensor,)

    @property
    def w(self) -> Tensor:
        """What is cut into blocks."""
        return self.tensor

    def assign(self, w: Tensor) -> None:
        """Put w, in the shape of the blocks, in the place of the weights."""
        self.tensor.copy_(w)

    def add_gradient(self, slope: Tensor, times: float = 1.0) -> None:
        """Add `times` a slope, in the shape of the blocks, to the weights' gradients."""
        assert self.tensor.grad is not None
        self.tensor.grad.add_(slope, alpha=times)

    def value(self, lam: Lam) -> Tensor:
        """lam * R at the weights."""
        return self.regularizer.value(self.w, self.blocks, self.share * lam)

    def slope(self, lam: Lam) -> Tensor:
        """A subgradient of lam * R at the weights, in the shape of the blocks."""
        return self.regularizer.subgradient(self.w, self.blocks, self.share * lam)

    def add_slope(self, lam: Lam) -> None:
        """Add a subgradient of lam * R to the weights' gradients."""
        assert self.tensor.grad is not None
        self.regularizer.add_subgradient(self.tensor.grad, self.w, self.blocks, self.share * lam)

    @property
    def entries(self) -> tuple[int, ...]:
        """The axes of the weights that are not those of replicas."""
        return tuple(range(-len(self.blocks.shape), 0))

    def shrink(self, lam: Lam, step: Lam) -> None:
        """The prox, in place, of weights that are not frozen."""
        if all(tensor.requires_grad for tensor in self.tensors):
            self.assign(self.regularizer.prox(self.w, self.blocks, self.share * lam, step))


@dataclass(eq=False)
class JoinedTerm(Term):
    """lam * R of the weights into and out of the units of a layer, a row for each unit (OICSR).

    Parameters
    ----------
    tensor : nn.Parameter
        The weight that makes the units.
    blocks : Blocks
        Of `join_units(tensor, upper)`.
    regularizer : Regularizer
    upper : nn.Parameter
        The weight that reads them.
    """

    upper: nn.Parameter

    @property
    def tensors(self) -> tuple[nn.Parameter, ...]:
        return (self.tensor, self.upper)

    @property
    def w(self) -> Tensor:
        return join_units(self.tensor, self.upper)

    def assign(self, w: Tensor) -> None:
        for tensor, part in zip(self.tensors, split_units(w, *self.tensors), strict=True):
            tensor.copy_(part)

    def add_gradient(self, slope: Tensor, times: float = 1.0) -> None:
        for tensor, part in zip(self.tensors, split_units(slope, *self.tensors), strict=True):
            assert tensor.grad is not None
            tensor.grad.add_(part, alpha=times)

    def add_slope(self, lam: Lam) -> None:
        self.add_gradient(self.slope(lam))


def drop_small(terms: list[Term], tolerance: float) -> None:
    """Set penalized weights that do not exceed the tolerance to 0."""
    for tensor in {id(tensor): tensor for term in terms for tensor in term.tensors}.values():
        tensor.mul_(tensor.abs() > tolerance)
