"""Validation of an X that may be a sparse matrix, which is never made dense."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from .inputs import _advised, _check_form, _check_numbers, check_finite, check_fit, check_kept

__all__ = ["Matrix", "check_fit_matrix", "check_kept_matrix", "column_means", "filled"]

ROUNDING = 1e-12  # relative total weight of a column of NaN, from rounding errors

# ndarray or csc_array; scipy has no stubs
Matrix: TypeAlias = Any


def check_fit_matrix(
    estimator: Any, X: Any, y: Any, *, numeric: bool, reset: bool
) -> tuple[Matrix, np.ndarray]:
    """`check_fit` for an X that may be sparse; a sparse X is returned as csc_array."""
    if not sparse.issparse(X):
        return check_fit(estimator, X, y, numeric=numeric, reset=reset)
    _check_form(X, y)
    if numeric and y is not None:
        _check_numbers(y)
    try:
        X, y = validate_data(
            estimator, X, y, accept_sparse="csc", dtype="numeric", ensure_all_finite=False,
            multi_output=numeric, y_numeric=numeric, reset=reset,
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        raise _advised(error) from None
    return _check_finite_entries(estimator, X, np.arange(X.shape[1])), y


def check_kept_matrix(estimator: Any, X: Any, kept: np.ndarray) -> Matrix:
    """`check_kept` for an X that may be sparse; a sparse X is returned as csc_array."""
    if not sparse.issparse(X):
        return check_kept(estimator, X, kept)
    try:
        X = validate_data(
            estimator, X, accept_sparse="csc", dtype="numeric", ensure_all_finite=False, reset=False
        )
    except (ValueError, TypeError) as error:
        raise _advised(error) from None
    return _check_finite_entries(estimator, X[:, kept], kept)


def _check_finite_entries(estimator: Any, X: Any, columns: np.ndarray) -> sparse.csc_array:
    """X as csc_array with finite entries; `columns` are its column indices in fit, for errors."""
    X = sparse.csc_array(X)
    allowed = np.isnan(X.data) & (estimator.missing == "mean")
    bad = np.flatnonzero(~(np.isfinite(X.data) | allowed))
    if len(bad):
        column = columns[np.searchsorted(X.indptr, bad[0], side="right") - 1]
        check_finite(X.data[bad[:1], None], [column], estimator.missing == "mean")
    return X


def column_means(X: Matrix, weight: np.ndarray) -> np.ndarray:
    """Weighted mean of the values of each column that are not NaN, (n_features,)."""
    nan = _is_nan(X)
    total_weight = weight.sum() - nan.T @ weight
    empty = np.flatnonzero(total_weight <= ROUNDING * weight.sum())
    if len(empty):
        raise ValueError(f"X has no value at all in column {empty[0]}: drop that column.")
    return (filled(X, np.zeros(X.shape[1])).T @ weight) / total_weight


def filled(X: Matrix, values: np.ndarray) -> Matrix:
    """X with the NaN of each column replaced by its value."""
    if not sparse.issparse(X):
        return np.where(np.isnan(X), values, X)
    data = np.where(np.isnan(X.data), np.repeat(values, np.diff(X.indptr)), X.data)
    return sparse.csc_array((data, X.indices, X.indptr), shape=X.shape)


def _is_nan(X: Matrix) -> Matrix:
    if not sparse.issparse(X):
        return np.isnan(X)
    return sparse.csc_array((np.isnan(X.data), X.indices, X.indptr), shape=X.shape)
