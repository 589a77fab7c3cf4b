"""Which sets of groups may be had, and for what price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..groups import Groups
from ..naming import format_names
from ._prices import Prices

__all__ = ["ROUNDING", "Constraints"]


ROUNDING = 1e-12  # of sums of prices


@dataclass(frozen=True)
class Constraints:
    """The groups that a set may have, those that it has to have, and prices.

    Attributes
    ----------
    available : ndarray of bool of shape (n_groups,)
    always : ndarray of bool of shape (n_available,)
    prices : Prices
        Of sets of the available groups.
    max_groups : int or None
    max_cost : float or None
    """

    available: np.ndarray
    always: np.ndarray
    prices: Prices
    max_groups: int | None
    max_cost: float | None

    @classmethod
    def of(
        cls, groups: Groups, keep: Any, forbid: Any, function: Callable | None,
        max_groups: int | None, max_cost: float | None,
    ) -> Self:  # fmt: skip
        """Parse `keep`, `forbid` and a callable `group_costs`."""
        kept, forbidden = _members("keep", keep, groups), _members("forbid", forbid, groups)
        if (kept & forbidden).any():
            both = groups.names[int((kept & forbidden).argmax())]
            raise ValueError(f"keep and forbid both name {both!r}: name it in one of them.")
        if forbidden.all():
            raise ValueError("forbid names every group: leave at least one.")
        available = ~forbidden
        names = [name for name, here in zip(groups.names, available, strict=True) if here]
        prices = Prices(names, groups.costs[available], function)
        return cls(available, kept[available], prices, max_groups, max_cost)

    def affords(self, sets: np.ndarray) -> np.ndarray:
        """Whether each set (n_sets, n_available) is within the budget."""
        most = len(self.always) if self.max_groups is None else self.max_groups
        dearest = np.inf if self.max_cost is None else self.max_cost * (1 + ROUNDING)
        return (sets.sum(1) <= most) & (self.prices(sets) <= dearest)

    def check_budget(self, *, exactly: bool) -> None:
        """Refuse a budget that no set can meet.

        Raises
        ------
        ValueError
        """
        max_groups, max_cost = self.max_groups, self.max_cost
        n_kept, n_available = int(self.always.sum()), len(self.always)
        if exactly and (max_groups is None or max_groups > n_available):
            raise ValueError(
                f"exactly=True asks for max_groups groups, got max_groups={max_groups} for "
                f"{n_available} that can be had: give a number up to that."
            )
        if max_groups is not None and n_kept > max_groups:
            raise ValueError(
                f"keep names {n_kept} groups and max_groups={max_groups} allows fewer: give at "
                f"least {n_kept}, or keep fewer."
            )
        single = np.eye(n_available, dtype=bool) | self.always
        self.prices(np.ones((1, n_available), dtype=bool))
        cheapest, kept = self.prices(single).min(), float(self.prices(self.always[None])[0])
        if max_cost is None:
            return
        if n_kept and kept > max_cost:
            raise ValueError(
                f"keep names groups that cost {kept:g} and max_cost={max_cost:g}: raise it, or "
                f"keep fewer."
            )
        if not n_kept and cheapest > max_cost:
            raise ValueError(
                f"max_cost={max_cost:g} is less than the cheapest group costs: give at least "
                f"{cheapest:g}."
            )


def _members(argument: str, names: Any, groups: Groups) -> np.ndarray:
    """Whether each group is one of the names, (n_groups,)."""
    if names is None:
        return np.zeros(len(groups), dtype=bool)
    if isinstance(names, str | bytes) or not hasattr(names, "__iter__"):
        raise ValueError(f"{argument} must be a list of names of groups, got {names!r}.")
    names = list(names)
    # the columns of a frame are called by strings
    unknown = [name for name in names if str(name) not in map(str, groups.names)]
    if unknown:
        raise ValueError(
            f"{argument} names the unknown group {unknown[0]!r}: the groups are "
            f"{format_names(groups.names)}."
        )
    return np.isin([str(name) for name in groups.names], [str(name) for name in names])
