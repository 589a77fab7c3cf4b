"""The lasso family: L1, L2, group lasso and sparse group lasso."""

from __future__ import annotations

import torch
from torch import Tensor

from ..groups import Blocks
from .base import Lam, Regularizer, per_block, per_entry, register

__all__ = ["L1", "L2", "GroupLasso", "SparseGroupLasso"]


def soft_threshold(w: Tensor, t: Lam) -> Tensor:
    """S_t(w) = sign(w) max(|w| - t, 0), entry by entry."""
    return w.sign() * (w.abs() - t).clamp_min(0)


@register("l1")
class L1(Regularizer):
    """R(w) = ||w||_1, the lasso: single entries vanish, blocks play no part.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([3.0, -0.5])
    >>> L1().prox(w, Blocks((2,), (-1,)), lam=1.0, step=1.0).tolist()
    [2.0, -0.0]
    """

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return lam * blocks.sum(w.abs()).sum(-1)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return per_entry(lam, blocks) * w.sign()

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        return soft_threshold(w, per_entry(lam, blocks) * per_entry(step, blocks))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return blocks.max(grad.abs())


@register("l2")
class L2(Regularizer):
    """R(w) = ||w||_2^2, weight decay: shrinks everything, removes nothing."""

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return lam * blocks.sum(w.square()).sum(-1)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return 2 * per_entry(lam, blocks) * w

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        return w / (1 + 2 * per_entry(lam, blocks) * per_entry(step, blocks))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return torch.where(blocks.norm(grad) > 0, torch.inf, 0.0)


@register("group_lasso")
class GroupLasso(Regularizer):
    """R(w) = sum_g s_g ||w_g||_2, s_g = `blocks.weights`: whole blocks vanish.

    Source: paper 1, equation 4 (s_g = cost x sqrt(p_g)); paper 2, equation 2.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> GroupLasso().prox(torch.tensor([[3.0, 4.0]]), pair, lam=1.0, step=2.5).tolist()
    [[1.5, 2.0]]
    """

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return lam * (blocks.norm(w) @ blocks.weights)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        norm = blocks.norm(w)
        scale = torch.where(norm > 0, blocks.weights / norm, 0.0)
        return w * blocks.spread(per_block(lam) * scale)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        norm = blocks.norm(w)
        threshold = per_block(lam) * per_block(step) * blocks.weights
        # a zero block divides 0 by the tiniest number instead of by itself
        scale = (1 - threshold / norm.clamp_min(torch.finfo(w.dtype).tiny)).clamp_min(0)
        return w * blocks.spread(scale)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        norm = blocks.norm(grad)
        return torch.where(norm > 0, norm / blocks.weights, 0.0)


@register("sparse_group_lasso")
class SparseGroupLasso(Regularizer):
    """R(w) = GL(w) + ||w||_1, or alpha GL(w) + (1 - alpha) ||w||_1: blocks and entries vanish.

    Parameters
    ----------
    alpha : float in [0, 1] or None, default=None
        None is the plain sum of papers 2 and 3; a number mixes as in paper 4.

    Notes
    -----
    The prox is exact: first the soft threshold, then the group prox.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> SparseGroupLasso().prox(torch.tensor([[5.0, 0.5]]), pair, lam=1.0, step=1.0).tolist()
    [[3.0, 0.0]]
    """

    def __init__(self, alpha: float | None = None) -> None:
        if alpha is not None and not 0 <= alpha <= 1:
            raise ValueError(f"alpha={alpha!r} must be None or lie between 0 and 1.")
        self.alpha = alpha

    @property
    def _mix(self) -> tuple[float, float]:
        """Factors of the group part and of the element part."""
        return (1.0, 1.0) if self.alpha is None else (self.alpha, 1 - self.alpha)

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        group, element = self._mix
        return GroupLasso().value(w, blocks, group * lam) + L1().value(w, blocks, element * lam)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        group, element = self._mix
        return GroupLasso().subgradient(w, blocks, group * lam) + L1().subgradient(
            w, blocks, element * lam
        )

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        group, element = self._mix
        inner = L1().prox(w, blocks, element * lam, step)
        return GroupLasso().prox(inner, blocks, group * lam, step)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        """The root of ||S_{e lam}(grad_g)|| = g lam s_g, found by bisection."""
        group, element = self._mix
        low = torch.zeros_like(blocks.norm(grad))
        high = blocks.max(grad.abs()) / element if element else torch.full_like(low, torch.inf)
        if group:
            high = torch.minimum(high, GroupLasso().zero_level(grad, blocks) / group)
        for _ in range(torch.finfo(grad.dtype).bits + 8):
            middle = (low + high) / 2
            kept = blocks.norm(soft_threshold(grad, element * blocks.spread(middle)))
            above = kept > group * middle * blocks.weights
            low, high = torch.where(above, middle, low), torch.where(above, high, middle)
        return high
