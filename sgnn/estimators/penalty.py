"""A user's `regularizer=` and `alpha=`: one regularizer for every layer."""

from __future__ import annotations

from typing import Any

from .. import regularizers
from ..regularizers import CGES, Regularizer

__all__ = ["made", "regularizer_per_layer"]


def made(regularizer: str | Regularizer, alpha: float | None) -> Regularizer:
    """The regularizer of that name, with that mix if it has one; an instance as it is."""
    found = regularizers.get(regularizer)
    if alpha is None or not hasattr(found, "alpha") or found is regularizer:
        return found
    return regularizers.get(regularizer, alpha=alpha)


def regularizer_per_layer(
    regularizer: Any, alpha: float | None, n_layers: int
) -> list[Regularizer]:
    """That regularizer for every layer; CGES, given by name, turns exclusive with the depth."""
    if regularizer == "cges":
        return list(CGES.for_layers(n_layers))
    return [made(regularizer, alpha)] * n_layers
