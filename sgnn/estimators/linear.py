"""The linear baselines: the group lasso, solved to a certified KKT residual."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin

from ..linear import LeastSquares, LogLoss, MultinomialLoss, RowLoss
from ..typing import ClassWeight, Costs, GroupsLike, Missing, Weights
from .docs import documented
from .linear_fit import LinearGroupLasso
from .task import Classes, Numbers

__all__ = ["GroupLassoClassifier", "GroupLassoRegressor"]

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
        groups: GroupsLike | None = None,
        *,
        lam: float = 0.01,
        group_costs: Costs | None = None,
        class_weight: ClassWeight | None = None,
        missing: Missing = "error",
        verbose: int = 0,
        max_iter: int = 10_000,
        tol: float = 1e-8,
        warm_start: bool = False,
        group_weights: Weights = "sqrt_size",
        fit_intercept: bool = True,
        standardize: bool = True,
    ) -> None:
        super().__init__(
            groups,
            lam=lam,
            group_costs=group_costs,
            missing=missing,
            verbose=verbose,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            group_weights=group_weights,
            fit_intercept=fit_intercept,
            standardize=standardize,
        )
        self.class_weight = class_weight

    _task_kind = Classes

    def _loss(self, task: Classes, targets: np.ndarray) -> RowLoss:
        n = task.n_outputs
        return LogLoss(targets) if n == 2 else MultinomialLoss(targets, n)

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

    _task_kind = Numbers

    def _loss(self, task: Numbers, targets: np.ndarray) -> RowLoss:
        return LeastSquares(targets)

    def _as_fitted_shape(self, task: Numbers, values: np.ndarray) -> Any:
        return values[0] if task.ndim == 1 else values

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
        outputs = self._outputs(X)
        return self._task.predict(outputs)
