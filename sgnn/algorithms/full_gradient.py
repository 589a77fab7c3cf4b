"""What the algorithms share that move every weight at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from ..regularizers.base import Lam
from .base import EVERYTHING, Algorithm
from .network import Leaf

__all__ = ["FullGradient"]


class FullGradient(Algorithm):
    """Gradient of the loss by every weight, on each mini-batch; the penalty is a subclass's.

    In the warm-up the strength of the penalty grows from 0 to lam.

    Examples
    --------
    >>> from sgnn.algorithms import FullGradient, Subgradient
    >>> issubclass(Subgradient, FullGradient)  # which adds the slope of the penalty
    True
    """

    def begin(self) -> None:
        self.terms = self.problem.terms
        self.moved = self.network.parameters
        self.optimizer.param_groups[0]["params"] = self.moved

    @property
    def lam(self) -> Lam:
        """Strength of the penalty in this epoch."""
        done = self.epoch / self.warmup if self.warmup else 1.0
        return self.problem.lam * min(1.0, done)

    def has_acted(self, n_epochs: int) -> bool:
        return n_epochs > min(1, self.warmup)

    def _first_elimination(self, end: float) -> float:
        # an untrained network can do without any group
        return min(float(self.warmup), end / 2)

    def resume(self, state: dict[str, Any]) -> None:
        super().resume(state)
        self.network.load()

    def leaves(self) -> list[Leaf]:
        known = {id(leaf.moved): leaf for leaf in self.network.leaves}
        return [known[id(moved)] for moved in self.moved if id(moved) in known]

    def sweep(self) -> Iterable[int]:
        self.network.shuffle(self.epoch)
        return [EVERYTHING]

    def objective(self, batch: slice) -> Tensor:
        return self.network.gradient(batch)

    def update(self) -> None:
        self.optimizer.step()
        self.network.restore()

    def end_epoch(self) -> None:
        super().end_epoch()
        self.network.restore()

    def select(self, index: Tensor) -> None:
        n = len(self.network.members)
        self.network.select(index)
        self.problem, self.terms = self.network.problem, self.network.problem.terms
        for state in self.optimizer.state.values():
            for name, value in state.items():
                if isinstance(value, Tensor) and value.shape[:1] == (n,):
                    state[name] = value[index]
