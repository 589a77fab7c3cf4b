"""A grid of lams from the data: from all groups left to one or none."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..estimators.parameters import Rule, integer, number
from ._fits import Fits, Order, Outcome
from ._models import last_step

__all__ = ["ARE_LAMS", "count_lams", "grid"]

DOUBLINGS = 20  # of the estimator's own lam, at most: a factor of a million
AHEAD = 8  # doublings and halvings that are tried at once where that is as fast
LOWEST = 1e-3  # smallest lam of a grid, as a share of the largest


def _are_lams(value: Any) -> bool:
    if isinstance(value, Integral | str):
        return integer(2).accepts(value)
    listed = isinstance(value, list | tuple | range) or hasattr(value, "__array__")
    return listed and np.ndim(value) == 1 and len(value) > 0 and all(map(number(0).accepts, value))


ARE_LAMS = Rule(_are_lams, "an int >= 2, for so many from the data, or a list of numbers >= 0")


def count_lams(lams: Any) -> int:
    """How many strengths `grid` gives."""
    return int(lams) if isinstance(lams, Integral) else len(np.unique(lams))


def grid(fits: Fits, lams: Any) -> np.ndarray:
    """The lams that are given, or so many in equal ratios, ascending.

    A grid ends where one or no group is left: at `lambda_max_` where the fitted estimator has it,
    else at the smallest 2^k times the estimator's own lam, found by fits to all rows.  It begins
    where halving that brings back all groups, or at a thousandth of it.
    """
    if not isinstance(lams, Integral):
        return np.unique(np.asarray(lams, dtype=np.float64))

    start = fits.own_lam or LOWEST
    known: dict[float, Outcome] = {}
    if fits.joint:
        ahead = [start * 2.0**k for k in range(-AHEAD, AHEAD + 1)]
        known.update(
            zip(ahead, fits([Order(lam, keep=True) for lam in ahead], planned=False), strict=True)
        )

    def probe(lam: float) -> Outcome:
        if lam not in known:
            known[lam] = fits([Order(lam, keep=True)], planned=False)[0]
        return known[lam]

    def left(lam: float) -> int:
        return int(probe(lam).support.sum())

    first = probe(start)
    n_groups = len(first.support)
    if n_groups == 1:  # nothing to look for
        return np.geomspace(LOWEST * start, start, lams)
    high = getattr(last_step(first.estimator), "lambda_max_", None) or _top(left, start)
    low = high / 2
    while left(low) < n_groups and low > LOWEST * high:
        low /= 2
    return np.geomspace(low, high, lams)


def _top(left: Callable[[float], int], start: float) -> float:
    """The smallest 2^k start that leaves one group or none."""
    lam, limit = start, 2.0**DOUBLINGS
    while left(lam) > 1:
        if lam >= start * limit:
            warnings.warn(
                f"No lam up to {lam:.3g} leaves fewer than {left(lam)} groups: give lams, or an "
                f"estimator that removes groups (and has the epochs for it).",
                ConvergenceWarning,
                stacklevel=4,
            )
            return lam
        lam *= 2
    while left(lam / 2) <= 1 and lam > start / limit:
        lam /= 2
    return lam
