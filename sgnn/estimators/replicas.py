"""Many fits in one training: the same rows, another lam, other weights, another seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from sklearn.base import clone

from ..algorithms import Blockwise, BlockwiseB, DenseNetwork, StoredRows
from ..algorithms.replicas import StackedBlockwise, StackedNetwork
from ..rules import check_parameters
from .inputs import random_generator
from .tables import Table, TableBody, rescaled

__all__ = ["fit_replicas", "replicas_at_once"]

CACHE = 2**23  # bytes of activations that a step of all replicas may fill
MOST = 64  # replicas in one training
COMPUTE_BOUND = 2e7  # multiplications in a step above which one network keeps the machine busy


@torch.inference_mode(False)  # whatever surrounds the call
def fit_replicas(
    self: Any,
    X: Any,
    y: Any,
    lams: Sequence[float],
    sample_weights: Sequence[Any] | None = None,
    seeds: Sequence[int | None] | None = None,
    supports: Sequence[Any] | None = None,
) -> list[Any]:
    """Fit a clone for each lam, weights and seed, in one training where that is faster.

    Replica r is, up to rounding, what the single fit with lams[r], sample_weights[r] and
    seeds[r] is.  Small networks leave most of a processor idle: in one training an epoch of
    all of them costs little more than that of a few.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The rows of all.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Their targets.
    lams : sequence of float, of length R
        The strengths.
    sample_weights : sequence of R arrays of shape (n_samples,), optional
        Counts of a bootstrap, or 0 and 1 of a part of the rows; None: all rows alike.
    seeds : sequence of R ints, optional
        In the place of `random_state`; None leaves it.
    supports : sequence of R arrays of bool of shape (n_groups,), optional
        The groups that are not removed from the start; None: all.

    Returns
    -------
    estimators : list of R estimators
        Fitted clones, in the order of the arguments.

    Examples
    --------
    >>> from sgnn import SGINClassifier
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(n_groups=6, n_informative=2, random_state=0)
    >>> model = SGINClassifier(groups=data.groups, random_state=0)
    >>> fits = model.fit_replicas(data.data, data.target, lams=[0.001, 0.03])
    >>> [int(fit.get_group_support().sum()) for fit in fits]
    [6, 2]
    """
    lams = list(np.atleast_1d(np.asarray(lams, dtype=object)))
    for lam in lams:
        check_parameters({"lam": lam}, self._rules)
    weights, given, starts = (
        [None] * len(lams) if each is None else list(each)
        for each in (sample_weights, seeds, supports)
    )
    if not len(weights) == len(given) == len(starts) == len(lams):
        raise ValueError(
            f"fit_replicas got {len(lams)} lams, {len(weights)} sample_weights, {len(given)} seeds "
            f"and {len(starts)} supports: give one of each for every replica."
        )
    starts = [None if start is None else np.asarray(start, dtype=bool) for start in starts]
    models = [
        clone(self).set_params(lam=lam, **({} if seed is None else {"random_state": seed}))
        for lam, seed in zip(lams, given, strict=True)
    ]
    several = len(models) > 1 and self.replicas_at_once(np.shape(X)) > 1
    if several and _fit_jointly(models, X, y, weights, starts):
        return models
    for model, weight, start in zip(models, weights, starts, strict=True):
        model._fit(X, y, weight, support=start)
    return models


def replicas_at_once(self: Any, shape: tuple[int, ...]) -> int:
    """How many fits to rows of that shape are best trained as one; 1 if none are.

    Parameters
    ----------
    shape : tuple (n_samples, n_features)
        Of X.

    Returns
    -------
    n_replicas : int
        What fills the processor's cache.
    """
    check_parameters(self, self._rules)
    # the class itself has to say so, and not only one that it derives from
    stackable = vars(type(self._algorithm())).get("stackable", False)
    alone = (
        self._body_kind is not TableBody or not stackable
        or self.early_stopping or self.warm_start or self.missing == "mean"
        or self.callbacks or hasattr(self, "_skl_callbacks")
        or isinstance(self.optimizer, type) or len(shape) != 2
    )  # fmt: skip
    if alone:
        return 1
    n, p = shape
    sizes = [p, *self.hidden_layer_sizes, 1]
    rows = self._batch_size(n)
    if rows * sum(a * b for a, b in pairwise(sizes)) > COMPUTE_BOUND:
        return 1
    activations = 2 * rows * sum(sizes[1:]) * self._placement(n)["dtype"].itemsize
    return min(MOST, max(1, CACHE // activations))


def _fit_jointly(models: list[Any], X: Any, y: Any, weights: list, supports: list) -> bool:
    """Fit all models in one training, or return False where they cannot share their rows."""
    first = models[0]
    check_parameters(first, first._rules)
    rngs = [random_generator(model.random_state) for model in models]
    body, X, y = first._body_kind.read(first, X, y, None)
    task, targets = first._task_kind.read(first, y, None)
    networks: list[DenseNetwork] = []
    for model, rng, weight, support in zip(models, rngs, weights, supports, strict=True):
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(model, name, getattr(first, name))
        weight = task.weights(targets, weight)
        table = Table(X, targets, weight, np.arange(len(X)))
        shared = networks[0].problem.rows if networks else None
        network = body.network(model, task, table, rng, active=support, shared=shared)
        transform = network.module.input_transform
        if not isinstance(network.problem.rows, StoredRows):
            return False
        if networks:
            # sample weights of its own make other means
            before = networks[0].module.input_transform
            own_rows = rescaled(network.problem.rows, before, transform)
            if own_rows is None:
                return False
            network.problem.rows = own_rows
        networks.append(network)
    settings = first._settings(task, networks[0])
    settings.verbose = 0
    algorithm = first._algorithm()
    if type(algorithm) in (Blockwise, BlockwiseB):
        algorithm = StackedBlockwise(algorithm)
    trained = first._train(models, networks, settings, algorithm, StackedNetwork)
    for model, learned in zip(models, trained, strict=True):
        model._learn(body, task, *learned)
    return True
