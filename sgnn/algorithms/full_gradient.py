"""What the algorithms share that move every weight at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .base import EVERYTHING, Algorithm
from .network import Leaf, Network
from .problem import Problem

__all__ = ["FullGradient"]


class FullGradient(Algorithm):
    """Gradient of the loss by every weight, on each mini-batch; the penalty is a subclass's.

    Parameters
    ----------
    max_groups : int, optional
        Keep at most so many groups: down to it by backward elimination between epochs.
    warmup_epochs : int, default=0
        Epochs in which the strength of the penalty grows from 0 to lam.
    """

    def __init__(self, max_groups: int | None = None, warmup_epochs: int = 0) -> None:
        self.max_groups, self.warmup_epochs = max_groups, warmup_epochs

    def begin(self, problem: Problem, optimizer: torch.optim.Optimizer, max_epochs: int) -> None:
        super().begin(problem, optimizer, max_epochs)
        self._take(problem.network())
        optimizer.param_groups[0]["params"] = self.moved

    def _take(self, network: Network) -> None:
        self.network, self.terms, self.moved = network, network.terms, network.parameters

    @property
    def lam(self) -> float:
        """Strength of the penalty in this epoch."""
        done = self.epoch / self.warmup_epochs if self.warmup_epochs else 1.0
        return self.problem.lam * min(1.0, done)

    @property
    def has_acted(self) -> bool:
        return self.epoch > min(1, self.warmup_epochs)

    def _first_elimination(self, end: float) -> float:
        # an untrained network spares any group
        return min(float(self.warmup_epochs), end / 2)

    def resume(self, state: dict[str, Any]) -> None:
        super().resume(state)
        self.network.load()

    def read(self, batch: slice) -> tuple[Tensor, Tensor]:
        return self.network.read(batch)

    def leaves(self) -> list[Leaf]:
        known = {id(leaf.moved): leaf for leaf in self.network.leaves()}
        return [known[id(moved)] for moved in self.moved if id(moved) in known]

    def sweep(self) -> Iterable[int]:
        self.network.shuffle(self.epoch)
        return [EVERYTHING]

    def objective(self, batch: slice) -> Tensor:
        loss = self.network.gradient(batch)
        self.out = self.network.out
        return loss

    def update(self) -> None:
        super().update()
        self.network.restore()

    def leave(self, block: int) -> None:
        self.network.store()

    def end_epoch(self) -> None:
        super().end_epoch()
        self.network.restore()

    def select(self, index: Tensor) -> None:
        """Go on with these replicas of a stack alone."""
        self.network.select(index)
