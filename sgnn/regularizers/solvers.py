"""Numerics shared by several proxes: root finding, a safe square root, sorted blocks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..groups import Blocks

__all__ = ["Ranked", "decreasing_root", "safe_sqrt"]

MAX_EVALUATIONS = 100


def safe_sqrt(q: Tensor) -> Tensor:
    """sqrt(q) of q >= 0, with the derivative 0 at 0."""
    zero = q == 0
    return torch.where(zero, 0.0, torch.where(zero, 1.0, q).sqrt())


def decreasing_root(f: Callable[[Tensor], Tensor], high: Tensor) -> Tensor:
    """The root of f, decreasing on [0, high] to f(high) <= 0; 0 where f(0) <= 0.

    Elementwise over `high`, by the Illinois method: false position that halves the value at an
    end which is retained, and bisection where that leaves the bracket.
    """
    a, b = torch.zeros_like(high), high
    f_a, f_b = f(a), f(b).clamp_max(0)  # positive only by rounding errors
    none = f_a <= 0
    for _ in range(MAX_EVALUATIONS):
        done = none | (f_b == 0) | ((b - a).abs() <= 4 * torch.finfo(b.dtype).eps * b)
        if done.all():
            break
        x = b - f_b * (b - a) / (f_b - f_a)
        inside = (x - a) * (x - b) < 0  # false for NaN as well, which infinite values give
        x = torch.where(done, b, torch.where(inside, x, (a + b) / 2))
        f_x = f(x)
        crossed = (f_x > 0) != (f_b > 0)
        a, f_a = torch.where(crossed, b, a), torch.where(crossed, f_b, f_a / 2)
        b, f_b = x, f_x
    return torch.where(none, 0.0, b)


class Ranked:
    """The entries v >= 0 of each block in descending order.

    Parameters
    ----------
    v : tensor of shape (..., *blocks.shape)
    blocks : Blocks

    Attributes
    ----------
    value, rank, sum : tensor
        The k-th largest entry of its block, k = 1, 2, ..., and the sum of the k largest.
    blocks : Blocks
        The same blocks, of the tensors here.
    """

    _first: Tensor | None  # index of the first entry of each block

    def __init__(self, v: Tensor, blocks: Blocks) -> None:
        rank = self._rows if blocks.single else self._runs
        self.value, self.rank, self.blocks = rank(v, blocks)
        self.sum = self.running(self.value)

    def _rows(self, v: Tensor, blocks: Blocks) -> tuple[Tensor, Tensor, Blocks]:
        """Blocks of equal size: (..., n_blocks, size), sorted along the last axis."""
        self._first = None
        lead = v.dim() - len(blocks.shape)
        rows = v.movedim(blocks.dims, tuple(range(lead, lead + len(blocks.dims))))
        value = rows.reshape(*v.shape[:lead], blocks.n_blocks, -1).sort(-1, descending=True).values
        rank = torch.arange(1, value.shape[-1] + 1, device=v.device)
        return value, rank, Blocks(value.shape[-2:], (-2,)).to(v)

    def _runs(self, v: Tensor, blocks: Blocks) -> tuple[Tensor, Tensor, Blocks]:
        """Blocks of any sizes: (..., all entries), sorted, then gathered block after block."""
        number = blocks.spread(torch.arange(blocks.n_blocks, device=v.device))
        label = number.expand(blocks.shape).flatten()
        v = v.double()  # for differences of long sums
        descending = v.flatten(-len(blocks.shape)).sort(-1, descending=True)
        order = label[descending.indices].sort(stable=True, dim=-1).indices
        value, label = descending.values.gather(-1, order), label.sort().values
        size = label.bincount(minlength=blocks.n_blocks)
        self._first = size.cumsum(0) - size
        rank = torch.arange(1, len(label) + 1, device=v.device) - self._first[label]
        return value, rank, Blocks(label.shape, (-1,), label).to(v)

    def running(self, x: Tensor) -> Tensor:
        """Sums of x, shaped as `value`, over the entries of the block up to this one."""
        sums = x.cumsum(-1)
        if self._first is None:
            return sums
        before = sums[..., self._first] - x[..., self._first]
        return sums - self.blocks.spread(before)

    def last(self, chosen: Tensor) -> Tensor:
        """Per block, the smallest of the chosen entries; chosen: mask shaped as `value`."""
        rank = self.blocks.max(torch.where(chosen, self.rank, 0).to(self.value.dtype))
        here = self.rank == self.blocks.spread(rank)
        return self.blocks.max(torch.where(here, self.value, 0.0))
