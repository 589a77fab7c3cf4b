"""When to stop: nothing improves any more."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from skorch.callbacks import Callback

__all__ = ["EarlyStopping", "Snapshot"]


class Snapshot(NamedTuple):
    """What an epoch has left.

    Attributes
    ----------
    state : dict
        Of the module.
    active : ndarray of bool, shape (n_groups,)
    epoch : int
        How many epochs there were.
    """

    state: dict[str, Any]
    active: np.ndarray
    epoch: int


class EarlyStopping(Callback):
    """Stop when nothing improves any more; with validation data, return to the best epoch.

    Parameters
    ----------
    tol : float
        Share of its value by which the objective, or the validation loss, must fall.
    patience : int or None
        Epochs without that, in a row; None waits for ever.
    on_validation : bool
        Watch the validation loss.
    """

    def __init__(self, tol: float, patience: int | None, on_validation: bool) -> None:
        self.tol, self.patience = tol, patience or np.inf
        self.on_validation = on_validation

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **_: Any) -> None:
        self.best, self.waited = float("inf"), 0
        self.best_state: Snapshot | None = None

    def state(self) -> dict[str, Any]:
        """What it remembers, for a checkpoint."""
        best = self.best_state and self.best_state._replace(active=self.best_state.active.tolist())
        return {"best": self.best, "waited": self.waited, "best_state": best and tuple(best)}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        best = state["best_state"]
        self.best, self.waited = state["best"], state["waited"]
        self.best_state = best and Snapshot(best[0], np.array(best[1]), best[2])

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        row = net.history[-1]
        value = row["valid_loss"] if self.on_validation else row["loss"] + row["regularization"]
        if row["removed"] or not net.algorithm_.settled:
            self.best, self.waited = float("inf"), 0
        if value < self.best - self.tol * abs(value):
            self.best, self.waited, self.best_state = value, 0, net.saved_
        else:
            self.waited += 1

    @property
    def over(self) -> bool:
        """Whether the training is to end."""
        return self.waited >= self.patience

    def best_of(self, last: Snapshot | None) -> Snapshot | None:
        """What to keep at the end: the best epoch by the validation loss, or the last one."""
        best, self.best_state = self.best_state, None
        return best if self.on_validation and best is not None else last
