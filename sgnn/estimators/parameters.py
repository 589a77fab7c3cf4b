"""The constructor arguments that the network estimators share: what each may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import torch

from .. import losses
from ..algorithms import ALGORITHMS
from ..modules.activations import ACTIVATIONS, is_activation
from ..optimizers import OPTIMIZERS
from ..regularizers import REGULARIZERS
from ..rules import Rule, choice, either, flag, integer, number, sizes
from ..training import is_callback

__all__ = ["SHARED"]


SHARE = number(0, 1, open_low=True)


def _is_device(value: Any) -> bool:
    try:
        torch.empty(0, device=torch.device(value)).cpu()
    except (RuntimeError, TypeError, AssertionError, ValueError, NotImplementedError):
        return False
    return True


def _are_callbacks(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(is_callback, value))


def _subclass(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, type) and issubclass(value, kind)


SHARED: dict[str, Rule] = {
    "lam": number(0),
    "algorithm": ALGORITHMS.rule(),
    "regularizer": REGULARIZERS.rule(),
    "hidden_layer_sizes": sizes,
    "activation": Rule(
        lambda v: v in ACTIVATIONS if isinstance(v, str) else is_activation(v),
        f"one of {', '.join(map(repr, ACTIVATIONS))}, or a class of torch.nn that maps every "
        f"number by itself and has no parameters, such as torch.nn.Mish",
    ),
    "max_epochs": integer(1),
    "batch_size": either("auto", integer(1)),
    "learning_rate": number(0, open_low=True),
    "lr_schedule": either(
        None,
        Rule(
            lambda v: callable(v) or SHARE.accepts(v),
            "a factor per epoch in (0, 1], or a callable epoch -> factor",
        ),
    ),
    "optimizer": OPTIMIZERS.rule(_subclass(torch.optim.Optimizer), "a torch.optim.Optimizer class"),
    "loss": either(
        None,
        Rule(
            lambda v: isinstance(v, str | torch.nn.Module) or _subclass(torch.nn.Module)(v),
            f"one of {', '.join(map(repr, losses.names()))}, or a torch loss, such as "
            f"torch.nn.HuberLoss(delta=2.0)",
        ),
    ),
    "standardize": flag,
    "missing": choice("error", "mean"),
    "early_stopping": flag,
    "validation_fraction": Rule(lambda v: SHARE.accepts(v) and v < 1, "a number between 0 and 1"),
    "n_iter_no_change": either(None, integer(1)),
    "refit": flag,
    "max_groups": either(None, integer(1)),
    "max_cost": either(None, number(0, open_low=True)),
    "warm_start": flag,
    "device": either(
        "auto", Rule(_is_device, "a torch device present on this machine, such as 'cpu'")
    ),
    "dtype": choice("auto", "float32", "float64"),
    "callbacks": either(None, Rule(_are_callbacks, "a list of skorch callbacks")),
    "verbose": Rule(lambda v: isinstance(v, Integral | np.bool_), "0 or 1"),
    "class_weight": either(
        None,
        either("balanced", Rule(lambda v: isinstance(v, Mapping), "a dict {class: weight}")),
    ),
}
