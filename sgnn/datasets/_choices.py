"""Validation of arguments with a fixed set of strings."""

from __future__ import annotations

from collections.abc import Iterable


def check_choice(argument: str, value: object, choices: Iterable[str]) -> None:
    """Raise if the value is not one of the choices."""
    choices = list(choices)
    if value not in choices:
        raise ValueError(f"{argument}={value!r} is not understood; give one of {choices}.")
