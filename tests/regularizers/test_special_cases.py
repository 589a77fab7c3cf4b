"""Regularizers that agree in special cases and limits."""

from __future__ import annotations

import math

import pytest
import torch

from sgnn.groups import Blocks
from sgnn.regularizers import get

from .laws import LAM, STEP


def draw(*shape, seed=0, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64)


def ones(blocks):
    return Blocks(blocks.shape, blocks.dims, None if blocks.single else blocks.labels,
                  torch.ones(blocks.n_blocks, dtype=torch.float64))  # fmt: skip


SINGLES = ones(Blocks((9,), (-1,)))  # every entry a block of its own
WHOLE = Blocks.whole((4, 3), 1.0)
COLUMNS = Blocks.columns((4, 6), torch.tensor([1, 0, 2, 1, 1, 2]))
INPUTS = ones(Blocks.channels((5, 4)))
UNPADDED = ones(Blocks.channels((3, 4, 1, 1)))
FILTERS = ones(Blocks.filters((2, 3, 2, 2)))

# left, right, blocks, how far apart they may be
SAME = {
    "groups of one: group lasso = l1": (get("group_lasso"), get("l1"), SINGLES, 0),
    "groups of one: group l0 = l0": (get("group_l0"), get("l0"), SINGLES, 0),
    "groups of one: group SCAD = SCAD": (get("group_scad"), get("scad"), SINGLES, 0),
    "groups of one: group MCP = MCP": (get("group_mcp"), get("mcp"), SINGLES, 0),
    "SCAD without a bend = l1": (get("scad", a=1e9), get("l1"), SINGLES, 1e-7),
    "MCP without a bend = l1": (get("mcp", a=1e9), get("l1"), SINGLES, 1e-7),
    "TL1, a large = l1": (get("tl1", a=1e9), get("l1"), SINGLES, 1e-6),
    "TL1, a small = l0": (get("tl1", a=1e-9), get("l0"), SINGLES, 1e-6),
    "l1 - 0 l2 = l1": (get("l1l2", alpha=0.0), get("l1"), SINGLES, 0),
    "alpha = 1: SGL = group lasso": (get("sgl_l1", alpha=1.0), get("group_lasso"), COLUMNS, 0),
    "alpha = 0: SGL = l1": (get("sgl_l1", alpha=0.0), get("l1"), COLUMNS, 0),
    "SGL-(l1 - 0 l2) = SGL": (get("sgl_l1l2", alpha=0.0), get("sgl_l1"), COLUMNS, 0),
    "SGL-SCAD without a bend = SGL": (get("sgl_scad", a=1e9), get("sgl_l1"), COLUMNS, 1e-7),
    "SGL-TL1, a large = SGL": (get("sgl_tl1", a=1e9), get("sgl_l1"), COLUMNS, 1e-6),
    "group SCAD without a bend": (get("group_scad", a=1e9), get("group_lasso"), COLUMNS, 1e-7),
    "mu = 0: CGES = group lasso": (get("cges", mu=0.0), get("group_lasso"), COLUMNS, 0),
    "mu = 1: CGES = exclusive": (get("cges", mu=1.0), get("exclusive"), COLUMNS, 0),
    "alpha = 1: SGL1/2 = GL1/2": (get("sgl_half", alpha=1.0), get("gl_half"), COLUMNS, 0),
    "dense: HSQRT-GL = GL1/2": (get("hsqrt_gl"), get("gl_half"), INPUTS, 0),
    "dense: HSQ-GL = ES": (get("hsq_gl"), get("exclusive", half=False), INPUTS, 0),
    "dense: HSQRT-ES = group lasso": (get("hsqrt_es"), get("group_lasso"), INPUTS, 0),
    "1x1 kernels: HSQRT-ES = group lasso": (get("hsqrt_es"), get("group_lasso"), UNPADDED, 0),
    "filters: HSQ-GL1/2 = l1": (get("hsq_gl_half"), get("l1"), FILTERS, 0),
    "filters: HSQRT-ES = l1": (get("hsqrt_es"), get("l1"), FILTERS, 0),
    "alpha = 0: SHSQ-GL1/2 = l1": (get("shsq_gl_half", alpha=0.0), get("l1"), INPUTS, 0),
    "alpha = 1: SHSQ-GL1/2": (get("shsq_gl_half", alpha=1.0), get("hsq_gl_half"), INPUTS, 0),
}


@pytest.mark.parametrize("name", SAME)
def test_same(name):
    left, right, blocks, far = SAME[name]
    w = draw(2, len(LAM), *blocks.shape)
    for one, other in (
        (left.value(w, blocks, LAM), right.value(w, blocks, LAM)),
        (left.prox(w, blocks, LAM, STEP), right.prox(w, blocks, LAM, STEP)),
    ):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=max(far, 1e-9))


def test_one_group_is_the_norm():
    w = draw(4, 3)
    torch.testing.assert_close(get("group_lasso").value(w, WHOLE, 0.7), 0.7 * w.norm())
    shrunk = get("group_lasso").prox(w, WHOLE, 0.7, 2.0)
    torch.testing.assert_close(shrunk, w * (1 - 1.4 / w.norm()))


def test_scad_and_mcp_do_not_shrink_large_weights():
    w, blocks = torch.tensor([50.0, -80.0], dtype=torch.float64), Blocks((2,), (-1,))
    for name in ("scad", "mcp", "group_scad", "group_mcp"):
        assert torch.equal(get(name).prox(w, blocks, 1.0, 1.0), w)
    assert (get("l1").prox(w, blocks, 1.0, 1.0) != w).all()


def test_unit_step_scad_is_table_1():
    """Paper 3, table 1, with the middle branch up to a lam, for lam = 0.5 and a = 3.7."""
    w = torch.linspace(-3, 3, 121, dtype=torch.float64)
    a, lam, expected = 3.7, 0.5, []
    for y in w.tolist():
        if abs(y) <= 2 * lam:
            x = max(abs(y) - lam, 0.0)
        elif abs(y) <= a * lam:
            x = ((a - 1) * abs(y) - a * lam) / (a - 2)
        else:
            x = abs(y)
        expected.append(x if y > 0 else -x)
    x = get("scad").prox(w, Blocks((121,), (-1,)), lam, 1.0)
    torch.testing.assert_close(x, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("a", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("t", [0.05, 0.6, 2.0])
def test_tl1_is_the_cosine_formula(a, t):
    """The closed form, of which the code uses a version without cancellation."""
    w = torch.linspace(0.01, 6, 100, dtype=torch.float64)
    x = get("tl1", a=a).prox(w, Blocks((100,), (-1,)), 1.0, t)
    tau = t * (a + 1) / a if t <= a**2 / (2 * (a + 1)) else (2 * t * (a + 1)) ** 0.5 - a / 2
    for y, result in zip(w.tolist(), x.tolist(), strict=True):
        if y <= tau:
            assert result == 0
            continue
        phi = math.acos(1 - 27 * t * a * (a + 1) / (2 * (a + y) ** 3))
        expected = 2 / 3 * (a + y) * math.cos(phi / 3) - 2 * a / 3 + y / 3
        assert result == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("a", [-1.0, 0.0, float("nan")])
def test_parameters_out_of_range_raise(a):
    for name in ("scad", "mcp", "tl1", "group_scad", "group_mcp", "sgl_scad", "sgl_tl1"):
        with pytest.raises(ValueError, match=r"a=.* must be above"):
            get(name, a=a)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_mixes_out_of_range_raise(share):
    for name in ("l1l2", "sgl_l1l2", "sgl_half", "shsq_gl_half", "shsqrt_gl_half"):
        with pytest.raises(ValueError, match=r"alpha must be .*>= 0 and <= 1"):
            get(name, alpha=share)
    with pytest.raises(ValueError, match=r"mu must be .*>= 0 and <= 1"):
        get("cges", mu=share)


def test_blocks_that_cut_kernels_apart_raise():
    blocks = Blocks((2, 3, 2, 2), (-1,))
    for name in ("hsqrt_gl", "hsq_gl", "hsqrt_es", "hsq_es", "hsqrt_gl_half", "hsq_gl_half"):
        with pytest.raises(ValueError, match=r"blocks run along the axes .* and cut kernels apart"):
            get(name).value(draw(2, 3, 2, 2), blocks, 1.0)


@pytest.mark.parametrize("size", [2.0, 3.1, 5.0])
@pytest.mark.parametrize("name", ["hsq_gl_half", "hsqrt_gl_half", "sgl_l0", "l1l2"])
def test_ties_may_remove_one_of_equal_entries(name, size):
    """At a tie the prox attains the minimum that a grid finds close to it."""
    w = torch.full((2, 1), size, dtype=torch.float64)
    blocks = Blocks((2, 1), (-1,), None, torch.ones(1, dtype=torch.float64))
    R = get(name)

    def objective(x):
        return R.value(x, blocks, 1.0) + (x - w).square().sum((-2, -1)) / 2

    ticks = torch.linspace(0, 1.2 * size, 241, dtype=torch.float64)
    grid = torch.cartesian_prod(ticks, ticks).reshape(-1, 2, 1)
    assert objective(R.prox(w, blocks, 1.0, 1.0)) <= objective(grid).min() + 1e-9


@pytest.mark.parametrize(
    "name",
    ["l0", "group_l0", "sgl_l0", "gl_half", "sgl_half", "hsqrt_gl", "hsqrt_gl_half",
     "shsqrt_gl_half"],
)  # fmt: skip
def test_no_zero_level_raises(name):
    with pytest.raises(ValueError, match=r"has no zero level.*give a range of lam"):
        get(name).zero_level(draw(4, 6), COLUMNS)


def test_cges_grows_with_the_layers():
    assert [r.mu for r in get("cges").for_layers(4)] == [0.25, 0.5, 0.75, 1.0]
    assert [r.mu for r in get("cges").for_layers(4, first=0)] == [0.0, 0.25, 0.5, 0.75]
