"""Adaptive weights: a second fit penalizes blocks less that are large in the first one."""

from __future__ import annotations

import torch
from torch import Tensor

from ..groups import Blocks
from .base import Lam, Regularizer, reweighted
from .nonconvex import L1L2
from .scalar import Entrywise

__all__ = ["Adaptive"]

SMALLEST = 1e-6  # norm of a removed block, in units of the largest block's


class Adaptive(Regularizer):
    """R(w) = the wrapped regularizer with s_g a_g in the place of s_g.

    It has no registered name, as the factors come from a first fit: `Adaptive.after`.

    Parameters
    ----------
    regularizer : Regularizer
        One whose blocks have weights: group lasso, group SCAD, the criteria of paper 4, ...
    factors : tensor of shape (n_blocks,) or, one row per replica, (..., n_blocks)
        a_g, finite and not negative.

    Raises
    ------
    TypeError
        If the regularizer does not depend on the weights of blocks.
    ValueError
        If the factors are negative or not finite, or are not one per block.

    Notes
    -----
    With a_g = 1 / ||w_g||^gamma from a first fit by group lasso the selection of groups is
    consistent, which that of group lasso alone is not.

    Source: Zou (2006) for the lasso; Dinh and Ho (2020) for networks.

    Examples
    --------
    >>> from sgnn.regularizers import GroupLasso
    >>> w = torch.tensor([[4.0, 0.5]])
    >>> columns = Blocks.channels(w.shape).to(w)
    >>> again = Adaptive.after(GroupLasso(), w, columns)
    >>> again.prox(w, columns, lam=1.0, step=1.0).tolist()
    [[3.75, 0.0]]
    """

    additive = False  # the factors are those of all blocks

    def __init__(self, regularizer: Regularizer, factors: Tensor) -> None:
        if isinstance(regularizer, Entrywise | L1L2):
            raise TypeError(
                f"regularizer={regularizer!r} has no weights of blocks to adapt: give one that "
                f"has, such as GroupLasso()."
            )
        if not (factors.isfinite().all() and (factors >= 0).all()):
            raise ValueError("factors must be finite and not negative: give one for each block.")
        self.regularizer, self.factors = regularizer, factors

    @classmethod
    def after(
        cls, regularizer: Regularizer, w: Tensor, blocks: Blocks, gamma: float = 1.0
    ) -> Adaptive:
        """With the factors 1 / ||w_g||_2^gamma of a first fit.

        Parameters
        ----------
        regularizer : Regularizer
            One whose blocks have weights.
        w : tensor of shape (..., *blocks.shape)
            The weights of the first fit.  A block that it removed counts as a millionth of
            the largest one, so that it stays out but its factor stays finite.
        blocks : Blocks
            How the weights are cut.
        gamma : float > 0, default=1.0
            The power; the larger, the harder it is for what was small.

        Returns
        -------
        Adaptive
            The regularizer with these factors.

        Raises
        ------
        ValueError
            If gamma is not positive, or every block is zero.
        """
        if not gamma > 0:
            raise ValueError(f"gamma={gamma!r} must be above 0: give the usual 1.")
        norm = blocks.norm(w.detach())
        largest = norm.amax(-1, keepdim=True)
        if (largest == 0).any():
            raise ValueError("w is zero in every block: make the first fit with a smaller lam.")
        return cls(regularizer, torch.maximum(norm, SMALLEST * largest).pow(-gamma))

    @property
    def convex(self) -> bool:  # type: ignore[override]
        return self.regularizer.convex

    @property
    def size_factor(self) -> bool:  # type: ignore[override]
        return self.regularizer.size_factor

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return self.regularizer.value(w, self._adapted(blocks), lam)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return self.regularizer.subgradient(w, self._adapted(blocks), lam)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        return self.regularizer.prox(w, self._adapted(blocks), lam, step)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return self.regularizer.zero_level(grad, self._adapted(blocks))

    def _adapted(self, blocks: Blocks) -> Blocks:
        if self.factors.shape[-1] != blocks.n_blocks:
            raise ValueError(
                f"factors hold {self.factors.shape[-1]} numbers for {blocks.n_blocks} blocks: "
                f"give one for each block."
            )
        return reweighted(blocks, blocks.weights * self.factors.to(blocks.weights))

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return f"Adaptive({self.regularizer!r}, n_blocks={self.factors.shape[-1]})"
