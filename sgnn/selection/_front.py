"""The best sets of groups at every size and price, and the choice among them."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from ..groups import Groups
from ._constraints import ROUNDING
from ._prices import pareto

__all__ = ["Front", "points_of"]

# Standard errors by which the best of many sets has to be better than no groups at all, to be more
# than the luckiest of sets that tell nothing
OF_MANY = 3.0
TIE = 0.5  # paired standard errors that are no difference, where fewer groups are the aim


def points_of(sets: np.ndarray, costs: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Indices of the sets that are best at their size, or that none undercuts in all three.

    The three are number of groups, cost and loss.  Ordered by number of groups, then by cost.
    """
    sizes = sets.sum(1)
    order = np.lexsort([losses, sizes])
    best = order[np.unique(sizes[order], return_index=True)[1]]
    some = np.flatnonzero(sizes)  # a set of no groups is not one to choose
    points = np.union1d(best, some[pareto(np.stack([sizes, costs, losses], 1)[some])])
    return points[np.lexsort([losses[points], costs[points], sizes[points]])]


@dataclass(frozen=True)
class Front:
    """Sets of groups, and what is known of them.

    Attributes
    ----------
    groups : Groups
    sets : ndarray of bool of shape (n_points, n_groups)
    costs : ndarray of shape (n_points,)
    partial_losses : ndarray of shape (n_points,)
        Held-out losses of the networks that serve all sets.
    row_losses : ndarray of shape (n_points, n_held_out)
        Held-out losses of networks of each set alone; NaN where there are none.
    weight : ndarray of shape (n_held_out,)
        Weights of these rows.
    cluster : ndarray of int of shape (n_held_out,)
        Rows of one label may depend on each other: a row that was held out several times, or what
        the splitter keeps together.
    scores : ndarray of shape (n_points, 2)
        Cross-validated scores of the estimator and their standard errors; NaN where there are none.
    """

    groups: Groups
    sets: np.ndarray
    costs: np.ndarray
    partial_losses: np.ndarray
    row_losses: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray
    scores: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        return self.sets.sum(1)

    @property
    def losses(self) -> np.ndarray:
        """Held-out losses of networks of each set alone, (n_points,)."""
        return self.row_losses @ self.weight / self.weight.sum()

    def standard_errors(self, point: int) -> np.ndarray:
        """Of the differences in loss to this point, (n_points,)."""
        differences = self.row_losses - self.row_losses[point]
        mean = differences @ self.weight / self.weight.sum()
        residuals = (differences - mean[:, None]) * self.weight
        labels, of_row = np.unique(self.cluster, return_inverse=True)
        sums = np.zeros((len(self.sets), len(labels)))
        np.add.at(sums.T, of_row, residuals.T)
        n = max(len(labels), 2)
        return np.sqrt((sums**2).sum(1) * n / (n - 1)) / self.weight.sum()

    def choose(
        self, max_groups: int | None, max_cost: float | None, *, exactly: bool, tolerance: Any
    ) -> int:
        """The point that answers a budget, or the cheapest within the tolerance without one.

        Raises
        ------
        ValueError
            If no set is affordable.
        """
        sizes, losses = self.sizes, self.losses
        allowed = sizes > 0
        if max_groups is not None:
            allowed &= sizes == max_groups if exactly else sizes <= max_groups
        if max_cost is not None:
            allowed &= self.costs <= max_cost * (1 + ROUNDING)
        if not allowed.any():
            raise ValueError(self._refusal(max_groups, max_cost))
        if np.isnan(losses[allowed]).all():  # sets that were not worth networks of their own
            return int(np.where(allowed, self.partial_losses, np.inf).argmin())
        allowed &= ~np.isnan(losses)
        best = int(np.where(allowed, losses, np.inf).argmin())
        slack: Any = 0.0
        if max_groups is None and max_cost is None:
            slack = self.standard_errors(best)
            none = int(sizes.argmin())  # no groups, or those that are always there
            if losses[none] <= losses[best] + OF_MANY * slack[none]:
                slack = np.inf
            if isinstance(tolerance, Real):
                slack = float(tolerance) * (losses[none] - losses[best])
        elif max_cost is None and not exactly:  # a number of groups: fewer where that is as good
            slack = TIE * self.standard_errors(best)
        good = np.flatnonzero(allowed & (losses <= losses[best] + slack))
        return int(good[np.lexsort([losses[good], sizes[good], self.costs[good]])[0]])

    def _refusal(self, max_groups: int | None, max_cost: float | None) -> str:
        limits = [f"max_groups={max_groups}"] * (max_groups is not None)
        limits += [] if max_cost is None else [f"max_cost={max_cost:g}"]
        cheapest = self.costs[self.sizes > 0].min()
        return (
            f"{' and '.join(limits)} allows none of the sets found, which have "
            f"{self.sizes[self.sizes > 0].min()} to {self.sizes.max()} groups and cost "
            f"{cheapest:g} or more: raise it."
        )

    def rows(self) -> list[dict[str, Any]]:
        """One dict for each point, by number of groups and cost."""
        losses = self.losses
        errors = np.full(len(losses), np.nan)
        if not np.isnan(losses).all():
            errors = self.standard_errors(int(np.nanargmin(losses)))
        names = np.array(self.groups.names, dtype=object)
        return [
            {
                "groups": names[chosen].tolist(),
                "n_groups": int(chosen.sum()),
                "cost": float(self.costs[i]),
                "loss": float(losses[i]),
                "loss_se": float(errors[i]),
                "partial_loss": float(self.partial_losses[i]),
                "score": float(self.scores[i, 0]),
                "score_se": float(self.scores[i, 1]),
            }
            for i, chosen in enumerate(self.sets)
        ]
