"""Tables of numbers and words as scaled numbers, the columns of a group side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import OneHotEncoder

from ..estimators.inputs import moments

__all__ = ["NumericTable", "columns_of_words"]


@dataclass(frozen=True)
class NumericTable:
    """How rows of X (n, n_features) become p scaled numbers.

    Columns of words are one-hot encoded; what is missing becomes the mean.

    Attributes
    ----------
    columns : list of n_groups arrays
        Columns of X in each group.
    encoders : dict of int to OneHotEncoder
        Of the columns of words.
    sizes : list of n_groups ints
        Numbers that each group becomes.
    shift, scale, fill : ndarray of shape (p,)
        (values - shift) / scale, and what missing ones become.
    """

    columns: list[np.ndarray]
    encoders: dict[int, OneHotEncoder]
    sizes: list[int]
    shift: np.ndarray | float = 0.0
    scale: np.ndarray | float = 1.0
    fill: np.ndarray | float = 0.0

    @classmethod
    def of(
        cls, X: Any, columns: list[np.ndarray], weight: np.ndarray, *, standardize: bool
    ) -> Self:
        """By the rows of X with a weight; numbers get mean 0 and variance 1 on request."""
        encoders, widths = {}, np.ones(X.shape[1], dtype=np.int64)
        for j in set(columns_of_words(X)) & set(np.concatenate(columns).tolist()):
            encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore", dtype=np.float32)
            encoders[j] = encoder.fit(_column(X, j)[weight > 0])
            widths[j] = len(encoder.categories_[0])
        table = cls(columns, encoders, [int(widths[each].sum()) for each in columns])
        values = table._values(X)
        mean, deviation = moments(values, weight, np.arange(len(values)))
        if standardize:
            return replace(table, shift=mean, scale=deviation, fill=np.zeros_like(mean))
        return replace(table, fill=mean)

    def __call__(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Scaled numbers (n, p) in float32, and whether a group has any value: (n, n_groups)."""
        values = self._values(X)
        missing = np.isnan(values)
        values -= self.shift
        values /= self.scale
        values = np.where(missing, self.fill, values).astype(np.float32)
        starts = np.cumsum([0, *self.sizes[:-1]])
        return values, np.logical_or.reduceat(~missing, starts, axis=1)

    def _values(self, X: Any) -> np.ndarray:
        """Unscaled numbers (n, p), NaN where they are missing; a copy."""
        order = np.concatenate(self.columns)
        if not self.encoders:
            table = X.toarray() if issparse(X) else _array(X) if hasattr(X, "columns") else X
            return np.take(table.reshape(len(table), -1), order, axis=1).astype(np.float64)
        parts = []
        for j in order:
            column = _column(X, j)
            if j in self.encoders:
                missing = [value is None or value != value for value in column[:, 0]]
                column = self.encoders[j].transform(column).astype(np.float64)
                column[missing] = np.nan
            parts.append(column.astype(np.float64))
        return np.hstack(parts)


def columns_of_words(X: Any) -> list[int]:
    """Indices of the columns that hold no numbers, or categories."""
    if not hasattr(X, "columns") and X.dtype.kind in "buif":
        return []
    dtypes = getattr(X, "dtypes", [None] * X.shape[1])  # of a data frame, pandas' or another
    return [j for j, dtype in enumerate(dtypes)
            if str(dtype) == "category" or not _numeric(X, j)]  # fmt: skip


def _numeric(X: Any, j: int) -> bool:
    try:
        _column(X, j).astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


def _column(X: Any, j: int) -> np.ndarray:
    """A column as objects, (n, 1)."""
    if hasattr(X, "iloc"):
        return _array(X.iloc[:, [j]], object)
    return X[:, [j]].to_numpy() if hasattr(X, "columns") else X[:, [j]]


def _array(frame: Any, dtype: Any = np.float64) -> np.ndarray:
    if not hasattr(frame, "iloc"):  # of another library
        return frame.to_numpy().astype(dtype)
    return frame.to_numpy(dtype=dtype, copy=True, na_value=np.nan)
