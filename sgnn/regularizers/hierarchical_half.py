"""Hierarchical criteria with an inner root: HSQRT-GL 1/2 and HSQ-GL 1/2, and mixtures with l1."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor

from ..groups import Blocks
from .base import critical_lam, register
from .half import root_l1_threshold
from .hierarchical import Hierarchical, root_norm1
from .solvers import Ranked, safe_sqrt
from .sparse_group import SparseMixture

__all__ = ["HSQGLHalf", "HSQRTGLHalf", "SHSQGLHalf", "SHSQRTGLHalf"]

MAX_TANGENTS = 200
SCAN_POINTS, SCAN_RATIO = 16, 0.8  # points of a scan, and the ratio of neighbors
HALVINGS = 16


class _KernelRootCriterion(Hierarchical):
    """f = sqrt(||.||_1), so that R is concave in the l1 norms of the kernels.

    The prox iterates the local linear approximation (Zou and Li 2008): R is majorized by its
    tangent in those l1 norms, whose prox is a soft threshold, until convergence.  Each step
    lowers the objective, but the limit depends on the start.  The starts are the one kernel with
    the largest entry, and the minimizers with the outer function alone linearized at some p,
    which are known (`GroupHalf` on each kernel); the best limit, or 0, is returned.  It is not
    proved to be the global minimizer, but brute force on one and two entries finds none lower.
    """

    convex = False
    expensive_prox = True
    inner = staticmethod(root_norm1)

    @abstractmethod
    def outer_slope(self, p: Tensor) -> Tensor:
        """F'(p) for p > 0."""

    @abstractmethod
    def starts(self, lla: _LocalLinearApproximation) -> Iterable[Tensor]:
        """Starting points of the local linear approximations."""

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        lla, peak = _LocalLinearApproximation(self, kernels, outer, t), kernels.amax(-1)
        # of equal kernels only the first
        rank = torch.arange(math.prod(outer.shape), 0, -1).to(peak).reshape(outer.shape)
        rank = rank * (peak == outer.spread(outer.max(peak)))
        single = kernels * (rank == outer.spread(outer.max(rank))).unsqueeze(-1)
        starts = [single, *self.starts(lla)]
        return lla.lowest(lla.descend(x) for x in starts)


class _LocalLinearApproximation:
    """Minimization of t F(sum_i sqrt(||x_i||_1)) + 1/2 ||x - v||^2 over the kernels x of blocks."""

    def __init__(self, R: _KernelRootCriterion, v: Tensor, outer: Blocks, t: Tensor) -> None:
        self.R, self.v, self.outer, self.t = R, v, outer, t
        rows = v.flatten(-1 - len(outer.shape), -2)  # (..., kernels, entries)
        self.ranked = Ranked(rows, Blocks(rows.shape[-2:], (-2,)).to(v))

    def p(self, x: Tensor) -> Tensor:
        """The inner sums: (..., n_blocks)."""
        return self.outer.sum(root_norm1(x))

    def lowest(self, points: Iterable[Tensor]) -> Tensor:
        """The best of the points and 0, block by block."""
        best = torch.zeros_like(self.v)
        lowest = self._objective(best)
        for x in points:
            objective = self._objective(x)
            best = torch.where(self.outer.spread(objective < lowest).unsqueeze(-1), x, best)
            lowest = torch.minimum(objective, lowest)
        return best

    def _objective(self, x: Tensor) -> Tensor:
        distance = self.outer.sum((x - self.v).square().sum(-1))
        return self.t * self.R.outer(self.p(x)) + distance / 2

    def descend(self, x: Tensor) -> Tensor:
        """Iterate local linear approximations from x until convergence."""
        near = 4 * torch.finfo(x.dtype).eps * self.v
        for _ in range(MAX_TANGENTS):
            root = root_norm1(x)
            slope = self.outer.spread(self.t * self.R.outer_slope(self.outer.sum(root)))
            theta = torch.where(root > 0, slope / (2 * root), torch.inf)
            before, x = x, self._soft(theta)
            if ((x - before).abs() <= near).all():
                break
        return x

    def at_tangent(self, p: Tensor) -> Tensor:
        """The minimizer with F linearized at p, (..., n_blocks)."""
        shape, slope = self.outer.shape, self.outer.spread(self.t * self.R.outer_slope(p))
        slopes = slope.expand(*slope.shape[: -len(shape)], *shape).flatten(-len(shape))
        return self._soft(root_l1_threshold(self.ranked, slopes).unflatten(-1, shape))

    def _soft(self, theta: Tensor) -> Tensor:
        return (self.v - theta.unsqueeze(-1)).clamp_min(0)


@register("hsqrt_gl_half")
class HSQRTGLHalf(_KernelRootCriterion):
    """R(w) = sum_j s_j sqrt(sum_i sqrt(||W_ij||_1)): blocks, kernels and entries vanish.

    Notes
    -----
    prox: local linear approximations, repeated from several starts, some thirty passes over
    the weights; a local minimizer, and the global one in all tests.  The slope at
    0 is infinite, so that there is no zero level; the subgradient at a zero kernel or block is
    taken to be 0.

    Source: paper 4, equation 13.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([9.0, 7.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> HSQRTGLHalf().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(2.)
    """

    outer = staticmethod(safe_sqrt)

    def outer_slope(self, p: Tensor) -> Tensor:
        return 1 / (2 * p.sqrt())

    def starts(self, lla: _LocalLinearApproximation) -> list[Tensor]:
        """F is the minimum of its tangents, so that the best p of a scan is near the minimizer."""
        longest = lla.p(lla.v)
        return [lla.lowest(lla.at_tangent(SCAN_RATIO**i * longest) for i in range(SCAN_POINTS))]


@register("hsq_gl_half")
class HSQGLHalf(_KernelRootCriterion):
    """R(w) = sum_j s_j (sum_i sqrt(||W_ij||_1))^2: blocks, kernels and entries vanish.

    Notes
    -----
    prox: local linear approximations, repeated from several starts, some thirty passes over
    the weights; a local minimizer, and the global one in all tests.  A single kernel has the
    penalty ||W_ij||_1, the smallest of the block's: the zero level is max |grad| / s_j.

    Source: paper 4, equation 14.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([9.0, 7.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> HSQGLHalf().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(16.)
    """

    outer = staticmethod(torch.square)

    def outer_slope(self, p: Tensor) -> Tensor:
        return 2 * p

    def starts(self, lla: _LocalLinearApproximation) -> list[Tensor]:
        """The inner sum at the minimizer decreases in p: its fixed point, from both sides."""
        high = lla.p(lla.v)
        low = torch.zeros_like(high)
        for _ in range(HALVINGS):
            p = (low + high) / 2
            above = lla.p(lla.at_tangent(p)) > p
            low, high = torch.where(above, p, low), torch.where(above, high, p)
        return [lla.at_tangent(low), lla.at_tangent(high)]

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return critical_lam(blocks.max(grad.abs()), blocks.weights)


class _Mixture(SparseMixture):
    """Paper 4 mixes with alpha = 0.5."""

    def __init__(self, alpha: float | None = 0.5) -> None:
        super().__init__(alpha)


@register("shsqrt_gl_half")
class SHSQRTGLHalf(_Mixture):
    """R(w) = alpha HSQRT-GL1/2(w) + (1 - alpha) ||w||_1.

    Parameters
    ----------
    alpha : float in [0, 1], default=0.5
        The share of `HSQRTGLHalf`; None adds both in full.

    Notes
    -----
    prox: first the soft threshold, then that of `HSQRTGLHalf`, as exact as that one is.

    Source: paper 4, table I.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([9.0, 7.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> SHSQRTGLHalf().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(9.)
    """

    group = HSQRTGLHalf()


@register("shsq_gl_half")
class SHSQGLHalf(_Mixture):
    """R(w) = alpha HSQ-GL1/2(w) + (1 - alpha) ||w||_1.

    Parameters
    ----------
    alpha : float in [0, 1], default=0.5
        The share of `HSQGLHalf`; None adds both in full.

    Notes
    -----
    prox: first the soft threshold, then that of `HSQGLHalf`, as exact as that one is.

    Source: paper 4, table I.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([9.0, 7.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> SHSQGLHalf().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(16.)
    """

    group = HSQGLHalf()
