"""Many fits in one training: the same rows, another lam, other weights, another seed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import clone

from ..algorithms import DenseNetwork, StoredRows, Subgradient
from ..algorithms.replicas import StackedNetwork, is_stackable, stacked
from ..modules import InputTransform
from ..training import Run, train
from .base import FULL_BATCH, SparseNet, Table
from .checks import check_weights, random_generator
from .parameters import check_values
from .rows import rescaled
from .trials import try_schedule

__all__ = ["Replicated"]

CACHE = 2**22  # bytes of activations that a step of all replicas may fill
MOST = 64  # replicas in one training
COMPUTE_BOUND = 2e7  # multiplications in a step above which one network keeps the machine busy


class Replicated(SparseNet):
    """A multi-layer network of which many can be fitted at once."""

    def fit_replicas(
        self,
        X: Any,
        y: Any,
        lams: Sequence[float],
        sample_weights: Sequence[Any] | None = None,
        seeds: Sequence[int | None] | None = None,
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
            check_values({"lam": lam}, self._rules)
        weights, given = (
            [None] * len(lams) if each is None else list(each) for each in (sample_weights, seeds)
        )
        if not len(weights) == len(given) == len(lams):
            raise ValueError(
                f"fit_replicas got {len(lams)} lams, {len(weights)} sample_weights and "
                f"{len(given)} seeds: give one of each for every replica."
            )
        models = [
            clone(self).set_params(lam=lam, **({} if seed is None else {"random_state": seed}))
            for lam, seed in zip(lams, given, strict=True)
        ]
        if len(models) > 1 and self.replicas_at_once(np.shape(X)) > 1:
            networks = self._joint_networks(models, X, y, weights)
            if networks is not None:
                return _trained(models, networks)
        for model, weight in zip(models, weights, strict=True):
            model.fit(X, y, weight)
        return models

    def replicas_at_once(self, shape: tuple[int, ...]) -> int:
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
        self._check_arguments()
        alone = (
            not is_stackable(self._algorithm(1))
            or self.early_stopping or self.warm_start or self.callbacks
            or not isinstance(self.optimizer, str) or len(shape) != 2
        )  # fmt: skip
        if alone:
            return 1
        n, p = shape
        sizes = [p, *self.hidden_layer_sizes, 1]
        rows = self._batch_size(n)
        if rows * sum(a * b for a, b in pairwise(sizes)) > COMPUTE_BOUND:
            return 1
        itemsize = 8 if self.dtype == "float64" or n <= FULL_BATCH else 4
        return min(MOST, max(1, CACHE // (2 * rows * sum(sizes[1:]) * itemsize)))

    def _joint_networks(
        self, models: list[Any], X: Any, y: Any, weights: list
    ) -> list[DenseNetwork] | None:
        """The network of every model on shared rows, or None where they cannot be shared."""
        first = models[0]
        first._check_arguments()
        rngs = [random_generator(model.random_state) for model in models]
        X, y = first._read(X, y, reset=True)
        targets = first._targets(y, reset=True)
        loss = first._loss(targets)
        groups = first._read_groups(X.shape[1], False)
        try_schedule(first.lr_schedule, first._max_epochs(groups))
        # what was learned of X and y, which is all that these have that models have not
        learned = {k: v for k, v in vars(first).items() if k not in first.get_params(deep=False)}
        networks: list[DenseNetwork] = []
        first_columns: InputTransform | None = None
        for model, rng, weight in zip(models, rngs, weights, strict=True):
            vars(model).update(copy.copy(learned))
            checked = check_weights(weight, len(X))
            table = Table(X, targets, model._row_weights(targets, checked), np.arange(len(X)))
            module = model._new_module(table, loss, rng)
            weighed = model._checked(model._weighed(groups, module))
            active = np.ones(len(groups), dtype=bool)
            shared = networks[0].problem.rows if networks else None
            network = model._network(table, loss, weighed, module, active, rng, shared)
            problem = network.problem
            if not isinstance(problem.rows, StoredRows) or module.input_transform.fill is not None:
                return None
            # weights of its own make other means
            first_columns = first_columns or module.input_transform
            own_rows = rescaled(problem.rows, first_columns, module.input_transform)
            if own_rows is None:
                return None
            problem.rows = own_rows
            networks.append(network)
        return networks


def _trained(models: list[Any], networks: list[DenseNetwork]) -> list[Any]:
    """Train all at once, and give every model what it has learned."""
    first, max_epochs = models[0], models[0]._max_epochs(networks[0].problem.groups)
    algorithm = first._algorithm(max_epochs)
    settings = first._settings(None, networks[0].module, max_epochs)
    settings.verbose = 0
    runs = [Run(network, settings) for network in networks]
    train(runs, stacked(algorithm), StackedNetwork)
    histories = [run.history for run in runs]
    selection_warnings = [
        model._selection_warning(run, algorithm) for model, run in zip(models, runs, strict=True)
    ]
    if first.refit:
        for network in networks:
            network.problem.lam = 0.0
        runs = [Run(network, settings, trained=True) for network in networks]
        train(runs, Subgradient(keep_zeros=True), StackedNetwork)
        histories = [old + run.history for old, run in zip(histories, runs, strict=True)]
    for model, *learned in zip(models, runs, histories, selection_warnings, strict=True):
        model._learned(*learned)
    return models
