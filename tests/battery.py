"""The table of instances that drives the laws of every regularizer.

A cut is a tensor shape with its blocks, written down twice: as `Blocks`, and as lists of index
tuples made by plain loops.  A case is a regularizer with its formula as a plain Python loop
over those lists.  Nothing in a formula comes from sgnn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch

from sgnn import regularizers
from sgnn.groups import Blocks
from sgnn.regularizers import Regularizer

Entries = dict  # {index tuple: weight} of one block


@dataclass(frozen=True)
class Cut:
    """A shape, the axes along which the labels run, and the label and weight of each block."""

    name: str
    shape: tuple
    dims: tuple
    labels: tuple | None = None
    weights: tuple | None = None

    @property
    def blocks(self) -> Blocks:
        labels = None if self.labels is None else torch.tensor(self.labels)
        weights = torch.tensor(self.factors, dtype=torch.float64)
        return Blocks(self.shape, self.dims, labels, weights)

    @property
    def factors(self) -> list[float]:
        """s_g: as given, or sqrt(number of entries)."""
        if self.weights is not None:
            return list(self.weights)
        return [math.sqrt(len(block)) for block in self.indices()]

    @cache  # noqa: B019, there are a dozen cuts
    def indices(self) -> list[list[tuple]]:
        """The index tuples of each block."""
        grouped = [self.shape[d] for d in self.dims]
        places = list(np.ndindex(*grouped))
        labels = list(range(len(places))) if self.labels is None else list(self.labels)
        label = dict(zip(places, labels, strict=True))
        blocks: list[list[tuple]] = [[] for _ in range(max(labels) + 1)]
        for index in np.ndindex(*self.shape):
            blocks[label[tuple(index[d] for d in self.dims)]].append(index)
        return blocks

    def entries(self, w: torch.Tensor) -> list[Entries]:
        """The weights of each block of one tensor."""
        return [{index: float(w[index]) for index in block} for block in self.indices()]

    def relabeled(self, order: list[int]) -> Cut:
        """Block g called order[g]."""
        inverse = np.argsort(order)
        return Cut(self.name, self.shape, self.dims, tuple(order[g] for g in self.labels),
                   tuple(self.factors[g] for g in inverse))  # fmt: skip


CUTS = [
    Cut("vector", (7,), (-1,), (2, 0, 1, 1, 0, 2, 2), (0.5, 2.0, 1.5)),
    Cut("vector of singles", (4,), (-1,), None, (1.0, 0.3, 2.0, 1.0)),
    Cut("columns", (3, 6), (-1,), (1, 0, 1, 2, 1, 0), None),
    Cut("weighted columns", (2, 5), (-1,), (1, 0, 2, 2, 2), (3.0, 0.0, 1.0)),
    Cut("one block", (3, 2), (-1,), (0, 0), (1.3,)),
    Cut("neurons", (4, 3), (-2,), None, None),
    Cut("input channels", (2, 4, 2, 2), (-3,), (1, 0, 0, 1), (0.6, 1.0)),
    Cut("channels", (3, 2, 1, 3), (-3,), None, (1.0, 1.0)),
    Cut("output channels", (2, 3, 2, 1), (-4,), None, (1.0, 0.4)),
    Cut("filters", (2, 2, 2, 2), (-4, -3), None, (1.0, 1.0, 0.5, 2.0)),
]

# Small enough for brute force.
TINY = [
    Cut("one entry", (1,), (-1,), None, (1.0,)),
    Cut("pair", (2,), (-1,), (0, 0), None),
    Cut("two singles", (2,), (-1,), None, (1.0, 0.4)),
    Cut("kernel of two", (1, 1, 1, 2), (-3,), None, (1.0,)),
    Cut("two kernels", (2, 1, 1, 1), (-3,), None, (0.8,)),
]


# The formulas as loops -----------------------------------------------------------------------


def norm1(entries: Entries) -> float:
    return sum(abs(v) for v in entries.values())


def norm2(entries: Entries) -> float:
    return math.sqrt(sum(v * v for v in entries.values()))


def each_entry(r: Callable[[float, float], float]) -> Callable:
    """sum_i r(|w_i|, lam)."""

    def formula(blocks: list[Entries], factors: list[float], lam: float) -> float:
        return sum(r(abs(v), lam) for block in blocks for v in block.values())

    return formula


def each_block(r: Callable[[Entries], float]) -> Callable:
    """lam sum_g s_g r(w_g)."""

    def formula(blocks: list[Entries], factors: list[float], lam: float) -> float:
        return lam * sum(s * r(block) for block, s in zip(blocks, factors, strict=True))

    return formula


def mixed(group: Callable, element: Callable, a: float = 1.0, b: float = 1.0) -> Callable:
    """a group + b element."""

    def formula(blocks: list[Entries], factors: list[float], lam: float) -> float:
        return group(blocks, factors, a * lam) + element(blocks, factors, b * lam)

    return formula


def scad(v: float, lam: float, a: float = 3.7) -> float:
    if v < lam:
        return lam * v
    if v < a * lam:
        return (2 * a * lam * v - v * v - lam * lam) / (2 * (a - 1))
    return (a + 1) * lam * lam / 2


def mcp(v: float, lam: float, a: float = 3.0) -> float:
    return lam * v - v * v / (2 * a) if v < a * lam else a * lam * lam / 2


def tl1(v: float, lam: float, a: float = 1.0) -> float:
    return lam * (a + 1) * v / (a + v)


def on_norms(r: Callable[[float, float], float]) -> Callable:
    """sum_g r(||w_g||_2, lam s_g)."""

    def formula(blocks: list[Entries], factors: list[float], lam: float) -> float:
        return sum(r(norm2(block), lam * s) for block, s in zip(blocks, factors, strict=True))

    return formula


def l1_minus_l2(alpha: float) -> Callable:
    """lam (||w||_1 - alpha ||w||_2) of the whole tensor."""

    def formula(blocks: list[Entries], factors: list[float], lam: float) -> float:
        whole = {index: v for block in blocks for index, v in block.items()}
        return lam * (norm1(whole) - alpha * norm2(whole))

    return formula


def kernels(block: Entries) -> list[Entries]:
    """The kernels w[i, j] of a block; single entries where there are no further axes."""
    found: dict[tuple, Entries] = {}
    for index, v in block.items():
        found.setdefault(index[:2], {})[index] = v
    return list(found.values())


def over_kernels(inner: Callable[[Entries], float], outer: Callable[[float], float]) -> Callable:
    """lam sum_g s_g outer(sum of inner(kernel))."""
    return each_block(lambda block: outer(sum(inner(kernel) for kernel in kernels(block))))


def square(v: float) -> float:
    return v * v


def norm1_squared(entries: Entries) -> float:
    return norm1(entries) ** 2


def norm1_root(entries: Entries) -> float:
    return math.sqrt(norm1(entries))


lasso = each_entry(lambda v, lam: lam * v)
l0 = each_entry(lambda v, lam: lam * (v != 0))
group_lasso = each_block(norm2)
ridge = each_block(lambda block: norm2(block) ** 2 / 2)
exclusive = each_block(lambda block: norm1_squared(block) / 2)
group_half = each_block(norm1_root)
hsqrt_gl_half = over_kernels(norm1_root, math.sqrt)
hsq_gl_half = over_kernels(norm1_root, square)


@dataclass(frozen=True)
class Case:
    """A regularizer and what is known about it.

    Attributes
    ----------
    formula : callable (blocks, factors, lam) -> float
        lam * R by plain loops.
    zero_level : bool
        Whether it has one.
    """

    name: str
    regularizer: Regularizer
    formula: Callable
    zero_level: bool = True


def case(
    label: str, name: str, formula: Callable, *, zero_level: bool = True, **parameters: object
) -> Case:
    return Case(label, regularizers.get(name, **parameters), formula, zero_level)


CASES = [
    case("l1", "l1", lasso),
    case("l2", "l2", each_entry(lambda v, lam: lam * v * v)),
    case("group lasso", "group_lasso", group_lasso),
    case("elastic net", "elastic_net", mixed(group_lasso, ridge, 0.5, 0.5)),
    case("elastic net, alpha=0.2", "elastic_net", mixed(group_lasso, ridge, 0.2, 0.8), alpha=0.2),
    case("sparse group lasso", "sparse_group_lasso", mixed(group_lasso, lasso)),
    case("SGL, alpha=0.3", "sgl_l1", mixed(group_lasso, lasso, 0.3, 0.7), alpha=0.3),
    case("SGL, alpha=1", "sgl_l1", group_lasso, alpha=1.0),
    case("SGL, alpha=0", "sgl_l1", lasso, alpha=0.0),
    case("l0", "l0", l0, zero_level=False),
    case("scad", "scad", each_entry(scad)),
    case("scad, a=2.5", "scad", each_entry(partial(scad, a=2.5)), a=2.5),
    case("mcp", "mcp", each_entry(mcp)),
    case("mcp, a=1.4", "mcp", each_entry(partial(mcp, a=1.4)), a=1.4),
    case("tl1", "tl1", each_entry(tl1)),
    case("tl1, a=0.2", "tl1", each_entry(partial(tl1, a=0.2)), a=0.2),
    case("l1 - l2", "l1l2", l1_minus_l2(1.0)),
    case("l1 - 0.6 l2", "l1l2", l1_minus_l2(0.6), alpha=0.6),
    case("group l0", "group_l0", on_norms(lambda v, lam: lam * (v != 0)), zero_level=False),
    case("group scad", "group_scad", on_norms(scad)),
    case("group mcp", "group_mcp", on_norms(mcp)),
    case("SGL-l0", "sgl_l0", mixed(group_lasso, l0), zero_level=False),
    case("SGL-SCAD", "sgl_scad", mixed(group_lasso, each_entry(scad))),
    case("SGL-TL1", "sgl_tl1", mixed(group_lasso, each_entry(tl1))),
    case("SGL-(l1 - l2)", "sgl_l1l2", mixed(group_lasso, l1_minus_l2(1.0))),
    case("SGL-(l1 - 0.6 l2)", "sgl_l1l2", mixed(group_lasso, l1_minus_l2(0.6)), alpha=0.6),
    case("ES", "exclusive", exclusive),
    case("ES without 1/2", "exclusive", each_block(norm1_squared), half=False),
    case("CGES", "cges", mixed(group_lasso, exclusive, 0.5, 0.5)),
    case("CGES, mu=0.8", "cges", mixed(group_lasso, exclusive, 0.2, 0.8), mu=0.8),
    case("CGES, mu=0", "cges", group_lasso, mu=0.0),
    case("CGES, mu=1", "cges", exclusive, mu=1.0),
    case("GL1/2", "gl_half", group_half, zero_level=False),
    case("SGL1/2", "sgl_half", mixed(group_half, lasso, 0.5, 0.5), zero_level=False),
    case("SGL1/2, alpha=0.2", "sgl_half", mixed(group_half, lasso, 0.2, 0.8), zero_level=False,
         alpha=0.2),
    case("HSQRT-GL", "hsqrt_gl", over_kernels(norm2, math.sqrt), zero_level=False),
    case("HSQ-GL", "hsq_gl", over_kernels(norm2, square)),
    case("HSQRT-ES", "hsqrt_es", over_kernels(norm1_squared, math.sqrt)),
    case("HSQ-ES", "hsq_es", over_kernels(norm1_squared, square)),
    case("HSQRT-GL1/2", "hsqrt_gl_half", hsqrt_gl_half, zero_level=False),
    case("HSQ-GL1/2", "hsq_gl_half", hsq_gl_half),
    case("SHSQRT-GL1/2", "shsqrt_gl_half", mixed(hsqrt_gl_half, lasso, 0.5, 0.5), zero_level=False),
    case("SHSQ-GL1/2", "shsq_gl_half", mixed(hsq_gl_half, lasso, 0.5, 0.5)),
]  # fmt: skip
