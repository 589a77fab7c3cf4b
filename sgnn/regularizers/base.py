"""The base class of regularizers, and their registry by name."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..components import Component, Registry
from ..groups import Blocks

__all__ = [
    "REGULARIZERS",
    "Lam",
    "Regularizer",
    "critical_lam",
    "get",
    "names",
    "per_block",
    "per_entry",
    "register",
    "reweighted",
    "total",
]

Lam = float | Tensor  # one number, or one per replica


class Regularizer(Component, ABC):
    """A penalty R(w), independent of lam, of the step size and of the module.

    Tensors are (..., *blocks.shape); leading axes are replicas, and `lam` and `step` are
    numbers or tensors that broadcast over those axes.  The factor s_g of block g is
    `blocks.weights[g]`; a regularizer adds no other factor.

    Attributes
    ----------
    convex : bool
        Whether R is convex, so that `prox` is a single-valued, firmly nonexpansive map.
    size_factor : bool
        Whether its source multiplies each block by sqrt(number of its entries).  The caller sets
        the weights of the Blocks accordingly: the default ones where this is true (papers 1 to
        3), ones where it is not (paper 4's criteria).
    expensive_prox : bool
        Whether the prox sorts, searches or uses trigonometric functions, so that it may take
        longer than a training step.
    gating : Gating or None
        The gates of blocks whose penalty stands for R, where there are some.
    additive : bool
        Whether R is a sum over the blocks, so that each has a share of its own.
    layers : {"all", "conv"}
        Which layers of a convolutional network it is for: all where it has the size factor (paper
        3), convolutions where it has not (paper 4).

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> from sgnn.regularizers import GroupLasso, Regularizer
    >>> w = torch.tensor([[3.0, 0.1], [4.0, 0.2]])
    >>> columns = Blocks.channels(w.shape).to(w)  # s_g = sqrt(2)
    >>> isinstance(GroupLasso(), Regularizer)
    True
    >>> GroupLasso().prox(w, columns, lam=1.0, step=1.0)[:, 1]
    tensor([0., 0.])
    """

    convex: bool = True
    size_factor: bool = False
    expensive_prox: bool = False
    gating: Any = None
    additive: bool = True

    @property
    def layers(self) -> str:
        return "all" if self.size_factor else "conv"

    def for_layers(self, n_layers: int) -> Sequence[Regularizer]:
        """One for each of so many layers, from the input on."""
        return [self] * n_layers

    @abstractmethod
    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        """Return lam * R(w), one number per replica: shape (...)."""

    @abstractmethod
    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        """Return argmin_x step * value(x) + 1/2 ||x - w||^2, with exact zeros."""

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        """A subgradient of `value` at w, 0 where R is not smooth at 0: never NaN."""
        with torch.enable_grad():
            leaf = w.detach().requires_grad_()
            return torch.autograd.grad(self.value(leaf, blocks, lam).sum(), leaf)[0]

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        """The smallest lam for which each block is optimal at 0, given `grad` and all others at 0.

        Parameters
        ----------
        grad : tensor of shape (..., *blocks.shape)
            Gradient of the loss where the blocks are 0.
        blocks : Blocks
            How the tensor is cut.

        Returns
        -------
        tensor of shape (..., n_blocks)
            `inf` if no lam keeps a block at 0.

        Raises
        ------
        ValueError
            If the slope of R at 0 is infinite: any lam > 0 then keeps a block at 0.
        """
        raise ValueError(
            f"regularizer={self!r} has no zero level, for its slope at 0 is infinite and every "
            f"lam > 0 holds a block at 0 against small enough steps: give a range of lam instead."
        )


REGULARIZERS: Registry[Regularizer] = Registry("regularizer", Regularizer)
register, names, get = REGULARIZERS.register, REGULARIZERS.names, REGULARIZERS.made


def per_block(lam: Lam) -> Lam:
    """Reshape lam, (...), to broadcast with one number per block, (..., n_blocks)."""
    return lam.unsqueeze(-1) if isinstance(lam, Tensor) else lam


def per_entry(lam: Lam, blocks: Blocks) -> Lam:
    """Reshape lam, (...), to broadcast with the tensor, (..., *blocks.shape)."""
    if not isinstance(lam, Tensor):
        return lam
    return lam.reshape(*lam.shape, *(1 for _ in blocks.shape))


def critical_lam(grad_norm: Tensor, slope: float | Tensor) -> Tensor:
    """The lam with lam * slope = grad_norm: 0 if grad_norm is 0, else `inf` if slope is 0."""
    return torch.where(grad_norm > 0, grad_norm / slope, 0.0)


def reweighted(blocks: Blocks, weights: Tensor) -> Blocks:
    """The same blocks with other weights, (n_blocks,) or, for replicas, (..., n_blocks)."""
    other = copy.copy(blocks)
    other.weights = weights
    return other


def total(values: Tensor, blocks: Blocks) -> Tensor:
    """Sum over all axes but the replicas': (..., *blocks.shape) -> (...)."""
    return values.sum(tuple(range(-len(blocks.shape), 0)))
