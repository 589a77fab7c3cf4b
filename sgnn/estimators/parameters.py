"""The constructor arguments that the network estimators share: what each may be."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import losses
from ..algorithms import ROUNDING
from ..groups import Groups
from ..modules.activations import ACTIVATIONS, is_activation
from ..training import OPTIMIZERS, is_callback

__all__ = [
    "SHARED",
    "Rule",
    "check_limits",
    "check_parameters",
    "choice",
    "either",
    "flag",
    "integer",
    "number",
    "places",
]


class Rule(NamedTuple):
    """Whether a value will do, and the words that say what would."""

    accepts: Callable[[Any], bool]
    wanted: str


def number(low: float = -np.inf, high: float = np.inf, *, open_low: bool = False) -> Rule:
    """A finite real number from low to high."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
            return False
        try:
            value = float(value)
        except OverflowError:  # an int beyond the range of floats
            return False
        return bool(np.isfinite(value)) and low <= value <= high and not (open_low and value == low)

    words = f"a finite number {'>' if open_low else '>='} {low:g}"
    return Rule(accepts, words + (f" and <= {high:g}" if np.isfinite(high) else ""))


def integer(low: int) -> Rule:
    """An int of at least low."""

    def accepts(value: Any) -> bool:
        return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= low

    return Rule(accepts, f"an int >= {low}")


def choice(*values: str) -> Rule:
    """One of these strings."""
    return Rule(
        lambda v: isinstance(v, str) and v in values, f"one of {', '.join(map(repr, values))}"
    )


def either(value: Any, rule: Rule) -> Rule:
    """That very value, or what the rule accepts."""
    return Rule(lambda v: v is value or (isinstance(v, str) and v == value) or rule.accepts(v),
                f"{value!r} or {rule.wanted}")  # fmt: skip


POSITIVE, SHARE = integer(1), number(0, 1, open_low=True)


def _is_sizes(value: Any) -> bool:
    listed = isinstance(value, list | tuple | range | np.ndarray)
    return listed and np.ndim(value) == 1 and all(map(POSITIVE.accepts, value))


def places(*known: str) -> Rule:
    """A tuple or list of some of these strings, each once."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, tuple | list) or not value:
            return False
        return all(isinstance(v, str) and v in known and value.count(v) == 1 for v in value)

    return Rule(accepts, f"a tuple of some of {', '.join(map(repr, known))}")


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


flag = Rule(lambda v: isinstance(v, bool | np.bool_), "True or False")

SHARED: dict[str, Rule] = {
    "lam": number(0),
    "hidden_layer_sizes": Rule(_is_sizes, "a sequence of ints >= 1, such as (100,)"),
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
    "optimizer": Rule(
        lambda v: (isinstance(v, str) and v in OPTIMIZERS) or _subclass(torch.optim.Optimizer)(v),
        f"one of {', '.join(map(repr, OPTIMIZERS))} or a torch.optim.Optimizer class",
    ),
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
    "tol": number(0),
    "refit": flag,
    "max_groups": either(None, integer(1)),
    "max_cost": either(None, number(0, open_low=True)),
    "warm_start": flag,
    "device": either(
        "auto", Rule(_is_device, "a torch device present on this machine, such as 'cpu'")
    ),
    "dtype": choice("auto", "float32", "float64"),
    "cache_size": number(0),
    "callbacks": either(None, Rule(_are_callbacks, "a list of skorch callbacks")),
    "verbose": Rule(lambda v: isinstance(v, Integral | np.bool_), "0 or 1"),
    "class_weight": either(
        None,
        either("balanced", Rule(lambda v: isinstance(v, Mapping), "a dict {class: weight}")),
    ),
}


def check_parameters(given: Any, rules: Mapping[str, Rule]) -> None:
    """Refuse, in one sentence, the first argument that will not do.

    Parameters
    ----------
    given : estimator or mapping
        The arguments by name, or whose constructor arguments they are.
    rules : mapping of str to Rule

    Raises
    ------
    ValueError
        Naming the argument, what it got and what to give.
    """
    values = given if isinstance(given, Mapping) else given.get_params(deep=False)
    for name, value in values.items():
        if name in rules and not rules[name].accepts(value):
            raise ValueError(
                f"{name} must be {rules[name].wanted}, got {' '.join(reprlib.repr(value).split())}."
            )


def check_limits(model: Any, groups: Groups, active: np.ndarray) -> None:
    """Refuse, in one sentence, what the groups that are left cannot be brought down to.

    Parameters
    ----------
    model : estimator
        With max_groups and max_cost.
    groups : Groups
    active : ndarray of bool of shape (n_groups,)
        The groups that are left.

    Raises
    ------
    ValueError
        Naming the argument, what it got and what to give.
    """
    always = active & (groups.penalties == 0)
    n, costs = int(always.sum()), groups.costs
    if model.max_groups is not None and model.max_groups < n:
        raise ValueError(
            f"max_groups={model.max_groups} is less than the {n} groups of weight or cost 0, "
            f"which are always kept: give at least {n}, or these groups a weight."
        )
    least = costs[always].sum() if n else costs[active].min()
    if model.max_cost is not None and model.max_cost < least * (1 - ROUNDING):
        of = "groups of weight 0, which are always kept" if n else "cheapest group"
        raise ValueError(
            f"max_cost={model.max_cost} is less than {least:.12g}, the cost of the {of}: give at "
            f"least {least:.12g}{', or these groups a weight' if n else ''}."
        )
