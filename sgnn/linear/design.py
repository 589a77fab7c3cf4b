"""The design matrix in the solver's coordinates: centered blocks of Frobenius norm 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from ..groups import Groups

__all__ = ["Design", "Rescaling", "standardize_blocks", "standardize_targets"]

Array: TypeAlias = Any  # an ndarray or a sparse array of scipy, which has no stubs
CONSTANT = 10 * np.finfo(np.float64).eps  # deviation over mean of a column that does not vary


@dataclass(frozen=True, eq=False)
class Design:
    """The linear map V -> Z = (C - shift)^T V, with the columns of a block side by side.

    Attributes
    ----------
    columns : ndarray or csr_array of shape (p, n)
        C, one column of X per row: the columns of a block are then contiguous.
    shift : ndarray of shape (p,)
        The column means.  Subtracted from the products, as C may be sparse.
    sizes : ndarray of shape (n_blocks,)
        Columns in each block.
    """

    columns: Array
    shift: np.ndarray
    sizes: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Index of the first column of each block, (n_blocks,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]])

    @cached_property
    def _shifted(self) -> bool:
        return bool(self.shift.any())

    def matvec(self, V: np.ndarray) -> np.ndarray:
        """Z = (C - shift)^T V, (n, n_outputs)."""
        Z = self.columns.T @ V
        return Z - self.shift @ V if self._shifted else Z

    def rmatvec(self, R: np.ndarray) -> np.ndarray:
        """The adjoint (C - shift) R, (n, n_outputs) -> (p, n_outputs)."""
        G = self.columns @ R
        return G - np.outer(self.shift, R.sum(0)) if self._shifted else G

    def norms(self, V: np.ndarray) -> np.ndarray:
        """||V_g||_F of each block, (n_blocks,)."""
        return np.sqrt(self.inner(V, V))

    def inner(self, V: np.ndarray, W: np.ndarray) -> np.ndarray:
        """<V_g, W_g> of each block, (n_blocks,)."""
        return np.add.reduceat(np.einsum("jk,jk->j", V, W), self.starts)

    def spread(self, v: np.ndarray) -> np.ndarray:
        """Repeat one number per block for each of its columns, (p, 1)."""
        return np.repeat(v, self.sizes)[:, None]

    def restricted(self, mask: np.ndarray) -> Design:
        """The design of the masked blocks only."""
        kept = np.flatnonzero(np.repeat(mask, self.sizes))
        return Design(self.columns[kept], self.shift[kept], self.sizes[mask])


@dataclass(frozen=True, eq=False)
class Rescaling:
    """The change of variables between coef_ and the solver's V: coef_j = V_j / scale_j.

    Attributes
    ----------
    order : ndarray of shape (n_features,)
        The column of X of each row of V; an additional last row of V is the intercept.
    center, scale : ndarray of shape (n_features,)
        Mean that is subtracted from each of these columns, and its divisor.
    norms : ndarray of shape (n_groups,)
        ||theta_g|| = ||V_g|| / norms[g], where theta are the penalized coefficients.
    target_center, target_scale : ndarray of shape (n_outputs,), optional
        Mean that is subtracted from each target, and its divisor; 0 and 1 by default.
    """

    order: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    norms: np.ndarray
    target_center: np.ndarray | float = 0.0
    target_scale: np.ndarray | float = 1.0

    def to_coef(self, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """coef (n_outputs, n_features) and intercept (n_outputs,) of V."""
        p = len(self.order)
        V = V * self.target_scale
        slopes = V[:p] / self.scale[:, None]
        coef = np.empty((V.shape[1], p))
        coef[:, self.order] = slopes.T
        return coef, V[p:].sum(0) + self.target_center - self.center @ slopes

    def from_coef(self, coef: np.ndarray, intercept: np.ndarray, like: np.ndarray) -> np.ndarray:
        """The inverse of `to_coef`: V, of the shape of `like`."""
        p = len(self.order)
        slopes = coef.T[self.order]
        V = np.empty_like(like)
        V[:p] = slopes * self.scale[:, None]
        V[p:] = intercept - self.target_center + self.center @ slopes
        return V / self.target_scale


def standardize_blocks(
    X: Array,
    weight: np.ndarray,
    groups: Groups,
    *,
    fit_intercept: bool,
    standardize: bool,
) -> tuple[Design, Rescaling]:
    """Rescale the groups of X to Frobenius norm 1, so that one step size suits all blocks.

    The columns are centered if there is an intercept, and those of a group divided by one number
    such that ||A_g||_F^2 = 1 in the rows' weights; the factors of the penalty have to be divided
    by the same number.  The intercept is one more block, a column of ones.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, n_features)
        Finite numbers.
    weight : ndarray of shape (n,)
        Weights of the rows, which sum to 1.
    groups : Groups
        The groups of the columns.
    fit_intercept, standardize : bool
        Whether there is an intercept; whether the penalty is on columns of variance 1.

    Returns
    -------
    design : Design
        With n_groups blocks, and the intercept's.
    rescaling : Rescaling
        The change of variables back to the columns of X.

    Raises
    ------
    ValueError
        If X is too large for its squares.
    """
    n_ones = int(fit_intercept)
    order = np.argsort(groups.labels, kind="stable")
    columns = _by_column(X, order, n_ones)
    p = len(order)
    mean, deviation = _moments(columns, weight)
    mean[p:] = 0.0
    deviation[p:] = 1.0
    varies = deviation > CONSTANT * np.abs(mean)
    if fit_intercept:
        center, size = mean, np.where(varies, deviation, 0.0)
    else:
        center, size = np.zeros_like(mean), np.hypot(deviation, mean)
    scale = np.where(varies & standardize, deviation, 1.0)
    sizes = np.concatenate([groups.sizes, np.ones(n_ones, dtype=int)])
    starts = np.append(0, np.cumsum(sizes)[:-1])
    with np.errstate(over="ignore", under="ignore"):
        norms = np.sqrt(np.add.reduceat(np.square(size / scale), starts))
    if not np.isfinite(norms).all():
        raise ValueError("X contains values whose squares overflow: divide X by a power of ten.")
    norms = np.where(norms > 0, norms, 1.0)
    scale = scale * np.repeat(norms, sizes)
    design = Design(*_scaled(columns, center, scale), sizes)
    return design, Rescaling(order, center[:p], scale[:p], norms[: len(groups)])


def standardize_targets(
    rescaling: Rescaling, y: np.ndarray, weight: np.ndarray, *, fit_intercept: bool
) -> tuple[np.ndarray, Rescaling]:
    """Scale targets (n, n_outputs) to variance 1, and center them if there is an intercept."""
    mean, deviation = _moments(np.ascontiguousarray(y.T), weight)
    # a constant y is fitted by the intercept; without one it is divided by its magnitude
    constant = 1.0 if fit_intercept else np.where(mean == 0, 1.0, np.abs(mean))
    scale = np.where(deviation > CONSTANT * np.abs(mean), deviation, constant)
    center = mean if fit_intercept else np.zeros_like(mean)
    return (y - center) / scale, replace(rescaling, target_center=center, target_scale=scale)


def _by_column(X: Array, order: np.ndarray, n_ones: int) -> Array:
    """X^T with its rows in that order, then n_ones rows of ones: a float64 copy."""
    n, p = X.shape
    if sparse.issparse(X):
        columns = sparse.csr_array(X.T)[order].astype(np.float64)
        columns.sum_duplicates()
        return sparse.vstack([columns, sparse.csr_array(np.ones((n_ones, n)))], format="csr")
    columns = np.ones((p + n_ones, n))
    columns[:p] = X.T[order]
    return columns


def _moments(columns: Array, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and standard deviation of each row of `columns`, (p,) each.

    The rows are first divided by a power of two, which is exact and avoids overflow of squares.
    """
    if sparse.issparse(columns):
        largest = abs(columns).max(axis=1).toarray().ravel()  # scipy 1.13 returns a column
        exponent = np.frexp(largest)[1]
        scaled = columns.copy()
        scaled.data = np.ldexp(scaled.data, -np.repeat(exponent, np.diff(scaled.indptr)))
    else:
        exponent = np.frexp(np.abs(columns).max(axis=1))[1]
        scaled = np.ldexp(columns, -exponent[:, None])
    mean = scaled @ weight
    deviation = np.sqrt(_second_moment(scaled, mean, weight))
    return np.ldexp(mean, exponent), np.ldexp(deviation, exponent)


def _second_moment(columns: Array, center: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted mean of (C_j - center_j)^2, (p,)."""
    if not sparse.issparse(columns):
        return np.square(columns - center[:, None]) @ weight
    square = np.square(columns.data - np.repeat(center, np.diff(columns.indptr)))
    stored, present = (
        sparse.csr_array((data, columns.indices, columns.indptr), shape=columns.shape)
        for data in (square, np.ones_like(square))
    )
    implicit_zeros = np.maximum(1.0 - present @ weight, 0.0)  # clipped, for rounding errors
    return stored @ weight + implicit_zeros * np.square(center)


def _scaled(columns: Array, center: np.ndarray, scale: np.ndarray) -> tuple[Array, np.ndarray]:
    """The scaled columns and their shift, which is 0 if they are dense and centered in place."""
    if sparse.issparse(columns):
        columns.data /= np.repeat(scale, np.diff(columns.indptr))
        return columns, center / scale
    columns -= center[:, None]
    columns /= scale[:, None]
    return columns, np.zeros_like(center)
