"""The fit that the linear estimators share: rows, groups and the path of solutions."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ..groups import Groups
from ..linear import (
    LinearProblem,
    Matrix,
    Path,
    Rescaling,
    RowLoss,
    column_means,
    filled,
    standardize_blocks,
    standardize_targets,
)
from ..rules import check_parameters, flag, integer, number
from ..training import FitTask, with_callbacks
from ..typing import Costs, GroupsLike, Missing, Weights
from .deployment import compact_linear, to_onnx
from .inputs import check_weights
from .parameters import SHARED
from .selection import GroupSelection
from .sparse import check_fit_matrix, check_kept_matrix
from .task import Classes, Numbers, Task

__all__ = ["CoefficientPath", "LinearGroupLasso"]

SMALLEST_LAM = 1e-3  # of lambda_max, the last lam of a path whose lams is an int


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
    """The solver for some rows, its rescaling of the columns, and what X and y are."""

    path: Path
    rescaling: Rescaling
    groups: Groups
    task: Task
    fill: np.ndarray | None  # what replaces NaN


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

    _task_kind: ClassVar[type[Task]]
    _task: Any
    coef_: np.ndarray
    intercept_: np.ndarray | float

    def __init__(
        self,
        groups: GroupsLike | None = None,
        *,
        lam: float = 0.01,
        group_costs: Costs | None = None,
        missing: Missing = "error",
        verbose: int = 0,
        max_iter: int = 10_000,
        tol: float = 1e-8,
        warm_start: bool = False,
        group_weights: Weights = "sqrt_size",
        fit_intercept: bool = True,
        standardize: bool = True,
    ) -> None:
        self.groups = groups
        self.lam = lam
        self.group_costs = group_costs
        self.missing = missing
        self.verbose = verbose
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.group_weights = group_weights
        self.fit_intercept = fit_intercept
        self.standardize = standardize

    # hooks for subclasses ------------------------------------------------------------------

    @abstractmethod
    def _loss(self, task: Any, targets: np.ndarray) -> RowLoss:
        """The loss for these targets."""

    def _as_fitted_shape(self, task: Any, values: np.ndarray) -> Any:
        """Values (n_outputs, ...) in the shape of the fitted `coef_` and `intercept_`."""
        return values

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
        return self._fit_prepared(prepared, X, y, sample_weight)

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
            validated = {name: value for name, value in vars(replicas[first]).items()
                         if name in ("n_features_in_", "feature_names_in_")}  # fmt: skip
            for r in (first, *others):
                vars(replicas[r]).update(validated)
                replicas[r]._fit_prepared(prepared, X, y, weights[r])
        return replicas

    @with_callbacks
    def _fit_prepared(self, prepared: PreparedFit, X: Any, y: Any, sample_weight: Any) -> Self:
        """Solve, which is the task that callbacks are told of, and set the fitted attributes."""
        task = FitTask.of(self, X, y, sample_weight) if hasattr(self, "_skl_callbacks") else None
        self._set_fitted(prepared, self._solve(prepared, float(self.lam)))
        if task is not None:
            task.end({})
        return self

    def _set_fitted(self, prepared: PreparedFit, solution: CoefSolution) -> None:
        """Set the fitted attributes."""
        self._task, self._fill = prepared.task, prepared.fill
        if isinstance(prepared.task, Classes):
            self.classes_ = prepared.task.labels
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
                stacklevel=5,
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
        task, targets = self._task_kind.read(self, y, None if reset else self._task)
        n, p = X.shape
        weight = task.weights(targets, sample_weight)
        check_weights(weight, n)  # with a class_weight of 0 all may be 0
        groups = Groups.of(
            self.groups,
            p,
            getattr(self, "feature_names_in_", None),
            weights=self.group_weights,
            costs=self.group_costs,
        )
        fill = column_means(X, weight) if self.missing == "mean" else None
        rows = np.flatnonzero(weight)
        weight = weight[rows] / weight.sum()
        design, rescaling = standardize_blocks(
            X,
            weight,
            groups,
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            rows=rows,
            fill=fill,
        )
        y = targets[rows]
        if self.standardize and is_regressor(self):
            y, rescaling = standardize_targets(
                rescaling, y, weight, fit_intercept=self.fit_intercept
            )
        factors = np.append(groups.penalties / rescaling.norms, [0.0] * self.fit_intercept)
        problem = LinearProblem(design, self._loss(task, y), weight, factors)
        path = Path(problem, p, tol=self.tol, max_iter=self.max_iter)
        return PreparedFit(path, rescaling, groups, task, fill)

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
                stacklevel=5,
            )
        return CoefSolution(
            lam,
            self._as_fitted_shape(prepared.task, coef),
            self._as_fitted_shape(prepared.task, intercept),
            norms / prepared.rescaling.norms,
            solution.objective,
            residual,
            solution.n_iter,
        )

    # prediction and export -------------------------------------------------------------------

    compact = compact_linear
    to_onnx = to_onnx

    def _kept(self, X: Any) -> Matrix:
        return check_kept_matrix(self, X, self.get_support(indices=True))

    def _outputs(self, X: Any) -> np.ndarray:
        """X coef^T + intercept on the kept columns, (n, n_outputs)."""
        check_is_fitted(self)
        kept = self.get_support(indices=True)
        X = self._kept(X)
        if self._fill is not None:
            X = filled(X, self._fill[kept])
        coef = self.coef_.reshape(-1, self.n_features_in_)[:, kept]
        return X @ coef.T + np.reshape(self.intercept_, -1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.missing == "mean"
        tags.target_tags.multi_output = self._task_kind is Numbers
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
