"""From X, y and the constructor's arguments to a trained network: the fit that all share."""

from __future__ import annotations

import copy
import warnings
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..algorithms import Algorithm, Network, Problem, Rows, Subgradient, rows_of
from ..groups import Groups
from ..training import (
    OPTIMIZERS,
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
from .inputs import as_tensor, random_generator
from .parameters import SHARED, check_limits, check_parameters
from .replicas import fit_replicas, replicas_at_once
from .selection import GroupSelection
from .tables import Table, TableBody, split, validation_problem, validation_table
from .task import Classes, Numbers, Task
from .trials import try_optimizer, try_schedule

__all__ = ["SparseNet"]

FULL_BATCH = 256  # batch_size="auto": one batch up to so many rows
BATCH = 200  # rows of a batch where there are more
PREDICT_ROWS = 4096


class SparseNet(GroupSelection):
    """A network estimator that selects groups of columns; see its subclasses.

    What y is, a task, and what X is, a body, are objects that a fit makes.
    """

    _rules = SHARED
    _body_kind: ClassVar[Any] = TableBody
    _task_kind: ClassVar[type[Task]]
    _first_bias = False  # whether the first hidden layer has a bias
    _auto_epochs: Callable[[int], int]  # n_groups -> what max_epochs="auto" is
    net_: SkorchNet
    _task: Task
    _body: Any

    @abstractmethod
    def _algorithm(self) -> Algorithm:
        """The training algorithm, new."""

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
    ) -> SparseNet:
        """Train the network and remove groups.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A numpy.memmap larger than `cache_size` is read batch by batch, not loaded.
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
    ) -> SparseNet:
        """`fit`, but for groups outside the support, (n_groups,), which are removed first."""
        check_parameters(self, self._rules)
        warm = self.warm_start and hasattr(self, "net_")
        rng = random_generator(self.random_state)
        body, rows, labels = self._body_kind.read(self, X, y, self._body if warm else None)
        task, targets = self._task_kind.read(self, labels, self._task if warm else None)
        if warm:
            body.check_warm(self, self.module_, self._body)
            task.check_link(self.module_.target_scale, self.loss)
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
                gates=getattr(self, "algorithm", None) == "gates",
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
        ((run, warning),) = self._train([self], [network], settings, self._algorithm())
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
            train(runs, Subgradient(keep_zeros=True), stack)
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
                batch_size=batch_size, like=like, max_bytes=self.cache_size * 2**20,
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
        if not isinstance(self.optimizer, str):
            try_optimizer(self.optimizer, self.learning_rate)
        if callable(self.lr_schedule):
            try_schedule(self.lr_schedule, max_epochs)
        if held_out is not None:
            validation = validation_problem(task, network, held_out, self.cache_size * 2**20)
        optimizer, options = OPTIMIZERS.get(self.optimizer, (self.optimizer, {}))
        return Settings(
            max_epochs=max_epochs,
            optimizer=optimizer,
            optimizer_options=options,
            learning_rate=float(self.learning_rate),
            lr_schedule=self.lr_schedule,
            callbacks=self.callbacks,
            verbose=self.verbose,
            tol=self.tol,
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

    @available_if(is_classifier)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class: softmax of the network's outputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Columns of removed groups are not looked at.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return Classes.probabilities(self._outputs(X))

    @available_if(is_classifier)
    def decision_function(self, X: Any) -> np.ndarray:
        """Outputs of the network, whose softmax are the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for `predict`.

        Returns
        -------
        values : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            For two classes log(p_1 / p_0), which is positive where `classes_[1]` is predicted.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    compact = compact
    savings = savings
    to_onnx = to_onnx

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mean"
        tags.target_tags.multi_output = self._task_kind is Numbers
        return tags
