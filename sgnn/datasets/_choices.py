"""Arguments that take one of a few words."""

from __future__ import annotations

from collections.abc import Iterable


def check_choice(argument: str, value: object, choices: Iterable[str]) -> None:
    """Refuse a value that is none of the choices."""
    choices = list(choices)
    if value not in choices:
        raise ValueError(f"{argument}={value!r} is not understood; give one of {choices}.")
