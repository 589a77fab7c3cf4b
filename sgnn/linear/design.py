"""The design matrix in the solver's coordinates, and the blocks of its columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .missing import Matrix

__all__ = ["Design", "StoredDesign"]


@dataclass(frozen=True, eq=False)
class Design(ABC):
    """A linear map V -> Z = A V, with the columns of a block of A side by side.

    Attributes
    ----------
    sizes : ndarray of shape (n_blocks,)
        Columns in each block.
    """

    sizes: np.ndarray

    @abstractmethod
    def matvec(self, V: np.ndarray) -> np.ndarray:
        """Z = A V, (n, n_outputs)."""

    @abstractmethod
    def rmatvec(self, R: np.ndarray) -> np.ndarray:
        """The adjoint A^T R, (n, n_outputs) -> (p, n_outputs)."""

    @abstractmethod
    def restricted(self, mask: np.ndarray) -> StoredDesign:
        """A copy of the masked blocks only."""

    @cached_property
    def starts(self) -> np.ndarray:
        """Index of the first column of each block, (n_blocks,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]])

    def norms(self, V: np.ndarray) -> np.ndarray:
        """||V_g||_F of each block, (n_blocks,)."""
        return np.sqrt(self.inner(V, V))

    def inner(self, V: np.ndarray, W: np.ndarray) -> np.ndarray:
        """<V_g, W_g> of each block, (n_blocks,)."""
        return np.add.reduceat(np.einsum("jk,jk->j", V, W), self.starts)

    def spread(self, v: np.ndarray) -> np.ndarray:
        """Repeat one number per block for each of its columns, (p, 1)."""
        return np.repeat(v, self.sizes)[:, None]


@dataclass(frozen=True, eq=False)
class StoredDesign(Design):
    """Z = (C - shift)^T V.

    Attributes
    ----------
    columns : ndarray or csr_array of shape (p, n)
        C, one column of X per row: the columns of a block are then contiguous.
    shift : ndarray of shape (p,)
        The column means.  Subtracted from the products, as C may be sparse.
    """

    columns: Matrix
    shift: np.ndarray

    @cached_property
    def _shifted(self) -> bool:
        return bool(self.shift.any())

    def matvec(self, V: np.ndarray) -> np.ndarray:
        Z = self.columns.T @ V
        return Z - self.shift @ V if self._shifted else Z

    def rmatvec(self, R: np.ndarray) -> np.ndarray:
        G = self.columns @ R
        return G - np.outer(self.shift, R.sum(0)) if self._shifted else G

    def restricted(self, mask: np.ndarray) -> StoredDesign:
        kept = np.flatnonzero(np.repeat(mask, self.sizes))
        return StoredDesign(self.sizes[mask], self.columns[kept], self.shift[kept])
