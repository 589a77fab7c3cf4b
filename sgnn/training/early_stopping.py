"""When to stop: nothing improves any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .settings import Settings

__all__ = ["EarlyStopping", "Snapshot"]


class Snapshot(NamedTuple):
    """What an epoch has left.

    Attributes
    ----------
    state : object
        Of the network.
    active : ndarray of bool, shape (n_groups,)
    epoch : int
        How many epochs there were.
    """

    state: Any
    active: np.ndarray
    epoch: int


@dataclass
class EarlyStopping:
    """Stop when nothing improves any more; with validation data, return to the best epoch.

    Attributes
    ----------
    best, waited : float, int
        The lowest value, and the epochs since.
    best_epoch : Snapshot or None
        The epoch of the lowest validation loss.
    """

    best: float = float("inf")
    waited: int = 0
    best_epoch: Snapshot | None = None

    def update(
        self, settings: Settings, row: dict[str, Any], epoch: Snapshot, *, settled: bool
    ) -> bool:
        """Take note of an epoch; return whether the training is to end."""
        on_validation, patience = settings.stop_on_validation, settings.n_iter_no_change
        value = row["valid_loss"] if on_validation else row["loss"] + row["regularization"]
        if row["removed"] or not settled:
            self.best, self.waited = float("inf"), 0
        if value < self.best - settings.tol * abs(value):
            self.best, self.waited = value, 0
            self.best_epoch = epoch if on_validation else None
        else:
            self.waited += 1
        return patience is not None and self.waited >= patience
