"""Hierarchical criteria of paper 4: an outer function of sums of an inner one over kernels.

R(w) = sum_j s_j F(sum_i f(W_ij)), W_ij a kernel w[i, j]: F the square root (HSQRT) or the square
(HSQ), f the norm (GL), the squared l1 norm (ES) or the root of the l1 norm (GL 1/2).  The blocks
are the outer groups j: `Blocks.channels` for the feature-wise criteria, `Blocks.neurons` for the
neuron-wise, `Blocks.filters` for the filter-wise ones, or groups of channels.  In a dense weight
every entry is a kernel.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ..groups import Blocks
from .base import Lam, Regularizer, per_block, register
from .exclusive import squared_l1_threshold
from .half import root_l1_threshold
from .solvers import Ranked, falling_root, safe_sqrt
from .sparse_group import SparseMixture

__all__ = [
    "HSQES",
    "HSQGL",
    "HSQRTES",
    "HSQRTGL",
    "HSQGLHalf",
    "HSQRTGLHalf",
    "SHSQGLHalf",
    "SHSQRTGLHalf",
]

MAX_TANGENTS = 200
SCAN, SHORTER = 24, 0.85  # points of a scan, and the ratio of neighbors
HALVINGS = 16


class Hierarchical(Regularizer):
    """R(w) = sum_j s_j F(sum_i f(W_ij)); paper 4 has no size factor, s_j = 1.

    Attributes
    ----------
    inner : callable
        f, from the magnitudes of kernels (..., entries) to one number each: (...).
    outer : callable
        F, elementwise.
    """

    inner: Callable[[Tensor], Tensor]
    outer: Callable[[Tensor], Tensor]

    @abstractmethod
    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        """The prox of magnitudes (..., kernels, entries), t = step * lam * s_j by outer block."""

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        kernels, outer = _kernels(w.abs(), blocks)
        values = self.outer(outer.sum(self.inner(kernels)))
        return (per_block(lam) * blocks.weights * values).sum(-1)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        kernels, outer = _kernels(w.abs(), blocks)
        shrunk = self.shrink(kernels, outer, per_block(step * lam) * blocks.weights)
        return w.sign() * shrunk.reshape(*shrunk.shape[:-2], *blocks.shape)


def _kernels(w: Tensor, blocks: Blocks) -> tuple[Tensor, Blocks]:
    """w as (..., kernels, entries of a kernel), and its blocks as blocks of whole kernels."""
    shape = blocks.shape[:2]
    inside = len(blocks.shape) - len(shape)  # axes of a kernel
    if max(blocks.dims) >= -inside:
        raise ValueError(
            f"blocks run along the axes {blocks.dims} and cut kernels apart: give blocks of "
            f"whole kernels, as Blocks.neurons, Blocks.channels and Blocks.filters make them."
        )
    number = blocks.spread(torch.arange(blocks.n_blocks, device=w.device))
    labels = number.reshape(number.shape[: len(shape)]).expand(shape).flatten()
    replicas = w.shape[: w.dim() - len(blocks.shape)]
    return w.reshape(*replicas, len(labels), -1), Blocks(labels.shape, (-1,), labels).to(w)


def _norm2(kernels: Tensor) -> Tensor:
    return safe_sqrt(kernels.square().sum(-1))


def _norm1(kernels: Tensor) -> Tensor:
    return kernels.sum(-1)


def _squared_norm1(kernels: Tensor) -> Tensor:
    return _norm1(kernels).square()


def _root_norm1(kernels: Tensor) -> Tensor:
    return safe_sqrt(_norm1(kernels))


class _OfKernelNorms(Hierarchical):
    """f = ||.||_2: each kernel keeps its direction, its norm is soft-thresholded."""

    inner = staticmethod(_norm2)

    @abstractmethod
    def threshold(self, norms: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        """theta_j for the kernel norms (..., kernels): (..., n_blocks)."""

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        norm = _norm2(kernels)
        kept = (norm - outer.spread(self.threshold(norm, outer, t))).clamp_min(0)
        return kernels * (kept / norm.clamp_min(torch.finfo(norm.dtype).tiny)).unsqueeze(-1)


@register("hsqrt_gl")
class HSQRTGL(_OfKernelNorms):
    """R(w) = sum_j s_j sqrt(sum_i ||W_ij||_2): blocks vanish, and kernels of those left.

    Notes
    -----
    prox, exact: that of `GroupHalf` on the kernel norms.  The slope at 0 is infinite, so that
    there is no zero level; the subgradient at a zero kernel or block is taken to be 0.

    Source: paper 4, equation 9.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([3.0, 4.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> HSQRTGL().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(2.2361)
    """

    convex = False
    outer = staticmethod(safe_sqrt)

    def threshold(self, norms: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        return root_l1_threshold(Ranked(norms, outer), t).to(norms)


@register("hsq_gl")
class HSQGL(_OfKernelNorms):
    """R(w) = sum_j s_j (sum_i ||W_ij||_2)^2: the kernels of a block compete.

    Notes
    -----
    prox, exact: that of the squared l1 norm on the kernel norms, so that kernels vanish.  No
    lam holds a whole block at 0 (the zero level is infinite).

    Source: paper 4, equation 10.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([3.0, 4.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> HSQGL().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(25.)
    """

    outer = staticmethod(torch.square)

    def threshold(self, norms: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        return squared_l1_threshold(Ranked(norms, outer), 2 * t).to(norms)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return torch.where(blocks.max(grad.abs()) > 0, torch.inf, 0.0)


class _Competing:
    """Kernels under tau / 2 ||x||_1^2 each: ||x||_1 = max_k S_k / (1 + tau k) at the minimizer.

    S_k is the sum of the k largest entries; x is the kernel's soft threshold at tau ||x||_1.
    """

    def __init__(self, kernels: Tensor) -> None:
        self.kernels, self.ranked = kernels, _rank_within(kernels)

    def largest(self, a: Tensor | float, b: Tensor) -> Tensor:
        """max_k S_k / (a + b k) for each kernel."""
        a = torch.as_tensor(a, device=b.device).unsqueeze(-1)
        return (self.ranked.sum / (a + b.unsqueeze(-1) * self.ranked.rank)).amax(-1)

    def at(self, theta: Tensor) -> Tensor:
        return (self.kernels - theta.to(self.kernels).unsqueeze(-1)).clamp_min(0)


def _rank_within(kernels: Tensor) -> Ranked:
    """The entries of each kernel by rank."""
    return Ranked(kernels, Blocks(kernels.shape[-2:], (-2,)).to(kernels))


@register("hsqrt_es")
class HSQRTES(Hierarchical):
    """R(w) = sum_j s_j sqrt(sum_i ||W_ij||_1^2): blocks vanish, and entries of each kernel.

    Notes
    -----
    Convex, for it is a norm of each block.  prox, exact: with rho the value of that norm at the
    minimizer, each kernel has the prox of t / (2 rho) ||.||_1^2 (t = step * lam * s_j); rho is
    the root of one falling function per block, and 0 up to the dual norm
    sqrt(sum_i max |W_ij|^2) <= t.

    Source: paper 4, equation 11.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([3.0, 4.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> HSQRTES().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(7.)
    """

    inner = staticmethod(_squared_norm1)
    outer = staticmethod(safe_sqrt)

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        competing, t_ = _Competing(kernels), outer.spread(t)

        def excess(rho: Tensor) -> Tensor:
            share = competing.largest(outer.spread(rho), t_)  # ||x_ij||_1 / rho
            return outer.sum(share.square()).sqrt() - 1

        high = outer.sum(_squared_norm1(kernels)).sqrt()
        rho = falling_root(excess, torch.broadcast_tensors(high, t)[0])
        theta = t_ * competing.largest(outer.spread(rho), t_)
        return competing.at(torch.where(outer.spread(rho > 0), theta, torch.inf))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        kernels, outer = _kernels(grad.abs(), blocks)
        dual = outer.sum(kernels.amax(-1).square()).sqrt()
        return torch.where(dual > 0, dual / blocks.weights, 0.0)


@register("hsq_es")
class HSQES(Hierarchical):
    """R(w) = sum_j s_j (sum_i ||W_ij||_1^2)^2: entries of each kernel compete.

    Notes
    -----
    Convex.  prox, exact: with q the inner sum at the minimizer, each kernel has the prox of
    2 t q ||.||_1^2 (t = step * lam * s_j); q is the root of one falling function per block.
    Entries vanish, but no lam holds a whole block at 0 (the zero level is infinite).

    Source: paper 4, equation 12.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([1.0, 2.0]).reshape(1, 1, 1, 2)
    >>> one = torch.ones(1)
    >>> HSQES().value(w, Blocks((1, 1, 1, 2), (-3,), None, one), lam=1.0)
    tensor(81.)
    """

    inner = staticmethod(_squared_norm1)
    outer = staticmethod(torch.square)

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        competing = _Competing(kernels)

        def excess(q: Tensor) -> Tensor:
            return outer.sum(competing.largest(1.0, outer.spread(4 * t * q)).square()) - q

        high = outer.sum(_squared_norm1(kernels))
        q = falling_root(excess, torch.broadcast_tensors(high, t)[0])
        tau = outer.spread(4 * t * q)
        return competing.at(tau * competing.largest(1.0, tau))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return torch.where(blocks.max(grad.abs()) > 0, torch.inf, 0.0)


class _OfKernelRoots(Hierarchical):
    """f = sqrt(||.||_1): concave in the l1 norms of the kernels.

    The prox repeats the local linear approximation (Zou and Li 2008): R is replaced by its
    tangent in those l1 norms, which lies above it and whose prox is a soft threshold, until
    nothing moves.  Each step lowers the objective, but where it ends depends on where it
    begins.  So it begins at w, at the one kernel with the largest entry, and where the outer
    function alone is replaced by its tangent at some p, for which the minimizer is known
    (`GroupHalf` on each kernel); the lowest end, or 0, is returned.
    """

    convex = False
    inner = staticmethod(_root_norm1)

    @abstractmethod
    def outer_slope(self, p: Tensor) -> Tensor:
        """F'(p) for p > 0."""

    @abstractmethod
    def starts(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Iterable[Tensor]:
        """Minimizers for tangents of F that are worth a try."""

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        peak = kernels.amax(-1)
        single = kernels * (peak == outer.spread(outer.max(peak))).unsqueeze(-1)
        best = torch.zeros_like(kernels)
        lowest = self._height(best, kernels, outer, t)
        for start in [kernels, single, *self.starts(kernels, outer, t)]:
            x = self._descend(start, kernels, outer, t)
            height = self._height(x, kernels, outer, t)
            best = torch.where(outer.spread(height < lowest).unsqueeze(-1), x, best)
            lowest = torch.minimum(height, lowest)
        return best

    def _height(self, x: Tensor, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        """The objective of each block."""
        distance = outer.sum((x - kernels).square().sum(-1)) / 2
        return t * self.outer(outer.sum(_root_norm1(x))) + distance

    def _descend(self, x: Tensor, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        eps = torch.finfo(x.dtype).eps
        for _ in range(MAX_TANGENTS):
            root = _root_norm1(x)
            tangent = outer.spread(t * self.outer_slope(outer.sum(root))) / (2 * root)
            theta = torch.where(root > 0, tangent, torch.inf).unsqueeze(-1)
            before, x = x, (kernels - theta).clamp_min(0)
            if ((x - before).abs() <= 4 * eps * kernels).all():
                break
        return x

    def _given(
        self, p: Tensor, ranked: Ranked, kernels: Tensor, outer: Blocks, t: Tensor
    ) -> Tensor:
        """The minimizer for the tangent of F at p, (..., n_blocks)."""
        slope = outer.spread(t * self.outer_slope(p))
        theta = root_l1_threshold(ranked, slope.expand(*slope.shape[:-1], kernels.shape[-2]))
        return (kernels - theta.to(kernels).unsqueeze(-1)).clamp_min(0)


@register("hsqrt_gl_half")
class HSQRTGLHalf(_OfKernelRoots):
    """R(w) = sum_j s_j sqrt(sum_i sqrt(||W_ij||_1)): blocks, kernels and entries vanish.

    Notes
    -----
    prox: local linear approximations, repeated from several starts; a local minimizer.  The
    slope at 0 is infinite, so that there is no zero level; the subgradient at a zero kernel
    or block is taken to be 0.

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

    def starts(self, kernels: Tensor, outer: Blocks, t: Tensor) -> list[Tensor]:
        """F is the lowest of its tangents, so that the best p of a scan is near the minimizer."""
        ranked, p = _rank_within(kernels), outer.sum(_root_norm1(kernels))
        best = torch.zeros_like(kernels)
        lowest = self._height(best, kernels, outer, t)
        for _ in range(SCAN):
            x = self._given(p, ranked, kernels, outer, t)
            height = self._height(x, kernels, outer, t)
            best = torch.where(outer.spread(height < lowest).unsqueeze(-1), x, best)
            lowest, p = torch.minimum(height, lowest), SHORTER * p
        return [best]


@register("hsq_gl_half")
class HSQGLHalf(_OfKernelRoots):
    """R(w) = sum_j s_j (sum_i sqrt(||W_ij||_1))^2: blocks, kernels and entries vanish.

    Notes
    -----
    prox: local linear approximations, repeated from several starts; a local minimizer.  A
    single kernel has the penalty ||W_ij||_1, and no more than that is needed to hold a block
    at 0: the zero level is max |grad| / s_j.

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

    def starts(self, kernels: Tensor, outer: Blocks, t: Tensor) -> list[Tensor]:
        """The inner sum at the minimizer falls with p: p where they meet, from both sides."""
        ranked, high = _rank_within(kernels), outer.sum(_root_norm1(kernels))
        low = torch.zeros_like(high)
        for _ in range(HALVINGS):
            p = (low + high) / 2
            above = outer.sum(_root_norm1(self._given(p, ranked, kernels, outer, t))) > p
            low, high = torch.where(above, p, low), torch.where(above, high, p)
        return [self._given(p, ranked, kernels, outer, t) for p in (low, high)]

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        largest = blocks.max(grad.abs())
        return torch.where(largest > 0, largest / blocks.weights, 0.0)


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
    prox: first the soft threshold, then that of `HSQRTGLHalf`; the order is exact.

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
    prox: first the soft threshold, then that of `HSQGLHalf`; the order is exact.

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
