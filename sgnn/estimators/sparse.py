"""Validation of an X that may be a sparse matrix, which is never made dense."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from ..linear import Matrix
from .inputs import _check_form, _check_numbers, advised, check_finite, check_fit, check_kept

__all__ = ["check_fit_matrix", "check_kept_matrix"]


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
        raise advised(error) from None
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
        raise advised(error) from None
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
