"""What the loop needs to know besides the problem and the algorithm."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from skorch.callbacks import LRScheduler
from torch import Tensor

from ..checkpoints import Checkpoint
from .early_stopping import EarlyStopping

__all__ = ["OPTIMIZERS", "Settings"]

# The fused kernels do in one pass what the default ones do in several.
OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict]] = {
    "sgd": (torch.optim.SGD, {"fused": True}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "adamax": (torch.optim.Adamax, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
}


@dataclass
class Settings:
    """What the loop needs to know besides the problem and the algorithm.

    Attributes
    ----------
    lr_schedule : float, callable or None
        Factor applied after every epoch, or epoch -> multiple of the first learning rate.
    tol, n_iter_no_change : float, int or None
        Stop when so many epochs in a row improved by less than tol; an epoch that removes a
        group, or after which the algorithm is not `settled`, starts the count anew.
    validation : (X, y, weight) tensors or None
        When given, the weighted mean of its loss is recorded every epoch.
    stop_on_validation : bool
        Watch the validation loss, and return to its best epoch, instead of the objective.
    checkpoint : Checkpoint or None
        Where the training is kept after every epoch, and gone on with.
    """

    max_epochs: int
    optimizer: str | type[torch.optim.Optimizer]
    learning_rate: float
    lr_schedule: float | Callable[[int], float] | None = None
    callbacks: list | None = None
    verbose: int = 0
    tol: float = 0.0
    n_iter_no_change: int | None = 10
    validation: tuple[Tensor, Tensor, Tensor] | None = None
    stop_on_validation: bool = False
    checkpoint: Checkpoint | None = None

    def optimizer_class(self) -> tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]:
        """The optimizer and what it is made with besides parameters and learning rate."""
        if isinstance(self.optimizer, str):
            return OPTIMIZERS[self.optimizer]
        return self.optimizer, {}

    def all_callbacks(self) -> list:
        """The user's, after those that keep the patience and the learning rate."""
        own: list = [EarlyStopping(self.tol, self.n_iter_no_change, self.stop_on_validation)]
        schedule, last = self.lr_schedule, self.max_epochs - 1
        if callable(schedule):

            def multiple(epoch: int) -> float:
                # torch asks for one epoch more, and keeps the state of what is no function
                return float(schedule(min(epoch, last)))

            own.append(LRScheduler(torch.optim.lr_scheduler.LambdaLR, lr_lambda=multiple))
        elif schedule is not None:
            own.append(LRScheduler(torch.optim.lr_scheduler.ExponentialLR, gamma=float(schedule)))
        return own + copy.deepcopy(list(self.callbacks or []))
