"""Arguments of earlier versions, and where what they did is said now."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["MOVED", "words_of"]

MOVED = {
    "architecture_options": "architecture=LeNet5(filters=(6, 16)), or another of sgnn.modules",
    "beta": "algorithm=Splitting(beta=...), of sgnn.algorithms",
    "cache_size": "sgnn.set_config(cache_size=...)",
    "layers": 'regularizer=OnLayers("sgl_l1", layers="conv"), of sgnn.regularizers',
    "polish_iter": "algorithm=Proximal(polish_iter=...), of sgnn.algorithms",
    "sigma": "algorithm=Splitting(sigma=...), of sgnn.algorithms",
    "tol": "n_iter_no_change=..., or skorch.callbacks.EarlyStopping(threshold=...) in callbacks",
    "unit_step": "algorithm=Splitting(unit_step=True), of sgnn.algorithms",
    "zero_tol": "algorithm=Subgradient(zero_tol=...), or another of sgnn.algorithms that has it",
}


def words_of(kind: type, names: Iterable[str]) -> str:
    """Why an estimator of this class refuses these arguments, and what to give instead."""
    name = min(names)
    return f"{kind.__name__} takes no {name} any more: give {MOVED[name]}."
