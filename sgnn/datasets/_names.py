"""Names of groups and columns."""

from __future__ import annotations

from collections.abc import Iterable


def numbered(noun: str, n: int) -> list[str]:
    """Return "noun 0" .. "noun n-1", zero-padded so that the order of the names is the count's."""
    width = len(str(n - 1))
    return [f"{noun} {i:0{width}d}" for i in range(n)]


def crossed(outer: Iterable[str], inner: Iterable[str]) -> list[str]:
    """Return "outer inner" for every pair, the inner name running fastest."""
    inner = list(inner)
    return [f"{first} {second}" for first in outer for second in inner]
