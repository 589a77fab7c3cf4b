"""Every regularizer has every property of laws.py on every partition into blocks."""

from __future__ import annotations

import pytest

from ..battery import CASES, CUTS, TINY
from . import laws


def over(cases):
    return pytest.mark.parametrize(
        "case", cases, ids=lambda case: f"{case.name} ({type(case.regularizer).__name__})"
    )


@over(CASES)
@pytest.mark.parametrize("law", laws.ALWAYS, ids=lambda law: law.__name__)
def test_law(law, case):
    for cut in CUTS:
        law(case, cut)


@over(CASES)
def test_prox_beats_a_grid(case):
    for cut in TINY:
        laws.prox_beats_a_grid(case, cut)


@over([case for case in CASES if case.regularizer.convex])
def test_three_points(case):
    for cut in CUTS:
        laws.three_points(case, cut)


@over([case for case in CASES if case.zero_level])
def test_zero_level_is_sharp(case):
    for cut in CUTS:
        laws.zero_level_is_sharp(case, cut)
