"""LambdaSearchCV: lam by cross-validation, with the groups that it leaves."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from ..estimators.checks import random_generator
from ..estimators.parameters import check_parameters, either, flag, integer
from ..groups import Groups
from ._checks import ANY_STUDY, read_scorer, read_splits
from ._delegation import BestEstimator
from ._fits import Data, Fits, Order, Outcome
from ._models import draw_seed, known_groups, read_groups, selected, strength, with_seed
from ._results import best_index, cv_results, reaching
from .grid import ARE_LAMS, count_lams, grid

__all__ = ["LambdaSearchCV"]

RULES = ANY_STUDY | {
    "lams": ARE_LAMS,
    "select": either("best", either("one_se", integer(1))),
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
        The score; by default the estimator's own.
    select : "best", "one_se" or int, default="best"
        The lam with the highest mean score, the largest if several have it; the largest lam whose
        mean score is within one standard error of that; or the best of those lams that leave so
        many groups in a fit to all rows.
    n_jobs : int or None, default=None
        Parallel fits, in joblib's active backend.
    memory : None, str, path or joblib.Memory, default=None
        Where to keep finished fits, by the content of what they depend on: a search that was
        killed goes on where it was.
        Fits of another version of sgnn or torch are not found.  joblib keeps pickles there, which
        can run code when they are read: trust the folder like code.
    refit : bool, default=True
        Fit to all rows with the lam chosen.
    verbose : int, default=0
        1 shows one progress bar for all fits.
    groups : any form of groups, default=None
        Groups of the columns for an estimator that has none of its own.
    random_state : int, RandomState, Generator or None, default=None
        Draws one seed for all fits; None leaves the estimator its own `random_state`.

    Attributes
    ----------
    lams_ : ndarray of shape (n_lams,)
        The strengths, ascending.
    best_lam_, best_score_, best_index_, best_params_
        The lam chosen, its mean score, its place in `lams_`, and {"lam": best_lam_}.
    best_estimator_ : estimator
        Fitted to all rows; present if `refit`.
    cv_results_ : dict of arrays
        As in GridSearchCV: param_lam, params, split0_test_score, ..., mean_test_score,
        std_test_score, rank_test_score, mean_fit_time, ...; besides, how many groups each fit
        left: split0_group_counts, ..., mean_group_counts, std_group_counts.
    supports_ : ndarray of bool of shape (n_lams, n_splits, n_groups)
        Which groups each fit left.
    groups_, group_support_, selected_groups_
        The groups, which of them `best_estimator_` kept, and their names.
    n_splits_, scorer_, refit_time_, n_features_in_, feature_names_in_, classes_
        As in GridSearchCV.

    See Also
    --------
    StabilitySelector : Which groups are selected again on other rows.
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
            What has a value a row goes along with it: `groups` to the splitter (which rows belong
            together), the rest, such as `sample_weight`, to the fits; or where metadata routing
            is enabled, to those that ask for it.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        ValueError, TypeError
            Before training, for input that will not do; after it, if no lam leaves the number of
            groups that was asked for.
        KeyboardInterrupt
            If the user stops: the search is then not fitted, but with `memory` the same call finds
            the finished fits again.
        """
        strength(self.estimator)
        check_parameters(self, RULES)
        X, y = self._read(X, y)
        own = read_groups(self.estimator, self.groups, X)
        self._check_select(own, X)
        self.scorer_ = read_scorer(self.estimator, self.scoring, X, y)
        routed = self._routed(params)
        splits = read_splits(self.estimator, self.cv, X, y, routed.splitter.split)
        data = Data(X, y, own, self.scorer_, routed.estimator.fit, routed.scorer.score)
        seed = None if self.random_state is None else draw_seed(random_generator(self.random_state))
        estimator = with_seed(self.estimator, seed)
        every_lam = isinstance(self.select, Integral)  # is fitted to all rows too
        planned = count_lams(self.lams) * (len(splits) + every_lam)
        planned += bool(self.refit) and not every_lam
        with Fits(
            estimator, data, n_jobs=self.n_jobs, memory=self.memory, verbose=self.verbose,
            planned=planned,
        ) as fits:  # fmt: skip
            self._search(fits, splits)
        return self

    def _check_select(self, own: Groups | None, X: Any) -> None:
        """Refuse a number of groups that there are not, where that is known before a fit."""
        groups = known_groups(self.estimator, X) if own is None else own
        if (
            isinstance(self.select, Integral)
            and groups is not None
            and int(self.select) > len(groups)
        ):
            raise ValueError(
                f"select={self.select} is more than the {len(groups)} groups of X: give at most "
                f"{len(groups)}."
            )

    def _search(self, fits: Fits, splits: list) -> None:
        lams = self.lams_ = grid(fits, self.lams)
        whole: dict[int, Outcome] = {}
        if isinstance(self.select, Integral):
            # the estimator that is kept is the one whose groups were counted
            orders = [Order(lam, keep=self.refit) for lam in lams]
            whole = reaching(lams, fits(orders), int(self.select))
        orders = [Order(lam, train, test) for lam in lams for train, test in splits]
        outcomes = fits([orders[0]._replace(keep=True), *orders[1:]])
        self.groups_ = selected(outcomes[0].estimator, fits.data.groups)[1]
        supports = [outcome.support for outcome in outcomes]
        self.supports_ = np.reshape(supports, (len(lams), len(splits), -1))
        results = self.cv_results_ = cv_results(lams, outcomes)
        self.n_splits_ = len(splits)
        self.best_index_ = best_index(
            results, list(whole) or range(len(lams)), len(splits), float(self.select == "one_se")
        )
        self.best_lam_ = float(lams[self.best_index_])
        self.best_params_ = {"lam": self.best_lam_}
        self.best_score_ = float(results["mean_test_score"][self.best_index_])
        if self.refit:
            last = Order(self.best_lam_, keep=True)
            best = whole.get(self.best_index_) or fits([last])[0]
            self.best_estimator_, self.refit_time_ = best.estimator, best.fit_time
            self.group_support_ = selected(best.estimator, fits.data.groups)[0]

    def _routed(self, params: dict) -> Bunch:
        """Who gets which of the params of `fit`."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **params)
        fit = {name: value for name, value in params.items() if name != "groups"}
        weighs = getattr(self.scorer_, "_accept_sample_weight", bool)()
        score = {"sample_weight": fit["sample_weight"]} if weighs and "sample_weight" in fit else {}
        return Bunch(
            estimator=Bunch(fit=fit),
            splitter=Bunch(split={"groups": params.get("groups")}),
            scorer=Bunch(score=score),
        )

    def get_metadata_routing(self) -> MetadataRouter:
        """Who asks for which metadata.

        Returns
        -------
        routing : MetadataRouter
            The estimator's fit, the scorer and the splitter.
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
