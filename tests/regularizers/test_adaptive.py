"""Adaptive against the wrapped regularizer on blocks with the same weights."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from sgnn.groups import Blocks
from sgnn.regularizers import L1, Adaptive, GroupLasso, get

from ..battery import CASES, CUTS
from . import laws

WRAPPED = [case for case in CASES if case.name in ("group lasso", "SGL-SCAD", "CGES", "HSQ-GL")]


@pytest.mark.parametrize("case", WRAPPED, ids=lambda case: case.name)
@pytest.mark.parametrize("law", [laws.value_is_the_formula, laws.subgradient_is_the_slope,
                                 laws.prox_beats_others, laws.zero_level_is_sharp])  # fmt: skip
def test_adaptive_is_the_wrapped_one_with_other_weights(case, law):
    for cut in CUTS:
        factors = torch.linspace(0.5, 2.0, len(cut.factors), dtype=torch.float64)
        adapted = dataclasses.replace(
            case,
            regularizer=Adaptive(case.regularizer, factors),
            formula=lambda blocks, s, lam, factors=factors: case.formula(
                blocks, [a * b for a, b in zip(s, factors.tolist(), strict=True)], lam
            ),
        )
        law(adapted, cut)


def test_after_a_first_fit_weights_are_inverse_powers_of_the_norms():
    w = torch.tensor([[3.0, 0.0, 0.5], [4.0, 0.0, 0.0]], dtype=torch.float64)
    blocks = Blocks.channels(w.shape)
    again = Adaptive.after(GroupLasso(), w, blocks, gamma=2.0)
    expected = torch.tensor([1 / 5**2, 1 / 5e-6**2, 1 / 0.5**2], dtype=torch.float64)
    torch.testing.assert_close(again.factors, expected)
    assert repr(again) == "Adaptive(GroupLasso(), n_blocks=3)"


def test_each_replica_has_its_own_first_fit():
    w = laws.draw(CUTS[0], 3)
    blocks = CUTS[0].blocks
    together = Adaptive.after(GroupLasso(), w, blocks)
    x = together.prox(w, blocks, laws.LAM[:3], 0.5)
    levels = together.zero_level(w, blocks)
    for r in range(3):
        alone = Adaptive.after(GroupLasso(), w[r], blocks)
        torch.testing.assert_close(x[r], alone.prox(w[r], blocks, float(laws.LAM[r]), 0.5))
        torch.testing.assert_close(levels[r], alone.zero_level(w[r], blocks))


def test_repr_names_the_wrapped_regularizer():
    factors = torch.ones(2)
    assert Adaptive(GroupLasso(), factors).convex
    assert Adaptive(GroupLasso(), factors).size_factor
    assert not Adaptive(get("group_scad"), factors).convex
    assert not Adaptive(get("gl_half"), factors).size_factor


@pytest.mark.parametrize("name", ["l1", "l2", "l0", "scad", "tl1", "l1l2"])
def test_penalties_on_entries_raise(name):
    with pytest.raises(TypeError, match=r"has no weights of blocks to adapt: give one that has"):
        Adaptive(get(name), torch.ones(2))


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_bad_factors_raise(bad):
    with pytest.raises(ValueError, match="factors must be finite and not negative"):
        Adaptive(GroupLasso(), torch.tensor([1.0, bad]))


def test_factors_of_other_blocks_raise():
    with pytest.raises(ValueError, match="factors hold 2 numbers for 3 blocks"):
        Adaptive(GroupLasso(), torch.ones(2)).value(torch.ones(1, 3), Blocks.channels((1, 3)), 1.0)


def test_a_first_fit_without_blocks_raises():
    with pytest.raises(ValueError, match=r"w is zero in every block.*smaller lam"):
        Adaptive.after(GroupLasso(), torch.zeros(2, 3), Blocks.channels((2, 3)))
    with pytest.raises(ValueError, match=r"gamma=0.0 must be above 0"):
        Adaptive.after(L1(), torch.ones(2, 3), Blocks.channels((2, 3)), gamma=0.0)
