"""LambdaSearchCV: the choice of lam by cross-validation."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import _num_features, check_is_fitted, validate_data

from ..groups import Groups
from ..rules import Rule, check_parameters, either, flag, integer, number
from ..training import with_callbacks
from ..typing import (
    EstimatorLike,
    GroupsLike,
    Lams,
    MemoryLike,
    RandomState,
    Scoring,
    Select,
    Splits,
)
from ._best_estimator import BestEstimator
from ._checks import COMMON_RULES, check_rows, check_scorer, check_splits
from ._fits import Data, FitResult, FitRunner, Sample
from ._models import group_support, resolve_groups, strength_parameter
from ._results import best_index, cv_results, with_n_groups
from .grid import LAMS_RULE, grid

__all__ = ["LambdaSearchCV"]

SELECT = either(
    "best", either("one_se", Rule(
        lambda v: integer(1).accepts(v) or (number(0).accepts(v) and v < 1),
        "an int >= 1, or a share of the best score >= 0 and < 1",
    )),
)  # fmt: skip
RULES = COMMON_RULES | {
    "lams": LAMS_RULE,
    "select": SELECT,
    "refit": flag,
}


class LambdaSearchCV(BestEstimator):
    """Choose the strength lam of a group penalty by cross-validation.

    lam = argmax over a grid of the mean score of the K models

        minimize over rows outside of fold k: mean loss + lam * sum_g weight_g * cost_g ||theta_g||

    each scored on the rows of fold k = 1..K; then fit to all rows.

    Parameters
    ----------
    estimator : estimator
        One with `lam` and `get_group_support`, such as `SGINClassifier`; or scikit-learn's with
        `alpha` (= lam: Lasso) or `C` (= 1/(n lam): LogisticRegression with an l1 penalty) and
        `coef_`; or a pipeline that ends in one of these.
    lams : int or array-like, default=50
        The strengths; or how many, in equal ratios from where all groups are left (or a
        thousandth of the largest) to where one or none is.  The ends are found by doubling and
        halving the estimator's own lam; the upper end is `lambda_max_` where it has that.
    cv : int, splitter or iterable, default=5
        How to split; an int makes folds, stratified for a classifier.
    scoring : str, callable or None, default=None
        The score; by default the estimator's `score`.
    select : "best", "one_se", float or int, default="best"
        The lam with the highest mean score, the largest if several have it; the largest lam whose
        mean score is within one standard error of that, or within a share of it (0.01: one per
        cent worse at most); or, an int, the best of those lams that leave so many groups in a fit
        to all rows.
    n_jobs : int or None, default=None
        Number of parallel jobs, in joblib's active backend.
    memory : None, str, path or joblib.Memory, default=None
        Cache of finished fits, keyed by everything they depend on, from which an interrupted
        search resumes.
        Fits of another version of sgnn or torch are not found.  joblib keeps pickles there, which
        can run code when they are read: trust the folder like code.
    refit : bool, default=True
        Fit to all rows with the lam chosen.
    verbose : int, default=0
        1 shows one progress bar for all fits.
    groups : any form of groups, default=None
        Groups of the columns for an estimator that has none of its own.
    random_state : int, RandomState, Generator or None, default=None
        Seed of all fits; None keeps the estimator's `random_state`.

    Attributes
    ----------
    lams_ : ndarray of shape (n_lams,)
        The strengths, ascending.
    best_lam_, best_score_, best_index_, best_params_
        The lam chosen, its mean score, its index in `lams_`, and `{"lam": best_lam_}`.
    best_estimator_ : estimator
        Fitted to all rows; present if `refit`.
    cv_results_ : dict of arrays
        As in GridSearchCV: param_lam, params, split0_test_score, ..., mean_test_score,
        std_test_score, rank_test_score, mean_fit_time, ...; and the number of groups that each
        fit selects: split0_group_counts, ..., mean_group_counts, std_group_counts.
    supports_ : ndarray of bool of shape (n_lams, n_splits, n_groups)
        The groups that each fit selects.
    groups_, group_support_, selected_groups_
        The groups, which of them `best_estimator_` selects, and their names.
    n_splits_, scorer_, refit_time_, n_features_in_, feature_names_in_, classes_
        As in GridSearchCV.

    See Also
    --------
    StabilitySelector : Groups that are selected on most samples of the rows.
    lambda_path : The groups at every lam, without cross-validation.

    Notes
    -----
    The standard error of a mean score over K folds is std / sqrt(K - 1), with the standard
    deviation over the folds that `cv_results_` has.  Source: the rule of one standard error is from
    Breiman et al., "Classification and regression trees" (1984), section 3.4.3.

    Examples
    --------
    >>> from sgnn.datasets import make_grouped_regression
    >>> from sgnn.selection import LambdaSearchCV
    >>> from sklearn.linear_model import Lasso
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> search = LambdaSearchCV(Lasso(), lams=20, select=2, groups=data.groups)
    >>> search.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    >>> search.best_score_ > 0.9
    True
    """

    def __init__(
        self,
        estimator: EstimatorLike,
        lams: Lams = 50,
        cv: Splits | None = 5,
        scoring: Scoring | None = None,
        select: Select = "best",
        *,
        n_jobs: int | None = None,
        memory: MemoryLike | None = None,
        refit: bool = True,
        verbose: int = 0,
        groups: GroupsLike | None = None,
        random_state: RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.lams = lams
        self.cv = cv
        self.scoring = scoring
        self.select = select
        self.n_jobs = n_jobs
        self.memory = memory
        self.refit = refit
        self.verbose = verbose
        self.groups = groups
        self.random_state = random_state

    @with_callbacks
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and fit to all rows with the lam chosen.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        **params
            `groups` is passed to the splitter; the rest, such as `sample_weight`, to the fits;
            or, if metadata routing is enabled, to the objects that request them.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        ValueError, TypeError
            For invalid input, before training; after it, if no lam leaves `select` groups.
        KeyboardInterrupt
            If the user interrupts: the search is then not fitted, but with `memory` a repeated
            call reads the finished fits.
        """
        strength_parameter(self.estimator)
        check_parameters(self, RULES)
        X, y = check_rows(self.estimator, X, y)
        validate_data(self, X, y, skip_check_array=True)
        own = resolve_groups(self.estimator, self.groups, X)
        counted = isinstance(self.select, Integral)  # the groups of fits to all rows
        if counted:
            self._check_select(self.select, own, X)
        scorer = check_scorer(self.estimator, self.scoring, X, y)
        routed = self._route_params(params, scorer)
        splits = check_splits(self.estimator, self.cv, X, y, routed.splitter.split)
        data = Data(X, y, own, scorer, routed.estimator.fit, routed.scorer.score)
        with FitRunner(
            self.estimator, data, n_jobs=self.n_jobs, memory=self.memory, verbose=self.verbose,
            lams=self.lams, fits_per_lam=len(splits) + counted,
            other_fits=int(self.refit and not counted), random_state=self.random_state,
            search=self,
        ) as runner:  # fmt: skip
            lams = grid(runner, self.lams)
            # best_estimator_ is the fit whose groups were counted
            to_all_rows = runner(lams, all_estimators=self.refit) if counted else []
            among = with_n_groups(lams, to_all_rows, self.select) if counted else range(len(lams))
            fit_results = runner(lams, [Sample(train, test) for train, test in splits])
            results = cv_results(lams, fit_results)
            best = best_index(results, among, self.select, len(splits))
            last = None
            if self.refit:
                last = to_all_rows[best] if counted else runner([float(lams[best])])[0]
            self.lams_, self.scorer_, self.n_splits_, self.cv_results_ = (
                lams, scorer, len(splits), results,
            )  # fmt: skip
            self.groups_ = group_support(fit_results[0].estimator, own)[1]
            supports = [fit_result.support for fit_result in fit_results]
            self.supports_ = np.reshape(supports, (len(lams), len(splits), -1))
            self._learn(best, last)
        return self

    def choose(self, select: Select, X: Any = None, y: Any = None, **params: Any) -> dict[str, Any]:
        """Choose among the lams of the search again, and fit to all rows with that one.

        Parameters
        ----------
        select : "best", "one_se", float or int
            As the argument of that name.
        X, y : array-likes, optional
            The rows of `fit`: `best_estimator_` and all that says which lam is the best are then
            those of this choice.  Without them nothing is fitted or changed.
        **params
            As those of `fit`.

        Returns
        -------
        choice : dict
            lam, its mean score and the standard error of that, and the mean number of groups of
            the folds' fits.

        Raises
        ------
        ValueError
            If select is no choice, or an int without X and y: the groups of fits to all rows are
            counted for it; or if none of the lams leaves so many.
        """
        check_parameters({"select": select}, {"select": SELECT})
        check_is_fitted(self, "lams_")
        counted, results, lams = isinstance(select, Integral), self.cv_results_, self.lams_
        if X is None:
            if counted:
                raise ValueError(
                    f"select={select} groups are those of fits to all rows: give X and y too."
                )
            best = best_index(results, range(len(lams)), select, self.n_splits_)
        else:
            X, y = check_rows(self.estimator, X, y)
            validate_data(self, X, y, skip_check_array=True, reset=False)
            own = resolve_groups(self.estimator, self.groups, X)
            routed = self._route_params(params, self.scorer_)
            data = Data(X, y, own, self.scorer_, routed.estimator.fit, routed.scorer.score)
            with FitRunner(
                self.estimator, data, n_jobs=self.n_jobs, memory=self.memory, verbose=self.verbose,
                lams=lams, fits_per_lam=int(counted), other_fits=int(not counted),
                random_state=self.random_state,
            ) as runner:  # fmt: skip
                to_all_rows = runner(lams, all_estimators=True) if counted else []
                among = with_n_groups(lams, to_all_rows, select) if counted else range(len(lams))
                best = best_index(results, among, select, self.n_splits_)
                last = to_all_rows[best] if counted else runner([float(lams[best])])[0]
            self._learn(best, last)
        error = results["std_test_score"][best] / np.sqrt(max(self.n_splits_ - 1, 1))
        return {
            "lam": float(lams[best]), "score": float(results["mean_test_score"][best]),
            "score_se": float(error), "n_groups": float(results["mean_group_counts"][best]),
        }  # fmt: skip

    def _learn(self, best: int, last: FitResult | None) -> None:
        """Set what says which lam is the best, and its fit to all rows if there is one."""
        self.best_index_, self.best_lam_ = best, float(self.lams_[best])
        self.best_params_ = {"lam": self.best_lam_}
        self.best_score_ = float(self.cv_results_["mean_test_score"][best])
        if last is not None:
            self.best_estimator_, self.refit_time_ = last.estimator, last.fit_time
            self.group_support_ = last.support

    def _check_select(self, select: Any, own: Groups | None, X: Any) -> None:
        """Raise if select exceeds the number of groups, if that is known before a fit."""
        arguments = self.estimator.get_params(deep=False)
        if own is None and "groups" in arguments and "image_shape" not in arguments:
            own = Groups.of(arguments["groups"], _num_features(X), getattr(X, "columns", None))
        if own is not None and select > len(own):
            raise ValueError(
                f"select={select} is more than the {len(own)} groups of X: give at most {len(own)}."
            )

    def transform(self, X: Any) -> Any:
        """Reduce X to the columns of the selected groups, as the best estimator does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        X_r : array of shape (n_samples, n_selected)
            The selected columns.
        """
        best = self._check_best_estimator("transform")
        return best.transform(X) if hasattr(best, "transform") else super().transform(X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_lam_")
