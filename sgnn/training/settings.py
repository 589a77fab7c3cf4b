"""What the loop needs to know besides the network and the algorithm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from ..algorithms import Problem
from ..checkpoints import Checkpoint
from .fit_task import FitTask

__all__ = ["Settings"]


@dataclass
class Settings:
    """What the loop needs to know besides the network and the algorithm.

    Attributes
    ----------
    optimizer, optimizer_options
        What the optimizer is made by, from parameters and lr, and with.
    lr_schedule : float, callable or None
        Factor applied after every epoch, or epoch -> multiple of the first learning rate.
    tol, n_iter_no_change : float, int or None
        Stop when so many epochs in a row improved by less than tol; an epoch that removes a
        group, or after which the algorithm is not `settled`, starts the count anew.
    validation : Problem or None
        When given, the weighted mean of its loss is recorded every epoch.
    stop_on_validation : bool
        Watch the validation loss, and return to its best epoch, instead of the objective.
    checkpoint : Checkpoint or None
        Where the training is kept after every epoch, and gone on with.
    task : FitTask or None
        The fit, whose epochs are its subtasks for scikit-learn's callbacks.
    learned : callable or None
        What these get a fitted estimator by: a run that has ended -> the fitted attributes.
    """

    max_epochs: int
    optimizer: Callable[..., torch.optim.Optimizer]
    learning_rate: float
    optimizer_options: dict[str, Any] = field(default_factory=dict)
    lr_schedule: float | Callable[[int], float] | None = None
    callbacks: list | None = None
    verbose: int = 0
    tol: float = 0.0
    n_iter_no_change: int | None = 10
    validation: Problem | None = None
    stop_on_validation: bool = False
    checkpoint: Checkpoint | None = None
    task: FitTask | None = None
    learned: Callable[[Any], dict[str, Any]] | None = None

    def set_learning_rate(self, optimizer: torch.optim.Optimizer, epoch: int) -> None:
        """That of the epoch, from that of the epoch before."""
        for group in optimizer.param_groups:
            if callable(self.lr_schedule):
                group["lr"] = self.learning_rate * float(self.lr_schedule(epoch))
            elif self.lr_schedule is not None:
                group["lr"] *= float(self.lr_schedule)
