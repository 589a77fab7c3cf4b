"""Arguments that are code, tried on a few rows before anything is trained with them."""

from __future__ import annotations

import copy
import reprlib
import warnings
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..losses import BatchLoss, Loss
from ..optimizers import OPTIMIZERS

__all__ = ["torch_optimizer", "try_batch_loss", "try_loss", "try_schedule"]

FAR = 1e4  # outputs at which a loss that falls without bound shows it
BELOW = -1e3
EPOCHS = 10_000  # for which a schedule is tried, at most


def try_loss(loss: Loss, out: Tensor, y: Tensor, given: Any) -> None:
    """Refuse a loss that does not work for outputs (n, n_outputs) and targets y of a few rows.

    `given` is the user's `loss=`.

    Raises
    ------
    ValueError
        If it does not take them, gives no finite numbers, or falls without bound as the outputs
        grow.
    """
    called = given.__name__ if isinstance(given, type) else reprlib.repr(given)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            values, gradient = loss.gradient(out, y)
            far = min(float(loss(sign * FAR + out, y).min()) for sign in (-1, 1))
            # of classes, whose outputs grow against each other
            each = [float(loss(FAR * column.expand_as(out), y).min())
                    for column in torch.eye(out.shape[1], dtype=out.dtype)]  # fmt: skip
    except Exception as error:
        raise ValueError(
            f"loss must be None, a name, or a torch loss that takes outputs of shape "
            f"{tuple(out.shape)} with targets of shape {tuple(y.shape)} and reduction='none', "
            f"got {called} ({_reason(error)})."
        ) from None
    if values.shape != out.shape[:1] or gradient.shape != out.shape:
        raise ValueError(
            f"loss={called} returns losses of shape {tuple(values.shape)} and a gradient of shape "
            f"{tuple(gradient.shape)} for {len(out)} rows: let `gradient` return one loss a row, "
            f"and a derivative by each output."
        )
    _check_finite(values, gradient, called)
    if all(not loss.gradient(shift + out, y)[1].any() for shift in (0.0, 1.0, -1.0, FAR, -FAR)):
        raise ValueError(
            f"loss={called} does not change with the outputs (of {out.shape[1]} for each row): "
            f"give a loss that is made for such targets."
        )
    if min(far, *each) < BELOW:
        raise ValueError(
            f"loss={called} falls without bound as the outputs grow, as if they were "
            f"log-probabilities: give a loss of raw outputs, such as torch.nn.CrossEntropyLoss "
            f"for classes."
        )


def try_batch_loss(loss: BatchLoss, out: Tensor, y: Tensor, given: Any) -> None:
    """The same of a loss of the whole batch."""
    called = given.__name__ if isinstance(given, type) else reprlib.repr(given)
    try:
        value, gradient = loss.mean_gradient(out, y)
    except Exception as error:
        raise ValueError(
            f"loss={called} must take outputs of shape {tuple(out.shape)} with targets of shape "
            f"{tuple(y.shape)} and weights, and return a number ({_reason(error)})."
        ) from None
    _check_finite(value, gradient, called)


def _check_finite(values: Tensor, gradient: Tensor, called: str) -> None:
    if not (values.isfinite().all() and gradient.isfinite().all()):
        raise ValueError(
            f"loss={called} is not finite for outputs of 0 with targets of y: "
            f"give a loss of raw outputs, or targets that it is made for."
        )


def torch_optimizer(given: Any, learning_rate: float) -> tuple[Any, dict[str, Any]]:
    """torch's class of an optimizer, and what it is called with besides parameters and lr.

    Parameters
    ----------
    given : Optimizer or torch class
    learning_rate : float
        With which it is tried.

    Raises
    ------
    ValueError
        If it cannot be made, or cannot step by a gradient.
    """
    if isinstance(given, type):
        kind, options, called = given, {}, given.__name__
    else:
        optimizer = given.fresh()
        kind, options, called = optimizer.kind, optimizer.arguments, given
    parameter = nn.Parameter(torch.ones(2))
    parameter.grad = torch.ones(2)
    try:
        kind([parameter], lr=learning_rate, **options).step()
    except Exception as error:
        raise ValueError(
            f"optimizer must be one of {', '.join(OPTIMIZERS.names())}, an Optimizer, or a class "
            f"that is called with the parameters and lr, and whose step needs nothing but their "
            f"gradients, got {called} ({_reason(error)}): give another, such as torch.optim.SGD."
        ) from None
    return kind, options


def try_schedule(schedule: float | Callable[[int], Any] | None, max_epochs: int) -> None:
    """Refuse a function of the epoch that fails, or gives no finite multiple >= 0."""
    if not callable(schedule):
        return
    schedule = copy.deepcopy(schedule)  # it may count its calls
    for epoch in range(min(max_epochs, EPOCHS)):
        try:
            multiple = schedule(epoch)
        except Exception as error:
            raise ValueError(
                f"lr_schedule must take an epoch, 0 at first, and return a multiple of "
                f"learning_rate, got {reprlib.repr(schedule)}, which fails at epoch {epoch} "
                f"({_reason(error)})."
            ) from None
        number = isinstance(multiple, Real) and not isinstance(multiple, bool)
        if not number or not np.isfinite(float(multiple)) or multiple < 0:
            raise ValueError(
                f"lr_schedule must return a finite multiple >= 0 of learning_rate, got "
                f"{reprlib.repr(multiple)} at epoch {epoch}."
            )


def _reason(error: Exception) -> str:
    """What went wrong, in one clause."""
    clause = str(error).splitlines()[0].split(". ")[0].rstrip(".") if str(error) else ""
    return f"{type(error).__name__}: {clause:.80}"
