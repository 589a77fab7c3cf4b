"""A network as skorch knows it: callbacks, history, and what its scores and checkpoints need."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from skorch import NeuralNet
from skorch.history import History
from torch import Tensor

from ..algorithms import Algorithm, Network, Problem
from ..persistence.packed import packed, unpacked
from .callbacks import Length, has_stopped, reads_batches
from .settings import Settings

__all__ = ["SkorchNet"]


class SkorchNet(NeuralNet):
    """A net that is told of the training by the loop, and tells the callbacks."""

    _default_callbacks: ClassVar[list] = []

    @classmethod
    def around(cls, network: Network, settings: Settings) -> SkorchNet:
        """A net around the network's module, with copies of the user's callbacks."""
        problem = network.problem
        kind = NumberNet if problem.y.is_floating_point() else ClassNet
        return kind(
            network.module,
            criterion=problem.loss,
            optimizer=settings.optimizer,
            lr=settings.learning_rate,
            max_epochs=settings.max_epochs,
            batch_size=max(batch.stop - batch.start for batch in problem.rows.batches),
            train_split=None,
            verbose=bool(settings.callbacks),  # so that those print that print
            callbacks=copy.deepcopy(list(settings.callbacks or [])),
            device=str(network.parameters[0].device),
            **{f"optimizer__{name}": value for name, value in settings.optimizer_options.items()},
        ).initialize()

    def __getstate__(self) -> dict[str, Any]:
        """What a trained net is, without the tensors of its optimizer."""
        return {
            "parts": packed({"module": self.module_, "criterion": self.criterion}),
            "arguments": {
                name: value for name, value in self.get_params(deep=False).items()
                if name in ("optimizer", "lr", "max_epochs", "batch_size", "verbose", "device")
                or name.startswith("optimizer__")
            },
            "callbacks": self.callbacks_ if self.callbacks else [],
            "history": list(self.history),
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        parts, arguments = unpacked(state["parts"]), dict(state["arguments"])
        if arguments["device"].startswith("cuda") and not torch.cuda.is_available():
            arguments["device"] = "cpu"
        self.__init__(  # type: ignore[misc]
            parts["module"], criterion=parts["criterion"], train_split=None, callbacks=[],
            **arguments,
        )  # fmt: skip
        self.initialize()
        self.history = History(state["history"])
        if state["callbacks"]:
            self.callbacks_ = state["callbacks"]
            self.callbacks = [callback for _, callback in self.callbacks_]

    # training ----------------------------------------------------------------------------------

    def begin_training(self, algorithm: Algorithm) -> None:
        """Until `end_training`: the callbacks see the algorithm's optimizer."""
        self.algorithm_, self.optimizer_ = algorithm, algorithm.optimizer
        self.names_ = {id(p): name for name, p in self.module_.named_parameters()}
        self.watched_ = reads_batches([callback for _, callback in self.callbacks_])
        self.notify("on_train_begin", X=None, y=None)

    def begin_epoch(self, n_rows: int, validation: Problem | None) -> None:
        """Before an epoch that reads so many rows."""
        self.sets_ = {"dataset_train": Length(n_rows),
                      "dataset_valid": validation and Length(validation.rows.n)}  # fmt: skip
        self.notify("on_epoch_begin", **self.sets_)

    def record(self, rows: list[dict[str, Any]]) -> None:
        """Put the last of these rows into the history, with the names that callbacks look for."""
        row = rows[-1]
        watched = {"train_loss": row["loss"]}
        if "valid_loss" in row:
            watched["valid_loss"] = row["valid_loss"]
        of = {"train_loss": "loss", "valid_loss": "valid_loss"}
        best = {
            f"{name}_best": value < min((old[of[name]] for old in rows[:-1]), default=np.inf)
            for name, value in watched.items()
        }
        self.history[-1].update({"epoch": len(rows)} | row | watched | best)

    def record_all(self, rows: list[dict[str, Any]]) -> None:
        """Put rows of epochs that no callback was told of into the history."""
        for i in range(len(rows)):
            self.history.new_epoch()
            self.record(rows[: i + 1])

    def end_epoch(self) -> bool:
        """Tell the callbacks that the epoch is over; return whether one ends the training."""
        try:
            self.notify("on_epoch_end", **self.sets_)
        except KeyboardInterrupt:  # skorch's way to end a training, and the user's
            if any(has_stopped(callback) for _, callback in self.callbacks_):
                return True
            raise
        return False

    def begin_batch(self, batch: tuple[Tensor, Tensor], *, training: bool) -> None:
        """Before a mini-batch, for callbacks that ask for these."""
        if self.watched_:
            self.notify("on_batch_begin", batch=batch, training=training)

    def gradient_computed(self, batch: tuple[Tensor, Tensor]) -> None:
        """Before a step."""
        parameters = self.optimizer_.param_groups[0]["params"]
        named = [(self.names_.get(id(p), "theta"), p) for p in parameters]
        X, y = batch
        self.notify("on_grad_computed", named_parameters=named, X=X, y=y, training=True)

    def end_batch(
        self, batch: tuple[Tensor, Tensor], out: Tensor, loss: Tensor, *, training: bool
    ) -> None:
        """Record a mini-batch under the names that skorch gives, and tell the callbacks."""
        if self.watched_:
            part = "train" if training else "valid"
            self.history.record_batch(f"{part}_loss", float(loss))
            self.history.record_batch(f"{part}_batch_size", len(out))
            self.notify("on_batch_end", batch=batch, training=training, loss=loss, y_pred=out)

    def end_training(self) -> bool:
        """Tell the callbacks that the network is what it will be; return whether one interrupts."""
        try:
            self.notify("on_train_end", X=None, y=None)
        except KeyboardInterrupt:
            return True
        finally:
            for name in ("algorithm_", "names_", "watched_", "sets_"):
                self.__dict__.pop(name, None)
            # the state of the optimizer belongs to tensors that were the algorithm's
            self.initialize_optimizer()
        return False

    # what skorch's callbacks ask for -------------------------------------------------------------

    def save_params(self, **files: Any) -> None:
        """As skorch's; the state of the optimizer is that of the module's own parameters.

        Parameters
        ----------
        **files : str, path or file
            f_params, f_optimizer, f_criterion, f_history.
        """
        if not hasattr(self, "algorithm_"):
            return super().save_params(**files)
        trained = self.optimizer_
        try:
            self._optimize_module(trained)
            super().save_params(**files)
        finally:
            self.optimizer_ = trained

    def _optimize_module(self, trained: torch.optim.Optimizer) -> None:
        """Make an optimizer of the module's parameters, with the state of `trained`."""
        self.initialize_optimizer()
        self.optimizer_.param_groups[0]["lr"] = trained.param_groups[0]["lr"]
        for moved, parameter, columns in self.algorithm_.leaves():
            state = self.optimizer_.state[parameter]
            for name, value in trained.state.get(moved, {}).items():
                if columns is not None and value.shape == moved.shape:
                    state.setdefault(name, torch.zeros_like(parameter))[:, columns] = value
                elif name in state:
                    state[name] = torch.maximum(state[name], value)  # steps, of several groups
                else:
                    state[name] = value


class ClassNet(ClassifierMixin, SkorchNet):
    """A net whose outputs are those of classes, for the scores of skorch's callbacks."""

    @property
    def classes_(self) -> np.ndarray:
        """The indices of the classes: the y that the callbacks are given."""
        return np.arange(self.algorithm_.network.out.shape[-1])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Softmax of the outputs, (n, n_classes)."""
        return softmax(super().predict_proba(X), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class, (n,)."""
        return self.predict_proba(X).argmax(1)


class NumberNet(RegressorMixin, SkorchNet):
    """A net whose outputs are the predictions."""
