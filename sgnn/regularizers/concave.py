"""Concave penalties that do not shrink large weights: SCAD and MCP, on entries and on blocks."""

from __future__ import annotations

import torch
from torch import Tensor

from .base import Lam, register
from .scalar import Entrywise, Normwise, is_above

__all__ = ["MCP", "SCAD", "GroupMCP", "GroupSCAD"]


@register("scad")
class SCAD(Entrywise):
    """R(w) = sum_i r(|w_i|), the smoothly clipped absolute deviation.

    lam r(x) = lam x up to lam, (2 a lam x - x^2 - lam^2) / (2 (a - 1)) up to a lam, and
    (a + 1) lam^2 / 2 beyond: l1 near 0, flat where a weight is large.

    Parameters
    ----------
    a : float > 2, default=3.7
        Where it becomes flat, in units of lam.

    Notes
    -----
    Not homogeneous in lam, which is why prox takes lam and step separately.  With
    t = step < a - 1 the prox is

    - S_{t lam}(w) for |w| <= (1 + t) lam,
    - ((a - 1) w - sign(w) a t lam) / (a - 1 - t) for |w| <= a lam,
    - w beyond,

    which for t = 1 is table 1 of paper 3 (there the middle line ends, by a misprint, at
    2 lam).  For t >= a - 1 the better of min(S_{t lam}(|w|), lam) and w is the minimizer; for
    t >= a + 1 that is w where |w| > lam sqrt((a + 1) t), else 0.
    Paper 3's program calls the unit step with lam / beta for lam; that is not the minimizer of
    its equation 17b, which is lam and step = 1 / beta here.

    Source: Fan and Li (2001); paper 3, equation 7.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([1.5, 3.0, 4.0])
    >>> SCAD().prox(w, Blocks((3,), (-1,)), lam=1.0, step=1.0)
    tensor([0.5000, 2.5882, 4.0000])
    """

    convex = False

    def __init__(self, a: float = 3.7) -> None:
        if not a > 2:
            raise ValueError(f"a={a!r} must be above 2: give SCAD the usual 3.7.")
        self.a = a

    def penalty(self, x: Tensor, lam: Lam) -> Tensor:
        a = self.a
        middle = (2 * a * lam * x - x.square() - lam * lam) / (2 * (a - 1))
        outer = torch.where(x <= a * lam, middle, (a + 1) * lam * lam / 2)
        return torch.where(x <= lam, lam * x, outer)

    def derivative(self, x: Tensor, lam: Lam) -> Tensor:
        return (self.a * lam - x).div_(self.a - 1).clamp_min_(0).clamp_max_(lam)

    def shrink(self, x: Tensor, lam: Lam, step: Lam) -> Tensor:
        a, t = self.a, torch.as_tensor(step, dtype=x.dtype, device=x.device)
        if (t >= a + 1).all():
            return is_above(x, lam * ((a + 1) * t).sqrt()).mul_(x)
        soft, short = (x - t * lam).clamp_min(0), t < a - 1
        middle = ((a - 1) * x - a * t * lam) / torch.where(short, a - 1 - t, 1.0)
        outer = torch.where(x <= a * lam, middle, x)
        small = torch.where(x <= (1 + t) * lam, soft, outer)
        if short.all():
            return small
        # two local minima where the objective is not convex: compare them
        near = torch.minimum(soft, lam * torch.ones_like(x))
        saved = t * (self.penalty(x, lam) - self.penalty(near, lam))
        large = torch.where(saved > (x - near).square() / 2, near, x)
        return torch.where(short, small, large)


@register("mcp")
class MCP(Entrywise):
    """R(w) = sum_i r(|w_i|), the minimax concave penalty.

    lam r(x) = lam x - x^2 / (2 a) up to a lam, and a lam^2 / 2 beyond.

    Parameters
    ----------
    a : float > 1, default=3.0
        Where it becomes flat, in units of lam.

    Notes
    -----
    Not homogeneous in lam.  With t = step < a the prox is a / (a - t) S_{t lam}(w) for
    |w| <= a lam and w beyond; for t >= a it is w where |w| > lam sqrt(a t), else 0.

    Source: Zhang (2010).

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([0.5, 2.0, 4.0])
    >>> MCP().prox(w, Blocks((3,), (-1,)), lam=1.0, step=1.0)
    tensor([0.0000, 1.5000, 4.0000])
    """

    convex = False

    def __init__(self, a: float = 3.0) -> None:
        if not a > 1:
            raise ValueError(f"a={a!r} must be above 1: give MCP the usual 3.")
        self.a = a

    def penalty(self, x: Tensor, lam: Lam) -> Tensor:
        a = self.a
        return torch.where(x <= a * lam, lam * x - x.square() / (2 * a), a * lam * lam / 2)

    def derivative(self, x: Tensor, lam: Lam) -> Tensor:
        return (lam - x / self.a).clamp_min(0)

    def shrink(self, x: Tensor, lam: Lam, step: Lam) -> Tensor:
        a, t = self.a, torch.as_tensor(step, dtype=x.dtype, device=x.device)
        gap = torch.where(t < a, a - t, 1.0)
        small = torch.where(x <= a * lam, a * (x - t * lam).clamp_min(0) / gap, x)
        large = is_above(x, lam * (a * t).sqrt()).mul_(x)
        return torch.where(t < a, small, large)


@register("group_scad")
class GroupSCAD(Normwise):
    """R(w) = sum_g r(||w_g||_2), r the SCAD of lam s_g: blocks vanish, large ones are not shrunk.

    Parameters
    ----------
    a : float > 2, default=3.7
        A block is left alone beyond the norm a lam s_g.

    Notes
    -----
    prox: `SCAD` on the norm of each block, exact.

    Source: Wang, Chen and Li (2007); Luo and Halabi (2025) for networks, along a path from a
    dense to a sparse model.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> GroupSCAD().prox(torch.tensor([[3.0, 4.0]]), pair, lam=1.0, step=1.0).tolist()
    [[3.0, 4.0]]
    """

    size_factor = True

    def __init__(self, a: float = 3.7) -> None:
        self.a = SCAD(a).a

    @property
    def scalar(self) -> Entrywise:  # type: ignore[override]
        return SCAD(self.a)


@register("group_mcp")
class GroupMCP(Normwise):
    """R(w) = sum_g r(||w_g||_2), r the MCP of lam s_g: blocks vanish, large ones are not shrunk.

    Parameters
    ----------
    a : float > 1, default=3.0
        A block is left alone beyond the norm a lam s_g.

    Notes
    -----
    prox: `MCP` on the norm of each block, exact.

    Source: Huang, Breheny and Ma (2012); Luo and Halabi (2025) for networks.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> GroupMCP().prox(torch.tensor([[1.2, 1.6]]), pair, lam=1.0, step=1.0)
    tensor([[0.9000, 1.2000]])
    """

    size_factor = True

    def __init__(self, a: float = 3.0) -> None:
        self.a = MCP(a).a

    @property
    def scalar(self) -> Entrywise:  # type: ignore[override]
        return MCP(self.a)
