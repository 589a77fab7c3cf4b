"""From the user's X to the rows that the algorithms read: weighted moments, copy or stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from ..algorithms import RescaledRows, Rows, StoredRows, StreamedRows
from ..groups import Groups
from ..losses import Loss
from ..modules import InputTransform, TargetScale

__all__ = ["input_transform_of", "rescaled", "rows_of", "target_scale_of"]

MOST_STRETCHED = 1e3  # rows in float32 that are scaled anew
CHUNK = 2**21  # entries of X converted at a time: 16 MB in float64


def input_transform_of(
    X: np.ndarray, weight: np.ndarray, rows: np.ndarray, *, standardize: bool, missing: str
) -> InputTransform:
    """How the network is to fill in and scale the columns, by the weighted training rows."""
    n_features = X.shape[1]
    if not standardize and missing == "error":
        return InputTransform(n_features)
    mean, deviation = _moments(X, weight, rows)
    fill = mean if missing == "mean" else None
    if not standardize:
        return InputTransform(n_features, fill=fill)
    return InputTransform(n_features, shift=mean, scale=deviation, fill=fill)


def target_scale_of(
    loss: Loss, targets: np.ndarray, weight: np.ndarray, rows: np.ndarray, *, standardize: bool
) -> TargetScale:
    """How y is scaled for the loss, by the weighted training rows."""
    if not standardize or loss.scaling is None:
        return TargetScale(link=loss.link, scaling=loss.scaling)
    mean, deviation = _moments(targets, weight, rows)
    if loss.scaling == "mean":
        mean, deviation = np.zeros_like(mean), np.where(mean == 0, 1.0, mean)
    return TargetScale(mean, deviation, loss.link, loss.scaling)


def rows_of(
    X: np.ndarray,
    rows: np.ndarray,
    groups: Groups,
    columns: InputTransform,
    *,
    batch_size: int,
    like: torch.Tensor,
    max_bytes: float,
) -> Rows:
    """The chosen rows of X, in that order: one copy in the network's dtype, or a stream.

    A memory map larger than `max_bytes` is streamed; anything else is copied, once.
    """
    if X.nbytes > max_bytes and _on_disk(X):
        return StreamedRows(groups, X, batch_size, rows=rows, prepare=columns.prepare, like=like)
    order = np.argsort(groups.labels, kind="stable")
    index = torch.from_numpy(order).to(like.device)
    copy = torch.empty((len(rows), X.shape[1]), dtype=like.dtype, device=like.device)
    for part in _parts(len(rows), X.shape[1]):
        raw = torch.from_numpy(np.ascontiguousarray(X[rows[part]][:, order]))
        copy[part] = columns.prepare(raw.to(like.device), index, like.dtype)
        if not copy[part].isfinite().all():
            raise ValueError(
                f"X contains values that are infinite (inf) in {like.dtype}: scale X, or give "
                f"dtype='float64'."
            )
    return StoredRows(groups, copy, batch_size)


def rescaled(rows: StoredRows, first: InputTransform, own: InputTransform) -> Rows | None:
    """Rows that were scaled by the columns `first`, as the columns `own` scale them.

    None where they are stretched so much that float32 has not kept the digits.
    """
    if first.shift is None or first.scale is None or own.shift is None or own.scale is None:
        return rows
    order = torch.from_numpy(rows.order).to(first.scale.device)
    scale = (first.scale / own.scale)[order]
    shift = ((first.shift - own.shift) / own.scale)[order]
    if (scale == 1).all() and (shift == 0).all():
        return rows
    stretched = torch.maximum(scale, shift.abs()).max()
    if rows.X.dtype == torch.float32 and stretched > MOST_STRETCHED:
        return None
    return RescaledRows(rows, scale.to(rows.X), shift.to(rows.X))


def _on_disk(X: object) -> bool:
    """Whether X is a memory map, or a view of one as scikit-learn's checks return it."""
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


def _moments(X: np.ndarray, weight: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and deviation of each column, NaN left out; deviation 1 where it is constant.

    Of columns divided by a power of two, which changes no bit and keeps squares from overflowing.
    """
    rows = rows[weight[rows] > 0]
    largest = np.zeros(X.shape[1])
    for part in _parts(len(rows), X.shape[1]):
        magnitudes = np.abs(X[rows[part]].astype(np.float64))
        largest = np.fmax(largest, np.fmax.reduce(magnitudes, axis=0))
    exponent = np.frexp(largest)[1]
    mean = _weighted_mean(X, weight, rows, lambda part: np.ldexp(part, -exponent))
    square = _weighted_mean(
        X, weight, rows, lambda part: np.square(np.ldexp(part, -exponent) - mean)
    )
    deviation = np.sqrt(square)
    # up to the rounding of its mean
    constant = deviation <= 10 * np.finfo(np.float64).eps * np.abs(mean)
    return np.ldexp(mean, exponent), np.where(constant, 1.0, np.ldexp(deviation, exponent))


def _weighted_mean(
    X: np.ndarray, weight: np.ndarray, rows: np.ndarray, function: Callable
) -> np.ndarray:
    """Mean over the rows of function(X), NaN left out: (n_features,)."""
    total, mass = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for part in _parts(len(rows), X.shape[1]):
        values = function(X[rows[part]].astype(np.float64))
        w = np.where(np.isnan(values), 0.0, weight[rows[part], None])
        total += (w * np.where(np.isnan(values), 0.0, values)).sum(0)
        mass += w.sum(0)
    if (mass == 0).any():
        raise ValueError(
            f"X has no value at all in column {np.flatnonzero(mass == 0)[0]}: drop that column."
        )
    return total / mass


def _parts(n: int, p: int) -> Iterator[slice]:
    step = max(1, CHUNK // max(p, 1))
    return (slice(a, a + step) for a in range(0, n, step))
