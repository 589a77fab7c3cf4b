"""The columns as the solver reads them: block by block, centered, of comparable scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from ..groups import Groups

__all__ = ["Design", "Units", "equilibrate", "scaled_targets"]

Array: TypeAlias = Any  # an ndarray or a sparse array of scipy, which has no stubs
CONSTANT = 10 * np.finfo(np.float64).eps  # deviation over mean of a column that does not vary


@dataclass(frozen=True, eq=False)
class Design:
    """The linear map V -> Z = (C - shift)^T V, its columns in blocks that lie side by side.

    Attributes
    ----------
    columns : ndarray or csr_array of shape (p, n)
        C, a column of the table in each row, so that the columns of some blocks are a slice.
    shift : ndarray of shape (p,)
        Subtracted from the products and not from C, which may be sparse.
    sizes : ndarray of shape (n_blocks,)
        Columns in each block.
    """

    columns: Array
    shift: np.ndarray
    sizes: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each block begins, (n_blocks,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]])

    @cached_property
    def _shifted(self) -> bool:
        return bool(self.shift.any())

    def outputs(self, V: np.ndarray) -> np.ndarray:
        """Z, (n, n_outputs)."""
        Z = self.columns.T @ V
        return Z - self.shift @ V if self._shifted else Z

    def pull(self, R: np.ndarray) -> np.ndarray:
        """The adjoint: a number for each row and output -> (p, n_outputs)."""
        G = self.columns @ R
        return G - np.outer(self.shift, R.sum(0)) if self._shifted else G

    def norms(self, V: np.ndarray) -> np.ndarray:
        """||V_g||_F of each block, (n_blocks,)."""
        return np.sqrt(self.inner(V, V))

    def inner(self, V: np.ndarray, W: np.ndarray) -> np.ndarray:
        """<V_g, W_g> of each block, (n_blocks,)."""
        return np.add.reduceat(np.einsum("jk,jk->j", V, W), self.starts)

    def spread(self, v: np.ndarray) -> np.ndarray:
        """A number for each block -> for each of its columns, (p, 1)."""
        return np.repeat(v, self.sizes)[:, None]

    def restricted(self, mask: np.ndarray) -> Design:
        """The blocks of the mask alone."""
        kept = np.flatnonzero(np.repeat(mask, self.sizes))
        return Design(self.columns[kept], self.shift[kept], self.sizes[mask])


@dataclass(frozen=True, eq=False)
class Units:
    """Between the user's coefficients and the solver's V: coef_j = V_j / scale_j.

    Attributes
    ----------
    order : ndarray of shape (n_features,)
        The column of X behind each row of V; the last row of V, if one is left, is the intercept.
    center, scale : ndarray of shape (n_features,)
        Subtracted from those columns, then divided out.
    norms : ndarray of shape (n_groups,)
        ||theta_g|| = ||V_g|| / norms[g], theta being what the penalty sees.
    target_center, target_scale : ndarray of shape (n_outputs,), optional
        Subtracted from the targets, then divided out; 0 and 1 by default.
    """

    order: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    norms: np.ndarray
    target_center: np.ndarray | float = 0.0
    target_scale: np.ndarray | float = 1.0

    def coefficients(self, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """V -> coef (n_outputs, n_features) and intercept (n_outputs,)."""
        p = len(self.order)
        V = V * self.target_scale
        slopes = V[:p] / self.scale[:, None]
        coef = np.empty((V.shape[1], p))
        coef[:, self.order] = slopes.T
        return coef, V[p:].sum(0) + self.target_center - self.center @ slopes

    def variables(self, coef: np.ndarray, intercept: np.ndarray, like: np.ndarray) -> np.ndarray:
        """The way back: V, of the shape of `like`."""
        p = len(self.order)
        slopes = coef.T[self.order]
        V = np.empty_like(like)
        V[:p] = slopes * self.scale[:, None]
        V[p:] = intercept - self.target_center + self.center @ slopes
        return V / self.target_scale


def equilibrate(
    X: Array,
    weight: np.ndarray,
    groups: Groups,
    *,
    fit_intercept: bool,
    standardize: bool,
) -> tuple[Design, Units]:
    """Columns of X, (n, n_features), for a solver with one step size for all blocks.

    The columns are centered where an intercept makes up for it, and those of a group divided by
    one number, after which ||A_g||_F^2 = 1 in the rows' weights; the penalty's factors have to be
    divided by the same.  The intercept is one more block, a column of ones.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n, n_features)
        Finite numbers.
    weight : ndarray of shape (n,)
        Weights of the rows, which sum to 1.
    groups : Groups
        The groups of the columns.
    fit_intercept, standardize : bool
        Whether there is an intercept; whether the penalty is to see columns of variance 1.

    Returns
    -------
    design : Design
        Of n_groups blocks, and the intercept's.
    units : Units
        The way back to the columns of X.

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
    return design, Units(order, center[:p], scale[:p], norms[: len(groups)])


def scaled_targets(
    units: Units, y: np.ndarray, weight: np.ndarray, *, fit_intercept: bool
) -> tuple[np.ndarray, Units]:
    """The targets (n, n_outputs) with variance 1, centered where an intercept makes up for it."""
    mean, deviation = _moments(np.ascontiguousarray(y.T), weight)
    # a constant y is an intercept, or else all that there is to explain
    constant = 1.0 if fit_intercept else np.where(mean == 0, 1.0, np.abs(mean))
    scale = np.where(deviation > CONSTANT * np.abs(mean), deviation, constant)
    center = mean if fit_intercept else np.zeros_like(mean)
    return (y - center) / scale, replace(units, target_center=center, target_scale=scale)


def _by_column(X: Array, order: np.ndarray, n_ones: int) -> Array:
    """The columns of X in that order and n_ones columns of ones, each a row: a float64 copy."""
    n, p = X.shape
    if sparse.issparse(X):
        columns = sparse.csr_array(X.T)[order].astype(np.float64)
        columns.sum_duplicates()
        return sparse.vstack([columns, sparse.csr_array(np.ones((n_ones, n)))], format="csr")
    columns = np.ones((p + n_ones, n))
    columns[:p] = X.T[order]
    return columns


def _moments(columns: Array, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and deviation of the columns, which are rows here, (p,) each.

    Of columns divided by a power of two, which changes no bit and keeps squares from overflowing.
    """
    if sparse.issparse(columns):
        exponent = np.frexp(abs(columns).max(axis=1).toarray())[1]
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
    absent = np.maximum(1.0 - present @ weight, 0.0)  # but for rounding
    return stored @ weight + absent * np.square(center)


def _scaled(columns: Array, center: np.ndarray, scale: np.ndarray) -> tuple[Array, np.ndarray]:
    """Columns and the shift that is left to subtract: 0 where they are centered in place."""
    if sparse.issparse(columns):
        columns.data /= np.repeat(scale, np.diff(columns.indptr))
        return columns, center / scale
    columns -= center[:, None]
    columns /= scale[:, None]
    return columns, np.zeros_like(center)
