"""What a training algorithm is: the hooks in which algorithms differ, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..components import Component, Registry
from .limits import UNLIMITED, Limits
from .network import Leaf, Network
from .problem import Problem

__all__ = ["ALGORITHMS", "EVERYTHING", "Algorithm"]

EVERYTHING = -1  # the block of algorithms that do not go group by group


class Algorithm(Component, ABC):
    """The hooks that differ; the loop that calls them is in `sgnn.training`.

    An epoch is a sequence of blocks and a block is a pass over the mini-batches.  The parameters
    are those of the constructor; a training works on a new one, of which the caller sets what an
    estimator says: limits, warmup_epochs and bar.

    Attributes
    ----------
    stackable : bool
        Whether many networks can be trained at once, stacked along an axis of replicas.  It holds
        for the class that says so alone: a subclass says it again if it is true of it too.
    inputs_only : bool
        Whether it visits the groups of the input alone, and so trains only networks of which
        nothing else is penalized.
    gated : bool
        Whether other parameters are trained in the place of the module's.
    overlapping : bool
        Whether groups may share weights, as they can where no prox is taken.
    limits : Limits
        What may be kept at most: down to it by backward elimination between epochs.
    warmup_epochs : int or "auto"
        Epochs before the first removal, or in which the strength of the penalty grows to lam.
    bar : {"lam_tau", "lam"}
        What the mean increase of the loss without a group must stay below where groups are
        removed one by one: lam tau_g (equation 5 of paper 1) or lam (its line 11).
    n_polish : int
        Iterations of `polish`, at most.
    n_visits : int or tensor of shape (...)
        How many blocks the next epoch visits.
    network, problem, optimizer
        What is trained, what is minimized, and what takes the steps.
    validation : Problem or None
        Of the rows that are held out: where there are some, they say what a removal does.
    stops_early : bool
        Whether the epoch is kept that is best by the validation rows.
    max_epochs, warmup, epoch : int
        How many epochs there will be at most, to begin with, and have been.

    Examples
    --------
    >>> from sgnn.algorithms import ALGORITHMS, Algorithm
    >>> issubclass(ALGORITHMS["proximal"], Algorithm)
    True
    >>> ALGORITHMS.made("splitting", beta=0.1).get_params()["beta"]
    0.1
    """

    stackable = False
    inputs_only = False
    gated = False
    overlapping = False
    limits: Limits = UNLIMITED
    warmup_epochs: int | str = 0
    bar: str = "lam_tau"
    n_polish: int = 0
    n_visits: Any = 1
    network: Network
    problem: Problem
    validation: Problem | None = None
    stops_early: bool = False
    optimizer: torch.optim.Optimizer
    max_epochs: int
    warmup: int
    epoch: int

    def begin(self) -> None:
        """Before the first epoch; `network` and what follows it are set."""

    @abstractmethod
    def sweep(self) -> Iterable[Any]:
        """The blocks that one epoch visits: group indices, or EVERYTHING at once."""

    def enter(self, block: Any) -> None:
        """Before the first batch of a block."""

    @abstractmethod
    def objective(self, batch: slice) -> Tensor:
        """Set every `.grad`; return the mean loss of the batch before the step, (...)."""

    def update(self) -> None:
        """One step."""
        self.optimizer.step()

    def leave(self, block: Any) -> None:
        """After the last batch of a block."""

    def end_epoch(self) -> None:
        """After the last block of an epoch: remove groups until its limits hold."""
        self.epoch += 1
        now = self._limits_now()
        for network in self.network.members:
            problem = network.problem
            if now.hold(problem):
                continue
            increase = network.loss_increase(self.validation or problem)
            # what is not read comes first: the loss may well fall without what is
            increase[~network.reads()] = -np.inf
            while not now.hold(problem):
                network.remove(self.limits.next_removal(problem, increase))

    def select(self, index: Tensor) -> None:
        """Go on with these replicas alone."""

    def last_below_threshold(self, network: Network, n_epochs: int) -> bool:
        """Whether the last group, which is kept by rule, could be removed like the others."""
        return False

    def has_acted(self, n_epochs: int) -> bool:
        """Whether the training went on for long enough that lam could remove a group."""
        return n_epochs > self.warmup

    def settled(self, network: Network, n_epochs: int) -> bool:
        """Whether training may end: the warm-up is over and the limits are reached."""
        return n_epochs > self.warmup and self.limits.hold(network.problem)

    def leaves(self) -> list[Leaf]:
        """What the optimizer moves, as parameters of the module."""
        return []

    def polish(self) -> Generator[float, None, None]:
        """After the last epoch of a training that ran its course: iterations, each a yield."""
        yield from ()

    def finish(self, network: Network) -> None:
        """At the very end of each network, also of a training that was cut short."""

    def state(self) -> dict[str, Any]:
        """What `begin` does not make again of the network after an epoch, for a checkpoint."""
        return {"epoch": self.epoch}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned; the network and the optimizer are as they were."""
        self.epoch = state["epoch"]

    def _first_elimination(self, end: float) -> float:
        """The epoch from which the limits remove groups; at `end` they have done so."""
        return 0.0

    def _limits_now(self) -> Limits:
        """Those after this epoch: down from all groups, evenly, by 3/4 of the epochs."""
        end = max(1.0, 0.75 * self.max_epochs)
        start = self._first_elimination(end)
        done = min(1.0, max(0.0, (self.epoch - start) / (end - start)))
        return self.limits.eased(self.problem.groups, done)


ALGORITHMS: Registry[Algorithm] = Registry("algorithm", Algorithm)
