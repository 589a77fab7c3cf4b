"""Many trainings as one: what the joint loop asks of them, and those that move all weights."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .base import Algorithm
from .dense_problem import DenseProblem
from .full_gradient import FullGradient
from .stack import Stack

__all__ = ["Joint", "JointFullGradient", "NewOptimizer"]

NewOptimizer = Callable[[list], torch.optim.Optimizer]


class Joint(ABC):
    """Replicas that train side by side; between epochs each is an ordinary training of its own.

    The loop calls it as it calls an Algorithm, but for losses of shape (R,).

    Parameters
    ----------
    members : sequence of Algorithm
        One for each replica, enrolled.
    new_optimizer : callable
        Parameters -> the optimizer of all replicas.
    """

    optimizer: torch.optim.Optimizer

    def __init__(self, members: Sequence[Algorithm], new_optimizer: NewOptimizer) -> None:
        self.members = list(members)
        problems: list[DenseProblem] = [member.problem for member in members]  # type: ignore[misc]
        self.stack = Stack(problems)
        self.optimizer = new_optimizer([nn.Parameter(self.stack.like.new_zeros(1))])

    @abstractmethod
    def sweep(self) -> Iterable[Any]:
        """The visits of an epoch."""

    @abstractmethod
    def enter(self, visit: Any) -> None:
        """Before the first batch of a visit."""

    @abstractmethod
    def objective(self, batch: slice) -> Tensor:
        """Set every `.grad`; return the mean losses of the batch, (R,), 0 for who rests."""

    def update(self) -> None:
        """One step of every replica."""
        self.optimizer.step()

    @abstractmethod
    def leave(self, visit: Any) -> None:
        """After the last batch of a visit."""

    @abstractmethod
    def end_epoch(self) -> Tensor:
        """Give the modules what was learned, end the members' epochs; visits of each, (R,)."""

    def select(self, index: Tensor) -> None:
        """Go on with these replicas alone."""
        self.members = [self.members[r] for r in index.tolist()]
        self.stack.select(index)

    def polish(self) -> Generator[float, None, None]:
        """The end of the trainings, from where the modules stand."""
        yield from ()


class JointFullGradient(Joint):
    """Algorithms that move every weight at once: a copy of the first works on the stack."""

    def __init__(self, members: Sequence[FullGradient], new_optimizer: NewOptimizer) -> None:
        super().__init__(members, new_optimizer)
        self.algorithm: FullGradient = copy.copy(members[0])
        self.algorithm.begin(self.stack, self.optimizer, members[0].max_epochs)  # type: ignore[arg-type]

    def sweep(self) -> Iterable[int]:
        return self.algorithm.sweep()

    def enter(self, visit: int) -> None:
        self.algorithm.enter(visit)

    def objective(self, batch: slice) -> Tensor:
        return self.algorithm.objective(batch)

    def update(self) -> None:
        self.algorithm.update()

    def leave(self, visit: int) -> None:
        self.algorithm.leave(visit)

    def end_epoch(self) -> Tensor:
        for member in self.members:
            member.advance()
        self.algorithm.epoch += 1
        # a member may have removed groups
        self.algorithm.network.shuffle(self.algorithm.epoch)
        self.algorithm.network.restore()
        return torch.ones(len(self.members), dtype=torch.float64)

    def select(self, index: Tensor) -> None:
        n = len(self.members)
        super().select(index)
        self.algorithm.select(index)
        for state in self.optimizer.state.values():
            for name, value in state.items():
                if isinstance(value, Tensor) and value.shape[:1] == (n,):
                    state[name] = value[index]

    def polish(self) -> Generator[float, None, None]:
        yield from self.algorithm.polish()
