"""A regularizer for other layers of a convolutional network than it is made for."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..groups import Blocks
from .base import REGULARIZERS, Lam, Regularizer
from .gates import Gating

__all__ = ["OnLayers"]


class OnLayers(Regularizer):
    """R(w), on the layers that are named here.

    Parameters
    ----------
    regularizer : str or Regularizer
        R.
    layers : {"all", "conv"}
        All layers, or convolutions alone.  Without this class those regularizers that have a size
        factor are for all (paper 3), the others for convolutions (paper 4).

    Examples
    --------
    >>> from sgnn.regularizers import SparseGroupLasso
    >>> SparseGroupLasso().layers, OnLayers("sparse_group_lasso", "conv").layers
    ('all', 'conv')
    """

    layers = ""  # in the place of the property

    def __init__(self, regularizer: str | Regularizer, layers: str) -> None:
        if layers not in ("all", "conv"):
            raise ValueError(f"layers={layers!r} is unknown: give 'all' or 'conv'.")
        self.regularizer = regularizer
        self.layers = layers

    @property
    def inner(self) -> Regularizer:
        """R."""
        return REGULARIZERS.made(self.regularizer)

    @property
    def convex(self) -> bool:  # type: ignore[override]
        return self.inner.convex

    @property
    def additive(self) -> bool:  # type: ignore[override]
        return self.inner.additive

    @property
    def size_factor(self) -> bool:  # type: ignore[override]
        return self.inner.size_factor

    @property
    def expensive_prox(self) -> bool:  # type: ignore[override]
        return self.inner.expensive_prox

    @property
    def gating(self) -> Gating | None:
        return self.inner.gating

    def for_layers(self, n_layers: int) -> Sequence[Regularizer]:
        return self.inner.for_layers(n_layers)

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return self.inner.value(w, blocks, lam)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        return self.inner.subgradient(w, blocks, lam)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        return self.inner.prox(w, blocks, lam, step)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return self.inner.zero_level(grad, blocks)
