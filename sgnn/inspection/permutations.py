"""Permutation importance of groups of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.metrics import check_scoring

from ..groups import Groups

__all__ = ["permutation_scores"]


def permutation_scores(
    estimator: Any,
    X: Any,
    y: Any,
    groups: Groups,
    *,
    scoring: Any = None,
    n_repeats: int = 5,
    random_state: Any = None,
) -> np.ndarray:
    """The decrease of the score when the columns of a group are permuted jointly.

    I_gr = score(X) - score(X with columns of g permuted by pi_r),     r = 1..n_repeats

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X, y : array-like
        Rows and targets, preferably not of the training data; they are not changed.
    groups : Groups
        Groups of the columns.
    scoring : str, callable or None, default=None
        The score; by default the estimator's `score`.
    n_repeats : int, default=5
        Number of permutations of each group.
    random_state : int, Generator or None, default=None
        Seed of the permutations.

    Returns
    -------
    drops : ndarray of shape (n_groups, n_repeats)
        0 for a group that the estimator does not use.

    Notes
    -----
    The decrease is small for redundant groups.  Source: Breiman, "Random forests", Mach.
    Learn. 45 (2001), section 10, with groups in the place of columns.

    Examples
    --------
    >>> from sgnn import GroupLassoRegressor
    >>> from sgnn.datasets import make_grouped_regression
    >>> from sgnn.inspection.permutations import permutation_scores
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoRegressor(data.groups, lam=0.1).fit(data.data, data.target)
    >>> drops = permutation_scores(model, data.data, data.target, model.groups_, random_state=0)
    >>> (drops.min(axis=1) > 0).tolist() == data.support.tolist()
    True
    """
    scorer = check_scoring(estimator, scoring)
    rng = np.random.default_rng(random_state)
    X = X.tocsc() if issparse(X) else X if hasattr(X, "iloc") else np.asarray(X)
    whole = scorer(estimator, X, y)
    drops = np.zeros((len(groups), n_repeats))
    for g in range(len(groups)):
        for r in range(n_repeats):
            shuffled = _shuffled(X, groups.columns(g), rng.permutation(X.shape[0]))
            drops[g, r] = whole - scorer(estimator, shuffled, y)
    return drops


def _shuffled(X: Any, columns: np.ndarray, order: np.ndarray) -> Any:
    """A copy of X with the rows of these columns permuted by `order`."""
    shuffled = X.copy()
    if hasattr(X, "iloc"):
        for j in columns:  # one by one, as each has its own type
            shuffled.isetitem(j, X.iloc[order, j].array)
    else:
        shuffled[:, columns] = X[order][:, columns]
    return shuffled
