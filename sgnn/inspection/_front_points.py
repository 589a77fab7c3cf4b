"""The points of a front in the plane of price and quality, and the efficient ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

__all__ = ["FrontPoints", "abscissa", "even_scale"]


@dataclass(frozen=True)
class FrontPoints:
    """Where the sets of a front are drawn.

    Attributes
    ----------
    of : {"score", "loss", "partial_loss"}
        What the ordinate is.
    x, y, errors : ndarray of shape (n_points,)
        NaN where nothing is known.
    efficient : ndarray of int
        Those that no other set with groups undercuts in loss at the same x or less, ascending.
    others : ndarray of int
        The rest of those that are drawn.
    """

    of: str
    x: np.ndarray
    y: np.ndarray
    errors: np.ndarray
    efficient: np.ndarray
    others: np.ndarray

    @classmethod
    def read(cls, front: Sequence[Mapping[str, Any]], x: str, chosen: int | None) -> Self:
        """Those of `front_` of a BudgetSelector."""
        columns = ("n_groups", "cost", "loss", "loss_se", "partial_loss", "score", "score_se")
        table = {
            key: np.array([point.get(key, np.nan) for point in front], dtype=float)
            for key in columns
        }
        filled = table["n_groups"] > 0
        known = np.isfinite(table["loss"]) & filled
        judged = "loss" if (known.any() if chosen is None else known[chosen]) else "partial_loss"
        of = "score" if np.isfinite(table["score"][filled]).all() else judged
        y, at = table[of], table[x]
        errors = table.get(f"{of}_se", np.full(len(y), np.nan))
        shown = np.isfinite(y) & filled
        if not shown.any():
            raise ValueError("front has no set of groups to draw: give front_ of a BudgetSelector.")
        efficient, least = [], np.inf
        for i in np.lexsort([table[judged], at]):
            if shown[i] and table[judged][i] < least:
                efficient.append(int(i))
                least = table[judged][i]
        others = np.setdiff1d(np.flatnonzero(shown), efficient)
        return cls(of, at, y, errors, np.array(efficient), others)

    def columns(self, chosen: int | None) -> np.ndarray:
        """The efficient sets and the chosen one, by x."""
        points = self.efficient if chosen is None else np.union1d(self.efficient, [chosen])
        return points[np.argsort(self.x[points], kind="stable")]


def abscissa(
    front: Sequence[Mapping[str, Any]], x: str, max_groups: int | None, max_cost: float | None
) -> tuple[str, float | None]:
    """What x is, where it is "auto", and the budget of it."""
    counted = all(point["cost"] == point["n_groups"] for point in front)
    free = all(point["cost"] == 0 for point in front)
    if x == "auto":
        only_groups = max_groups is not None and max_cost is None
        x = "n_groups" if counted or free or only_groups else "cost"
    if not counted:
        return x, max_groups if x == "n_groups" else max_cost
    return x, min((limit for limit in (max_groups, max_cost) if limit is not None), default=None)


def even_scale(x: np.ndarray) -> dict[str, Any]:
    """Arguments of `set_xscale` for the scale on which x is spread the more evenly."""
    places = np.unique(x)
    smallest = places[places > 0].min(initial=np.inf)
    if len(places) < 3 or np.isinf(smallest) or places[-1] < 20 * smallest:
        return {"value": "linear"}
    logs = np.log(np.maximum(places, smallest / np.e))
    unevenness = [(np.diff(at) ** 2).sum() / np.ptp(at) ** 2 for at in (places, logs)]
    if unevenness[0] <= unevenness[1]:
        return {"value": "linear"}
    if places[0] > 0:
        return {"value": "log"}
    return {"value": "symlog", "linthresh": 10.0 ** np.floor(np.log10(smallest))}
