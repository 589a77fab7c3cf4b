"""lambda_path: the selected groups along lam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..groups import Groups
from ..rules import check_parameters
from ..typing import EstimatorLike, GroupsLike, Lams, MemoryLike, Scoring
from ._checks import COMMON_RULES, check_rows, check_scorer
from ._fits import Data, FitRunner
from ._models import final_estimator, group_support, resolve_groups, strength_parameter
from .grid import LAMS_RULE, grid

__all__ = ["PathResult", "lambda_path"]


@dataclass(frozen=True, eq=False)
class PathResult:
    """The result of `lambda_path`.

    Parameters
    ----------
    lams_ : ndarray of shape (n_lams,)
        The strengths, ascending.
    support_ : ndarray of bool of shape (n_lams, n_groups)
        Which groups are left at each.
    scores : ndarray of shape (n_lams,)
        The score of each fit, on X_val and y_val if given.
    groups_ : Groups
        The groups.

    Attributes
    ----------
    n_groups_ : ndarray of shape (n_lams,)
        How many groups are left at each.

    Examples
    --------
    >>> import numpy as np
    >>> from sgnn.groups import Groups
    >>> from sgnn.selection import PathResult
    >>> support = np.array([[True, True], [True, False]])
    >>> lams, scores = np.array([0.1, 1.0]), np.array([0.9, 0.8])
    >>> PathResult(lams, support, scores, Groups.of(["a", "b"], 2)).n_groups_.tolist()
    [2, 1]
    """

    lams_: np.ndarray
    support_: np.ndarray
    scores: np.ndarray
    groups_: Groups

    @property
    def n_groups_(self) -> np.ndarray:
        """How many groups are left at each lam."""
        return self.support_.sum(axis=1)


def lambda_path(
    estimator: EstimatorLike,
    X: Any,
    y: Any,
    lams: Lams = 50,
    *,
    groups: GroupsLike | None = None,
    scoring: Scoring | None = None,
    X_val: Any = None,
    y_val: Any = None,
    sample_weight: Any = None,
    n_jobs: int | None = None,
    memory: MemoryLike | None = None,
    verbose: int = 0,
) -> PathResult:
    """Fit the estimator at every lam of a grid.

    For every lam: minimize mean loss + lam * sum_g weight_g * cost_g * ||theta_g||

    Parameters
    ----------
    estimator : estimator
        One with `lam` and `get_group_support`, such as `SGINClassifier`; or scikit-learn's with
        `alpha` (= lam: Lasso) or `C` (= 1/(n lam): LogisticRegression with an l1 penalty) and
        `coef_`; or a pipeline that ends in one of these.
    X, y : array-like
        The rows, (n_samples, n_features), and their targets.
    lams : int or array-like, default=50
        The strengths; or how many, in equal ratios from where all groups are left (or a
        thousandth of the largest) to where one or none is.  The ends are found by doubling and
        halving the estimator's own lam; the upper end is `lambda_max_` where it has that.
    groups : any form of groups, default=None
        Groups of the columns for an estimator that has none of its own.
    scoring : str, callable or None, default=None
        The score; by default the estimator's `score`.
    X_val, y_val : array-like, optional
        Validation data for the scores; by default the training data.
    sample_weight : array-like of shape (n_samples,), optional
        Weights for the fits.
    n_jobs : int or None, default=None
        Number of parallel jobs, in joblib's active backend.
    memory : None, str, path or joblib.Memory, default=None
        Cache of finished fits, which a repeated call reads.
        Fits of another version of sgnn or torch are not found.  joblib keeps pickles there, which
        can run code when they are read: trust the folder like code.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    PathResult
        With `lams_`, `n_groups_`, `support_`, `scores` and `groups_`.

    Raises
    ------
    ValueError, TypeError
        For invalid arguments.

    See Also
    --------
    LambdaSearchCV : Choose a lam by cross-validation.

    Notes
    -----
    Every fit is independent, unless the estimator has `warm_start=True`: each then starts from
    the one before, from the smallest lam to the largest, in one process.  For large networks,
    which gain nothing from joint training, a few epochs per lam are then enough.  But removed
    groups stay removed, and a nonconvex loss may end in another minimum: the networks of a warm
    path differ from those of single fits with the same lam.

    Source: paths over the strength are from Friedman, Hastie and Tibshirani, "Regularization paths
    for generalized linear models via coordinate descent", J. Stat. Softw. 33 (2010), section 2.5.

    Examples
    --------
    >>> from sgnn.datasets import make_grouped_regression
    >>> from sgnn.selection import lambda_path
    >>> from sklearn.linear_model import Lasso
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> path = lambda_path(Lasso(), data.data, data.target, lams=5, groups=data.groups)
    >>> path.n_groups_.tolist()[-1] <= 1
    True
    """
    strength_parameter(estimator)
    given = {"lams": lams, "n_jobs": n_jobs, "memory": memory, "verbose": verbose}
    check_parameters(given, COMMON_RULES | {"lams": LAMS_RULE})
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val belong together: give both, or neither.")
    X, y = check_rows(estimator, X, y)
    weights = {} if sample_weight is None else {"sample_weight": np.asarray(sample_weight)}
    held_out = None if X_val is None else (X_val, y_val)
    own = resolve_groups(estimator, groups, X)
    data = Data(X, y, own, check_scorer(estimator, scoring, X, y), weights, {}, held_out)
    with FitRunner(
        estimator, data, n_jobs=n_jobs, memory=memory, verbose=verbose, lams=lams
    ) as runner:
        strengths = grid(runner, lams)
        warm = final_estimator(estimator).get_params(deep=False).get("warm_start", False)
        fit_results = runner(strengths, warm_start=warm)
    support = np.stack([fit_result.support for fit_result in fit_results])
    scores = np.array([fit_result.score for fit_result in fit_results])
    return PathResult(strengths, support, scores, group_support(fit_results[0].estimator, own)[1])
