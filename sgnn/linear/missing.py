"""Missing values, NaN, and the means of their columns that replace them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

__all__ = ["Matrix", "batches", "column_means", "filled"]

# ndarray, or a sparse array of scipy, which has no stubs
Matrix: TypeAlias = Any
CHUNK = 2**17  # entries looked at at a time: 1 MB in float64, which stays in the cache
ROUNDING = 1e-12  # relative total weight of a column of NaN, from rounding errors


def batches(n: int, p: int) -> Iterator[slice]:
    """Slices of n rows, of so many rows that p columns of them are no large copy."""
    step = max(1, CHUNK // max(p, 1))
    return (slice(a, min(a + step, n)) for a in range(0, n, step))


def column_means(X: Matrix, weight: np.ndarray) -> np.ndarray:
    """Weighted mean of the values of each column that are not NaN, (n_features,)."""
    n, p = X.shape
    rows = [slice(0, n)] if sparse.issparse(X) else list(batches(n, p))
    nan_weight = sum(_is_nan(X[batch]).T @ weight[batch] for batch in rows)
    total_weight = weight.sum() - nan_weight
    empty = np.flatnonzero(total_weight <= ROUNDING * weight.sum())
    if len(empty):
        raise ValueError(f"X has no value at all in column {empty[0]}: drop that column.")
    return sum(filled(X[batch], np.zeros(p)).T @ weight[batch] for batch in rows) / total_weight


def filled(X: Matrix, values: np.ndarray) -> Matrix:
    """X with the NaN of each column replaced by its value; a sparse X is a csc_array."""
    if not sparse.issparse(X):
        return np.where(np.isnan(X), values, X)
    data = np.where(np.isnan(X.data), np.repeat(values, np.diff(X.indptr)), X.data)
    return sparse.csc_array((data, X.indices, X.indptr), shape=X.shape)


def _is_nan(X: Matrix) -> Matrix:
    if not sparse.issparse(X):
        return np.isnan(X)
    return sparse.csc_array((np.isnan(X.data), X.indices, X.indptr), shape=X.shape)
