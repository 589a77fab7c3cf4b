"""One training: skorch's places to stand around the loop, and what is kept of its epochs."""

from __future__ import annotations

import copy
import json
import time
import warnings
from contextlib import AbstractContextManager, closing
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler
from torch import Tensor
from tqdm.auto import tqdm

from ..algorithms import Algorithm, Problem
from .loop import sweep_once
from .patience import Patience
from .settings import Settings

__all__ = ["Net", "new_net", "snapshot", "train"]

# A loss this many times the first batch's is a divergence that floating point has not noticed.
BLOWN_UP = 1e4

# What the net knows only while it trains, so that no data are pickled with it.
OF_THE_LOOP = (
    "problem_", "algorithm_", "settings_", "saved_", "cut_short_", "first_", "selected_",
)  # fmt: skip

EPOCH = ("loss", "regularization", "n_groups", "lr", "seconds", "removed", "valid_loss")


def train(
    problem: Problem, algorithm: Algorithm, settings: Settings, *, trained: bool = False
) -> Net:
    """Minimize the problem by the algorithm; the module in the problem is changed in place.

    Whether it is `trained` already decides what is left when not one epoch can be finished: the
    module as it was, with a warning, or one of the errors below.

    Raises
    ------
    FloatingPointError
        If the loss diverges before the first epoch is finished.
    KeyboardInterrupt
        If the user stops before the first epoch is finished.
    """
    net = new_net(problem, settings)
    net.begin(problem, algorithm, settings, snapshot(problem) if trained else None)
    with torch.no_grad():
        net.partial_fit(problem.rows, problem.y)
        net.end()
    return net


def new_net(problem: Problem, settings: Settings) -> Net:
    """A net around the problem's module."""
    optimizer, arguments = settings.optimizer_class()
    return Net(
        problem.module,
        criterion=problem.loss,
        optimizer=optimizer,
        lr=settings.learning_rate,
        max_epochs=settings.max_epochs,
        train_split=None,
        verbose=0,
        callbacks=settings.all_callbacks(),
        device=str(problem.like.device),
        **{f"optimizer__{name}": value for name, value in arguments.items()},
    ).initialize()


class Net(NeuralNet):
    """skorch's named places to stand, around the loop of this package."""

    @property
    def _default_callbacks(self) -> list:
        return []

    def begin(
        self, problem: Problem, algorithm: Algorithm, settings: Settings, saved: tuple | None
    ) -> None:
        """Take what the loop works on, until `end`."""
        self.problem_, self.algorithm_, self.settings_ = problem, algorithm, settings
        self.saved_ = saved
        self.cut_short_ = False
        self.first_ = float("inf")  # the loss before the first step
        self.selected_ = problem.selected()

    def end(self) -> None:
        """Go back to the state that is to be kept, and make the last of it."""
        try:
            self.recall()
            if self.polishes:
                self._polish()
            self.algorithm_.finish()
        finally:
            self.forget()

    def recall(self) -> None:
        """Go back to the state that is to be kept."""
        if self.saved_ is None:
            raise KeyboardInterrupt("interrupted before the first epoch was finished")
        state, alive = self.saved_
        self.problem_.module.load_state_dict(state)
        self.problem_.alive[:] = alive

    @property
    def polishes(self) -> bool:
        """Whether a polish is still to come."""
        return self.algorithm_.polish_iter > 0 and not self.cut_short_

    def forget(self) -> None:
        """Let go of what only the loop needs."""
        for name in OF_THE_LOOP:
            delattr(self, name)
        # the state of the optimizer belongs to tensors that were the algorithm's
        self.initialize_optimizer()

    def _polish(self) -> None:
        algorithm = self.algorithm_
        try:
            with (
                self._progress("polish", algorithm.polish_iter) as bar,
                closing(algorithm.polish()) as iterations,
            ):
                for residual in iterations:
                    bar.set_postfix(residual=f"{residual:.2g}")
                    bar.update()
        except KeyboardInterrupt:
            warnings.warn("The polish was interrupted: its best point was kept.", stacklevel=3)
        self.polished()

    def polished(self) -> None:
        """Bring what the last epoch's row says of the groups up to date."""
        problem = self.problem_
        if len(self.history):
            selected, last = problem.selected(), self.history[-1]
            last["removed"] = last["removed"] + self._gone(selected)
            last["n_groups"], last["regularization"] = int(selected.sum()), problem.penalty()

    def epochs(self) -> list[dict]:
        """What each epoch was, without the books that skorch and its callbacks keep."""
        return [{key: row[key] for key in EPOCH if key in row} for row in self.history]

    def fit_loop(self, X: Any, y: Any = None, epochs: Any = None, **fit_params: Any) -> Net:
        """An epoch is a sequence of blocks, a block is a pass over the mini-batches."""
        problem, algorithm = self.problem_, self.algorithm_
        algorithm.begin(problem, self.optimizer_, self.settings_.max_epochs)
        self._resume()
        with self._progress("epochs", self.settings_.max_epochs) as bar:
            bar.update(len(self.history))
            for epoch in range(len(self.history), self.settings_.max_epochs):
                try:
                    self.notify("on_epoch_begin", dataset_train=X)
                    start = time.perf_counter()
                    loss = self._epoch(bar)
                    if not self.keep_books(loss, time.perf_counter() - start):
                        break
                    bar.set_postfix(loss=f"{loss:.4g}", groups=len(problem.living))
                except KeyboardInterrupt:
                    self._interrupted(epoch)
                    break
                self.notify("on_epoch_end", dataset_train=X)
                self._keep()
        return self

    def keep_books(self, loss: float, seconds: float) -> bool:
        """After an epoch: record it and keep its network, unless it diverged."""
        if self._diverged(loss, len(self.history) - 1):
            return False
        self._record(loss, seconds)
        self.saved_ = snapshot(self.problem_)
        return True

    def _keep(self) -> None:
        """Write everything that the next epoch depends on to the checkpoint."""
        checkpoint, problem = self.settings_.checkpoint, self.problem_
        if checkpoint is None:
            return
        schedule = self._callback(LRScheduler)
        rows = [
            {name: value for name, value in row.items() if name != "batches"}
            for row in self.history
        ]
        checkpoint.save(
            {
                "module": problem.module.state_dict(),
                "alive": problem.alive.tolist(),
                "optimizer": self.optimizer_.state_dict(),
                "algorithm": self.algorithm_.state(),
                "schedule": schedule and schedule.lr_scheduler_.state_dict(),
                "patience": self._callback(Patience).state(),
                "history": json.dumps(rows),
                "first": self.first_,
            }
        )

    def _resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        checkpoint, problem = self.settings_.checkpoint, self.problem_
        state = None if checkpoint is None else checkpoint.load()
        if state is None:
            return
        problem.module.load_state_dict(state["module"])
        problem.alive[:] = state["alive"]
        self.optimizer_.load_state_dict(state["optimizer"])
        self.algorithm_.resume(state["algorithm"])
        schedule = self._callback(LRScheduler)
        if schedule is not None:
            schedule.lr_scheduler_.load_state_dict(state["schedule"])
        self._callback(Patience).resume(state["patience"])
        for row in json.loads(state["history"]):
            self.history.new_epoch()
            for name, value in row.items():
                self.history.record(name, value)
        self.first_, self.saved_ = state["first"], snapshot(problem)
        self.selected_ = problem.selected()

    def _callback(self, kind: type[Callback]) -> Any:
        """The callback of that kind, None if there is none."""
        return next((c for _, c in self.callbacks_ if isinstance(c, kind)), None)

    def _epoch(self, bar: Any) -> float:
        problem, algorithm = self.problem_, self.algorithm_
        plain = self._watched_step if self._watched() else self._step

        def step(batch: slice) -> Tensor:
            loss = plain(batch)
            if self.first_ == float("inf"):
                self.first_ = abs(float(loss))
            return loss

        total, n_visits = sweep_once(algorithm, problem.rows.batches, step, bar.update)
        algorithm.end_epoch()
        return float(total) / (problem.rows.n * n_visits)

    def _step(self, batch: slice) -> Tensor:
        loss = self.algorithm_.objective(batch)
        self.algorithm_.update()
        return loss

    def _watched_step(self, batch: slice) -> Tensor:
        """A step with skorch's notices around it, for the callbacks that ask for them."""
        data = (self.problem_.rows.read(batch), self.problem_.y[batch])
        self.notify("on_batch_begin", batch=data, training=True)
        loss = self.algorithm_.objective(batch)
        names = {id(p): name for name, p in self.problem_.module.named_parameters()}
        named = [(names.get(id(p), "theta"), p) for p in self.optimizer_.param_groups[0]["params"]]
        self.notify("on_grad_computed", named_parameters=named, X=data[0], y=data[1], training=True)
        self.algorithm_.update()
        self.notify(
            "on_batch_end", batch=data, training=True, loss=loss, y_pred=self.algorithm_.out
        )
        return loss

    def _watched(self) -> bool:
        hooks = ("on_batch_begin", "on_batch_end", "on_grad_computed")
        own = (LRScheduler, Patience)
        return any(
            getattr(type(callback), hook) is not getattr(Callback, hook)
            for _, callback in self.callbacks_
            if not isinstance(callback, own)
            for hook in hooks
        )

    def _record(self, loss: float, seconds: float) -> None:
        problem = self.problem_
        lr = self.optimizer_.param_groups[0]["lr"]
        selected = problem.selected()
        gone = self._gone(selected)
        values = (loss, problem.penalty(), int(selected.sum()), lr, seconds, gone)
        row = dict(zip(EPOCH[:6], values, strict=True))
        # the names that skorch's own callbacks look for
        watched = {"train_loss": loss}
        if self.settings_.validation is not None:
            row["valid_loss"] = watched["valid_loss"] = self._validation_loss()
        best = {
            f"{name}_best": value < min((old[name] for old in self.history[:-1]), default=np.inf)
            for name, value in watched.items()
        }
        for name, value in (row | watched | best).items():
            self.history.record(name, value)

    def _gone(self, selected: np.ndarray) -> list:
        """Names of the groups that were selected when last asked and are no longer."""
        gone = np.flatnonzero(self.selected_ & ~selected)
        self.selected_ = selected
        return [self.problem_.groups.names[g] for g in gone]

    def _validation_loss(self) -> float:
        X, y, weight = self.settings_.validation  # type: ignore[misc]
        module, loss = self.problem_.module, self.problem_.loss
        chunks = zip(X.split(4096), y.split(4096), weight.split(4096), strict=True)
        return sum(float(loss(module(x), t) @ w) for x, t, w in chunks) / float(weight.sum())

    def _diverged(self, loss: float, epoch: int) -> bool:
        """Whether to stop; the weights of the last good epoch come back in `end`."""
        # an epoch's loss is from before its steps: what they led to shows on a batch afterwards
        loss = max(loss, self.problem_.loss_on(self.problem_.rows.batches[0]), key=_badness)
        if _badness(loss) <= BLOWN_UP * (1 + self.first_):
            return False
        del self.history[epoch:]
        self.cut_short_ = True
        advice = "lower learning_rate, or scale X (standardize=True)"
        told = f"The loss diverged to {loss:.3g} in epoch {epoch + 1}"
        if self.saved_ is None:
            raise FloatingPointError(f"{told}: {advice}.")
        warnings.warn(
            f"{told}, and the network of epoch {epoch} was kept: {advice}.",
            ConvergenceWarning,
            stacklevel=2,
        )
        return True

    def _interrupted(self, epoch: int) -> None:
        del self.history[epoch:]
        self.cut_short_ = True
        if self.saved_ is not None:
            warnings.warn(
                f"Training was interrupted: the network of epoch {epoch} was kept.",
                stacklevel=2,
            )

    def _progress(self, of: str, total: int) -> AbstractContextManager:
        return tqdm(
            total=total,
            disable=not self.settings_.verbose,
            desc=of,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
        )


def _badness(loss: float) -> float:
    return abs(loss) if np.isfinite(loss) else np.inf


def snapshot(problem: Problem) -> tuple:
    """The network and which of its groups are left."""
    return copy.deepcopy(problem.module.state_dict()), problem.alive.copy()
