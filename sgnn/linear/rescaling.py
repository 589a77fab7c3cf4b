"""The change of variables between the columns of X and centered blocks of Frobenius norm 1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..groups import Groups
from .dense_columns import DenseColumns
from .design import Design
from .missing import Matrix
from .sparse_columns import SparseColumns

__all__ = ["Rescaling", "standardize_blocks", "standardize_targets"]

CONSTANT = 10 * np.finfo(np.float64).eps  # deviation over mean of a column that does not vary


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
    X: Matrix,
    weight: np.ndarray,
    groups: Groups,
    *,
    fit_intercept: bool,
    standardize: bool,
    rows: np.ndarray | None = None,
    fill: np.ndarray | None = None,
) -> tuple[Design, Rescaling]:
    """Rescale the groups of X to Frobenius norm 1, so that one step size suits all blocks.

    The columns are centered if there is an intercept, and those of a group divided by one number
    such that ||A_g||_F^2 = 1 in the rows' weights; the factors of the penalty have to be divided
    by the same number.  The intercept is one more block, a column of ones.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n_rows, n_features)
        Finite numbers, and NaN if there is a fill.
    weight : ndarray of shape (n,)
        Weights of the rows, which sum to 1.
    groups : Groups
        The groups of the columns.
    fit_intercept, standardize : bool
        Whether there is an intercept; whether the penalty is on columns of variance 1.
    rows : ndarray of shape (n,), optional
        The rows of X that count; all by default.
    fill : ndarray of shape (n_features,), optional
        What replaces NaN in each column.

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
    order = np.argsort(groups.labels, kind="stable")
    rows = np.arange(X.shape[0]) if rows is None else rows
    columns = (SparseColumns if sparse.issparse(X) else DenseColumns)(X, order, rows, fill)
    mean, deviation = columns.moments(weight)
    varies = deviation > CONSTANT * np.abs(mean)
    if fit_intercept:
        center, size = mean, np.where(varies, deviation, 0.0)
    else:
        center, size = np.zeros_like(mean), np.hypot(deviation, mean)
    scale = np.where(varies & standardize, deviation, 1.0)
    starts = np.append(0, np.cumsum(groups.sizes)[:-1])
    with np.errstate(over="ignore", under="ignore"):
        norms = np.sqrt(np.add.reduceat(np.square(size / scale), starts))
    if not np.isfinite(norms).all():
        raise ValueError("X contains values whose squares overflow: divide X by a power of ten.")
    norms = np.where(norms > 0, norms, 1.0)
    scale = scale * np.repeat(norms, groups.sizes)
    sizes = np.concatenate([groups.sizes, np.ones(int(fit_intercept), dtype=int)])
    return columns.design(sizes, center, scale), Rescaling(order, center, scale, norms)


def standardize_targets(
    rescaling: Rescaling, y: np.ndarray, weight: np.ndarray, *, fit_intercept: bool
) -> tuple[np.ndarray, Rescaling]:
    """Scale targets (n, n_outputs) to variance 1, and center them if there is an intercept."""
    n, n_outputs = y.shape
    mean, deviation = DenseColumns(y, np.arange(n_outputs), np.arange(n)).moments(weight)
    # a constant y is fitted by the intercept; without one it is divided by its magnitude
    constant = 1.0 if fit_intercept else np.where(mean == 0, 1.0, np.abs(mean))
    scale = np.where(deviation > CONSTANT * np.abs(mean), deviation, constant)
    center = mean if fit_intercept else np.zeros_like(mean)
    return (y - center) / scale, replace(rescaling, target_center=center, target_scale=scale)
