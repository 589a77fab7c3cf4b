"""Values and prox agree with the formulas, and what vanishes with the papers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sgnn import regularizers
from sgnn.inspection import RegularizerPortrait
from sgnn.regularizers import Regularizer

from ..battery import CASES

LAM, STEP, LIMIT = 0.71, 0.5, 3.0  # no point of the grids is on the border of an area
T = LAM * STEP


def portrait(regularizer, lam=LAM, step=STEP, limit=LIMIT):
    return RegularizerPortrait.of("name", regularizers.get(regularizer), lam, step, limit)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_are_those_of_the_formula(case):
    taken = portrait(case.regularizer)
    for i in (0, 150, 200, 273):
        block = {(0, 0, 0, 0): taken.w[i]}
        assert taken.value[i] == pytest.approx(case.formula([block], [1.0], LAM))
    s = math.sqrt(2) if case.regularizer.size_factor else 1.0
    second = {"kernel": (0, 0, 0, 1), "block": (1, 0, 0, 0)}
    for name, index in second.items():
        plane = getattr(taken, name)
        for i, j in ((0, 7), (31, 100), (84, 80)):
            block = {(0, 0, 0, 0): plane.w[j], index: plane.w[i]}
            assert plane.value[i, j] == pytest.approx(case.formula([block], [s], LAM))


def test_the_grids_reach_from_limit_to_limit():
    taken = portrait("l1")
    assert taken.w[[0, len(taken.w) // 2, -1]] == pytest.approx([-LIMIT, 0, LIMIT])
    assert taken.w == pytest.approx(-taken.w[::-1])
    w = taken.block.w
    assert w == pytest.approx(-w[::-1])
    assert (w != 0).all()
    assert LIMIT * 0.99 < w[-1] < LIMIT


def test_the_prox_of_one_entry():
    w = portrait("l1").w
    soft = np.sign(w) * np.maximum(np.abs(w) - T, 0)
    assert portrait("l1").prox == pytest.approx(soft)
    assert portrait("group_lasso").prox == pytest.approx(soft)
    assert portrait("l2").prox == pytest.approx(w / (1 + 2 * T))
    assert portrait("l0").prox == pytest.approx(np.where(w * w > 2 * T, w, 0))


def test_where_one_of_two_entries_vanishes_and_where_both_do():
    w1, w2 = np.meshgrid(portrait("l1").block.w, portrait("l1").block.w)
    w1, w2 = np.abs(w1), np.abs(w2)

    def weaker(share):
        """The smaller entry is at most this share of the larger one."""
        return np.minimum(w1, w2) <= share * np.maximum(w1, w2)

    kernel_and_block = {
        "l1": ((w1 <= T) * 1 + (w2 <= T),) * 2,
        "l2": (0 * w1,) * 2,
        "group_lasso": (2 * (np.hypot(w1, w2) <= math.sqrt(2) * T),) * 2,
        "exclusive": (weaker(T / (1 + T)),) * 2,
        "hsq_gl": (0 * w1, weaker(2 * T / (1 + 2 * T))),
        "hsqrt_es": ((w1 <= T) * 1 + (w2 <= T), 2 * (np.hypot(w1, w2) <= T)),
    }
    for name, (kernel, block) in kernel_and_block.items():
        np.testing.assert_array_equal(portrait(name).kernel.zeros, kernel, name)
        np.testing.assert_array_equal(portrait(name).block.zeros, block, name)


class First(Regularizer):
    """R(w) = the magnitude of the first entry."""

    def value(self, w, blocks, lam):
        return lam * w.flatten(-len(blocks.shape))[..., 0].abs()

    def prox(self, w, blocks, lam, step):
        x = w.clone().flatten(-len(blocks.shape))
        x[..., 0] = x[..., 0].sign() * (x[..., 0].abs() - lam * step).clamp_min(0)
        return x.reshape(w.shape)


def test_the_first_entry_runs_along_the_rows():
    taken = portrait(First())
    for plane in (taken.kernel, taken.block):
        np.testing.assert_allclose(plane.value, np.tile(LAM * np.abs(plane.w), (len(plane.w), 1)))
        np.testing.assert_array_equal(plane.zeros, np.tile(np.abs(plane.w) <= T, (len(plane.w), 1)))


VANISHING = {
    "entries": ["l1", "l0", "tl1", "scad", "mcp", "l1l2", "exclusive", "hsq_es"],
    "blocks": ["group_lasso", "group_l0", "group_scad", "group_mcp"],
    "kernels": ["hsq_gl"],
    "blocks entries": ["sparse_group_lasso", "sgl_l0", "sgl_scad", "sgl_tl1", "sgl_l1l2", "cges",
                       "gl_half", "sgl_half", "hsqrt_es"],
    "blocks kernels": ["hsqrt_gl"],
    "blocks kernels entries": ["hsqrt_gl_half", "hsq_gl_half", "shsqrt_gl_half", "shsq_gl_half"],
    "": ["l2"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "name"), [(parts, name) for parts, names in VANISHING.items() for name in names]
)
def test_what_vanishes(registry, parts, name):
    (taken,) = (taken for taken in registry.portraits if name in taken.name.split(", "))
    assert taken.vanishing == tuple(parts.split())


@pytest.mark.parametrize("name", ["l1", "group_lasso", "sparse_group_lasso", "hsqrt_es"])
def test_what_vanishes_does_not_depend_on_the_unit(name):
    """R(c w) = c R(w) for each of these, so that lam and limit may shrink together."""
    small = portrait(name, lam=1e-9, limit=4e-9)
    assert small.vanishing == portrait(name, lam=1.0, limit=4.0).vanishing
