"""Hierarchical criteria of paper 4: an outer function of sums of an inner one over kernels.

R(w) = sum_j s_j F(sum_i f(W_ij)), W_ij a kernel w[i, j]: F the square root (HSQRT) or the square
(HSQ), f the norm (GL), the squared l1 norm (ES) or the root of the l1 norm (GL 1/2).  The blocks
are the outer groups j: `Blocks.channels` for the feature-wise criteria, `Blocks.neurons` for the
neuron-wise, `Blocks.filters` for the filter-wise ones, or groups of channels.  In a dense weight
every entry is a kernel.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from ..groups import Blocks
from .base import Lam, Regularizer, critical_lam, per_block, register
from .exclusive import squared_l1_threshold
from .half import root_l1_threshold
from .solvers import Ranked, decreasing_root, safe_sqrt

__all__ = ["HSQES", "HSQGL", "HSQRTES", "HSQRTGL", "Hierarchical", "root_norm1"]


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
        """The prox of the magnitudes of kernels, (..., out, in, entries), t = step * lam * s_j."""

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        kernels, outer = _kernels(w.abs(), blocks)
        values = self.outer(outer.sum(self.inner(kernels)))
        return (per_block(lam) * blocks.weights * values).sum(-1)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        kernels, outer = _kernels(w.abs(), blocks)
        shrunk = self.shrink(kernels, outer, per_block(step * lam) * blocks.weights)
        replicas = shrunk.shape[: shrunk.dim() - len(outer.shape) - 1]
        return w.sign() * shrunk.reshape(*replicas, *blocks.shape)


def _kernels(w: Tensor, blocks: Blocks) -> tuple[Tensor, Blocks]:
    """w as (..., out, in, entries of a kernel), and its blocks as blocks of whole kernels."""
    shape = blocks.shape[:2]
    inside = len(blocks.shape) - len(shape)  # axes of a kernel
    if max(blocks.dims) >= -inside:
        raise ValueError(
            f"blocks run along the axes {blocks.dims} and cut kernels apart: give blocks of "
            f"whole kernels, as Blocks.neurons, Blocks.channels and Blocks.filters make them."
        )
    dims = tuple(dim + inside for dim in blocks.dims)
    outer = Blocks(shape, dims, None if blocks.single else blocks.labels).to(w)
    return w.reshape(*w.shape[: w.dim() - len(blocks.shape)], *shape, -1), outer


def norm2(kernels: Tensor) -> Tensor:
    return safe_sqrt(kernels.square().sum(-1))


def norm1(kernels: Tensor) -> Tensor:
    return kernels.sum(-1)


def squared_norm1(kernels: Tensor) -> Tensor:
    return norm1(kernels).square()


def root_norm1(kernels: Tensor) -> Tensor:
    return safe_sqrt(norm1(kernels))


class _KernelNormCriterion(Hierarchical):
    """f = ||.||_2: the prox soft-thresholds the norm of each kernel."""

    inner = staticmethod(norm2)

    @abstractmethod
    def threshold(self, norms: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        """theta_j for the kernel norms (..., out, in): (..., n_blocks)."""

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        norm = norm2(kernels)
        kept = (norm - outer.spread(self.threshold(norm, outer, t))).clamp_min(0)
        return kernels * (kept / norm.clamp_min(torch.finfo(norm.dtype).tiny)).unsqueeze(-1)


@register("hsqrt_gl")
class HSQRTGL(_KernelNormCriterion):
    """R(w) = sum_j s_j sqrt(sum_i ||W_ij||_2): blocks vanish, and kernels of the others.

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
class HSQGL(_KernelNormCriterion):
    """R(w) = sum_j s_j (sum_i ||W_ij||_2)^2: exclusive sparsity of the kernels of a block.

    Notes
    -----
    prox, exact: that of the squared l1 norm on the kernel norms, so that kernels vanish.  No
    lam keeps a whole block at 0 (the zero level is infinite).

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
        return critical_lam(blocks.max(grad.abs()), 0.0)


class _SquaredL1Prox:
    """The prox of tau / 2 ||x||_1^2 of each kernel: the soft threshold at tau ||x||_1.

    ||x||_1 = max_k S_k / (1 + tau k) with S_k the sum of the k largest entries.
    """

    def __init__(self, kernels: Tensor) -> None:
        self.kernels = kernels
        self.sums = kernels.sort(-1, descending=True).values.cumsum(-1)
        self.k = torch.arange(1, kernels.shape[-1] + 1, device=kernels.device)

    def largest(self, a: Tensor | float, b: Tensor) -> Tensor:
        """max_k S_k / (a + b k) for each kernel."""
        a = torch.as_tensor(a, device=b.device).unsqueeze(-1)
        return (self.sums / (a + b.unsqueeze(-1) * self.k)).amax(-1)

    def at(self, theta: Tensor) -> Tensor:
        return (self.kernels - theta.unsqueeze(-1)).clamp_min(0)


@register("hsqrt_es")
class HSQRTES(Hierarchical):
    """R(w) = sum_j s_j sqrt(sum_i ||W_ij||_1^2): blocks vanish, and entries of each kernel.

    Notes
    -----
    Convex, as it is a norm of each block.  prox, exact: with rho the value of that norm at the
    minimizer, each kernel has the prox of t / (2 rho) ||.||_1^2 (t = step * lam * s_j); rho is
    the root of one decreasing function per block, and 0 if the dual norm
    sqrt(sum_i max |W_ij|^2) is at most t.

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

    expensive_prox = True
    inner = staticmethod(squared_norm1)
    outer = staticmethod(safe_sqrt)

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        l1_prox, t_ = _SquaredL1Prox(kernels), outer.spread(t)

        def excess(rho: Tensor) -> Tensor:
            share = l1_prox.largest(outer.spread(rho), t_)  # ||x_ij||_1 / rho
            return outer.sum(share.square()).sqrt() - 1

        high = outer.sum(squared_norm1(kernels)).sqrt()
        rho = decreasing_root(excess, torch.broadcast_tensors(high, t)[0])
        theta = t_ * l1_prox.largest(outer.spread(rho), t_)
        return l1_prox.at(torch.where(outer.spread(rho > 0), theta, torch.inf))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        kernels, outer = _kernels(grad.abs(), blocks)
        dual = outer.sum(kernels.amax(-1).square()).sqrt()
        return critical_lam(dual, blocks.weights)


@register("hsq_es")
class HSQES(Hierarchical):
    """R(w) = sum_j s_j (sum_i ||W_ij||_1^2)^2: exclusive sparsity of the entries of each kernel.

    Notes
    -----
    Convex.  prox, exact: with q the inner sum at the minimizer, each kernel has the prox of
    2 t q ||.||_1^2 (t = step * lam * s_j); q is the root of one decreasing function per block.
    Entries vanish, but no lam keeps a whole block at 0 (the zero level is infinite).

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

    expensive_prox = True
    inner = staticmethod(squared_norm1)
    outer = staticmethod(torch.square)

    def shrink(self, kernels: Tensor, outer: Blocks, t: Tensor) -> Tensor:
        l1_prox = _SquaredL1Prox(kernels)

        def excess(q: Tensor) -> Tensor:
            return outer.sum(l1_prox.largest(1.0, outer.spread(4 * t * q)).square()) - q

        high = outer.sum(squared_norm1(kernels))
        q = decreasing_root(excess, torch.broadcast_tensors(high, t)[0])
        tau = outer.spread(4 * t * q)
        return l1_prox.at(tau * l1_prox.largest(1.0, tau))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return critical_lam(blocks.max(grad.abs()), 0.0)
