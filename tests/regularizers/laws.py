"""Properties of regularizers, each a function that fails for a case that violates it.

Most evaluate several strengths at once along a replica axis, which is how they are fast;
`replicas_are_single_calls` is the law that makes this fair.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sgnn.groups import Blocks

from ..battery import Case, Cut

LAM = torch.tensor([0.3, 1.0, 0.8, 2.0], dtype=torch.float64)
STEP = torch.tensor([0.5, 0.2, 1.0, 3.0], dtype=torch.float64)
R = len(LAM)
ROUNDING = 1e-11


def draw(cut: Cut, *replicas: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (*replicas, *cut.shape)
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64)


def with_zeros(cut: Cut, *replicas: int, seed: int = 0) -> Tensor:
    """Random weights with a zero block and every third other entry zero."""
    w = draw(cut, *replicas, seed=seed)
    w.view(-1)[::3] = 0
    for index in cut.indices()[0]:
        w[(..., *index)] = 0
    return w


def square(difference: Tensor, cut: Cut) -> Tensor:
    """Sum of squares over all axes but the replicas'."""
    return difference.square().sum(tuple(range(-len(cut.shape), 0)))


def assert_minimal(case: Case, cut: Cut, x: Tensor, others: Tensor, w: Tensor) -> None:
    """step * value + 1/2 ||. - w||^2 at x, (..., R, *shape), is not above that at n others."""

    def objective(x: Tensor) -> Tensor:
        return STEP * case.regularizer.value(x, cut.blocks, LAM) + square(x - w, cut) / 2

    lowest = objective(others).amin(0)
    assert (objective(x) <= lowest + ROUNDING * (1 + lowest)).all(), (case.name, cut.name)


# value and subgradient ---------------------------------------------------------------------


def value_is_the_formula(case: Case, cut: Cut) -> None:
    for w in (draw(cut, seed=1), with_zeros(cut, seed=2), torch.zeros(cut.shape).double()):
        for lam in (1.0, 0.37):
            expected = case.formula(cut.entries(w), cut.factors, lam)
            value = case.regularizer.value(w, cut.blocks, lam)
            assert value.shape == ()
            np.testing.assert_allclose(value, expected, rtol=1e-12)


def subgradient_is_the_slope(case: Case, cut: Cut) -> None:
    """Central differences of the value at a point without kinks."""
    w, h, lam = draw(cut, seed=3), 1e-6, 0.7
    steps = h * torch.eye(w.numel(), dtype=w.dtype).reshape(-1, *w.shape)
    up, down = (case.regularizer.value(w + d, cut.blocks, lam) for d in (steps, -steps))
    slope = ((up - down) / (2 * h)).reshape(w.shape)
    subgradient = case.regularizer.subgradient(w, cut.blocks, lam)
    torch.testing.assert_close(subgradient, slope, rtol=1e-6, atol=1e-7)


def subgradient_is_finite(case: Case, cut: Cut) -> None:
    """Everywhere, and 0 in a block that is exactly 0; autograd through the value agrees."""
    for w in (with_zeros(cut, seed=4), torch.zeros(cut.shape).double()):
        subgradient = case.regularizer.subgradient(w, cut.blocks, 0.7)
        assert subgradient.isfinite().all()
        assert all(subgradient[index] == 0 for index in cut.indices()[0])
        leaf = w.clone().requires_grad_()
        loss = 0 * leaf.sum()  # l0 has no graph
        (loss + case.regularizer.value(leaf, cut.blocks, 0.7)).backward()
        torch.testing.assert_close(leaf.grad, subgradient, rtol=1e-12, atol=0)


# prox --------------------------------------------------------------------------------------


def prox_beats_others(case: Case, cut: Cut) -> None:
    """Neighbors, points between 0, w and the prox, random points, entries or blocks set to 0."""
    w = torch.stack([draw(cut, R, seed=0, scale=scale) for scale in (0.3, 1.0, 3.0)])
    x = case.regularizer.prox(w, cut.blocks, LAM, STEP)
    near = [x + h * draw(cut, 20, 1, R, seed=9) for h in (1e-5, 1e-4, 1e-3, 1e-2)]
    shrunk = torch.linspace(0, 1.2, 13).double().reshape(-1, *(1 for _ in cut.shape))
    factors = torch.cat([shrunk.expand(-1, *cut.shape), holes(cut), 1 - holes(cut)])
    factors = factors[:, None, None]
    between = [x * factors, w * factors, w - (w - x) * factors]
    random = [draw(cut, 30, 3, R, seed=7, scale=scale) for scale in (0.3, 1.0, 3.0)]
    assert_minimal(case, cut, x, torch.cat([*near, *between, *random, x + random[1]]), w)


def holes(cut: Cut) -> Tensor:
    """Ones with a single entry, or a single block, replaced by 0: (n, *shape)."""
    gaps = [[index] for index in np.ndindex(*cut.shape)] + cut.indices()
    masks = torch.ones(len(gaps), *cut.shape).double()
    for mask, gap in zip(masks, gaps, strict=True):
        for index in gap:
            mask[index] = 0
    return masks


def prox_beats_a_grid(case: Case, cut: Cut) -> None:
    """Brute force for tensors of one or two entries."""
    entries = int(np.prod(cut.shape))
    axis = torch.arange(-40, 41).double() / 10  # 0 is in it, exactly
    grid = torch.cartesian_prod(*[axis] * entries).reshape(-1, 1, *cut.shape)
    w = draw(cut, 40 // entries**2, R, seed=10, scale=1.7)
    x = case.regularizer.prox(w, cut.blocks, LAM, STEP)
    reached = STEP * case.regularizer.value(x, cut.blocks, LAM) + square(x - w, cut) / 2
    value = STEP * case.regularizer.value(grid, cut.blocks, LAM)  # once for all w
    lowest = (value[:, None] + square(grid[:, None] - w, cut) / 2).amin(0)
    assert (reached <= lowest + ROUNDING).all(), (case.name, cut.name)


def three_points(case: Case, cut: Cut) -> None:
    """2 (g(xi) - g(u)) <= |u - z|^2 - |u - xi|^2 - |xi - z|^2 with xi = prox(z), g convex."""
    z = draw(cut, R, seed=20)
    xi = case.regularizer.prox(z, cut.blocks, LAM, STEP)
    u = torch.cat([h * draw(cut, 20, R, seed=30) + (h < 1) * xi for h in (1e-3, 1e-2, 0.1, 1.0)])
    g_xi, g_u = (STEP * case.regularizer.value(x, cut.blocks, LAM) for x in (xi, u))
    right = square(u - z, cut) - square(u - xi, cut) - square(xi - z, cut)
    assert (2 * (g_xi - g_u) <= right + ROUNDING * (1 + g_u)).all(), (case.name, cut.name)


def prox_of_zero_is_zero(case: Case, cut: Cut) -> None:
    zero = torch.zeros(R, *cut.shape).double()
    assert (case.regularizer.prox(zero, cut.blocks, LAM, STEP) == 0).all()


def small_steps_stand_still(case: Case, cut: Cut) -> None:
    w = with_zeros(cut, seed=5)
    for lam, step, far in ((0.7, 1e-13, 1e-6), (0.7, 0.0, 1e-15), (0.0, 0.5, 1e-15)):
        x = case.regularizer.prox(w, cut.blocks, lam, step)
        torch.testing.assert_close(x, w, rtol=0, atol=far)
        assert (x[w == 0] == 0).all()


def blocks_may_be_renamed(case: Case, cut: Cut) -> None:
    if cut.labels is None:
        return
    other = cut.relabeled(list(reversed(range(len(cut.factors)))))
    w = draw(cut, R, seed=6)
    x, renamed = (case.regularizer.prox(w, c.blocks, LAM, STEP) for c in (cut, other))
    torch.testing.assert_close(renamed, x, rtol=1e-12, atol=1e-13)


def entries_may_be_permuted(case: Case, cut: Cut) -> None:
    """Positions and their labels together, along the grouped axis."""
    if cut.labels is None:
        return
    (dim,) = cut.dims
    order = torch.randperm(cut.shape[dim], generator=torch.Generator().manual_seed(0))
    labels = tuple(cut.labels[i] for i in order.tolist())
    other = Cut(cut.name, cut.shape, cut.dims, labels, tuple(cut.factors))
    w = draw(cut, R, seed=7)
    x = case.regularizer.prox(w, cut.blocks, LAM, STEP)
    moved = case.regularizer.prox(w.index_select(dim, order), other.blocks, LAM, STEP)
    torch.testing.assert_close(moved, x.index_select(dim, order), rtol=1e-12, atol=1e-13)


# replicas, types ---------------------------------------------------------------------------


def replicas_are_single_calls(case: Case, cut: Cut) -> None:
    blocks, n = cut.blocks, 3
    w = draw(cut, n, seed=8)
    w[1] = with_zeros(cut, seed=8)
    together = every_result(case, w, blocks, LAM[:n], STEP[:n])
    for r in range(n):
        alone = every_result(case, w[r], blocks, float(LAM[r]), float(STEP[r]))
        for one, many in zip(alone, together, strict=True):
            torch.testing.assert_close(many[r], one, rtol=1e-12, atol=1e-13)


def every_result(case: Case, w: Tensor, blocks: Blocks, lam, step) -> list[Tensor]:
    regularizer = case.regularizer
    results = [
        regularizer.value(w, blocks, lam),
        regularizer.subgradient(w, blocks, lam),
        regularizer.prox(w, blocks, lam, step),
    ]
    return results + ([regularizer.zero_level(w, blocks)] if case.zero_level else [])


def numbers_broadcast_over_replicas(case: Case, cut: Cut) -> None:
    """A lam for each with one step for all, two replica axes, and one tensor for many lam."""
    regularizer, blocks = case.regularizer, cut.blocks
    w = draw(cut, 2, 3, seed=9)
    lam = LAM[:3]
    x = regularizer.prox(w, blocks, lam, 0.5)
    alone = regularizer.prox(w[1, 2], blocks, float(lam[2]), 0.5)
    torch.testing.assert_close(x[1, 2], alone, rtol=1e-12, atol=1e-13)
    assert regularizer.value(w, blocks, lam).shape == (2, 3)
    path = regularizer.prox(w[1, 2], blocks, lam, 0.5)
    torch.testing.assert_close(path[2], alone, rtol=1e-12, atol=1e-13)
    assert regularizer.value(w[1, 2], blocks, lam).shape == (3,)


def types_and_arguments_are_kept(case: Case, cut: Cut) -> None:
    w = draw(cut, 2, seed=10).float()
    before, blocks = w.clone(), cut.blocks.to(w)
    results = [
        case.regularizer.value(w, blocks, 0.5),
        case.regularizer.subgradient(w, blocks, 0.5),
        case.regularizer.prox(w, blocks, 0.5, 0.1),
        case.regularizer.prox(w, blocks, LAM[:2].float(), STEP[:2].float()),
    ]
    assert all(result.dtype == torch.float32 for result in results)
    assert all(result.shape == w.shape for result in results[1:])
    assert torch.equal(w, before)
    assert not w.requires_grad


# zeros -------------------------------------------------------------------------------------


def zero_level_is_sharp(case: Case, cut: Cut) -> None:
    """Just below it a gradient step from 0 leaves the block nonzero, just above it does not."""
    n, step = len(cut.indices()), 1e-3
    grad = torch.zeros(n, *cut.shape).double()  # one replica for each block
    for g, block in enumerate(cut.indices()):
        for index in block:
            grad[(g, *index)] = draw(cut, seed=11)[index]
    levels = case.regularizer.zero_level(grad, cut.blocks)
    assert levels.shape == (n, n)
    assert (levels[~torch.eye(n, dtype=torch.bool)] == 0).all()  # 0 already
    level = levels.diagonal()
    below = torch.where(level.isfinite(), level * (1 - 1e-7), 1e9)
    x = case.regularizer.prox(-step * grad, cut.blocks, below, step)
    assert (x.flatten(1) != 0).any(1).all(), (case.name, cut.name)
    above = torch.where(level.isfinite(), level * (1 + 1e-7), 0.0)
    x = case.regularizer.prox(-step * grad, cut.blocks, above, step)
    assert (x[level.isfinite()] == 0).all(), (case.name, cut.name)


ALWAYS = [
    value_is_the_formula,
    subgradient_is_the_slope,
    subgradient_is_finite,
    prox_beats_others,
    prox_of_zero_is_zero,
    small_steps_stand_still,
    blocks_may_be_renamed,
    entries_may_be_permuted,
    replicas_are_single_calls,
    numbers_broadcast_over_replicas,
    types_and_arguments_are_kept,
]
