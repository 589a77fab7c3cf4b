"""The loop, the same for every algorithm; the only file that knows skorch."""

from __future__ import annotations

import copy
import json
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler
from torch import Tensor
from tqdm.auto import tqdm

from .algorithms import Algorithm, Problem
from .checkpoints import Checkpoint

__all__ = ["OPTIMIZERS", "Net", "Settings", "is_callback", "train"]

# The fused kernels do in one pass what the default ones do in several.
OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict]] = {
    "sgd": (torch.optim.SGD, {"fused": True}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "adamax": (torch.optim.Adamax, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
}

# A loss this many times the first batch's is a divergence that floating point has not noticed.
BLOWN_UP = 1e4

# What the net knows only while it trains, so that no data are pickled with it.
OF_THE_LOOP = (
    "problem_", "algorithm_", "settings_", "saved_", "cut_short_", "first_", "selected_",
)  # fmt: skip

EPOCH = ("loss", "regularization", "n_groups", "lr", "seconds", "removed", "valid_loss")


@dataclass
class Settings:
    """What the loop needs to know besides the problem and the algorithm.

    Attributes
    ----------
    lr_schedule : float, callable or None
        Factor applied after every epoch, or epoch -> multiple of the first learning rate.
    tol, n_iter_no_change : float, int or None
        Stop when so many epochs in a row improved by less than tol; an epoch that removes a
        group, or after which the algorithm is not `settled`, starts the count anew.
    validation : (X, y, weight) tensors or None
        When given, the weighted mean of its loss is recorded every epoch.
    stop_on_validation : bool
        Watch the validation loss, and return to its best epoch, instead of the objective.
    checkpoint : Checkpoint or None
        Where the training is kept after every epoch, and gone on with.
    """

    max_epochs: int
    optimizer: str | type[torch.optim.Optimizer]
    learning_rate: float
    lr_schedule: float | Callable[[int], float] | None = None
    callbacks: list | None = None
    verbose: int = 0
    tol: float = 0.0
    n_iter_no_change: int | None = 10
    validation: tuple[Tensor, Tensor, Tensor] | None = None
    stop_on_validation: bool = False
    checkpoint: Checkpoint | None = None


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
    optimizer, arguments = (
        OPTIMIZERS[settings.optimizer]
        if isinstance(settings.optimizer, str)
        else (settings.optimizer, {})
    )
    net = Net(
        problem.module,
        criterion=problem.loss,
        optimizer=optimizer,
        lr=settings.learning_rate,
        max_epochs=settings.max_epochs,
        train_split=None,
        verbose=0,
        callbacks=_callbacks(settings),
        device=str(problem.like.device),
        **{f"optimizer__{name}": value for name, value in arguments.items()},
    ).initialize()
    net.begin(problem, algorithm, settings, _snapshot(problem) if trained else None)
    with torch.no_grad():
        net.partial_fit(problem.rows, problem.y)
        net.end()
    return net


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
        problem, algorithm, saved = self.problem_, self.algorithm_, self.saved_
        try:
            if saved is None:
                raise KeyboardInterrupt("interrupted before the first epoch was finished")
            state, alive = saved
            problem.module.load_state_dict(state)
            problem.alive[:] = alive
            if algorithm.polish_iter and not self.cut_short_:
                self._polish()
            algorithm.finish()
        finally:
            for name in OF_THE_LOOP:
                delattr(self, name)
            # the state of the optimizer belongs to tensors that were the algorithm's
            self.initialize_optimizer()

    def _polish(self) -> None:
        """What the last epoch's row says of the groups is brought up to date."""
        problem, algorithm = self.problem_, self.algorithm_
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
                    if self._diverged(loss, epoch):
                        break
                    self._record(loss, time.perf_counter() - start)
                    bar.set_postfix(loss=f"{loss:.4g}", groups=len(problem.living))
                    self.saved_ = _snapshot(problem)
                except KeyboardInterrupt:
                    self._interrupted(epoch)
                    break
                self.notify("on_epoch_end", dataset_train=X)
                self._keep()
        return self

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
                "patience": self._callback(_Patience).state(),
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
        self._callback(_Patience).resume(state["patience"])
        for row in json.loads(state["history"]):
            self.history.new_epoch()
            for name, value in row.items():
                self.history.record(name, value)
        self.first_, self.saved_ = state["first"], _snapshot(problem)
        self.selected_ = problem.selected()

    def _callback(self, kind: type[Callback]) -> Any:
        """The callback of that kind, None if there is none."""
        return next((c for _, c in self.callbacks_ if isinstance(c, kind)), None)

    def _epoch(self, bar: Any) -> float:
        problem, algorithm = self.problem_, self.algorithm_
        step = self._watched_step if self._watched() else self._step
        total = torch.zeros((), dtype=torch.float64)
        sweep = list(algorithm.sweep())
        for block in sweep:
            algorithm.enter(block)
            inside = problem.like.new_zeros(())
            for batch in problem.rows.batches:
                loss = step(batch)
                inside += loss * (batch.stop - batch.start)
                if self.first_ == float("inf"):
                    self.first_ = abs(float(loss))
            total += inside.cpu()
            algorithm.leave(block)
            bar.update(1 / len(sweep))
        algorithm.end_epoch()
        return float(total) / (problem.rows.n * len(sweep))

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
        own = (LRScheduler, _Patience)
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


def is_callback(value: Any) -> bool:
    """Whether skorch takes it: a callback, its class, or (name, callback)."""
    if isinstance(value, tuple):
        return len(value) == 2 and isinstance(value[0], str) and is_callback(value[1])
    return isinstance(value, Callback) or (isinstance(value, type) and issubclass(value, Callback))


def _badness(loss: float) -> float:
    return abs(loss) if np.isfinite(loss) else np.inf


def _snapshot(problem: Problem) -> tuple:
    return copy.deepcopy(problem.module.state_dict()), problem.alive.copy()


def _callbacks(settings: Settings) -> list:
    callbacks: list = [_Patience(settings)]
    schedule = settings.lr_schedule
    if callable(schedule):
        callbacks.append(LRScheduler(torch.optim.lr_scheduler.LambdaLR, lr_lambda=schedule))
    elif schedule is not None:
        callbacks.append(LRScheduler(torch.optim.lr_scheduler.ExponentialLR, gamma=schedule))
    return callbacks + copy.deepcopy(list(settings.callbacks or []))


class _Patience(Callback):
    """Stop when nothing improves any more; with validation data, return to the best epoch."""

    def __init__(self, settings: Settings) -> None:
        self.on_validation = settings.stop_on_validation
        self.tol, self.patience = settings.tol, settings.n_iter_no_change or np.inf

    def on_train_begin(self, net: Net, X: Any = None, y: Any = None, **_: Any) -> None:
        self.best, self.waited = float("inf"), 0
        self.best_state: tuple | None = None

    def state(self) -> dict[str, Any]:
        best = self.best_state and (self.best_state[0], self.best_state[1].tolist())
        return {"best": self.best, "waited": self.waited, "best_state": best}

    def resume(self, state: dict[str, Any]) -> None:
        best = state["best_state"]
        self.best, self.waited = state["best"], state["waited"]
        self.best_state = best and (best[0], np.array(best[1]))

    def on_epoch_end(self, net: Net, **_: Any) -> None:
        row = net.history[-1]
        value = row["valid_loss"] if self.on_validation else row["loss"] + row["regularization"]
        if row["removed"] or not net.algorithm_.settled:
            self.best, self.waited = float("inf"), 0
        if value < self.best - self.tol * abs(value):
            self.best, self.waited, self.best_state = value, 0, net.saved_
        else:
            self.waited += 1
        if self.waited >= self.patience:
            raise KeyboardInterrupt  # skorch's way to end a training

    def on_train_end(self, net: Net, X: Any = None, y: Any = None, **_: Any) -> None:
        if self.on_validation and self.best_state is not None:
            net.saved_ = self.best_state
        self.best_state = None
