"""From X, y and the constructor's arguments to a trained network: the fit that all share."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ..algorithms import (
    ALGORITHMS,
    Algorithm,
    Limits,
    Network,
    Problem,
    Rows,
    Subgradient,
    rows_of,
)
from ..groups import Groups
from ..optimizers import OPTIMIZERS
from ..rules import check_parameters
from ..training import (
    FitTask,
    Run,
    Settings,
    SkorchNet,
    check_callbacks,
    train,
    with_callbacks,
)
from .advice import selection_warning, useless_because
from .deployment import compact, savings, to_onnx
from .inputs import as_tensor, check_limits, random_generator
from .moved import MOVED, words_of
from .parameters import SHARED
from .prediction import decision_function, predict_proba
from .replicas import fit_replicas, replicas_at_once
from .selection import GroupSelection
from .tables import Table, TableBody, split, validation_problem, validation_table
from .task import Classes, Numbers, Task
from .trials import torch_optimizer, try_schedule

__all__ = ["SparseNet"]

FULL_BATCH = 256  # batch_size="auto": one batch up to so many rows
BATCH = 200  # rows of a batch where there are more
PREDICT_ROWS = 4096
TOL = 1e-4  # the relative improvement of the objective that n_iter_no_change counts


class SparseNet(GroupSelection):
    """A network estimator that selects groups of columns; see its subclasses.

    What y is, a task, and what X is, a body, are objects that a fit makes.
    """

    _rules = SHARED
    _body_kind: ClassVar[Any] = TableBody
    _task_kind: ClassVar[type[Task]]
    _first_bias = False  # whether the first hidden layer has a bias
    _inputs_only = False  # whether nothing but the first layer is penalized
    _auto_epochs: Callable[[int], int]  # n_groups -> what max_epochs="auto" is
    net_: SkorchNet
    _task: Task
    _body: Any

    def _algorithm(self) -> Algorithm:
        """A copy of the training algorithm, for one fit."""
        given = self.algorithm
        algorithm = ALGORITHMS[given]() if isinstance(given, str) else given.fresh()
        if algorithm.inputs_only and not self._inputs_only:
            raise ValueError(
                f"algorithm={given!r} visits the groups of the input alone, and "
                f"{type(self).__name__} penalizes more than these: give another algorithm, or take "
                f"SGINClassifier or SGINRegressor."
            )
        if algorithm.overlapping < (getattr(self, "grouping", None) == "oicsr"):
            raise ValueError(
                f'grouping="oicsr" makes groups that overlap, for which algorithm={given!r} has no '
                f'prox: give algorithm="subgradient".'
            )
        algorithm.limits = Limits(self.max_groups, self.max_cost)
        algorithm.warmup_epochs = self.warmup_epochs
        algorithm.bar = getattr(self, "bar", algorithm.bar)
        return algorithm

    def _batch_size(self, n: int) -> int:
        if self.batch_size == "auto":
            return n if n <= FULL_BATCH else BATCH
        return min(self.batch_size, n)

    def _placement(self, n: int, *, exact: bool = False) -> dict[str, Any]:
        """dtype and device of a network of n rows, or of a model that is solved exactly."""
        dtype, device = self.dtype, self.device
        if dtype == "auto":
            dtype = "float64" if n <= FULL_BATCH or exact else "float32"
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        return {"dtype": getattr(torch, dtype), "device": device}

    def __new__(cls, *args: Any, **arguments: Any) -> Self:
        if moved := MOVED.keys() & arguments.keys():
            raise TypeError(words_of(cls, moved))
        return super().__new__(cls)

    def set_params(self, **params: Any) -> Self:
        if moved := MOVED.keys() & params.keys():
            raise ValueError(words_of(type(self), moved))
        return super().set_params(**params)

    set_params.__doc__ = BaseEstimator.set_params.__doc__

    # fit -----------------------------------------------------------------------------------

    @torch.inference_mode(False)  # whatever surrounds the call
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train the network and remove groups.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A numpy.memmap larger than `cache_size` of `sgnn.get_config()` is read batch by batch,
            not loaded.
        y : array-like of shape (n_samples,) or, for regression, (n_samples, n_targets)
            The targets.
        sample_weight : array-like of shape (n_samples,), optional
            Not negative; 0 leaves the row out.
        X_val, y_val : array-like, optional
            Validation data: its loss is recorded every epoch, and early stopping watches it
            instead of a part of X.  It is scaled as X is; in a Pipeline, whose steps have changed
            X, name it in `transform_input=["X_val"]`, with metadata routing enabled.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            Before training, for input that will not do.
        FloatingPointError
            If the loss diverges in the first epoch; later, the last good epoch is kept with a
            ConvergenceWarning.
        KeyboardInterrupt
            If the user stops before the first epoch is finished; later, the last finished epoch is
            kept with a warning, and `refit` is left out.
        """
        return self._fit(X, y, sample_weight, X_val, y_val)

    @with_callbacks
    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        *,
        support: Any = None,
    ) -> Self:
        """`fit`, but for groups outside the support, (n_groups,), which are removed first."""
        check_parameters(self, self._rules)
        algorithm = self._algorithm()
        warm = self.warm_start and hasattr(self, "net_")
        rng = random_generator(self.random_state)
        body, rows, labels = self._body_kind.read(self, X, y, self._body if warm else None)
        task, targets = self._task_kind.read(self, labels, self._task if warm else None)
        if warm:
            body.check_warm(self, self.module_, self._body)
            task.check_warm(self._task, self.loss)
        weight = task.weights(targets, sample_weight)
        table, held_out = Table(rows, targets, weight, np.arange(len(rows))), None
        if X_val is not None or y_val is not None:
            held_out = validation_table(self, body, task, rows, X_val, y_val)
        elif self.early_stopping:
            stratified = issubclass(self._task_kind, Classes)
            table, held_out = split(table, self.validation_fraction, rng, stratified=stratified)
        if self.callbacks:
            check_callbacks(
                self.callbacks,
                validation=held_out is not None,
                lr_schedule=self.lr_schedule,
                gates=algorithm.gated,
            )
        network = body.network(
            self, task, table, rng, module=copy.deepcopy(self.module_) if warm else None,
            active=self.group_support_ if warm else support,
        )  # fmt: skip
        settings = self._settings(task, network, held_out)
        if getattr(self, "checkpoint", None) is not None:
            settings.checkpoint = self._checkpoint(table)
        if hasattr(self, "_skl_callbacks"):
            n_epochs = settings.max_epochs * (1 + self.refit)
            settings.task = FitTask.of(self, X, y, sample_weight, max_subtasks=n_epochs)
            settings.learned = partial(self._learned, body, task)
        ((run, warning),) = self._train([self], [network], settings, algorithm)
        self._learn(body, task, run, warning)
        if settings.task is not None:
            settings.task.end({})
        return self

    fit_replicas = fit_replicas
    replicas_at_once = replicas_at_once

    @staticmethod
    def _train(
        models: Sequence[Any],
        networks: Sequence[Network],
        settings: Settings,
        algorithm: Algorithm,
        stack: Any = None,
    ) -> list[tuple[Run, str | None]]:
        """Train the networks of one model or, by `stack`, of many; with `refit`, again without lam.

        Returns
        -------
        trained : list of (run, warning)
            Of each model: the last training, and a warning of the first.
        """
        runs = [Run(network, settings) for network in networks]
        train(runs, algorithm, stack)
        reasons = [selection_warning(model, run, algorithm)
                   for model, run in zip(models, runs, strict=True)]  # fmt: skip
        if models[0].refit and not any(run.interrupted for run in runs):
            for network in networks:
                network.problem.lam = 0.0
            if settings.checkpoint is not None:
                settings.checkpoint = settings.checkpoint.beside("refit")
            runs = [Run(run.network, settings, earlier=run.history) for run in runs]
            for run in runs:
                run.saved = run.snapshot()
            train(runs, Subgradient(zero_tol=0.0, keep_zeros=True), stack)
        return list(zip(runs, reasons, strict=True))

    def _problem(
        self,
        task: Task,
        table: Table,
        module: Any,
        groups: Groups,
        rng: np.random.Generator,
        active: np.ndarray | None,
        *,
        packed: Groups,
        shared: Rows | None = None,
    ) -> Problem:
        """What is to be minimized, but for the terms.

        `packed` are the groups whose columns the rows keep side by side; `shared` are rows of the
        same table.
        """
        active = np.ones(groups.weights.shape, dtype=bool) if active is None else active.copy()
        if active.shape != groups.weights.shape or not active.any():
            raise ValueError(f"supports must have, for each replica, {len(groups)} bools of which "
                             f"at least one is true, got {active!r:.80}.")  # fmt: skip
        if self.max_groups is not None or self.max_cost is not None:
            check_limits(self, groups, active)
        X, targets, weight, rows = table
        batch_size = self._batch_size(len(rows))
        if batch_size < len(rows):
            # in an order that depends on n alone, so that fits which differ in their seed, weights
            # or lam see the same batches
            rows = rows[np.random.default_rng(len(rows)).permutation(len(rows))]
        weight = weight[rows]
        like = next(module.parameters()).detach()
        mean_one = torch.from_numpy(weight * (len(weight) / weight.sum())).to(like)
        return Problem(
            loss=task.loss.to(like),
            rows=shared or rows_of(
                X, rows, packed, module.input_transform,
                batch_size=batch_size, like=like,
            ),
            y=task.tensor(targets[rows], weight, module.target_scale, like),
            weight=None if np.ptp(weight) == 0 else mean_one,
            groups=groups,
            lam=float(self.lam),
            active=active,
            rng=rng,
        )  # fmt: skip

    def _settings(self, task: Task, network: Network, held_out: Table | None = None) -> Settings:
        max_epochs, validation = self.max_epochs, None
        if max_epochs == "auto":
            max_epochs = self._auto_epochs(network.problem.active.size)
        if callable(self.lr_schedule):
            try_schedule(self.lr_schedule, max_epochs)
        if held_out is not None:
            validation = validation_problem(task, network, held_out)
        if isinstance(self.optimizer, str):
            optimizer: Any = OPTIMIZERS[self.optimizer]  # whose defaults are torch's
            optimizer, options = optimizer.kind, optimizer.options
        else:
            optimizer, options = torch_optimizer(self.optimizer, self.learning_rate)
        return Settings(
            max_epochs=max_epochs,
            optimizer=optimizer,
            optimizer_options=options,
            learning_rate=float(self.learning_rate),
            lr_schedule=self.lr_schedule,
            callbacks=self.callbacks,
            verbose=self.verbose,
            tol=TOL,
            n_iter_no_change=self.n_iter_no_change,
            validation=validation,
            stop_on_validation=self.early_stopping,
        )

    def _learn(self, body: Any, task: Task, run: Run, warning: str | None) -> None:
        """Set the fitted attributes; `warning` is one from before a refit."""
        self.__dict__.update(self._learned(body, task, run))
        warning = warning or useless_because(self, run.network)
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=6)

    def _learned(self, body: Any, task: Task, run: Run) -> dict[str, Any]:
        """The fitted attributes."""
        problem, history = run.network.problem, run.earlier + run.history
        assert run.net is not None
        kept = torch.from_numpy(body.columns(problem.active))
        run.net.module_.input_transform.keep(kept)
        classes = {"classes_": task.labels} if isinstance(task, Classes) else {}
        return classes | {
            "_body": body, "_task": task, "net_": run.net,
            "groups_": body.of_columns(problem.groups), "group_support_": problem.active,
            "group_norms_": run.network.norms(), "history_": history, "n_iter_": len(history),
        }  # fmt: skip

    # prediction and export -----------------------------------------------------------------

    @property
    def module_(self) -> Any:
        """The trained torch module; it takes all columns and reads the kept ones."""
        return self.net_.module_

    def _kept(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self._body.kept(self, X, self.group_support_)

    def _outputs(self, X: Any) -> np.ndarray:
        """Outputs of the network, (n, n_outputs), some rows at a time."""
        X = self._kept(X)
        X = X.reshape(len(X), -1)
        module, device = self.module_, next(self.module_.parameters()).device
        with torch.no_grad():
            parts = [
                module.from_kept(as_tensor(X[a : a + PREDICT_ROWS], device)).cpu()
                for a in range(0, len(X), PREDICT_ROWS)
            ]
        return torch.cat(parts).double().numpy()

    def predict(self, X: Any) -> np.ndarray:
        """Predict: the most probable class, or numbers in the unit of y.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Columns of removed groups are not looked at.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Labels out of `classes_`, or as many dimensions as the y of the fit.
        """
        outputs = self._outputs(X)
        return self._task.predict(outputs)

    predict_proba = predict_proba
    decision_function = decision_function
    compact = compact
    savings = savings
    to_onnx = to_onnx

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mean"
        tags.target_tags.multi_output = self._task_kind is Numbers
        return tags
