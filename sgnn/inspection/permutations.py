"""Permutation importance of groups of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import issparse
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from ..groups import Groups
from ..rules import check_parameters, integer
from ..typing import GroupsLike, Scoring

__all__ = ["group_permutation_importance"]


def group_permutation_importance(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    groups: GroupsLike | None = None,
    scoring: Scoring | None = None,
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: int | np.random.Generator | None = None,
) -> Bunch:
    """What the score loses when the columns of a group are permuted jointly.

    I_gr = score(X) - score(X with the columns of g permuted by pi_r),     r = 1..n_repeats

    Parameters
    ----------
    estimator : estimator
        Any fitted estimator.
    X, y : array-like
        Rows and targets, preferably not of the training data; they are not changed.
    groups : any form of groups, default=None
        Groups of the columns of X; by default the `groups_` of the estimator, if it has them, else
        each column alone.
    scoring : str, callable or None, default=None
        The score; by default the estimator's `score`.
    n_repeats : int, default=5
        Permutations of each group.
    n_jobs : int or None, default=None
        Number of parallel jobs, in joblib's active backend.
    random_state : int, Generator or None, default=None
        Seed of the permutations.

    Returns
    -------
    importance : Bunch
        names, a list; importances of shape (n_groups, n_repeats); importances_mean and
        importances_std of shape (n_groups,).  Exactly 0 for a group that the estimator does not
        use.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ValueError
        For groups that are not those of the columns, or n_repeats below 1.

    See Also
    --------
    GroupImportanceDisplay.from_permutations : Draws it.

    Notes
    -----
    It is small for each of several groups that say the same.  Source: Breiman, "Random forests",
    Mach. Learn. 45 (2001), section 10, with groups in the place of columns.

    Examples
    --------
    >>> from sgnn import GroupLassoRegressor
    >>> from sgnn.datasets import make_grouped_regression
    >>> from sgnn.inspection import group_permutation_importance
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoRegressor(data.groups, lam=0.1).fit(data.data, data.target)
    >>> found = group_permutation_importance(model, data.data, data.target, random_state=0)
    >>> (found.importances.min(axis=1) > 0).tolist() == data.support.tolist()
    True
    """
    check_is_fitted(estimator)
    check_parameters({"n_repeats": n_repeats}, {"n_repeats": integer(1)})
    if groups is None and hasattr(estimator, "groups_"):
        own = estimator.groups_
    else:
        own = Groups.of(groups, np.shape(X)[1], getattr(X, "columns", None))
    scorer = check_scoring(estimator, scoring)
    rng = np.random.default_rng(random_state)
    X = X.tocsc() if issparse(X) else X if hasattr(X, "iloc") else np.asarray(X)
    whole = scorer(estimator, X, y)
    orders = [rng.permutation(X.shape[0]) for _ in range(len(own) * n_repeats)]
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_score)(scorer, estimator, X, y, own.columns(at // n_repeats), order)
        for at, order in enumerate(orders)
    )
    drops = whole - np.reshape(scores, (len(own), n_repeats))
    return Bunch(
        names=list(own.names), importances=drops, importances_mean=drops.mean(axis=1),
        importances_std=drops.std(axis=1),
    )  # fmt: skip


def _score(
    scorer: Any, estimator: Any, X: Any, y: Any, columns: np.ndarray, order: np.ndarray
) -> float:
    return float(scorer(estimator, _shuffled(X, columns, order), y))


def _shuffled(X: Any, columns: np.ndarray, order: np.ndarray) -> Any:
    """A copy of X with the rows of these columns permuted by `order`."""
    shuffled = X.copy()
    if hasattr(X, "iloc"):
        for j in columns:  # one by one, as each has its own type
            shuffled.isetitem(j, X.iloc[order, j].array)
    else:
        shuffled[:, columns] = X[order][:, columns]
    return shuffled
