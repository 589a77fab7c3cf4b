"""The columns of a sparse X, which stays sparse: their means are subtracted from products."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .design import StoredDesign
from .missing import Matrix, filled

__all__ = ["SparseColumns"]


class SparseColumns:
    """A copy of the columns of X in the order of the blocks, and of its rows those that count.

    Parameters
    ----------
    X : csc_array of shape (n_rows, n_features)
        Is read only.
    order : ndarray of shape (p,)
        The column of X that each of them is.
    rows : ndarray of shape (n,)
        The rows of X that count.
    fill : ndarray of shape (n_features,), optional
        What replaces NaN in each column of X.

    Attributes
    ----------
    columns : csr_array of shape (p, n)
        In float64.
    """

    def __init__(
        self, X: Matrix, order: np.ndarray, rows: np.ndarray, fill: np.ndarray | None = None
    ) -> None:
        X = X if len(rows) == X.shape[0] else X[rows]
        X = X if fill is None else filled(X, fill)
        self.columns = sparse.csr_array(X.T)[order].astype(np.float64)
        self.columns.sum_duplicates()

    def moments(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted mean and standard deviation of each column, (p,) each.

        The columns are first divided by a power of two, which is exact and avoids overflow of
        squares.
        """
        largest = abs(self.columns).max(axis=1).toarray().ravel()  # scipy 1.13 returns a column
        exponent = np.frexp(largest)[1]
        scaled = self._with(np.ldexp(self.columns.data, -self._repeated(exponent)))
        mean = scaled @ weight
        squares = self._with(np.square(scaled.data - self._repeated(mean)))
        present = self._with(np.ones_like(scaled.data))
        implicit_zeros = np.maximum(1.0 - present @ weight, 0.0)  # clipped, for rounding errors
        square = squares @ weight + implicit_zeros * np.square(mean)
        return np.ldexp(mean, exponent), np.ldexp(np.sqrt(square), exponent)

    def design(self, sizes: np.ndarray, center: np.ndarray, scale: np.ndarray) -> StoredDesign:
        """The scaled columns; columns beyond these, by the sizes of the blocks, are ones."""
        p, n = self.columns.shape
        n_ones = sizes.sum() - p
        scaled = self._with(self.columns.data / self._repeated(scale))
        columns = sparse.vstack([scaled, sparse.csr_array(np.ones((n_ones, n)))], format="csr")
        return StoredDesign(sizes, columns, np.append(center / scale, np.zeros(n_ones)))

    def _repeated(self, values: np.ndarray) -> np.ndarray:
        """The value of the column of each stored entry."""
        return np.repeat(values, np.diff(self.columns.indptr))

    def _with(self, data: np.ndarray) -> Matrix:
        """The columns with other stored entries."""
        structure = (data, self.columns.indices, self.columns.indptr)
        return sparse.csr_array(structure, shape=self.columns.shape)
