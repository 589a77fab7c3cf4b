"""BudgetSelector: the best groups for a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Literal, Self

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import is_classifier
from sklearn.utils import check_array, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ..estimators.inputs import kept_columns, lacks_columns
from ..rules import Rule, check_parameters, choice, either, flag, integer, number
from ..training import FitTask, with_callbacks
from ..typing import Costs, EstimatorLike, GroupsLike, MemoryLike, RandomState, Scoring, Splits
from ._best_estimator import BestEstimator
from ._checks import COMMON_RULES, check_rows, check_scorer
from ._fits import raised_interrupts
from ._front import Front
from ._request import Percent, Request, makes_folds
from .subsets import SubsetSearch

__all__ = ["BudgetSelector"]

RULES = COMMON_RULES | {
    "max_groups": either(None, integer(1)),
    "max_cost": either(None, number(0)),
    "exactly": flag,
    "tolerance": either("one_se", number(0)),
    "search": either("auto", Rule(lambda v: isinstance(v, SubsetSearch), "a SubsetSearch()")),
    "evaluate": either(None, choice("chosen", "all")),
}


class BudgetSelector(BestEstimator):
    """Select groups of columns for a budget, and fit an estimator to these.

    S* = argmin_S L(S)  such that  |S| <= max_groups and cost(S) <= max_cost

    where L(S) is the loss, on rows held out of their training, of small networks that are given the
    groups S alone, and which the search trains itself: the estimator is fitted to the chosen
    columns, and has no say in which these are.  All sizes and prices are searched at once (see
    `SubsetSearch`), so that `choose` answers other budgets without searching again.  Without a
    budget, the cheapest set is chosen whose loss is within `tolerance` of the least.

    Parameters
    ----------
    estimator : estimator
        Any classifier or regressor; it is fitted to the chosen columns alone.  A penalty on groups
        of columns has nothing left to choose then: their weights are set to 0, and `max_groups` and
        `max_cost` of the estimator to None.  In a pipeline, a ColumnTransformer at the start is
        asked for the chosen columns alone.
    max_groups : int, default=None
        The most groups; without `max_cost` fewer are chosen if their loss is within half a paired
        standard error of the least.
    max_cost : float, default=None
        The most that they may cost, in the unit of `group_costs`.
    exactly : bool, default=False
        Have exactly `max_groups` groups, even where fewer are as good.
    tolerance : "one_se" or float, default="one_se"
        Without a budget: how much more than the least loss is as good; one standard error of the
        difference (any loss, where that of no groups is within three of the least), or a share of
        the difference between the loss without any group and the least.
    groups : any form of groups, default=None
        Groups of the columns of X for an estimator that has none of its own; by default each
        column.
    group_costs : array of shape (n_groups,), dict by name or callable, default=None
        The price of each group; those of the estimator, or 1, by default.  A callable gets the list
        of the names of the groups and returns what having these costs together.
    keep, forbid : list of names, default=None
        Groups that every set has, and counts; groups that cannot be had.
    cv : int, splitter or iterable, default=None
        How rows are held out; an int makes so many folds, stratified for a classifier.  By default
        four, drawn three times below 1000 rows; above 20,000, unless there are so few sets that
        all are looked at, one split with 5000 rows held out.
    scoring : str, callable or None, default=None
        The score in `front_` and of `score`; by default the estimator's `score`.
    search : "auto" or SubsetSearch, default="auto"
        How sets are found.
    evaluate : "chosen", "all" or None, default="chosen"
        The points of `front_` at which the estimator is scored by cross-validation.
    n_jobs : int or None, default=None
        Number of parallel jobs of the cross-validation, in joblib's active backend; it does not
        change the results.
    memory : None, str, path or joblib.Memory, default=None
        Cache of the search, the scores and the fit, from which an interrupted call resumes if
        `random_state` is an int.  joblib keeps pickles there, which can run code when they are
        read: trust the folder like code.
    verbose : int, default=0
        1 shows one progress bar.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the search and of the fits; None draws new ones for the search and keeps the
        estimator's `random_state`.

    Attributes
    ----------
    front_ : list of dict
        The best set of each size, and those that no other one undercuts in size, cost and loss:
        "groups" (names), "n_groups", "cost"; "loss", the held-out loss of networks of these groups
        alone, with "loss_se", the standard error of its difference to the least one (paired by
        rows); "partial_loss", the held-out loss of `predict_partial`; "score" and "score_se" of the
        estimator.  NaN where something was not computed.
    best_estimator_ : estimator
        Fitted to all rows of the chosen columns.
    best_index_ : int
        Of the chosen set in `front_`.
    cost_ : float
        What the chosen groups cost.
    groups_, group_support_, selected_groups_
        The groups, which of them are chosen, and their names.
    scorer_, n_features_in_, feature_names_in_, classes_
        As in GridSearchCV.

    See Also
    --------
    sgnn.selection.SubsetSearch : How sets are found, and its parameters.
    LambdaSearchCV : The choice of the strength of a group penalty.
    StabilitySelector : Groups that are selected on most samples of the rows.
    sgnn.inspection.FrontDisplay : A picture of the front.

    Notes
    -----
    The front is the best of many sets, judged by the rows that chose them: its losses and scores
    are optimistic.  The figure to report is that of `cross_validate(BudgetSelector(...), X, y)`,
    which searches anew without the rows of each fold.

    References
    ----------
    .. [1] I. Covert, W. Qiu, M. Lu, N. Kim, N. White and S.-I. Lee, "Learning to maximize mutual
       information for dynamic feature selection", ICML 2023, for training with random masks.

    Examples
    --------
    >>> from sgnn import BudgetSelector, SGINClassifier
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(n_groups=6, n_informative=2, random_state=0)
    >>> model = SGINClassifier(data.groups)
    >>> selector = BudgetSelector(model, max_groups=3, evaluate=None, random_state=0)
    >>> selector.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    >>> selector.choose(max_groups=1)["cost"]
    1.0
    """

    _not_fitted = "%(name)s is not fitted: call fit first."

    def __init__(
        self,
        estimator: EstimatorLike,
        *,
        max_groups: int | None = None,
        max_cost: float | None = None,
        exactly: bool = False,
        tolerance: Literal["one_se"] | float = "one_se",
        groups: GroupsLike | None = None,
        group_costs: Costs | Callable[[list[Any]], float] | None = None,
        keep: Sequence[int | str] | None = None,
        forbid: Sequence[int | str] | None = None,
        cv: Splits | None = None,
        scoring: Scoring | None = None,
        search: Literal["auto"] | SubsetSearch = "auto",
        evaluate: Literal["chosen", "all"] | None = "chosen",
        n_jobs: int | None = None,
        memory: MemoryLike | None = None,
        verbose: int = 0,
        random_state: RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.max_groups = max_groups
        self.max_cost = max_cost
        self.exactly = exactly
        self.tolerance = tolerance
        self.groups = groups
        self.group_costs = group_costs
        self.keep = keep
        self.forbid = forbid
        self.cv = cv
        self.scoring = scoring
        self.search = search
        self.evaluate = evaluate
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose
        self.random_state = random_state

    @with_callbacks
    @torch.inference_mode(False)  # whatever surrounds the call
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, choose, and fit the estimator to the groups chosen.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images (n_samples, channels, ...)
            The rows; columns of words and missing values only if the estimator takes them.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        **params
            `groups` is passed to the splitter, and without one rows of one label are held out
            together, as copies of a row should be; the rest, such as `sample_weight`, to the fits;
            or, if metadata routing is enabled, to the objects that request them.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        ValueError, TypeError
            For invalid input, and budgets that no set of groups can meet, before training.
        KeyboardInterrupt
            If the user interrupts: the selector is then not fitted, but with `memory` a repeated
            call reads what is finished.
        """
        request, task = self._request(X, y, params), None
        phase: Callable = nullcontext
        if hasattr(self, "_skl_callbacks"):
            task = FitTask.of(self, X, y, request.fit_params.get("sample_weight"), max_subtasks=3)
            phase = task.phase
        with raised_interrupts(), Percent(self.verbose) as percent:
            with phase("search"):
                front, networks = request.front(percent)
                chosen = self._choice(front, self.max_groups, self.max_cost)
            with phase("score"):
                every = np.flatnonzero(front.sizes)
                points = {None: every[:0], "chosen": np.array([chosen]), "all": every}
                for done, point in enumerate(points[self.evaluate], 1):
                    front.scores[point] = request.score(front.sets[point])
                    percent.part(65, 90)(done / len(points[self.evaluate]))
            with phase("fit"):
                self._learn(request, front, chosen)
                percent.part(90, 100)(1.0)
        self._networks = networks
        if task is not None:
            task.end({})
        return self

    def refit(
        self, X: Any, y: Any = None, *, max_groups: int | None = None,
        max_cost: float | None = None, **params: Any,
    ) -> Self:  # fmt: skip
        """Fit the estimator to the groups for another budget, without searching again.

        Parameters
        ----------
        X, y : array-likes
            As of `fit`.
        max_groups : int, optional
            As of `choose`.
        max_cost : float, optional
            As of `choose`.
        **params
            As of `fit`.

        Returns
        -------
        self : object
            The same selector, whose model and groups are those of this budget.
        """
        check_is_fitted(self, msg=self._not_fitted)
        chosen = self._choice(self._front, max_groups, max_cost)
        with raised_interrupts():
            self._learn(self._request(X, y, params, reset=False), self._front, chosen)
        return self

    def choose(self, *, max_groups: int | None = None, max_cost: float | None = None) -> dict:
        """What the answer to another budget is, without searching or fitting again.

        Parameters
        ----------
        max_groups : int, optional
            The most groups.
        max_cost : float, optional
            The most that they may cost.  Without both, the cheapest set within the `tolerance`.

        Returns
        -------
        point : dict
            One of `front_`.

        Raises
        ------
        ValueError
            If no set is affordable.
        """
        check_is_fitted(self, msg=self._not_fitted)
        return self.front_[self._choice(self._front, max_groups, max_cost)]

    def predict_partial(self, X: Any) -> np.ndarray:
        """Predict rows in which any of the groups are missing, from what is there.

        By the networks of the search, which were trained with random groups missing.  Groups that
        were not chosen count too.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A group is missing in a row where all of its columns are NaN.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Labels, or numbers in the unit of y.
        """
        outputs = self._partial(X)
        return self._networks.task.predict(outputs)

    @available_if(lambda self: is_classifier(self.estimator))
    def predict_partial_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes where any of the groups are missing.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As of `predict_partial`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._partial(X)

    def transform(self, X: Any) -> Any:
        """Reduce X to the columns of the chosen groups; the others are not looked at.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        X_r : array of shape (n_samples, n_selected)
            The columns as they came, in a data frame if `set_output` asks for one.
        """
        check_is_fitted(self, msg=self._not_fitted)
        rows = self._rows(X)
        finite: Any = "allow-nan" if get_tags(self).input_tags.allow_nan else True
        check_array(
            rows, input_name="X", dtype=None, accept_sparse=True, ensure_all_finite=finite,
            allow_nd=True,
        )  # fmt: skip
        return rows if self._frames or not hasattr(rows, "columns") else rows.to_numpy()

    def _request(self, X: Any, y: Any, params: dict, *, reset: bool = True) -> Request:
        check_parameters(self, RULES)
        X, y = check_rows(self.estimator, X, y)
        validate_data(self, X, y, skip_check_array=True, reset=reset)
        self.scorer_ = check_scorer(self.estimator, self.scoring, X, y)
        params = dict(params)
        labels = params.pop("groups", None) if makes_folds(self.cv) else None
        return Request.of(self, X, y, self._route_params(params, self.scorer_), labels)

    def _choice(self, front: Front, max_groups: int | None, max_cost: float | None) -> int:
        check_parameters({"max_groups": max_groups, "max_cost": max_cost}, RULES)
        return front.choose(
            max_groups, max_cost, exactly=self.exactly and max_groups is not None,
            tolerance=self.tolerance,
        )  # fmt: skip

    def _learn(self, request: Request, front: Front, chosen: int) -> None:
        """Fit the estimator to this point of the front, and set the fitted attributes."""
        support = front.sets[chosen].copy()
        self.best_estimator_ = request.fit(support)
        self._front, self._restricted = front, request.restricted(support)
        self.front_, self.cost_ = front.rows(), float(front.costs[chosen])
        self.best_index_ = chosen
        self.groups_, self.group_support_ = request.reading.layout.groups_of_X, support

    def _rows(self, X: Any) -> Any:
        if lacks_columns(self, X, self._restricted.columns):
            return kept_columns(self, X, self._restricted.columns)
        return self._restricted.take(self._columns_of_fit(X))

    def _partial(self, X: Any) -> np.ndarray:
        check_is_fitted(self, msg=self._not_fitted)
        X = self._columns_of_fit(X)
        return self._networks.outputs(X.reshape(len(X), -1) if len(X.shape) > 2 else X)

    def _columns_of_fit(self, X: Any) -> Any:
        """X with the columns seen in fit; what is in them is not looked at."""
        X = X if hasattr(X, "shape") else np.asarray(X)
        if len(X.shape) < 2:
            raise ValueError(
                f"X must have two dimensions, got the shape {X.shape}: Reshape your data, as by "
                f"X.reshape(-1, 1) for one column."
            )
        validate_data(self, X, skip_check_array=True, reset=False)
        return X.tocsr() if issparse(X) else X
