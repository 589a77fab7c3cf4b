"""A data-dependent grid of lams, from all groups selected to one or none."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..rules import Rule, integer, number
from ._fits import FitResult, FitRunner
from ._models import convert_lam, final_estimator

__all__ = ["LAMS_RULE", "grid"]

DOUBLINGS = 20  # largest number of doublings of the estimator's lam: a factor of a million
N_JOINT_PROBES = 8  # doublings, or halvings, that are trained jointly
LOWEST = 1e-3  # smallest lam of a grid, as a share of the largest
COUNT, STRENGTH = integer(2), number(0)


def _is_lams(value: Any) -> bool:
    if isinstance(value, Integral | str):
        return COUNT.accepts(value)
    listed = isinstance(value, list | tuple | range) or hasattr(value, "__array__")
    return listed and np.ndim(value) == 1 and len(value) > 0 and all(map(STRENGTH.accepts, value))


LAMS_RULE = Rule(_is_lams, "an int >= 2, for so many from the data, or a list of numbers >= 0")


def grid(runner: FitRunner, lams: Any) -> np.ndarray:
    """The given lams, or a geometric grid of so many, ascending.

    A grid ends where one or no group is left: at `lambda_max_` if the fitted estimator has it,
    else at the smallest 2^k times the estimator's lam, found by fits to all rows.  It begins
    where halving it leaves all groups selected, or at a thousandth of it.
    """
    if not isinstance(lams, Integral):
        return np.unique(np.asarray(lams, dtype=np.float64))

    model, data = final_estimator(runner.estimator), runner.data
    start = float(convert_lam(runner.estimator, None, data.X, data.fit_params)[1]) or LOWEST
    jointly = hasattr(model, "replicas_at_once") and model.replicas_at_once(np.shape(data.X)) > 1
    fits: dict[float, FitResult] = {}

    def probe(lam: float) -> FitResult:
        if lam not in fits:  # what may be asked for next costs little in the same training
            factor, length = 2.0 if lam >= start else 0.5, N_JOINT_PROBES if jointly else 1
            probes = [lam * factor**k for k in range(length)]
            fits.update(zip(probes, runner(probes, planned=False), strict=True))
        return fits[lam]

    def n_groups_left(lam: float) -> int:
        return int(probe(lam).support.sum())

    first = probe(start)
    n_groups = len(first.support)
    if n_groups == 1:  # no search for the ends
        return np.geomspace(LOWEST * start, start, lams)
    lambda_max = getattr(final_estimator(first.estimator), "lambda_max_", None)
    high = lambda_max or _upper_end(n_groups_left, start)
    low = high / 2
    while n_groups_left(low) < n_groups and low > LOWEST * high:
        low /= 2
    return np.geomspace(low, high, lams)


def _upper_end(n_groups_left: Callable[[float], int], start: float) -> float:
    """The smallest 2^k start that leaves one group or none."""
    lam, limit = start, 2.0**DOUBLINGS
    while n_groups_left(lam) > 1:
        if lam >= start * limit:
            warnings.warn(
                f"No lam up to {lam:.3g} leaves fewer than {n_groups_left(lam)} groups: give lams, "
                f"or an estimator that removes groups (and has the epochs for it).",
                ConvergenceWarning,
                stacklevel=4,
            )
            return lam
        lam *= 2
    while n_groups_left(lam / 2) <= 1 and lam > start / limit:
        lam /= 2
    return lam
