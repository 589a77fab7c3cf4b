"""The columns of a dense X, read from where they are, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .design import Design, StoredDesign
from .missing import batches, filled

__all__ = ["DenseColumns", "StreamedDesign"]

STORED = 2**20  # entries of X of which there is a scaled copy throughout: 8 MB in float64


@dataclass(frozen=True, eq=False)
class DenseColumns:
    """The columns of X in the order of the blocks, and of its rows those that count.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
        Is read only.
    order : ndarray of shape (p,)
        The column of X that each of them is.
    rows : ndarray of shape (n,)
        The rows of X that count.
    fill : ndarray of shape (n_features,) or None
        What replaces NaN in each column of X.
    """

    X: np.ndarray
    order: np.ndarray
    rows: np.ndarray
    fill: np.ndarray | None = None

    def read(self, wanted: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Batches of the rows, and copies (b, k) of the wanted columns in these, in float64."""
        n, columns = len(self.rows), self.order[wanted]
        for batch in batches(n, len(columns)):
            rows = batch if n == len(self.X) else self.rows[batch]
            values = self.X[rows][:, columns]
            if self.fill is not None:
                values = filled(values, self.fill[columns])
            yield batch, values.astype(np.float64, copy=False)

    def moments(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted mean and standard deviation of each column, (p,) each.

        The columns are first divided by a power of two, which is exact and avoids overflow of
        squares.
        """
        every, largest = np.arange(len(self.order)), np.zeros(len(self.order))
        for _, values in self.read(every):
            np.maximum(largest, np.abs(values).max(0), out=largest)
        exponent = np.frexp(largest)[1]
        mean, square = np.zeros_like(largest), np.zeros_like(largest)
        for batch, values in self.read(every):
            mean += weight[batch] @ np.ldexp(values, -exponent)
        for batch, values in self.read(every):
            square += weight[batch] @ np.square(np.ldexp(values, -exponent) - mean)
        return np.ldexp(mean, exponent), np.ldexp(np.sqrt(square), exponent)

    def design(self, sizes: np.ndarray, center: np.ndarray, scale: np.ndarray) -> Design:
        """The scaled columns; columns beyond these, by the sizes of the blocks, are ones."""
        design = StreamedDesign(sizes, self, center, scale)
        if len(self.rows) * len(self.order) > STORED:
            return design
        return design.restricted(np.full(len(sizes), True))


@dataclass(frozen=True, eq=False)
class StreamedDesign(Design):
    """Z = ((X - center) / scale) V + the sum of the last rows of V, without a copy of X.

    Attributes
    ----------
    columns : DenseColumns
        p of them; the design has more by ones.
    center, scale : ndarray of shape (p,)
        What is subtracted from each column, and its divisor.
    """

    columns: DenseColumns
    center: np.ndarray
    scale: np.ndarray

    def matvec(self, V: np.ndarray) -> np.ndarray:
        p = len(self.center)
        used = np.flatnonzero(V[:p].any(1))
        Z = np.empty((len(self.columns.rows), V.shape[1]))
        for batch, values in self._scaled(used):
            np.matmul(values, V[used], out=Z[batch])
        return Z + V[p:].sum(0)

    def rmatvec(self, R: np.ndarray) -> np.ndarray:
        p = len(self.center)
        G = np.zeros((self.sizes.sum(), R.shape[1]))
        for batch, values in self._scaled(np.arange(p)):
            G[:p] += values.T @ R[batch]
        G[p:] = R.sum(0)
        return G

    def restricted(self, mask: np.ndarray) -> StoredDesign:
        kept = np.flatnonzero(np.repeat(mask, self.sizes))
        own = kept[kept < len(self.center)]
        columns = np.empty((len(kept), len(self.columns.rows)))
        for batch, values in self._scaled(own):
            columns[: len(own), batch] = values.T
        columns[len(own) :] = 1.0
        return StoredDesign(self.sizes[mask], columns, np.zeros(len(kept)))

    def _scaled(self, wanted: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        for batch, values in self.columns.read(wanted):
            values -= self.center[wanted]
            values /= self.scale[wanted]
            yield batch, values
