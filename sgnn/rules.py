"""What an argument may be: rules with the words of their refusals."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "POSITIVE",
    "Rule",
    "check_parameters",
    "choice",
    "either",
    "flag",
    "integer",
    "number",
    "places",
    "sizes",
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


def places(*known: str) -> Rule:
    """A tuple or list of some of these strings, each once."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, tuple | list) or not value:
            return False
        return all(isinstance(v, str) and v in known and value.count(v) == 1 for v in value)

    return Rule(accepts, f"a tuple of some of {', '.join(map(repr, known))}")


def _are_sizes(value: Any) -> bool:
    listed = isinstance(value, list | tuple | range | np.ndarray)
    return listed and np.ndim(value) == 1 and all(map(POSITIVE.accepts, value))


POSITIVE = integer(1)
sizes = Rule(_are_sizes, "a sequence of ints >= 1, such as (100,)")
flag = Rule(lambda v: isinstance(v, bool | np.bool_), "True or False")


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
