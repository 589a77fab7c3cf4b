"""What is to be minimized: the rows, the network, and what of it is penalized."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ..groups import Groups
from ..losses import Loss
from ..regularizers import Regularizer
from .network import Network
from .rows import Batch, Rows
from .terms import Term

__all__ = ["ENOUGH", "Problem"]

ENOUGH = 20_000  # rows to tell by which group can be spared


@dataclass(kw_only=True)
class Problem(ABC):
    """mean loss + lam * sum of R over the penalized tensors, to be minimized over one network.

    Attributes
    ----------
    y : tensor of shape (n,) or (n, n_outputs)
        Targets, in the order of `rows`.
    weight : tensor of shape (n,) or None
        Sample weights of mean 1.
    active : ndarray of shape (n_groups,)
        False for the groups that are removed, for good.
    rng : numpy.random.Generator
        Draws the order of the groups, or of the rows.
    terms : list of Term
        What is penalized.
    """

    module: nn.Module
    loss: Loss
    rows: Rows
    y: Tensor
    weight: Tensor | None
    groups: Groups
    regularizer: Regularizer
    lam: float
    active: np.ndarray
    rng: np.random.Generator
    terms: list[Term] = field(default_factory=list)

    @abstractmethod
    def network(self) -> Network:
        """The network as algorithms see it that move every weight at once."""

    @abstractmethod
    def selected(self) -> np.ndarray:
        """Which groups the network reads, (n_groups,).

        Those that are not removed, and have a path to an output by weights that are not 0.
        """

    @abstractmethod
    def remove(self, group: int) -> None:
        """Set a group to 0, for good."""

    @abstractmethod
    def removal_cost(self) -> np.ndarray:
        """J without the group - J, for each active group: paper 1, equation 5.

        By the first ENOUGH rows, which are dealt at random.
        """

    @abstractmethod
    def outputs(self, batch: slice) -> Tensor:
        """What the module returns for a batch, (b, n_outputs)."""

    def loss_on(self, batch: slice) -> float:
        """Mean loss of a batch at the module's weights."""
        return float(self.mean(self.loss(self.outputs(batch), self.y[batch]), batch))

    def is_constant(self) -> bool:
        """Whether the module returns the same for every row, up to rounding."""
        low = high = None
        for batch in self.rows.batches:
            ends = self.outputs(batch).aminmax(dim=0)
            low = ends.min if low is None else torch.minimum(low, ends.min)
            high = ends.max if high is None else torch.maximum(high, ends.max)
            rounding = 16 * torch.finfo(low.dtype).eps * torch.maximum(low.abs(), high.abs())
            if (high - low > rounding).any():
                return False
        return True

    def remove_unread(self) -> None:
        """Remove the groups that the network does not read, so that `active` says what it reads."""
        for group in np.flatnonzero(self.active & ~self.selected()):
            self.remove(int(group))

    @property
    def like(self) -> Tensor:
        """A tensor of the network's dtype, on its device."""
        return next(self.module.parameters()).detach()

    @property
    def active_groups(self) -> np.ndarray:
        """Indices of the groups that are left."""
        return np.flatnonzero(self.active)

    @property
    def removed(self) -> list[int]:
        """Indices of the groups that are not."""
        return np.flatnonzero(~self.active).tolist()

    def mean(self, losses: Tensor, batch: Batch) -> Tensor:
        """Weighted mean over the batch of losses (..., b) -> (...)."""
        if self.weight is None:
            return losses.mean(-1)
        return losses @ self.weight[batch] / losses.shape[-1]

    def weighted(self, g: Tensor, batch: Batch) -> Tensor:
        """Gradient of the batch's mean loss, from the gradients g (b, n_outputs) of its rows."""
        return g / len(g) if self.weight is None else g * (self.weight[batch, None] / len(g))

    def penalty(self) -> float:
        """lam * R at the module's weights, summed over the terms."""
        return sum(float(term.value(self.lam)) for term in self.terms)
