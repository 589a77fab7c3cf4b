"""What may be kept at most, so many groups or so much cost, and which group goes next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..groups import Groups
from .problem import Problem

__all__ = ["ROUNDING", "UNLIMITED", "Limits"]

ROUNDING = 1e-9  # of a sum of costs, relative


@dataclass(frozen=True)
class Limits:
    """Keep at most so many groups, and groups that cost at most so much in total.

    Parameters
    ----------
    max_groups : int, optional
    max_cost : float, optional
        In the unit of `Groups.costs`.
    """

    max_groups: int | None = None
    max_cost: float | None = None

    @property
    def ceiling(self) -> float:
        """`max_cost`, and what a sum of costs that equals it may exceed it by."""
        return np.inf if self.max_cost is None else float(self.max_cost) * (1 + ROUNDING)

    def eased(self, groups: Groups, done: float) -> Limits:
        """What may be kept when a share `done` of the way down from all groups is gone, evenly.

        To the nearest number of groups, or as near in cost as half a group is on average.
        """
        n, cost = len(groups), float(groups.costs.sum())
        half = cost / n / 2 if done < 1 else 0.0
        return Limits(
            self.max_groups and max(self.max_groups, round(n - done * (n - self.max_groups))),
            self.max_cost and max(self.max_cost, cost - done * (cost - self.max_cost) + half),
        )

    def hold(self, problem: Problem) -> bool:
        """Whether the active set of one network is within them."""
        cost = problem.groups.costs[problem.active].sum()
        few = self.max_groups is None or len(problem.active_groups) <= self.max_groups
        return bool(few and cost <= self.ceiling)

    def next_removal(self, problem: Problem, increase: np.ndarray) -> int:
        """The group to remove next, by what the loss grows by without each, (n_groups,).

        That of the least increase or, above `max_cost`, of the least per unit of cost.  Where
        this removal would be enough, it is that of the least increase of all that are.
        """
        costs, increase = problem.groups.costs, np.fmin(increase, np.inf)  # NaN is no reason to go
        always = problem.active & (problem.groups.penalties == 0)  # one to keep
        candidates = np.flatnonzero(problem.active & ~always)
        excess = costs[problem.active].sum() - self.ceiling
        if excess > 0:
            # one that exceeds the limit alone has to go in any case, before it costs others
            unaffordable = candidates[costs[candidates] > self.ceiling - costs[always].sum()]
            candidates = unaffordable if len(unaffordable) else candidates
            first = candidates[np.argmin(increase[candidates] / costs[candidates])]
            if costs[first] < excess:
                return int(first)
            candidates = candidates[costs[candidates] >= excess]
        return int(candidates[np.argmin(increase[candidates])])


UNLIMITED = Limits()
