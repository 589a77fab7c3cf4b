"""StabilitySelector: groups that are selected on most samples of the rows."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import is_classifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import has_fit_parameter, validate_data

from ..estimators.inputs import check_weights, random_generator
from ..metrics import (
    group_similarity,
    jaccard_stability,
    nogueira_interval,
    nogueira_stability,
    similarity_stability,
)
from ..rules import check_parameters, choice, either, integer, number
from ..training import with_callbacks
from ..typing import EstimatorLike, GroupsLike, Lams, MemoryLike, RandomState
from ._checks import COMMON_RULES, check_rows
from ._fits import Data, FitRunner, Sample
from ._meta_selector import MetaSelector
from ._models import (
    convert_lam,
    draw_seed,
    group_support,
    resolve_groups,
    strength_parameter,
    with_seed,
)
from ._request import makes_folds
from ._table import NumericTable, columns_of_words
from .budget import BudgetSelector
from .grid import LAMS_RULE, grid

__all__ = ["StabilitySelector"]

RULES = COMMON_RULES | {
    "n_bootstraps": integer(2),
    "threshold": number(0, 1, open_low=True),
    "lams": either(None, LAMS_RULE),
    "subsample": choice("bootstrap", "half"),
}


class StabilitySelector(MetaSelector):
    """Select the groups that are selected on most samples of the rows.

    selected = {g : max over lams of (1/B) sum_b 1[g in S_b(lam)] >= threshold}

    where S_b(lam) are the groups that the estimator keeps on the b-th of B samples.

    Parameters
    ----------
    estimator : estimator
        One with `lam` and `get_group_support`, such as `SGINClassifier`; or scikit-learn's with
        `alpha` (= lam: Lasso) or `C` (= 1/(n lam): LogisticRegression with an l1 penalty) and
        `coef_`; or a pipeline that ends in one of these; or, without lams, a selector of groups
        such as `BudgetSelector`.
    n_bootstraps : int, default=100
        Number of samples, B.
    threshold : float, default=0.6
        The share of samples on which a selected group has to be selected, in (0, 1].
    lams : None, int or array-like, default=None
        The strengths: the estimator's lam, a grid of so many as in `lambda_path`, or these.
    subsample : {"bootstrap", "half"}, default="bootstrap"
        Bootstrap samples, or halves without replacement; stratified for a classifier.
    n_jobs : int or None, default=None
        Number of parallel jobs, in joblib's active backend; it does not change the results.
    memory : None, str, path or joblib.Memory, default=None
        Cache of finished fits, keyed by everything they depend on, from which an interrupted
        selection resumes if `random_state` is an int.
        Fits of another version of sgnn or torch are not found.  joblib keeps pickles there, which
        can run code when they are read: trust the folder like code.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the samples and of the fits.
    verbose : int, default=0
        1 shows one progress bar for all fits.
    groups : any form of groups, default=None
        Groups of the columns for an estimator that has none of its own.

    Attributes
    ----------
    lams_ : ndarray of shape (n_lams,)
        The strengths, ascending; NaN for a selector that has none.
    supports_ : ndarray of bool of shape (n_lams, n_bootstraps, n_groups)
        The groups that each fit selects.
    selection_probabilities_ : ndarray of shape (n_lams, n_groups)
        The share of the samples on which each group is selected.
    stability_ : dict of arrays
        Agreement of the samples at each lam: "jaccard", "nogueira" and "similarity", (n_lams,),
        and "nogueira_interval", (n_lams, 2), at 95 %; see `sgnn.metrics`.  "similarity" counts
        the selection of a correlated group instead as partial agreement.
    groups_, group_support_, selected_groups_
        The groups, which of them are selected, and their names.
    n_features_in_, feature_names_in_
        The columns seen in `fit`.

    See Also
    --------
    LambdaSearchCV : Choose a lam.

    Notes
    -----
    A sample is a vector of sample weights if the estimator's `fit` takes these, else a list of
    rows.  With q groups selected on average out of p on halves of the rows, and a threshold pi
    > 1/2, no more than q^2 / ((2 pi - 1) p) selected groups are expected to be wrong, if the wrong
    ones are exchangeable (theorem 1 of the source).

    References
    ----------
    .. [1] N. Meinshausen and P. Buehlmann, "Stability selection", J. R. Stat. Soc. B 72 (2010)
       417-473: definitions 1 and 2.

    Examples
    --------
    >>> from sgnn.datasets import make_grouped_regression
    >>> from sgnn.selection import StabilitySelector
    >>> from sklearn.linear_model import Lasso
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> selector = StabilitySelector(Lasso(0.05), 20, groups=data.groups, random_state=0)
    >>> selector.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    def __init__(
        self,
        estimator: EstimatorLike,
        n_bootstraps: int = 100,
        threshold: float = 0.6,
        lams: Lams | None = None,
        *,
        subsample: Literal["bootstrap", "half"] = "bootstrap",
        n_jobs: int | None = None,
        memory: MemoryLike | None = None,
        random_state: RandomState | None = None,
        verbose: int = 0,
        groups: GroupsLike | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_bootstraps = n_bootstraps
        self.threshold = threshold
        self.lams = lams
        self.subsample = subsample
        self.n_jobs = n_jobs
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose
        self.groups = groups

    def get_metadata_routing(self) -> MetadataRouter:
        """Get the metadata routing.

        Returns
        -------
        routing : MetadataRouter
            Of the estimator's fit.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=mapping)

    @with_callbacks
    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit to every sample, and select.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        **params
            Passed to the fits, such as `sample_weight`, which the count of a row in a bootstrap
            sample multiplies; if metadata routing is enabled, what the estimator requests.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        ValueError, TypeError
            For invalid input, before training.
        """
        without_lam = self.lams is None and isinstance(self.estimator, MetaSelector)
        if not without_lam:
            strength_parameter(self.estimator)
        check_parameters(self, RULES)
        rng = random_generator(self.random_state)
        X, y = check_rows(self.estimator, X, y)
        validate_data(self, X, y, skip_check_array=True)
        # its folds hold out a row together with its copies
        folds = isinstance(self.estimator, BudgetSelector) and makes_folds(self.estimator.cv)
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        if folds:
            params = params | {"groups": np.arange(len(y))}
        weight = None
        if has_fit_parameter(self.estimator, "sample_weight"):
            weight = check_weights(params.get("sample_weight"), len(y))
        data = Data(X, y, resolve_groups(self.estimator, self.groups, X), fit_params=params)
        estimator = with_seed(self.estimator, draw_seed(rng))  # for the fits of the grid
        samples = self._samples(y, weight, rng)
        lams = self.lams
        if lams is None:
            lams = [np.nan if without_lam else float(convert_lam(estimator, None, X, {})[1])]
        with FitRunner(
            estimator, data, n_jobs=self.n_jobs, memory=self.memory, verbose=self.verbose,
            lams=lams, fits_per_lam=len(samples), search=self,
        ) as runner:  # fmt: skip
            self.lams_ = grid(runner, lams)
            fit_results = runner(self.lams_, samples)
            fitted = fit_results[0].estimator
            self.groups_ = group_support(fitted, data.groups)[1]
            supports = [fit_result.support for fit_result in fit_results]
            self.supports_ = np.reshape(supports, (len(self.lams_), len(samples), -1))
            self.selection_probabilities_ = self.supports_.mean(axis=1)
            self.group_support_ = self.selection_probabilities_.max(axis=0) >= self.threshold
            similarity = _similarity(fitted, X, self.groups_.labels)
            self.stability_ = _stability(self.supports_, similarity)
        return self

    def _samples(self, y: Any, weight: np.ndarray | None, rng: np.random.Generator) -> list[Sample]:
        """Samples as weights of the rows, or as rows if `weight` is None."""
        strata = np.ravel(y) if is_classifier(self.estimator) else None
        if strata is not None and len(strata) > len(y):  # several labels a row
            _, strata = np.unique(np.asarray(y, dtype=str), axis=0, return_inverse=True)
        samples = []
        for _ in range(self.n_bootstraps):
            counts = draw_sample(rng, len(y), strata, self.subsample)
            seed = draw_seed(rng)
            if weight is None:
                samples.append(Sample(train=np.repeat(range(len(y)), counts), seed=seed))
            else:
                samples.append(Sample(weight=counts * weight, seed=seed))
        return samples


def draw_sample(
    rng: np.random.Generator, n: int, strata: np.ndarray | None, subsample: str
) -> np.ndarray:
    """Draw a stratified sample: the count of each of n rows, (n,)."""
    counts = np.zeros(n, dtype=np.int64)
    labels = np.zeros(n) if strata is None else strata
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if subsample == "bootstrap":
            counts[rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
        else:
            counts[rng.permutation(rows)[: max(len(rows) // 2, 1)]] = 1
    return counts


def _similarity(fitted: Any, X: Any, labels: np.ndarray) -> np.ndarray:
    """Similarity of the groups of columns of the final estimator's input."""
    inputs = fitted[:-1].transform(X) if isinstance(fitted, Pipeline) and len(fitted) > 1 else X
    if not issparse(inputs) and columns_of_words(inputs):
        columns = [np.flatnonzero(labels == g) for g in range(labels.max() + 1)]
        encoded = NumericTable.of(inputs, columns, np.ones(len(inputs)), standardize=False)
        inputs, labels = encoded(inputs)[0], np.repeat(range(len(columns)), encoded.sizes)
    table = inputs.toarray() if issparse(inputs) else np.asarray(inputs, dtype=np.float64)
    filled = SimpleImputer(keep_empty_features=True).fit_transform(table.reshape(len(table), -1))
    return group_similarity(filled, labels)


def _stability(supports: np.ndarray, similarity: np.ndarray) -> dict[str, np.ndarray]:
    """Agreement of the runs at each lam; supports are (n_lams, n_runs, n_groups)."""
    return {
        "jaccard": np.array([jaccard_stability(runs) for runs in supports]),
        "nogueira": np.array([nogueira_stability(runs) for runs in supports]),
        "nogueira_interval": np.array([nogueira_interval(runs) for runs in supports]),
        "similarity": np.array([similarity_stability(runs, similarity) for runs in supports]),
    }
