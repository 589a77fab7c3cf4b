"""The linear baselines: the group lasso, solved to a certified KKT residual."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin, clone, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from ..groups import Groups
from ..linear import (
    LeastSquares,
    LinearProblem,
    LogLoss,
    MultinomialLoss,
    Path,
    Rescaling,
    RowLoss,
    standardize_blocks,
    standardize_targets,
)
from .checks import check_weights
from .docs import documented
from .parameters import SHARED, check_parameters, flag, integer, number
from .selection_mixin import GroupSelection
from .sparse import Matrix, check_fit_matrix, check_kept_matrix, column_means, filled
from .tasks import NetClassifier, NetRegressor

__all__ = ["CoefficientPath", "GroupLassoClassifier", "GroupLassoRegressor"]

SMALLEST_LAM = 1e-3  # of lambda_max, the last lam of a path whose lams is an int

PARAMETER_DOCS = {
    "fit_intercept": """bool, default=True
        Whether there is an intercept; it is not penalized.""",
    "standardize": """bool, default=True
        Scale the columns, and in regression y, to weighted mean 0 and variance 1: the objective
        is that of the scaled data, so that lam has no unit.  `coef_`, `intercept_` and
        predictions refer to the unscaled data.  A sparse X stays sparse.""",
    "max_iter": """int, default=10000
        Largest number of iterations on each set of groups that the screening keeps.""",
    "tol": """float, default=1e-8
        Stop when the `kkt_residual_` is at most this.""",
    "warm_start": """bool, default=False
        Let the next fit start from the last one's coefficients; the solution is the same.""",
    "verbose": """int, default=0
        1 prints a line for each solution.""",
}
NETWORK_ATTRIBUTES = ("history_", "module_", "net_", "n_iter_")


class CoefficientPath(NamedTuple):
    """Solutions along decreasing lam: `coefs[i]` is the `coef_` of `lams[i]`, and so on.

    group_norms has the shape (n_lams, n_groups), where n_lams = len(lams).
    """

    lams: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray
    group_norms: np.ndarray
    objectives: np.ndarray
    kkt_residuals: np.ndarray
    n_iters: np.ndarray


class CoefSolution(NamedTuple):
    """One solution as `coef_` and `intercept_`: a row of a CoefficientPath."""

    lam: float
    coef: np.ndarray
    intercept: np.ndarray | float
    group_norms: np.ndarray
    objective: float
    kkt_residual: float
    n_iter: int


class PreparedFit(NamedTuple):
    """The solver for some rows, its rescaling of the columns, and the groups."""

    path: Path
    rescaling: Rescaling
    groups: Groups


class LinearGroupLasso(GroupSelection):
    """Base class of GroupLassoClassifier and GroupLassoRegressor."""

    _rules = {
        name: SHARED[name]
        for name in ("lam", "standardize", "missing", "warm_start", "verbose", "class_weight")
    } | {
        "fit_intercept": flag,
        "max_iter": integer(1),
        "tol": number(0, open_low=True),
    }

    coef_: np.ndarray
    intercept_: np.ndarray | float

    def __init__(
        self,
        groups=None,
        *,
        lam=0.01,
        group_weights="sqrt_size",
        group_costs=None,
        fit_intercept=True,
        standardize=True,
        missing="error",
        max_iter=10_000,
        tol=1e-8,
        warm_start=False,
        verbose=0,
    ):
        self.groups = groups
        self.lam = lam
        self.group_weights = group_weights
        self.group_costs = group_costs
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.missing = missing
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose

    # hooks for subclasses ------------------------------------------------------------------

    @abstractmethod
    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """y encoded for the loss; sets `classes_` and the like if `reset`."""

    @abstractmethod
    def _loss(self, targets: np.ndarray) -> RowLoss:
        """The loss for these targets."""

    @abstractmethod
    def _as_fitted_shape(self, values: np.ndarray) -> Any:
        """Values (n_outputs, ...) in the shape of the fitted `coef_` and `intercept_`."""

    def _row_weights(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return weight

    # fit -----------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Minimize the objective.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows; a sparse matrix stays sparse.
        y : array-like of shape (n_samples,) or, for regression, (n_samples, n_targets)
            The targets.
        sample_weight : array-like of shape (n_samples,), optional
            Not negative; 0 leaves the row out.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            For invalid input, before the optimization.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations did not reach `tol`, or no group is left.
        """
        warm = self.warm_start and hasattr(self, "coef_")
        prepared = self._prepare(X, y, sample_weight, reset=not warm)
        if warm:
            coef = self.coef_.reshape(-1, self.n_features_in_)
            V = prepared.rescaling.from_coef(coef, np.reshape(self.intercept_, -1), prepared.path.V)
            prepared.path.warm_start_from(V, float(self.lam))
        self._set_fitted(prepared, self._solve(prepared, float(self.lam)))
        return self

    def fit_replicas(
        self,
        X: Any,
        y: Any,
        lams: Sequence[float],
        sample_weights: Sequence[Any] | None = None,
        seeds: Sequence[int] | None = None,
    ) -> list[Self]:
        """Fit one estimator for each lam, those with the same weights along one path.

        Replicas with equal weights are fitted in the order of decreasing lam, each with a warm
        start from the previous solution and on the groups that the strong rule keeps.  All reach
        `tol`, so that each equals a separate fit up to that tolerance, except for `n_iter_`,
        which counts from the previous replica.

        Parameters
        ----------
        X, y : array-like
            As in `fit`.
        lams : sequence of float, of length R
            The lam of each replica.
        sample_weights : sequence of R array-likes of shape (n_samples,), optional
            The weights of the rows in each.
        seeds : sequence of R ints, optional
            Ignored, as the minimum does not depend on them; present for compatibility.

        Returns
        -------
        estimators : list of R estimators
            Fitted, in the order of `lams`; this estimator is not changed.

        Raises
        ------
        ValueError, TypeError
            For invalid input; for invalid lams before the optimization.

        Warns
        -----
        ConvergenceWarning
            As in `fit`.
        """
        replicas = [clone(self).set_params(lam=float(lam)) for lam in lams]
        for replica in replicas:
            check_parameters(replica, self._rules)
        weights = [None] * len(replicas) if sample_weights is None else list(sample_weights)
        for same in _equal_weights(weights):
            first, *others = sorted(same, key=lambda r: -replicas[r].lam)
            prepared = replicas[first]._prepare(X, y, weights[first], reset=True)
            for r in others:  # copies the attributes that validation has set
                replicas[r] = deepcopy(replicas[first]).set_params(lam=replicas[r].lam)
            for r in (first, *others):
                replica = replicas[r]
                replica._set_fitted(prepared, replica._solve(prepared, replica.lam))
        return replicas

    def _set_fitted(self, prepared: PreparedFit, solution: CoefSolution) -> None:
        """Set the fitted attributes."""
        self.groups_ = prepared.groups
        self.lambda_max_ = prepared.path.lambda_max
        self.coef_, self.intercept_ = solution.coef, solution.intercept
        self.objective_ = solution.objective
        self.kkt_residual_ = solution.kkt_residual
        self.n_iter_ = solution.n_iter
        self.group_norms_ = solution.group_norms
        self.group_support_ = solution.group_norms > 0
        if not self.group_support_.any():
            warnings.warn(
                f"lam={self.lam!r} is not below lambda_max_={self.lambda_max_:.6g}, so that no "
                f"group is left and the predictions are constant: lower lam.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def path(self, X: Any, y: Any, *, lams: Any = 50, sample_weight: Any = None) -> CoefficientPath:
        """The solutions for decreasing lams, each with a warm start from the last one.

        The strong rule discards groups that are probably 0 at the next lam; those whose
        optimality condition is then violated are added again.  The estimator is not changed.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As in `fit`.
        lams : int or array-like of shape (n_lams,), default=50
            The values of lam; an int is their number, from `lambda_max_` to a thousandth of it.

        Returns
        -------
        path : CoefficientPath
            lams, coefs, intercepts, group_norms, objectives, kkt_residuals, n_iters.

        Raises
        ------
        ValueError, TypeError
            For invalid input.
        """
        estimator = clone(self)
        prepared = estimator._prepare(X, y, sample_weight, reset=True)
        lams = _decreasing(lams, prepared.path.lambda_max)
        solutions = [estimator._solve(prepared, float(lam)) for lam in lams]
        return CoefficientPath(*map(np.array, zip(*solutions, strict=True)))

    def _prepare(self, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> PreparedFit:
        """Validate the arguments and the data, and build the solver."""
        check_parameters(self, self._rules)
        X, y = check_fit_matrix(self, X, y, numeric=is_regressor(self), reset=reset)
        targets = self._targets(y, reset=reset)
        n, p = X.shape
        weight = self._row_weights(targets, check_weights(sample_weight, n))
        check_weights(weight, n)  # with a class_weight of 0 all may be 0
        groups = Groups.of(
            self.groups,
            p,
            getattr(self, "feature_names_in_", None),
            weights=self.group_weights,
            costs=self.group_costs,
        )
        rows = np.flatnonzero(weight)
        X, weight = X if len(rows) == n else X[rows], weight[rows] / weight.sum()
        if self.missing == "mean":
            self._fill = column_means(X, weight)
            X = filled(X, self._fill)
        design, rescaling = standardize_blocks(
            X, weight, groups, fit_intercept=self.fit_intercept, standardize=self.standardize
        )
        y = targets[rows]
        if self.standardize and is_regressor(self):
            y, rescaling = standardize_targets(
                rescaling, y, weight, fit_intercept=self.fit_intercept
            )
        factors = np.append(groups.penalties / rescaling.norms, [0.0] * self.fit_intercept)
        problem = LinearProblem(design, self._loss(y), weight, factors)
        path = Path(problem, p, tol=self.tol, max_iter=self.max_iter)
        return PreparedFit(path, rescaling, groups)

    def _solve(self, prepared: PreparedFit, lam: float) -> CoefSolution:
        """The minimum at lam, with a warning if it was not reached."""
        solution = prepared.path.solve_at(lam)
        coef, intercept = prepared.rescaling.to_coef(solution.V)
        norms = prepared.path.problem.design.norms(solution.V)[: len(prepared.groups)]
        residual = solution.kkt_residual
        if self.verbose:
            print(
                f"lam={lam:.6g}: {np.count_nonzero(norms)} of {len(norms)} groups, "
                f"{solution.n_iter} iterations, KKT residual {residual:.1e}"
            )
        if not residual <= self.tol:
            warnings.warn(
                f"max_iter={self.max_iter} iterations end at lam={lam:.6g} with a KKT residual of "
                f"{residual:.1e} above tol={self.tol}: give a larger max_iter or standardize=True.",
                ConvergenceWarning,
                stacklevel=3,
            )
        return CoefSolution(
            lam,
            self._as_fitted_shape(coef),
            self._as_fitted_shape(intercept),
            norms / prepared.rescaling.norms,
            solution.objective,
            residual,
            solution.n_iter,
        )

    # prediction ----------------------------------------------------------------------------

    def _kept(self, X: Any) -> Matrix:
        return check_kept_matrix(self, X, self.get_support(indices=True))

    def _outputs(self, X: Any) -> np.ndarray:
        """X coef^T + intercept on the kept columns, (n, n_outputs)."""
        check_is_fitted(self)
        kept = self.get_support(indices=True)
        X = self._kept(X)
        if self.missing == "mean":
            X = filled(X, self._fill[kept])
        coef = self.coef_.reshape(-1, self.n_features_in_)[:, kept]
        return X @ coef.T + np.reshape(self.intercept_, -1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _equal_weights(weights: Sequence[Any]) -> Iterator[list[int]]:
    """The indices of the replicas of each distinct weight vector."""
    replicas: dict[bytes | None, list[int]] = {}
    for r, weight in enumerate(weights):
        key = None if weight is None else np.asarray(weight, dtype=np.float64).tobytes()
        replicas.setdefault(key, []).append(r)
    yield from replicas.values()


def _decreasing(lams: Any, lambda_max: float) -> np.ndarray:
    """The lams of a path, (n_lams,), in decreasing order."""
    if integer(1).accepts(lams):
        return lambda_max * np.geomspace(1.0, SMALLEST_LAM, int(lams))
    values = list(lams) if isinstance(lams, Iterable) and not isinstance(lams, str) else []
    if not values or not all(map(number(0).accepts, values)):
        raise ValueError(f"lams must be an int >= 1 or finite numbers >= 0, got {lams!r:.80}.")
    return np.sort(np.array(values, dtype=np.float64))[::-1]


@documented(*NETWORK_ATTRIBUTES, **PARAMETER_DOCS)
class GroupLassoClassifier(ClassifierMixin, LinearGroupLasso):
    """Logistic regression with a group lasso penalty.

    minimize over coef, intercept: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

    where theta_g is the coefficients of the columns of group g, (n_outputs, p_g), and the loss is
    log(1 + exp(z)) - y z with the logit z of the second class for two classes, the cross entropy
    of softmax(z), z of shape (n_classes,), for more.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients of the logit of `classes_[1]`, or of each class; 0 for removed groups.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The intercepts; those of several classes sum to 0.
    lambda_max_ : float
        The smallest lam at which all penalized groups are 0.
    objective_ : float
        The objective at the solution.
    kkt_residual_ : float
        The largest violation of a group's optimality condition, relative to the largest gradient
        that a group can have at the null model; at most `tol`, unless there was a warning.
    n_iter_ : int
        Iterations, including those at intermediate lams.
    {attributes}

    See Also
    --------
    GroupLassoRegressor : The same for regression.
    SGINClassifier : A network instead of a linear model.

    Notes
    -----
    Accelerated proximal gradient on the groups that the strong rule of [2]_ keeps, and Newton
    steps once the support no longer changes, in float64.

    References
    ----------
    .. [1] Meier, van de Geer and Buehlmann, "The group lasso for logistic regression", JRSS B
       2008: equation 2.
    .. [2] Tibshirani et al., "Strong rules for discarding predictors in lasso-type problems",
       JRSS B 2012: section 5.

    Examples
    --------
    >>> from sgnn import GroupLassoClassifier
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(500, n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoClassifier(data.groups, lam=0.05).fit(data.data, data.target)
    >>> model.get_group_support().tolist() == data.support.tolist()
    True
    >>> model.kkt_residual_ < 1e-8 and model.lam < model.lambda_max_
    True
    """

    def __init__(
        self,
        groups=None,
        *,
        lam=0.01,
        group_weights="sqrt_size",
        group_costs=None,
        fit_intercept=True,
        class_weight=None,
        standardize=True,
        missing="error",
        max_iter=10_000,
        tol=1e-8,
        warm_start=False,
        verbose=0,
    ):
        super().__init__(
            groups,
            lam=lam,
            group_weights=group_weights,
            group_costs=group_costs,
            fit_intercept=fit_intercept,
            standardize=standardize,
            missing=missing,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            verbose=verbose,
        )
        self.class_weight = class_weight

    # classes and class_weight are handled as in the networks
    _targets = NetClassifier._targets
    _row_weights = NetClassifier._row_weights

    def _loss(self, targets: np.ndarray) -> RowLoss:
        n_classes = len(self.classes_)
        return LogLoss(targets) if n_classes == 2 else MultinomialLoss(targets, n_classes)

    def _as_fitted_shape(self, values: np.ndarray) -> np.ndarray:
        return values

    def decision_function(self, X: Any) -> np.ndarray:
        """The logit of the second class, or the scores of all.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Columns of removed groups are not read.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            The prediction is `classes_[1]` above 0, or the class of the largest score.
        """
        Z = self._outputs(X)
        return Z[:, 0] if len(self.classes_) == 2 else Z

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Columns of removed groups are not read.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        Z = self._outputs(X)
        return np.hstack([expit(-Z), expit(Z)]) if Z.shape[1] == 1 else softmax(Z, axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Columns of removed groups are not read.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Elements of `classes_`.
        """
        Z = self._outputs(X)
        return self.classes_[(Z[:, 0] > 0).astype(int) if Z.shape[1] == 1 else Z.argmax(1)]


@documented(*NETWORK_ATTRIBUTES, "classes_", **PARAMETER_DOCS)
class GroupLassoRegressor(RegressorMixin, LinearGroupLasso):
    """Least squares with a group lasso penalty.

    minimize over coef, intercept: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

    where theta_g is the coefficients of the columns of group g, (n_targets, p_g), and the loss of
    a row is 1/2 sum_j (y_j - z_j)^2, of columns and targets that are scaled to variance 1 by
    default.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, two-dimensional if y is; 0 for removed groups.
    intercept_ : float or ndarray of shape (n_targets,)
        The intercepts.
    lambda_max_ : float
        The smallest lam at which all penalized groups are 0.
    objective_ : float
        The objective at the solution.
    kkt_residual_ : float
        The largest violation of a group's optimality condition, relative to the largest gradient
        that a group can have at the null model; at most `tol`, unless there was a warning.
    n_iter_ : int
        Iterations, including those at intermediate lams.
    {attributes}

    See Also
    --------
    GroupLassoClassifier : The same for classification.
    SGINRegressor : A network instead of a linear model.

    Notes
    -----
    Accelerated proximal gradient on the groups that the strong rule of [2]_ keeps, and Newton
    steps once the support no longer changes, in float64.
    With every column a group of its own and standardize=False it is scikit-learn's Lasso, and
    MultiTaskLasso for several targets.

    References
    ----------
    .. [1] Yuan and Lin, "Model selection and estimation in regression with grouped variables",
       JRSS B 2006: equation 2.1.
    .. [2] Tibshirani et al., "Strong rules for discarding predictors in lasso-type problems",
       JRSS B 2012: section 5.

    Examples
    --------
    >>> from sgnn import GroupLassoRegressor
    >>> from sgnn.datasets import make_grouped_regression
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoRegressor(data.groups, lam=0.1).fit(data.data, data.target)
    >>> model.get_group_support().tolist() == data.support.tolist()
    True
    >>> path = model.path(data.data, data.target, lams=10)
    >>> path.coefs.shape == (10, model.n_features_in_)
    True
    """

    _targets = NetRegressor._targets

    def _loss(self, targets: np.ndarray) -> RowLoss:
        return LeastSquares(targets)

    def _as_fitted_shape(self, values: np.ndarray) -> Any:
        return values[0] if self._y_ndim == 1 else values

    def predict(self, X: Any) -> np.ndarray:
        """X coef + intercept.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Columns of removed groups are not read.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            With as many dimensions as y in `fit`.
        """
        Z = self._outputs(X)
        return Z[:, 0] if self._y_ndim == 1 else Z

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
