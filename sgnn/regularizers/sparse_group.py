"""Sums of a group penalty and an elementwise penalty; sparse group lasso."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ..groups import Blocks
from ..rules import Rule, check_parameters, either, number
from .base import Lam, Regularizer, register
from .lasso import L1, GroupLasso
from .solvers import decreasing_root

__all__ = ["SparseGroupLasso", "SparseMixture", "Sum", "mixed_zero_level"]


class Sum(Regularizer):
    """R(w) = a G(w) + b r(w): G removes whole blocks, r entries within them.

    Attributes
    ----------
    group, element : Regularizer
        G and r; variable splitting uses the subgradient of G and the prox of r.
    mix : tuple of two floats
        a and b.
    """

    group: Regularizer
    element: Regularizer
    mix: tuple[float, float] = (1.0, 1.0)

    @property
    def convex(self) -> bool:  # type: ignore[override]
        return self.group.convex and self.element.convex

    @property
    def additive(self) -> bool:  # type: ignore[override]
        return self.group.additive and self.element.additive

    @property
    def size_factor(self) -> bool:  # type: ignore[override]
        return self.group.size_factor

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        a, b = self.mix
        return self.group.value(w, blocks, a * lam) + self.element.value(w, blocks, b * lam)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        a, b = self.mix
        return self.group.subgradient(w, blocks, a * lam) + self.element.subgradient(
            w, blocks, b * lam
        )


def mixed_zero_level(
    group: Regularizer, grad: Tensor, blocks: Blocks, a: float, b: float
) -> Tensor:
    """Zero level of a G + b l1: the lam at which a lam is G's level of S_{b lam}(grad)."""
    if b == 0:
        return group.zero_level(grad, blocks) / a
    magnitude = grad.abs()

    def excess(lam: Tensor) -> Tensor:
        left = (magnitude - b * blocks.spread(lam)).clamp_min(0)
        return group.zero_level(left, blocks) - a * lam

    return decreasing_root(excess, blocks.max(magnitude) / b)


class SparseMixture(Sum):
    """R(w) = alpha G(w) + (1 - alpha) ||w||_1, or G(w) + ||w||_1 for alpha=None.

    The prox is exact: first the soft threshold, then the prox of G.  For x with the signs of w,
    ||x||_1 is linear and only shifts w; an entry that is shifted past 0 is 0 in both minimizers,
    since every G here is nondecreasing in the magnitudes of entries.

    Parameters
    ----------
    alpha : float in [0, 1] or None
        The share of G.
    """

    element = L1()

    rules: ClassVar[dict[str, Rule]] = {"alpha": either(None, number(0, 1))}

    def __init__(self, alpha: float | None = None) -> None:
        check_parameters({"alpha": alpha}, self.rules)
        self.alpha = alpha

    @property
    def mix(self) -> tuple[float, float]:  # type: ignore[override]
        return (1.0, 1.0) if self.alpha is None else (self.alpha, 1 - self.alpha)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        a, b = self.mix
        inner = self.element.prox(w, blocks, b * lam, step)
        return self.group.prox(inner, blocks, a * lam, step)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return mixed_zero_level(self.group, grad, blocks, *self.mix)


@register("sgl_l1")
@register("sparse_group_lasso")
class SparseGroupLasso(SparseMixture):
    """R(w) = GL(w) + ||w||_1, or alpha GL(w) + (1 - alpha) ||w||_1: blocks and entries vanish.

    Parameters
    ----------
    alpha : float in [0, 1] or None, default=None
        None is the plain sum of papers 2 and 3, with the size factor in GL; a number mixes as
        in paper 4 (alpha=0.5 there), without it.

    Notes
    -----
    The prox is exact: first the soft threshold, then the group prox.

    Source: paper 2, section 3.4; paper 3, equation 5; paper 4, equation 3.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> SparseGroupLasso().prox(torch.tensor([[5.0, 0.5]]), pair, lam=1.0, step=1.0).tolist()
    [[3.0, 0.0]]
    """

    group = GroupLasso()
