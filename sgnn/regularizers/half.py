"""Group l_{1/2}: the square root of the l1 norm of each block."""

from __future__ import annotations

import torch
from torch import Tensor

from ..groups import Blocks
from .base import Lam, Regularizer, per_block, register
from .solvers import Ranked, safe_sqrt
from .sparse_group import SparseMixture

__all__ = ["GroupHalf", "SparseGroupHalf", "root_l1_threshold"]


def root_l1_threshold(ranked: Ranked, t: Tensor) -> Tensor:
    """The soft threshold theta_g that minimizes t_g sqrt(||x_g||_1) + 1/2 ||x_g - v_g||^2.

    `inf` for a block whose minimizer is 0.  With k nonzero entries, S_k their sum in v and r^2
    in x, theta = t / (2 r) and r^2 = S_k - k theta, so that r is the largest root of
    r^3 - S_k r + k t / 2 = 0.  Several k may give a local minimum: the lowest is taken.
    """
    t, k = ranked.blocks.spread(t), ranked.rank
    third = (ranked.sum / 3).clamp_min(torch.finfo(ranked.sum.dtype).tiny)
    cosine = -k * t / (4 * third.pow(1.5))
    r = 2 * third.sqrt() * (cosine.clamp_min(-1).arccos() / 3).cos()
    theta = t / (2 * r)
    squares = ranked.running(ranked.value.square())
    gain = (squares - k * theta.square()) / 2 - t * r  # of this x over x = 0
    gain = torch.where((cosine >= -1) & (theta < ranked.value), gain, 0.0).clamp_min(0)
    best = ranked.blocks.max(gain)
    chosen = ranked.blocks.max(torch.where(gain == ranked.blocks.spread(best), theta, 0.0))
    return torch.where(best > 0, chosen, torch.inf)


@register("gl_half")
class GroupHalf(Regularizer):
    """R(w) = sum_g s_g sqrt(||w_g||_1): blocks vanish, and entries of the others.

    Notes
    -----
    prox, exact: the soft threshold of each block at its own theta_g, from the roots of cubics
    and the best number of entries, by sorting.  The slope at 0 is infinite, so that there is
    no zero level; the subgradient at a zero block is taken to be 0.

    Source: Li, Zurada and Wu (2018); paper 4, equation 5.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> GroupHalf().prox(torch.tensor([[4.25, 0.1]]), pair, lam=1.0, step=1.0)
    tensor([[4., 0.]])
    """

    convex = False
    expensive_prox = True

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return (per_block(lam) * blocks.weights * safe_sqrt(blocks.norm(w, 1))).sum(-1)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        t = per_block(step * lam) * blocks.weights
        theta = root_l1_threshold(Ranked(w.abs(), blocks), t).to(w)
        return w.sign() * (w.abs() - blocks.spread(theta)).clamp_min(0)


@register("sgl_half")
class SparseGroupHalf(SparseMixture):
    """R(w) = alpha sum_g s_g sqrt(||w_g||_1) + (1 - alpha) ||w||_1.

    Parameters
    ----------
    alpha : float in [0, 1], default=0.5
        The share of the group part; None adds both in full.

    Notes
    -----
    prox, exact: first the soft threshold, then that of `GroupHalf`.

    Source: paper 4, table I (SGL 1/2).

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> SparseGroupHalf().prox(torch.tensor([[4.75, 0.6]]), pair, lam=2.0, step=0.5)
    tensor([[4.1269, 0.0000]])
    """

    group = GroupHalf()

    def __init__(self, alpha: float | None = 0.5) -> None:
        super().__init__(alpha)
