"""Batches of fits that are trained jointly by `fit_replicas`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ._models import final_estimator, with_seed

if TYPE_CHECKING:
    from ._fits import Data, FitSpec

__all__ = ["fit_batch", "plan_batches", "replicas_per_batch"]


def replicas_per_batch(estimator: Any, shape: tuple[int, ...]) -> int:
    """Number of replicas that the estimator trains jointly on an X of that shape."""
    capacity = getattr(final_estimator(estimator), "replicas_at_once", None)
    return 1 if capacity is None else capacity(shape)


def plan_batches(estimator: Any, specs: Sequence[FitSpec], data: Data) -> list[list[int]]:
    """Group the specs into batches, each of which is one call of `fit_replicas`.

    All fits of a batch have the same training rows.  Specs with the same sample weights are
    adjacent, for estimators that solve a path of lams; estimators that do only that have
    `fit_replicas` and no `replicas_at_once`.  The batches are a function of the specs alone.

    Parameters
    ----------
    estimator : estimator
        Without `fit_replicas`, of it or the last step of a pipeline, each batch is one spec.
    specs : sequence of FitSpec
        The fits.
    data : Data
        The data of the fits.

    Returns
    -------
    batches : list of lists of int
        Indices into specs, each once.
    """
    alone = [[i] for i in range(len(specs))]
    model = final_estimator(estimator)
    in_pipeline = model is not estimator
    if not hasattr(model, "fit_replicas") or data.fit_params.keys() - {"sample_weight"}:
        return alone
    if in_pipeline and data.fit_params:
        return alone
    by_rows: dict[Hashable, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, spec in enumerate(specs):
        # transformers in front of the model may depend on the seed
        rows = (id(spec.train), spec.seed if in_pipeline else None)
        by_rows[rows][id(spec.weight)].append(i)
    batches = []
    for same_weight_runs in by_rows.values():
        parts = list(same_weight_runs.values())
        if hasattr(model, "replicas_at_once"):
            train = specs[parts[0][0]].train
            shape = np.shape(data.X) if train is None else (len(train), *np.shape(data.X)[1:])
            parts = _pack(parts, replicas_per_batch(estimator, shape))
        batches += parts
    return batches


def _pack(runs: list[list[int]], max_size: int) -> list[list[int]]:
    """Split or concatenate runs to batches of nearly equal size, at most `max_size`."""
    parts = [part for run in runs for part in _split(run, -(-len(run) // max_size))]
    parts_per_batch = max(1, max_size // max(map(len, parts)))
    n_batches = -(-len(parts) // parts_per_batch)
    return [[i for part in batch for i in part] for batch in _split(parts, n_batches)]


def _split(items: list, n_parts: int) -> list[list]:
    """Split into consecutive parts whose lengths differ by at most one."""
    ends = np.linspace(0, len(items), n_parts + 1).round().astype(int)
    return [items[a:b] for a, b in pairwise(ends)]


def fit_batch(estimator: Any, X: Any, y: Any, specs: Sequence[FitSpec], weight: Any) -> list[Any]:
    """Fit the models of one batch jointly.

    Parameters
    ----------
    estimator : estimator
        With `fit_replicas`, or a pipeline whose last step has it.
    X, y : array-like
        The training rows of the batch.
    specs : sequence of FitSpec
        lam, sample weights and seed of each fit.
    weight : array-like or None
        The sample weights of specs without weights.

    Returns
    -------
    models : list of estimators
        The fitted models, in the order of specs.
    """
    lams, seeds = [spec.lam for spec in specs], [spec.seed for spec in specs]
    weights = [weight if spec.weight is None else spec.weight for spec in specs]
    if not isinstance(estimator, Pipeline):
        return estimator.fit_replicas(X, y, lams, weights, seeds)
    *before, (name, model) = with_seed(estimator, seeds[0]).steps
    if before:
        head = Pipeline(before, memory=estimator.memory)
        X, before = head.fit_transform(X, y), head.steps
    fits = fit_batch(model, X, y, specs, None)
    return [clone(estimator).set_params(steps=[*before, (name, fit)]) for fit in fits]
