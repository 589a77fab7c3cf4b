"""LambdaSearchCV: the choice of lam by cross-validation."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from ..estimators.inputs import random_generator
from ..estimators.parameters import check_parameters, either, flag, integer
from ..groups import Groups
from ._checks import COMMON_RULES, check_scorer, check_splits
from ._delegation import DelegatingSelector
from ._fits import Data, FitResult, FitRunner, FitSpec
from ._models import (
    draw_seed,
    group_support,
    groups_before_fit,
    resolve_groups,
    strength_parameter,
    with_seed,
)
from ._results import best_index, cv_results, with_n_groups
from .grid import LAMS_RULE, count_lams, grid

__all__ = ["LambdaSearchCV"]

RULES = COMMON_RULES | {
    "lams": LAMS_RULE,
    "select": either("best", either("one_se", integer(1))),
    "refit": flag,
}


class LambdaSearchCV(DelegatingSelector):
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
    select : "best", "one_se" or int, default="best"
        The lam with the highest mean score, the largest if several have it; the largest lam whose
        mean score is within one standard error of that; or the best of those lams that leave so
        many groups in a fit to all rows.
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
        The lam chosen, its mean score, its index in `lams_`, and {"lam": best_lam_}.
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
        estimator,
        lams=50,
        cv=5,
        scoring=None,
        select="best",
        *,
        n_jobs=None,
        memory=None,
        refit=True,
        verbose=0,
        groups=None,
        random_state=None,
    ):
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

    def fit(self, X: Any, y: Any = None, **params: Any) -> LambdaSearchCV:
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
        X, y = self._check_data(X, y)
        own = resolve_groups(self.estimator, self.groups, X)
        self._check_select(own, X)
        self.scorer_ = check_scorer(self.estimator, self.scoring, X, y)
        routed = self._route_params(params)
        splits = check_splits(self.estimator, self.cv, X, y, routed.splitter.split)
        data = Data(X, y, own, self.scorer_, routed.estimator.fit, routed.scorer.score)
        seed = None if self.random_state is None else draw_seed(random_generator(self.random_state))
        estimator = with_seed(self.estimator, seed)
        every_lam = isinstance(self.select, Integral)  # is fitted to all rows too
        planned = count_lams(self.lams) * (len(splits) + every_lam)
        planned += bool(self.refit) and not every_lam
        with FitRunner(
            estimator, data, n_jobs=self.n_jobs, memory=self.memory, verbose=self.verbose,
            planned=planned,
        ) as runner:  # fmt: skip
            self._search(runner, splits)
        return self

    def _check_select(self, own: Groups | None, X: Any) -> None:
        """Raise if select exceeds the number of groups, if that is known before a fit."""
        groups = groups_before_fit(self.estimator, X) if own is None else own
        if (
            isinstance(self.select, Integral)
            and groups is not None
            and int(self.select) > len(groups)
        ):
            raise ValueError(
                f"select={self.select} is more than the {len(groups)} groups of X: give at most "
                f"{len(groups)}."
            )

    def _search(self, runner: FitRunner, splits: list) -> None:
        lams = self.lams_ = grid(runner, self.lams)
        candidates: dict[int, FitResult] = {}
        if isinstance(self.select, Integral):
            # best_estimator_ is the fit whose groups were counted
            specs = [FitSpec(lam, return_estimator=self.refit) for lam in lams]
            candidates = with_n_groups(lams, runner(specs), int(self.select))
        specs = [FitSpec(lam, train, test) for lam in lams for train, test in splits]
        fit_results = runner([specs[0]._replace(return_estimator=True), *specs[1:]])
        self.groups_ = group_support(fit_results[0].estimator, runner.data.groups)[1]
        supports = [fit_result.support for fit_result in fit_results]
        self.supports_ = np.reshape(supports, (len(lams), len(splits), -1))
        results = self.cv_results_ = cv_results(lams, fit_results)
        self.n_splits_ = len(splits)
        self.best_index_ = best_index(
            results,
            list(candidates) or range(len(lams)),
            len(splits),
            float(self.select == "one_se"),
        )
        self.best_lam_ = float(lams[self.best_index_])
        self.best_params_ = {"lam": self.best_lam_}
        self.best_score_ = float(results["mean_test_score"][self.best_index_])
        if self.refit:
            last = FitSpec(self.best_lam_, return_estimator=True)
            best = candidates.get(self.best_index_) or runner([last])[0]
            self.best_estimator_, self.refit_time_ = best.estimator, best.fit_time
            self.group_support_ = group_support(best.estimator, runner.data.groups)[0]

    def _route_params(self, params: dict) -> Bunch:
        """The params of `fit` for the estimator, the splitter and the scorer."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **params)
        fit = {name: value for name, value in params.items() if name != "groups"}
        scorer_weighted = getattr(self.scorer_, "_accept_sample_weight", bool)()
        score = (
            {"sample_weight": fit["sample_weight"]}
            if scorer_weighted and "sample_weight" in fit
            else {}
        )
        return Bunch(
            estimator=Bunch(fit=fit),
            splitter=Bunch(split={"groups": params.get("groups")}),
            scorer=Bunch(score=score),
        )

    def get_metadata_routing(self) -> MetadataRouter:
        """Get the metadata routing.

        Returns
        -------
        routing : MetadataRouter
            Of the estimator's fit, the scorer and the splitter.
        """
        fit = MethodMapping().add(caller="fit", callee="fit")
        split = MethodMapping().add(caller="fit", callee="split")
        score = (
            MethodMapping().add(caller="fit", callee="score").add(caller="score", callee="score")
        )
        router = MetadataRouter(owner=self)
        router.add(estimator=self.estimator, method_mapping=fit)
        router.add(scorer=check_scoring(self.estimator, self.scoring), method_mapping=score)
        return router.add(splitter=self.cv, method_mapping=split)
