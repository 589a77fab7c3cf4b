"""The properties of laws.py reject formulas that are known to be wrong."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from sgnn.regularizers import (
    CGES,
    HSQRTES,
    L1,
    L1L2,
    SCAD,
    TL1,
    GroupLasso,
    SparseGroupL0,
    SparseGroupLasso,
    SparseGroupSCAD,
    SparseGroupTL1,
)
from sgnn.regularizers.base import per_block, per_entry, total

from ..battery import CASES, CUTS, TINY
from . import laws


class SignedArgmax(L1L2):
    """Lou and Yan's second case at argmax w_i instead of argmax |w_i|."""

    def prox(self, w, blocks, lam, step):
        x, flat = super().prox(w, blocks, lam, step), w.flatten(-len(blocks.shape))
        k = flat.argmax(-1, keepdim=True)
        signed = torch.zeros_like(flat).scatter(-1, k, flat.gather(-1, k)).reshape(w.shape)
        second = flat.abs().amax(-1) <= lam * step
        return torch.where(per_entry(second, blocks), signed, x)


class SquaredStretch(L1L2):
    """Table 1 as printed: z (||z||^2 + t) / ||z||."""

    def prox(self, w, blocks, lam, step):
        z = L1().prox(w, blocks, lam, step)
        norm = total(z.square(), blocks).sqrt()
        stretched = z * per_entry((norm.square() + lam * step) / norm, blocks)
        right = super().prox(w, blocks, lam, step)
        return torch.where(per_entry(norm > 0, blocks), stretched, right)


class MiddleEndsAtTwo(SCAD):
    """Table 1 as printed: the middle branch from 2 lam to 2 lam."""

    def shrink(self, x, lam, step):
        return torch.where((x > 2 * lam) & (x <= self.a * lam), x, super().shrink(x, lam, step))


class StepInsideSCAD(SCAD):
    """Step and lam as one number, as if SCAD were homogeneous."""

    def shrink(self, x, lam, step):
        return super().shrink(x, lam * step, 1.0)


class LostMagnitude(TL1):
    """Table 1 as read: ... - 2 a / 3 + 1 / 3 instead of + |w| / 3."""

    def shrink(self, x, lam, step):
        right = super().shrink(x, lam, step)
        return torch.where(right > 0, right - x / 3 + 1 / 3, 0.0)


class LongRoot(CGES):
    """Equation 4 as printed: the root spans the exclusive part too."""

    def value(self, w, blocks, lam):
        a, b = self.mix
        inside = blocks.norm(w).square() + b / 2 * blocks.norm(w, 1).square()
        return (per_block(lam) * a * blocks.weights * inside.sqrt()).sum(-1)


class NaiveRoot(HSQRTES):
    """A plain square root, whose derivative at a zero block is not a number."""

    outer = staticmethod(torch.sqrt)


class GroupFirst(SparseGroupLasso):
    """The group prox before the soft threshold."""

    def prox(self, w, blocks, lam, step):
        return L1().prox(GroupLasso().prox(w, blocks, lam, step), blocks, lam, step)


def composed(kind):
    """First the prox of the element part, then that of the group part."""

    class Composed(kind):
        def prox(self, w, blocks, lam, step):
            inner = self.element.prox(w, blocks, lam, step)
            return self.group.prox(inner, blocks, lam, step)

    return Composed()


class Identity(GroupLasso):
    def prox(self, w, blocks, lam, step):
        return w


class Seven(GroupLasso):
    def prox(self, w, blocks, lam, step):
        return torch.full_like(w, 7.0)


WRONG = [
    ("l1 - l2", SignedArgmax(), laws.prox_beats_a_grid),
    ("l1 - l2", SignedArgmax(), laws.prox_beats_others),
    ("l1 - l2", SquaredStretch(), laws.prox_beats_a_grid),
    ("scad", MiddleEndsAtTwo(), laws.prox_beats_a_grid),
    ("scad", MiddleEndsAtTwo(), laws.prox_beats_others),
    ("scad", StepInsideSCAD(), laws.prox_beats_a_grid),
    ("tl1", LostMagnitude(), laws.prox_beats_a_grid),
    ("tl1", LostMagnitude(), laws.small_steps_stand_still),
    ("CGES", LongRoot(), laws.value_is_the_formula),
    ("HSQRT-ES", NaiveRoot(), laws.subgradient_is_finite),
    ("sparse group lasso", GroupFirst(), laws.prox_beats_others),
    ("sparse group lasso", GroupFirst(), laws.three_points),
    ("SGL-l0", composed(SparseGroupL0), laws.prox_beats_a_grid),
    ("SGL-SCAD", composed(SparseGroupSCAD), laws.prox_beats_others),
    ("SGL-TL1", composed(SparseGroupTL1), laws.prox_beats_others),
    ("group lasso", Identity(), laws.prox_beats_others),
    ("group lasso", Identity(), laws.zero_level_is_sharp),
    ("group lasso", Seven(), laws.three_points),
    ("group lasso", Seven(), laws.prox_of_zero_is_zero),
]


@pytest.mark.parametrize(
    ("name", "wrong", "law"),
    WRONG,
    ids=lambda part: getattr(
        part, "__name__", part if isinstance(part, str) else type(part).__name__
    ),
)
def test_law_rejects(name, wrong, law):
    right = next(case for case in CASES if case.name == name)
    case = dataclasses.replace(right, regularizer=wrong)
    with pytest.raises(AssertionError):  # noqa: PT012, one cut suffices
        for cut in TINY if law is laws.prox_beats_a_grid else CUTS:
            law(case, cut)
