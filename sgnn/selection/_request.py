"""What a BudgetSelector was asked, checked, and the work that answers it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from os import PathLike, fspath
from typing import Any, Self

import numpy as np
import torch
from joblib import Memory
from sklearn import get_config
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.utils.validation import check_memory

from ..estimators.inputs import random_generator
from ..estimators.task import Classes
from ..training import progress_bar
from ..version import __version__
from ._checks import check_splits
from ._constraints import Constraints
from ._fits import cached_call, content_hash
from ._front import Front
from ._models import draw_seed, with_seed
from ._reading import Reading, read
from ._restricted import RestrictedEstimator
from .subsets import MaskedNetworks, SubsetSearch

__all__ = ["Percent", "Request", "makes_folds"]

FEW_ROWS, REPEATS = 1000, 3  # below so many rows, folds are drawn so often
# Above so many rows, and with so many sets that not all are looked at, one split instead of folds.
FOLDS, MANY_ROWS, HELD_OUT = 4, 20_000, 5000


@dataclass(frozen=True)
class Request:
    """Checked arguments of a fit.

    Attributes
    ----------
    estimator : estimator
        With its seed.
    X, y : array-like
    reading : Reading
    constraints : Constraints
    search : SubsetSearch
    seed : int
        Of the search.
    splits : list of (train, test)
        By which sets of groups are judged.
    n_scored : int
        Those of them, the first ones, by which the estimator is scored.
    labels : ndarray of shape (n,)
        Rows of one label may depend on each other.
    scoring : object
        The user's.
    fit_params, score_params : dict
    n_jobs : int or None
    memory : Memory
    """

    estimator: Any
    X: Any
    y: Any
    reading: Reading
    constraints: Constraints
    search: SubsetSearch
    seed: int
    splits: Sequence[tuple]
    n_scored: int
    labels: np.ndarray
    scoring: Any
    fit_params: dict
    score_params: dict
    n_jobs: int | None
    memory: Memory

    @classmethod
    def of(cls, selector: Any, X: Any, y: Any, routed: Any, labels: Any) -> Self:
        """That of a selector, of X and y, of the params for estimator, splitter and scorer, and of
        the labels of rows where the folds are made here.
        """
        search = SubsetSearch() if isinstance(selector.search, str) else selector.search
        search.check()
        rng = random_generator(selector.random_state)
        costs, memory = selector.group_costs, selector.memory
        reading = read(
            selector.estimator, X, y, selector.groups, None if callable(costs) else costs,
            routed.estimator.fit.get("sample_weight"), search.loss,
        )  # fmt: skip
        constraints = Constraints.of(
            reading.layout.groups, selector.keep, selector.forbid,
            costs if callable(costs) else None, selector.max_groups, selector.max_cost,
        )  # fmt: skip
        constraints.check_budget(exactly=selector.exactly)
        seed, seed_of_fits = draw_seed(rng), draw_seed(rng)
        given = selector.random_state is not None
        labels = routed.splitter.split.get("groups") if labels is None else labels
        labels = np.arange(len(reading.weight)) if labels is None else np.asarray(labels)
        if makes_folds(selector.cv):
            n = len(labels)
            folds = n <= MANY_ROWS or search.looks_at_all_sets(reading, constraints, n)
            one_split = selector.cv is None and not folds
            splits, n_scored = default_splits(
                reading, labels, seed, selector.cv, one_split=one_split
            )
        else:
            splits = check_splits(selector.estimator, selector.cv, X, y, routed.splitter.split)
            n_scored = len(splits)
        return cls(
            with_seed(selector.estimator, seed_of_fits if given else None), X, y, reading,
            constraints, search, seed, splits, n_scored, labels,
            selector.scoring, routed.estimator.fit, routed.scorer.score, selector.n_jobs,
            check_memory(fspath(memory) if isinstance(memory, PathLike) else memory),
        )  # fmt: skip

    def front(self, percent: Percent) -> tuple[Front, MaskedNetworks]:
        """The best sets, and the networks that serve all sets."""
        parts = (self.reading, self.X, self.splits, self.labels, self.constraints, self.seed)
        return self._call(self.search.run, (*parts, percent.part), (self.search, *parts))

    def score(self, support: np.ndarray) -> tuple[float, float]:
        """Cross-validated score of the estimator of these groups, and its standard error."""
        part = self.restricted(support)
        params = self.fit_params
        if get_config()["enable_metadata_routing"]:
            params = params | self.score_params
        arguments = (
            part.estimator, part.take(self.X), self.y, self.splits[: self.n_scored], self.scoring,
            params,
        )  # fmt: skip
        return self._call(_score, (*arguments, self.n_jobs), arguments)

    def fit(self, support: np.ndarray) -> Any:
        """The estimator, fitted to all rows of these groups."""
        part = self.restricted(support)
        arguments = (part.estimator, part.take(self.X), self.y, self.fit_params)
        return self._call(_fit, arguments, arguments)

    def restricted(self, support: np.ndarray) -> RestrictedEstimator:
        """The estimator of these groups alone."""
        return RestrictedEstimator.of(
            self.estimator, self.reading.layout, support, getattr(self.X, "columns", None)
        )

    def _call(self, function: Callable, arguments: tuple, depends_on: tuple) -> Any:
        if self.memory.location is None:
            return function(*arguments)
        key = content_hash(*depends_on, __version__, torch.__version__)
        return self.memory.cache(cached_call, ignore=["function", "arguments"])(
            function, arguments, key
        )


def _score(
    estimator: Any, X: Any, y: Any, splits: list, scoring: Any, params: dict, n_jobs: int | None
) -> tuple[float, float]:
    scores = cross_val_score(
        estimator, X, y, cv=splits, scoring=scoring, params=params, n_jobs=n_jobs,
        error_score="raise",
    )  # fmt: skip
    return float(scores.mean()), float(scores.std() / np.sqrt(max(len(scores) - 1, 1)))


def _fit(estimator: Any, X: Any, y: Any, params: dict) -> Any:
    return estimator.fit(X, y, **params)


def makes_folds(cv: Any) -> bool:
    """Whether folds are made here, by the labels of rows, and not by a splitter of the user."""
    return cv is None or isinstance(cv, Integral)


def default_splits(
    reading: Reading, labels: np.ndarray, seed: int, cv: Any, *, one_split: bool
) -> tuple[list[tuple], int]:
    """So many folds; by default four, drawn three times for few rows, or one split.

    Rows of one label are held out together.

    Returns
    -------
    splits : list of (train, test)
    n_scored : int
        Those of the first drawing.
    """
    n, targets = len(labels), reading.targets
    names, of_row, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    n_folds = min(cv or FOLDS, len(names))
    if n_folds < 2 and cv is None:
        raise ValueError(f"X has too few rows to hold some out, n_samples = {n}: give more.")
    stratified = isinstance(reading.task, Classes) and np.bincount(targets).min() > 1
    y = targets if stratified else None
    if one_split:
        order = np.random.default_rng(seed).permutation(len(names))
        held_out = np.isin(of_row, order[np.cumsum(sizes[order]) <= HELD_OUT])
        return [(np.flatnonzero(~held_out), np.flatnonzero(held_out))], 1
    if stratified:
        n_folds = min(n_folds, int(np.bincount(targets).min()))
    kind: Any = StratifiedKFold if stratified else KFold
    together = labels if len(names) < n else None
    if together is not None:
        kind = StratifiedGroupKFold if stratified else GroupKFold
    drawings = [kind(n_folds, shuffle=True, random_state=seed + at)
                for at in range(REPEATS if cv is None and n < FEW_ROWS else 1)]  # fmt: skip
    return [split for folds in drawings for split in folds.split(labels, y, together)], n_folds


class Percent:
    """One progress bar over different kinds of work, which never runs back."""

    def __init__(self, verbose: int) -> None:
        self.bar = progress_bar("budget", 100, verbose=verbose, unit="%")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def part(self, low: float, high: float) -> Callable[[float], None]:
        """What to call with the share done of the work between two percentages."""

        def done(share: float) -> None:
            self.bar.update(max(0, int(low + (high - low) * share) - self.bar.n))

        return done
