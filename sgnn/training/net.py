"""One training: its epochs, what is recorded of them, and how it ends."""

from __future__ import annotations

import copy
import sys
import time
import warnings
from contextlib import AbstractContextManager, closing
from typing import Any

import numpy as np
import torch
from sklearn.base import RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from tqdm.auto import tqdm

from ..algorithms import Algorithm, Problem
from .callbacks import Length, has_stopped, reads_batches
from .early_stopping import EarlyStopping, Snapshot
from .loop import sweep_once
from .resumption import state_of, take_state
from .settings import Settings
from .skorch_net import Classes, SkorchNet

__all__ = ["Net", "new_net", "snapshot", "train"]

# A loss this many times the first batch's is a divergence that floating point has not noticed.
BLOWN_UP = 1e4

LOG_SECONDS = 10  # between two lines of progress where nobody looks at a terminal
VALIDATION_ROWS = 4096  # of a batch of validation data

# What the net knows only while it trains, so that no data are pickled with it.
OF_THE_LOOP = (
    "problem_", "algorithm_", "settings_", "saved_", "first_", "selected_",
    "frozen_", "watched_",
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
    net.begin(problem, algorithm, settings, snapshot(problem, 0) if trained else None)
    with torch.no_grad():
        net.run()
        net.end()
    return net


def new_net(problem: Problem, settings: Settings) -> Net:
    """A net around the problem's module."""
    optimizer, arguments = settings.optimizer_class()
    kind = NumberNet if problem.y.is_floating_point() else ClassNet
    return kind(
        problem.module,
        criterion=problem.loss,
        optimizer=optimizer,
        lr=settings.learning_rate,
        max_epochs=settings.max_epochs,
        batch_size=max(batch.stop - batch.start for batch in problem.rows.batches),
        train_split=None,
        verbose=bool(settings.callbacks),  # so that those print that print
        callbacks=settings.all_callbacks(),
        device=str(problem.like.device),
        **{f"optimizer__{name}": value for name, value in arguments.items()},
    ).initialize()


class Net(SkorchNet):
    """A module and its training: the epochs, their record, and how they end.

    Attributes
    ----------
    interrupted_, aborted_ : bool
        Whether the user ended the training; whether the user or a divergence did.
    """

    def begin(
        self, problem: Problem, algorithm: Algorithm, settings: Settings, saved: Snapshot | None
    ) -> None:
        """Take what the loop works on, until `end`."""
        self.problem_, self.algorithm_, self.settings_ = problem, algorithm, settings
        self.saved_ = saved
        self.aborted_ = self.interrupted_ = False
        self.first_ = float("inf")  # the loss before the first step
        self.selected_ = problem.selected()
        self.watched_ = reads_batches([callback for _, callback in self.callbacks_])
        self._freeze()

    def run(self) -> None:
        """Train; where the user interrupts, up to the last finished epoch."""
        try:
            self._run_epochs()
        except KeyboardInterrupt:
            self._interrupted()

    def end(self) -> None:
        """Go back to the state that is to be kept, and make the last of it."""
        try:
            self.restore_best()
            if self.has_polish:
                self._polish()
            self.finish()
            self.notify_end()
        finally:
            self.release()

    def finish(self) -> None:
        """Make the algorithm's end, remove what is not read, and bring the last row up to date."""
        before = self.problem_.selected()
        self.algorithm_.finish()
        self._restore_frozen()
        self.problem_.remove_unread()
        if self.has_polish or not np.array_equal(before, self.problem_.active):
            self._update_last_row()

    def restore_best(self) -> None:
        """Go back to the state that is to be kept."""
        self.saved_ = self.callback(EarlyStopping).best_of(self.saved_)
        if self.saved_ is None:
            raise KeyboardInterrupt("interrupted before the first epoch was finished")
        self.problem_.module.load_state_dict(self.saved_.state)
        self.problem_.active[:] = self.saved_.active

    @property
    def has_polish(self) -> bool:
        """Whether a polish belongs to this training: it moves every weight."""
        return self.algorithm_.polish_iter > 0 and not self.aborted_ and not self.frozen_

    def release(self) -> None:
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
            self.interrupted_ = True
            warnings.warn("The polish was interrupted: its best point was kept.", stacklevel=3)

    def _update_last_row(self) -> None:
        problem = self.problem_
        if len(self.history):
            selected, last = problem.selected(), self.history[-1]
            last["removed"] = last["removed"] + self._gone(selected)
            last["n_groups"], last["regularization"] = int(selected.sum()), problem.penalty()

    def epochs(self) -> list[dict]:
        """What each epoch was, without the books that skorch and its callbacks keep."""
        return [{key: row[key] for key in EPOCH if key in row} for row in self.history]

    def _run_epochs(self) -> None:
        """An epoch is a sequence of blocks, a block is a pass over the mini-batches."""
        problem, algorithm, settings = self.problem_, self.algorithm_, self.settings_
        self.notify("on_train_begin", X=None, y=None)
        algorithm.begin(problem, self.optimizer_, settings.max_epochs)
        self._resume()
        with self._progress("epochs", settings.max_epochs) as bar:
            bar.update(len(self.history))
            while len(self.history) < settings.max_epochs:
                data = self._datasets()
                self.notify("on_epoch_begin", **data)
                self._freeze()
                start = time.perf_counter()
                loss = self._epoch(bar)
                if not self.record_epoch(loss, time.perf_counter() - start):
                    break
                bar.n = len(self.history)  # exactly, after the shares of its visits
                bar.set_postfix(loss=f"{loss:.4g}", groups=len(problem.active_groups))
                if self.should_stop(data):
                    break
                self._keep()

    def notify_end(self) -> None:
        """Tell the callbacks, once the network is what it will be."""
        try:
            self.notify("on_train_end", X=None, y=None)
        except KeyboardInterrupt:
            self._interrupted()

    def should_stop(self, data: dict[str, Any]) -> bool:
        """Tell the callbacks that the epoch is over; whether one of them ends the training."""
        try:
            self.notify("on_epoch_end", **data)
        except KeyboardInterrupt:  # skorch's way to end a training, and the user's
            if any(has_stopped(callback) for _, callback in self.callbacks_):
                return True
            raise
        return self.callback(EarlyStopping).over

    def _datasets(self) -> dict[str, Any]:
        """What skorch's callbacks are told of the data: how many rows an epoch reads."""
        validation, problem = self.settings_.validation, self.problem_
        return {
            "dataset_train": Length(problem.rows.n * self.algorithm_.n_visits),
            "dataset_valid": None if validation is None else Length(len(validation[0])),
        }

    def _freeze(self) -> None:
        """Remember the parameters that are not to move: those without requires_grad."""
        parameters = self.problem_.module.parameters()
        self.frozen_ = [(p, p.detach().clone()) for p in parameters if not p.requires_grad]

    def _restore_frozen(self) -> None:
        for p, value in self.frozen_:
            p.copy_(value)

    def record_epoch(self, loss: float, seconds: float) -> bool:
        """After an epoch: record it and keep its network, unless it diverged."""
        if self._diverged(loss, len(self.history) - 1):
            return False
        self._record(loss, seconds)
        self.saved_ = snapshot(self.problem_, len(self.history))
        return True

    def _keep(self) -> None:
        """Write everything that the next epoch depends on to the checkpoint."""
        if self.settings_.checkpoint is not None:
            self.settings_.checkpoint.save(state_of(self))

    def _resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        checkpoint = self.settings_.checkpoint
        if checkpoint is None or (state := checkpoint.load()) is None:
            return
        try:
            take_state(self, state)
        except (KeyError, TypeError, ValueError, RuntimeError, IndexError, AttributeError):
            raise checkpoint.refusal("does not hold the state of this network") from None
        weights = self.problem_.module.state_dict().values()
        if not all(w.isfinite().all() for w in weights):
            raise checkpoint.refusal("holds weights that are not finite")
        self.saved_ = snapshot(self.problem_, len(self.history))
        self.selected_ = self.problem_.selected()

    def _epoch(self, bar: Any) -> float:
        problem, algorithm = self.problem_, self.algorithm_
        plain = self._watched_step if self.watched_ else self._step

        def step(batch: slice) -> Tensor:
            loss = plain(batch)
            if self.first_ == float("inf"):
                self.first_ = abs(float(loss))
            return loss

        total, n_visits = sweep_once(algorithm, problem.rows.batches, step, bar.update)
        algorithm.end_epoch()
        self._restore_frozen()
        return float(total) / (problem.rows.n * n_visits)

    def _step(self, batch: slice) -> Tensor:
        loss = self.algorithm_.objective(batch)
        self._update()
        return loss

    def _update(self) -> None:
        self.algorithm_.update()
        self._restore_frozen()

    def _watched_step(self, batch: slice) -> Tensor:
        """A step of which the callbacks are told that ask for mini-batches."""
        algorithm = self.algorithm_
        X, y = data = algorithm.read(batch)
        self.notify("on_batch_begin", batch=data, training=True)
        loss = algorithm.objective(batch)
        names = {id(p): name for name, p in self.problem_.module.named_parameters()}
        named = [(names.get(id(p), "theta"), p) for p in self.optimizer_.param_groups[0]["params"]]
        self.notify("on_grad_computed", named_parameters=named, X=X, y=y, training=True)
        self._update()
        self._end_batch(data, algorithm.out, loss, training=True)
        return loss

    def _end_batch(self, data: tuple, out: Tensor, loss: Tensor, *, training: bool) -> None:
        """Record a mini-batch under the names that skorch gives, and tell the callbacks."""
        part = "train" if training else "valid"
        self.history.record_batch(f"{part}_loss", float(loss))
        self.history.record_batch(f"{part}_batch_size", len(out))
        self.notify("on_batch_end", batch=data, training=training, loss=loss, y_pred=out)

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
        module: Any = self.problem_.module
        total = 0.0
        for x, t, w in zip(*(a.split(VALIDATION_ROWS) for a in (X, y, weight)), strict=True):
            if self.watched_:
                self.notify("on_batch_begin", batch=(x, t), training=False)
            out = module.outputs(x)
            losses = self.problem_.loss(out, t)
            total += float(losses @ w)
            if self.watched_:
                self._end_batch((x, t), out, losses.mean(), training=False)
        return total / float(weight.sum())

    def _diverged(self, loss: float, epoch: int) -> bool:
        """Whether to stop; the weights of the last good epoch come back in `end`."""
        # an epoch's loss is from before its steps: what they led to shows on a batch afterwards
        loss = max(loss, self.problem_.loss_on(self.problem_.rows.batches[0]), key=_badness)
        if _badness(loss) <= BLOWN_UP * (1 + self.first_):
            return False
        del self.history[epoch:]
        self.aborted_ = True
        schedule = (
            ", or what lr_schedule makes of it" if callable(self.settings_.lr_schedule) else ""
        )
        advice = f"lower learning_rate{schedule}, or scale X (standardize=True)"
        told = f"The loss diverged to {loss:.3g} in epoch {epoch + 1}"
        if self.saved_ is None:
            raise FloatingPointError(f"{told}: {advice}.")
        warnings.warn(
            f"{told}, and the network of epoch {epoch} was kept: {advice}.",
            ConvergenceWarning,
            stacklevel=2,
        )
        return True

    def _interrupted(self) -> None:
        """Ctrl-C: what the last finished epoch left is kept."""
        self.aborted_ = self.interrupted_ = True
        if self.saved_ is not None:
            epoch = self.saved_.epoch
            del self.history[epoch:]
            warnings.warn(
                f"Training was interrupted: the network of epoch {epoch} was kept.",
                stacklevel=2,
            )

    def _progress(self, of: str, total: int) -> AbstractContextManager:
        return tqdm(
            total=total,
            disable=not self.settings_.verbose,
            desc=of,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| "
            "{n:.0f}/{total} {elapsed}<{remaining}{postfix}",
            mininterval=0.1 if sys.stderr.isatty() else LOG_SECONDS,
        )


def _badness(loss: float) -> float:
    return abs(loss) if np.isfinite(loss) else np.inf


def snapshot(problem: Problem, epoch: int) -> Snapshot:
    """The network after so many epochs, and which of its groups are left."""
    return Snapshot(copy.deepcopy(problem.module.state_dict()), problem.active.copy(), epoch)


class ClassNet(Classes, Net):
    """A net whose outputs are those of classes."""


class NumberNet(RegressorMixin, Net):
    """A net whose outputs are the predictions."""
