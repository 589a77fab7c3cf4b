"""Nonconvex sparse group lasso: group lasso plus a nonconvex penalty on single entries."""

from __future__ import annotations

import torch
from torch import Tensor

from ..groups import Blocks
from .base import Lam, Regularizer, critical_lam, per_block, per_entry, register, reweighted
from .concave import SCAD
from .lasso import GroupLasso
from .nonconvex import L0, L1L2, TL1, stretched_prox
from .scalar import Entrywise
from .solvers import Ranked
from .sparse_group import Sum, mixed_zero_level

__all__ = ["SparseGroupL0", "SparseGroupL1L2", "SparseGroupSCAD", "SparseGroupTL1"]

MAX_SWEEPS = 500


@register("sgl_l0")
class SparseGroupL0(Sum):
    """R(w) = GL(w) + ||w||_0.

    Notes
    -----
    prox, exact, t = step * lam: with N_k the norm of the k largest magnitudes of a block, those
    k entries are kept whose k maximizes 1/2 max(N_k - t s_g, 0)^2 - t k, and shrunk by the
    group prox.  (First the prox of l0, then the group prox is not the minimizer.)  There is
    no zero level.

    Source: paper 3, equation 10.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> SparseGroupL0().prox(torch.tensor([[5.0, 0.5]]), pair, lam=1.0, step=1.0).tolist()
    [[4.0, 0.0]]
    """

    group = GroupLasso()
    element = L0()

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        magnitude, t = w.abs(), step * lam
        ranked = Ranked(magnitude, blocks)
        norm = ranked.running(ranked.value.square()).sqrt()
        left = (norm - ranked.blocks.spread(per_block(t) * blocks.weights)).clamp_min(0)
        gain = (left.square() / 2 - per_entry(t, ranked.blocks) * ranked.rank).clamp_min(0)
        best = ranked.blocks.max(gain)
        at_best = gain == ranked.blocks.spread(best)
        kept = (magnitude >= blocks.spread(ranked.last(at_best))) & blocks.spread(best > 0)
        return self.group.prox(w * kept, blocks, lam, step)


class _SparseGroupConcave(Sum):
    """GL plus a concave, differentiable r with a known prox.

    Since ||x_g||_2 = min over rho > 0 of (||x_g||^2 / rho + rho) / 2, the minimizer given
    rho = ||x_g||_2 is the prox of r alone at w_g / c with step / c, c = 1 + t s_g / rho.  rho
    is found by the fixed point iteration rho <- ||c x_g||_2 - t s_g from ||w_g||_2.
    """

    group = GroupLasso()
    element: Entrywise

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        magnitude, threshold = w.abs(), per_block(step * lam) * blocks.weights
        lam_, step_ = per_entry(lam, blocks), per_entry(step, blocks)
        tiny, eps = torch.finfo(w.dtype).tiny, torch.finfo(w.dtype).eps
        rho = blocks.norm(magnitude)
        for _ in range(MAX_SWEEPS):
            shares = rho / (rho + threshold).clamp_min(tiny)  # 1 / c
            share = blocks.spread(shares)
            x = self.element.shrink(share * magnitude, lam_, share * step_)
            longer = blocks.norm(x) / shares.clamp_min(tiny)
            before, rho = rho, (longer - threshold).clamp_min(0)
            if ((before - rho).abs() <= 4 * eps * longer).all():
                break
        objective_at_x = self._objective(x, magnitude, blocks, lam, step)
        objective_at_zero = blocks.sum(magnitude.square()) / 2
        return w.sign() * x * blocks.spread((rho > 0) & (objective_at_x < objective_at_zero))

    def _objective(self, x: Tensor, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        """step * value(x) + 1/2 ||x - w||^2, block by block, for x >= 0."""
        element = blocks.sum(self.element.penalty(x, per_entry(lam, blocks)))
        group = per_block(lam) * blocks.weights * blocks.norm(x)
        return per_block(step) * (group + element) + blocks.sum((x - w).square()) / 2

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return mixed_zero_level(self.group, grad, blocks, 1.0, self.element.slope)


@register("sgl_scad")
class SparseGroupSCAD(_SparseGroupConcave):
    """R(w) = GL(w) + SCAD(w), lam inside the SCAD.

    Parameters
    ----------
    a : float > 2, default=3.7
        As in `SCAD`.

    Notes
    -----
    prox: exact for step < a - 1, where the objective is strictly convex in x, by a fixed point
    of one number per block; beyond, the better of the longest stationary point and 0, which
    is nearly always, not always, the minimizer.  (First the prox of SCAD, then the group prox
    is not.)

    Source: paper 3, equation 11.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> SparseGroupSCAD().prox(torch.tensor([[6.0, 0.5]]), pair, lam=1.0, step=1.0).tolist()
    [[5.0, 0.0]]
    """

    def __init__(self, a: float = 3.7) -> None:
        self.a = SCAD(a).a

    @property
    def element(self) -> Entrywise:  # type: ignore[override]
        return SCAD(self.a)


@register("sgl_tl1")
class SparseGroupTL1(_SparseGroupConcave):
    """R(w) = GL(w) + TL1(w).

    Parameters
    ----------
    a : float > 0, default=1.0
        As in `TL1`.

    Notes
    -----
    prox: exact for step * lam < a^2 / (2 (a + 1)), where the objective is strictly convex in
    x, by a fixed point of one number per block; beyond, the better of the longest stationary
    point and 0, which is nearly always, not always, the minimizer.  (First the prox of TL1,
    then the group prox is not.)

    Source: paper 3, equation 12.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> SparseGroupTL1().prox(torch.tensor([[2.0, 0.1]]), pair, lam=0.2, step=1.0)
    tensor([[1.7470, 0.0000]])
    """

    def __init__(self, a: float = 1.0) -> None:
        self.a = TL1(a).a

    @property
    def element(self) -> Entrywise:  # type: ignore[override]
        return TL1(self.a)


@register("sgl_l1l2")
class SparseGroupL1L2(Sum):
    """R(w) = GL(w) + ||w||_1 - alpha ||w||_2, the last norm over the whole tensor.

    Parameters
    ----------
    alpha : float in [0, 1], default=1.0
        As in `L1L2`.

    Notes
    -----
    prox, exact: the prox z of the sparse group lasso, stretched to z (1 + alpha t / ||z||_2)
    with t = step * lam; where z = 0, the one block whose resulting norm is largest.

    Source: paper 3, equation 13; the prox by the argument of Lou and Yan (2018), which holds
    for every norm in the place of l1.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> SparseGroupL1L2().prox(torch.tensor([[5.0, 0.5]]), pair, lam=1.0, step=1.0).tolist()
    [[4.0, 0.0]]
    """

    group = GroupLasso()

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = L1L2(alpha).alpha

    @property
    def element(self) -> Regularizer:  # type: ignore[override]
        return L1L2(self.alpha)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        return stretched_prox(w, blocks, step * lam, blocks.weights, self.alpha)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        """That of sparse group lasso with s_g - alpha for s_g, where that is positive."""
        reduced_weights = blocks.weights - self.alpha
        positive = reweighted(blocks, reduced_weights.clamp_min(0))
        single = critical_lam(blocks.max(grad.abs()), 1 + reduced_weights)
        both = mixed_zero_level(self.group, grad, positive, 1.0, 1.0)
        return torch.where(reduced_weights < 0, single, both)
