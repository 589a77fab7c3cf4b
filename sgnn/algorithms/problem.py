"""The data of a training: what is to be minimized."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from ..groups import Groups
from ..losses import Loss
from ..regularizers.base import Lam
from .rows import Batch, Rows
from .terms import Term

__all__ = ["Problem"]


@dataclass(kw_only=True)
class Problem:
    """mean loss + lam * sum of R over the penalized weights, to be minimized over a network.

    Leading axes `...` are replicas; one network has none.

    Attributes
    ----------
    loss : Loss
    rows : Rows
    y : tensor of shape (n,) or (..., n, n_outputs)
        Targets, in the order of `rows`.
    weight : tensor of shape (..., n) or None
        Sample weights of mean 1.
    groups : Groups
    lam : float or tensor of shape (...)
    active : ndarray of shape (..., n_groups)
        The active set: False for the groups that are removed, for good.
    rng : numpy.random.Generator
        Draws the order of the groups, or of the rows.
    terms : list of Term
        What is penalized.
    """

    loss: Loss
    rows: Rows
    y: Tensor
    weight: Tensor | None
    groups: Groups
    lam: Lam
    active: np.ndarray
    rng: np.random.Generator
    terms: list[Term] = field(default_factory=list)

    @property
    def active_groups(self) -> np.ndarray:
        """Indices of the groups in the active set of one network."""
        return np.flatnonzero(self.active)

    def targets(self, batch: Batch) -> Tensor:
        """Those of a batch: (b,), or (..., b, n_outputs) where replicas scale y by their own."""
        return self.y[batch] if self.y.ndim < 3 else self.y[:, batch]

    def mean(self, losses: Tensor, batch: Batch) -> Tensor:
        """Weighted mean over the batch of losses (..., b) -> (...)."""
        if self.weight is None:
            return losses.mean(-1)
        return (losses * self.weight[..., batch]).sum(-1) / losses.shape[-1]

    def weighted(self, g: Tensor, batch: Batch) -> Tensor:
        """Gradient of the batch's mean loss, from the gradients (..., b, n_outputs) of its rows."""
        b = g.shape[-2]
        return g / b if self.weight is None else g * (self.weight[..., batch, None] / b)

    def penalty(self) -> Tensor | float:
        """lam * R at the weights, summed over the terms: (...), in float64."""
        return sum(term.value(self.lam).double() for term in self.terms)
