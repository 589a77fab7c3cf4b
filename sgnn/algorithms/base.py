"""What a training algorithm is: the hooks in which algorithms differ, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .network import Leaf
from .problem import Problem

__all__ = ["EVERYTHING", "Algorithm"]

EVERYTHING = -1  # the block of algorithms that do not go group by group


class Algorithm(ABC):
    """The hooks that differ; the loop that calls them is in `sgnn.training`.

    An epoch is a sequence of blocks and a block is a pass over the mini-batches.
    """

    out: Tensor  # outputs of the network for the last batch, (b, n_outputs)
    max_groups: int | None = None
    warmup_epochs: int = 0
    polish_iter: int = 0  # iterations of `polish`, at most

    def bind(self, problem: Problem, max_epochs: int) -> None:
        """Know the problem: all that a member of a joint training needs to begin."""
        self.problem, self.max_epochs = problem, max_epochs
        self.epoch = 0

    def begin(self, problem: Problem, optimizer: torch.optim.Optimizer, max_epochs: int) -> None:
        """Before the first epoch."""
        self.bind(problem, max_epochs)
        self.optimizer = optimizer

    @property
    def n_visits(self) -> int:
        """How many blocks the next epoch visits."""
        return 1

    def read(self, batch: slice) -> tuple[Tensor, Tensor]:
        """The rows (b, p) of a mini-batch as the network sees them, and their targets."""
        return self.problem.rows.read_in_order(batch), self.problem.y[batch]

    @abstractmethod
    def sweep(self) -> Iterable[int]:
        """The blocks that one epoch visits: group indices, or EVERYTHING at once."""

    def enter(self, block: int) -> None:
        """Before the first batch of a block."""

    @abstractmethod
    def objective(self, batch: slice) -> Tensor:
        """Set every `.grad`; return the mean loss of the batch before the step."""

    def update(self) -> None:
        """One step."""
        self.optimizer.step()

    def leave(self, block: int) -> None:
        """After the last batch of a block."""

    def end_epoch(self) -> None:
        """After the last block of an epoch."""
        self.advance()

    def advance(self) -> None:
        """Count the epoch, and remove the groups that `max_groups` has no room for."""
        self.epoch += 1
        surplus = len(self.problem.active_groups) - self._room()
        if surplus > 0:
            active = self.problem.active_groups
            by_cost = active[np.argsort(self.problem.removal_cost(), kind="stable")]
            # a group without a penalty is one to keep
            for group in by_cost[self.problem.groups.penalties[by_cost] > 0][:surplus]:
                self.problem.remove(group)

    def last_below_bar(self) -> bool:
        """Whether the last group, which is kept by rule, could be removed like the others."""
        return False

    @property
    def has_acted(self) -> bool:
        """Whether the training went on for long enough that lam could remove a group."""
        return self.epoch > self.warmup_epochs

    def leaves(self) -> list[Leaf]:
        """What the optimizer moves, as parameters of the module."""
        return []

    def polish(self) -> Generator[float, None, None]:
        """After the last epoch of a training that ran its course: iterations, each a yield."""
        yield from ()

    def finish(self) -> None:
        """At the very end, also of a training that was cut short."""

    def state(self) -> dict[str, Any]:
        """What `begin` does not make again of the module after an epoch, for a checkpoint."""
        return {"epoch": self.epoch}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned; the module and the optimizer are as they were."""
        self.epoch = state["epoch"]

    @property
    def settled(self) -> bool:
        """Whether training may end: the warm-up is over and `max_groups` is reached."""
        k = self.max_groups or len(self.problem.groups)
        return self.epoch > self.warmup_epochs and len(self.problem.active_groups) <= k

    def _first_elimination(self, end: float) -> float:
        """The epoch from which `max_groups` removes groups; at `end` it has done so."""
        return 0.0

    def _room(self) -> int:
        """Groups allowed after this epoch: down to max_groups, evenly, by 3/4 of the epochs."""
        k = len(self.problem.groups)
        if self.max_groups is None:
            return k
        end = max(1.0, 0.75 * self.max_epochs)
        start = self._first_elimination(end)
        done = min(1.0, max(0.0, (self.epoch - start) / (end - start)))
        return max(self.max_groups, round(k - done * (k - self.max_groups)))
