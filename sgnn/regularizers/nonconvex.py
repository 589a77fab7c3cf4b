"""Nonconvex penalties: l0 of entries and of blocks, transformed l1, and l1 - alpha l2."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..groups import Blocks
from ..rules import Rule, check_parameters, number
from .base import Lam, Regularizer, critical_lam, per_block, per_entry, register, total
from .gates import HardConcrete
from .scalar import Entrywise, Normwise, is_above
from .solvers import safe_sqrt

__all__ = ["L0", "L1L2", "TL1", "GroupL0", "stretched_prox"]


@register("l0")
class L0(Entrywise):
    """R(w) = ||w||_0, the number of nonzero entries.

    Notes
    -----
    prox: w where |w| > sqrt(2 t), t = step * lam, else 0.  The subgradient is 0 everywhere and
    there is no zero level: gradient methods without a prox remove nothing.

    Source: paper 3, equation 6 and table 1.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([-3.0, 0.9])
    >>> L0().prox(w, Blocks((2,), (-1,)), lam=0.5, step=1.0).tolist()
    [-3.0, 0.0]
    """

    convex = False

    def penalty(self, x: Tensor, lam: Lam) -> Tensor:
        return lam * (x != 0).to(x.dtype)

    def shrink(self, x: Tensor, lam: Lam, step: Lam) -> Tensor:
        return is_above(x.square(), 2 * step * lam).mul_(x)

    def derivative(self, x: Tensor, lam: Lam) -> Tensor:
        return torch.zeros_like(lam * x)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        lam = torch.as_tensor(per_entry(lam, blocks))
        return w.new_zeros(()).expand(torch.broadcast_shapes(w.shape, lam.shape))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return Regularizer.zero_level(self, grad, blocks)


@register("group_l0")
class GroupL0(Normwise):
    """R(w) = sum_g s_g [w_g != 0], the weighted number of nonzero blocks.

    Notes
    -----
    prox: w_g where ||w_g||_2 > sqrt(2 t s_g), t = step * lam, else 0.  The subgradient is 0
    everywhere and there is no zero level: gradient methods without a prox remove nothing, except
    for `SparseGroupCNN(algorithm="gates")`, whose hard-concrete gates penalize the expected R.

    Source: Louizos, Welling and Kingma (2018), section 2.1; paper 3, section 3.1 (its l0).

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([[3.0, 0.2], [4.0, 0.1]])
    >>> GroupL0().prox(w, Blocks.channels(w.shape).to(w), lam=0.5, step=1.0).tolist()
    [[3.0, 0.0], [4.0, 0.0]]
    """

    size_factor = True
    scalar = L0()
    gating = HardConcrete()

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return Regularizer.zero_level(self, grad, blocks)


@register("tl1")
class TL1(Entrywise):
    """R(w) = sum_i (a + 1) |w_i| / (a + |w_i|), the transformed l1: between l0 and l1.

    Parameters
    ----------
    a : float > 0, default=1.0
        Towards l0 for a -> 0, towards l1 for a -> infinity.

    Notes
    -----
    prox, t = step * lam: 0 for |w| <= tau, else sign(w) (2/3 (a + |w|) cos(phi / 3) - 2 a / 3
    + |w| / 3) with phi = arccos(1 - 27 t a (a + 1) / (2 (a + |w|)^3)); tau = t (a + 1) / a for
    t <= a^2 / (2 (a + 1)), where the prox is continuous, else sqrt(2 t (a + 1)) - a / 2.

    Source: Zhang and Xin (2017); paper 3, equation 8 and table 1.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([0.1, -2.0])
    >>> TL1().prox(w, Blocks((2,), (-1,)), lam=0.1, step=1.0)
    tensor([ 0.0000, -1.9774])
    """

    convex = False
    expensive_prox = True

    def __init__(self, a: float = 1.0) -> None:
        if not a > 0:
            raise ValueError(f"a={a!r} must be above 0: give TL1 the usual 1.")
        self.a = a

    @property
    def slope(self) -> float:  # type: ignore[override]
        return (self.a + 1) / self.a

    def penalty(self, x: Tensor, lam: Lam) -> Tensor:
        return lam * (self.a + 1) * x / (self.a + x)

    def derivative(self, x: Tensor, lam: Lam) -> Tensor:
        return (self.a + x).square_().reciprocal_() * (lam * (self.a + 1) * self.a)

    def shrink(self, x: Tensor, lam: Lam, step: Lam) -> Tensor:
        a = self.a
        t = torch.as_tensor(step * lam, dtype=x.dtype, device=x.device)
        jump = (2 * t * (a + 1)).sqrt() - a / 2
        tau = torch.where(t <= a * a / (2 * (a + 1)), t * self.slope, jump)
        x = x.expand(torch.broadcast_shapes(x.shape, t.shape))
        y = a + x
        # the formula above without cancellation: cos(phi / 3) = 1 - 2 sin^2(phi / 6); in place,
        # as allocating memory costs more than the arithmetic
        sine = y.pow(3).reciprocal_().mul_(27 / 4 * t * a * (a + 1))
        sine.clamp_max_(1).sqrt_().arcsin_().div_(3).sin_().square_()
        root = sine.mul_(y).mul_(-4 / 3).add_(x).clamp_min_(0)
        return root.mul_(y.copy_(x).gt_(tau))


@register("l1l2")
class L1L2(Regularizer):
    """R(w) = ||w||_1 - alpha ||w||_2, over the whole tensor.

    Parameters
    ----------
    alpha : float in [0, 1], default=1.0
        0 is l1; with 1 a tensor that has one nonzero entry is not penalized.

    Notes
    -----
    prox, t = step * lam, m = max |w_i|: for m > t the soft threshold z = S_t(w) stretched to
    z (1 + alpha t / ||z||_2); for (1 - alpha) t < m <= t only the entry of largest magnitude,
    m - (1 - alpha) t with its sign; else 0.  With alpha = 1 no lam sets all entries to 0.

    Source: Lou and Yan (2018); paper 3, equation 9 and table 1.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([4.0, 0.5])
    >>> L1L2().prox(w, Blocks((2,), (-1,)), lam=1.0, step=1.0).tolist()
    [4.0, 0.0]
    """

    convex = False

    additive = False

    rules: ClassVar[dict[str, Rule]] = {"alpha": number(0, 1)}

    def __init__(self, alpha: float = 1.0) -> None:
        check_parameters({"alpha": alpha}, self.rules)
        self.alpha = alpha

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return lam * (total(w.abs(), blocks) - self.alpha * safe_sqrt(total(w.square(), blocks)))

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        norm = total(w.square(), blocks).sqrt()
        shrunk = torch.where(norm > 0, self.alpha / norm, 0.0)
        return per_entry(lam, blocks) * (w.sign() - per_entry(shrunk, blocks) * w)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        t = step * lam
        soft = (w.abs() - per_entry(t, blocks)).clamp_min_(0)
        length = total(soft.square(), blocks).sqrt()
        if (length > 0).all():  # as in most steps: independent of the blocks
            return soft.mul_(per_entry(1 + self.alpha * t / length, blocks)).copysign_(w)
        return stretched_prox(w, blocks, t, torch.zeros_like(blocks.weights), self.alpha)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return critical_lam(blocks.max(grad.abs()), 1 - self.alpha)


def stretched_prox(w: Tensor, blocks: Blocks, t: Lam, s: Tensor, alpha: float) -> Tensor:
    """argmin_x t (||x||_1 + sum_g s_g ||x_g||_2 - alpha ||x||_2) + 1/2 ||x - w||^2.

    Along a ray x = r v, ||v||_2 = 1, the minimum is at r = max(reach(v) + alpha t, 0), where
    reach(v) = <w, v> - t (||v||_1 + sum_g s_g ||v_g||_2), and the largest r is optimal.  So v
    is the direction of the sparse group lasso's prox z if that is nonzero; else the reach is
    negative in every direction, and the optimal one has a single nonzero block.
    """
    magnitude, tiny = w.abs(), torch.finfo(w.dtype).tiny
    soft = (magnitude - per_entry(t, blocks)).clamp_min_(0)
    norm, cost, bonus = blocks.norm(soft), per_block(t) * s, alpha * per_block(t)
    left = (norm - cost).clamp_min(0)
    length = left.square().sum(-1, keepdim=True).sqrt()
    scale = left / norm.clamp_min(tiny) * (1 + bonus / length.clamp_min(tiny))
    x = soft * blocks.spread(scale)
    if (length == 0).any():
        reach = torch.where(norm > 0, norm, blocks.max(magnitude) - per_block(t)) - cost
        single = _within_one_block(magnitude, soft, norm, reach + bonus, blocks)
        x = torch.where(blocks.spread((length > 0).expand_as(left)), x, single)
    return torch.copysign(x, w)


def _within_one_block(
    magnitude: Tensor, soft: Tensor, norm: Tensor, length: Tensor, blocks: Blocks
) -> Tensor:
    """The block of greatest length, along its soft threshold or else its largest entry."""
    best = length.max(-1)
    chosen = one_hot(best.indices, blocks.n_blocks).to(magnitude.dtype)
    inside = blocks.spread(chosen)
    entries = (magnitude * inside).flatten(-len(blocks.shape))
    peak = one_hot(entries.argmax(-1), entries.shape[-1]).to(magnitude.dtype)
    norm = blocks.spread(norm)
    direction = torch.where(norm > 0, soft * inside / norm, peak.unflatten(-1, blocks.shape))
    return direction * blocks.spread((best.values.clamp_min(0).unsqueeze(-1)).expand_as(length))
