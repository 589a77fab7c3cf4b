"""What a training algorithm is: the hooks in which algorithms differ, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..groups import Blocks, Groups
from ..modules import MLP, Loss
from ..regularizers import Regularizer
from .rows import Rows

__all__ = ["EVERYTHING", "Algorithm", "Problem", "Term"]

EVERYTHING = -1  # the block of algorithms that do not go group by group
ENOUGH = 20_000  # rows to tell by which group can be spared


@dataclass
class Term:
    """One tensor that is penalized, and how it is cut into blocks."""

    tensor: torch.nn.Parameter
    blocks: Blocks


@dataclass
class Problem:
    """mean loss + lam * sum of R over the penalized tensors, to be minimized over one network.

    Attributes
    ----------
    y : tensor of shape (n,) or (n, n_outputs)
        Targets, in the order of `rows`.
    weight : tensor of shape (n,) or None
        Sample weights of mean 1.
    alive : ndarray of shape (n_groups,)
        False for the groups that are removed, for good.
    rng : numpy.random.Generator
        Draws the order of the groups.
    terms : list of Term
        What is penalized; at first the groups of theta alone.
    """

    module: MLP
    loss: Loss
    rows: Rows
    y: Tensor
    weight: Tensor | None
    groups: Groups
    regularizer: Regularizer
    lam: float
    alive: np.ndarray
    rng: np.random.Generator

    def __post_init__(self) -> None:
        device = self.module.theta.device
        self.columns = [
            torch.from_numpy(self.groups.columns(g)).to(device) for g in range(len(self.groups))
        ]
        labels = torch.from_numpy(self.groups.labels.copy()).to(device)
        weights = torch.from_numpy(self.groups.penalties).to(self.module.theta)
        self.blocks = Blocks.columns(self.module.theta.shape, labels, weights)
        self.terms = [Term(self.module.theta, self.blocks)]

    @property
    def living(self) -> np.ndarray:
        """Indices of the groups that are left."""
        return np.flatnonzero(self.alive)

    def mean(self, losses: Tensor, batch: slice) -> Tensor:
        """Weighted mean over the batch of losses (..., b) -> (...)."""
        if self.weight is None:
            return losses.mean(-1)
        return losses @ self.weight[batch] / losses.shape[-1]

    def weighted(self, g: Tensor, batch: slice) -> Tensor:
        """Gradient of the batch's mean loss, from the gradients g (b, n_outputs) of its rows."""
        return g / len(g) if self.weight is None else g * (self.weight[batch, None] / len(g))

    def penalty(self) -> float:
        """lam * R at the module's weights, summed over the terms."""
        R, lam = self.regularizer, self.lam
        return sum(float(R.value(term.tensor, term.blocks, lam)) for term in self.terms)

    def selected(self) -> np.ndarray:
        """Which groups the network reads, (n_groups,): not removed, and not zero as it is."""
        return self.alive & (self.blocks.norm(self.module.theta) > 0).cpu().numpy()

    def remove(self, group: int) -> None:
        """Group theta_i = 0, for good."""
        self.module.theta[:, self.columns[group]] = 0
        self.alive[group] = False

    def growth(self) -> np.ndarray:
        """J without the group - J, for each living group: paper 1, equation 5.

        One pass over the first ENOUGH rows, which are dealt at random; each batch's first
        product is computed once and then lacks one group at a time.
        """
        theta, living = self.module.theta, self.living
        parts = [theta[:, self.columns[g]] for g in living]
        total, seen = torch.zeros(len(living), dtype=torch.float64), 0
        for batch in self.rows.batches:
            xs = [self.rows.read(batch, self.rows.span(g)) for g in living]
            z = torch.stack([x @ part.T for x, part in zip(xs, parts, strict=True)]).sum(0)
            base = self.loss_from(z.clone(), batch)
            lacking = [self.loss_from(z - x @ part.T, batch) - base
                       for x, part in zip(xs, parts, strict=True)]  # fmt: skip
            total += torch.stack(lacking).cpu() * (batch.stop - batch.start)
            seen += batch.stop - batch.start
            if seen >= ENOUGH:
                break
        return total.numpy() / seen - self._penalties()

    def _penalties(self) -> np.ndarray:
        """What each living group adds to the penalty."""
        theta = self.module.theta
        if all(term.tensor is not theta for term in self.terms):
            return np.zeros(len(self.living))
        without = theta.repeat(len(self.living), 1, 1)
        for w, g in zip(without, self.living, strict=True):
            w[:, self.columns[g]] = 0
        R, lam = self.regularizer, self.lam
        less = R.value(theta, self.blocks, lam) - R.value(without, self.blocks, lam)
        return less.cpu().double().numpy()

    def loss_on(self, batch: slice) -> float:
        """Mean loss of a batch at the module's weights."""
        order = torch.from_numpy(self.rows.order).to(self.module.theta.device)
        z = self.rows.read(batch) @ self.module.theta[:, order].T
        return float(self.loss_from(z, batch))

    def loss_from(self, z: Tensor, batch: slice) -> Tensor:
        """Mean loss of the batch from its first-layer product z (b, q), which is overwritten."""
        return self.mean(self.loss(self.module.head(z)[-1], self.y[batch]), batch)


class Algorithm(ABC):
    """The hooks that differ; the loop that calls them is in `sgnn.training`.

    An epoch is a sequence of blocks and a block is a pass over the mini-batches.
    """

    out: Tensor  # outputs of the network for the last batch, (b, n_outputs)
    max_groups: int | None = None
    warmup_epochs: int = 0
    polish_iter: int = 0  # iterations of `polish`, at most

    def begin(self, problem: Problem, optimizer: torch.optim.Optimizer, max_epochs: int) -> None:
        """Before the first epoch."""
        self.problem, self.optimizer, self.max_epochs = problem, optimizer, max_epochs
        self.epoch = 0

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
        """After the last block of an epoch: remove the groups `max_groups` has no room for."""
        self.epoch += 1
        surplus = len(self.problem.living) - self._room()
        if surplus > 0:
            growth = self.problem.growth()
            for group in self.problem.living[np.argsort(growth, kind="stable")[:surplus]]:
                self.problem.remove(group)

    def polish(self) -> Generator[float, None, None]:
        """After the last epoch of a training that ran its course: iterations, each a yield."""
        yield from ()

    def finish(self) -> None:
        """At the very end, also of a training that was cut short."""

    def parameters(self, *theta: torch.nn.Parameter) -> None:
        """Let the optimizer move the upper layers and the given parts of theta alone."""
        self.optimizer.param_groups[0]["params"] = [*theta, *self.problem.module.upper()]

    @property
    def settled(self) -> bool:
        """Whether training may end: the warm-up is over and `max_groups` is reached."""
        k = self.max_groups or len(self.problem.groups)
        return self.epoch > self.warmup_epochs and len(self.problem.living) <= k

    def _room(self) -> int:
        """Groups allowed after this epoch: down to max_groups, evenly, by 3/4 of the epochs."""
        k = len(self.problem.groups)
        if self.max_groups is None:
            return k
        done = min(1.0, self.epoch / max(1.0, 0.75 * self.max_epochs))
        return max(self.max_groups, round(k - done * (k - self.max_groups)))
