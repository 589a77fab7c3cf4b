"""The price of a set of groups, and the search for good sets at every price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._moves import LossTable, flipped

__all__ = ["Prices", "search_prices"]

N_PRICES = 40  # of a unit of cost, in loss, along which sets are searched


class Prices:
    """What sets of groups cost: a sum, or what a callable says of the names of the groups.

    Parameters
    ----------
    names : sequence
        Of the groups.
    costs : ndarray of shape (n_groups,)
        Of each, where they add up.
    function : callable, optional
        Names of groups -> cost of having these.
    """

    def __init__(
        self, names: Sequence, costs: np.ndarray, function: Callable[[list], float] | None = None
    ) -> None:
        self.names, self.costs, self.function = names, costs, function

    @property
    def equal(self) -> bool:
        """Whether the cost is the number of groups, but for a factor."""
        return self.function is None and bool(np.ptp(self.costs) == 0)

    def __call__(self, sets: np.ndarray) -> np.ndarray:
        """Costs of sets (n_sets, n_groups)."""
        if self.function is None:
            return sets @ self.costs
        return np.array([self._called(chosen) for chosen in sets])

    def _called(self, chosen: np.ndarray) -> float:
        names = [name for name, here in zip(self.names, chosen, strict=True) if here]
        cost: Any = self.function(names)  # type: ignore[misc]
        try:
            cost = float(cost)
        except (TypeError, ValueError):
            cost = np.nan
        if not cost >= 0 or np.isinf(cost):
            raise ValueError(
                f"group_costs must return a finite number >= 0, got {self.function(names)!r} "  # type: ignore[misc]
                f"for the groups {names!r:.60}: correct the callable."
            )
        return cost


def search_prices(
    table: LossTable, prices: Prices, always: np.ndarray, progress: Callable[[float], None]
) -> None:
    """Look at sets that are good for their price.

    Along a grid of prices t of a unit of cost, sets are improved by adding, dropping and swapping
    groups while L(S) + t cost(S) falls; then every efficient set by what its cost allows.
    """
    sets, losses = table.sets, table.losses
    costs = prices(sets)
    spread = float(np.ptp(losses)), float(np.ptp(costs))
    if not all(spread):
        return
    highest = 10 * spread[0] / min(spread[1], np.diff(np.unique(costs)).min())
    grid = np.geomspace(0.01 * spread[0] / spread[1], highest, N_PRICES)
    chosen = sets[losses.argmin()]
    for at, t in enumerate(grid):
        chosen = improved(table, chosen, always, lambda S, L, t=t: L + t * prices(S))
        progress(0.7 * (at + 1) / N_PRICES)
    sets, losses = table.sets, table.losses
    costs = prices(sets)
    efficient = pareto(np.stack([costs, losses], 1))
    for at, i in enumerate(efficient):
        improved(
            table, sets[i], always,
            lambda S, L, budget=costs[i]: np.where(prices(S) <= budget, L, np.inf),
        )  # fmt: skip
        progress(0.7 + 0.3 * (at + 1) / len(efficient))


def improved(
    table: LossTable, chosen: np.ndarray, always: np.ndarray, objective: Callable
) -> np.ndarray:
    """The set after the best additions, removals and swaps, as long as the objective falls."""
    movable = np.flatnonzero(~always)
    while True:
        inside = chosen & ~always
        swaps = np.argwhere(inside[:, None] & ~chosen[None, :])
        sets = np.concatenate([chosen[None], flipped(chosen, movable[:, None]),
                               flipped(chosen, swaps)])  # fmt: skip
        values = objective(sets, table(sets))
        if values.argmin() == 0:
            return chosen
        chosen = sets[values.argmin()]


def pareto(criteria: np.ndarray) -> np.ndarray:
    """Indices of the rows that no other row equals or undercuts in every column.

    Of equal rows the first.  They are ordered by the first column.
    """
    order = np.lexsort(criteria.T[::-1])
    kept: list[int] = []
    for i in order:
        if not kept or not (criteria[kept] <= criteria[i]).all(1).any():
            kept.append(int(i))
    return np.array(kept, dtype=np.int64)
