"""One training: the record of its epochs, divergence, interruption and checkpoint."""

from __future__ import annotations

import copy
import json
import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..algorithms import Algorithm, Network
from ..checkpoints import Checkpoint
from .early_stopping import EarlyStopping, Snapshot
from .fit_task import FitTask
from .settings import Settings
from .skorch_net import SkorchNet

__all__ = ["Run"]

# A loss this many times the first batch's is a divergence that floating point has not noticed.
BLOWN_UP = 1e4


@dataclass(eq=False)
class Run:
    """A network in training, and what is recorded of it.

    Parameters
    ----------
    network : Network
    settings : Settings
    saved : Snapshot, optional
        What is left when not one epoch can be finished, with a warning; by default that is an
        error.  Later what the last finished epoch left.
    earlier : list of dict, optional
        The history of the training before, which this one goes on with.

    Attributes
    ----------
    history : list of dict
        One for each epoch: loss, regularization, n_groups, lr, seconds, removed, valid_loss.
    interrupted, aborted : bool
        Whether the user ended the training; whether the user or a divergence did.
    first_loss : float
        Of the very first mini-batch.
    selected : ndarray of shape (n_groups,)
        The groups that the network read when last looked at.
    net : SkorchNet or None
        The network as skorch knows it: from the start if there are callbacks, else at the end.
    task : FitTask or None
        The epoch, as scikit-learn's callbacks know it.
    """

    network: Network
    settings: Settings
    saved: Snapshot | None = None
    earlier: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False
    aborted: bool = False
    first_loss: float = float("inf")
    selected: np.ndarray = field(init=False)
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    net: SkorchNet | None = None
    task: FitTask | None = None

    @property
    def observed(self) -> bool:
        """Whether anything looks at the module between epochs."""
        settings = self.settings
        return bool(self.net or settings.validation or settings.checkpoint or settings.task)

    def snapshot(self) -> Snapshot:
        """The network as it is."""
        active = self.network.problem.active.copy()
        return Snapshot(self.network.state(), active, len(self.history))

    # epochs ------------------------------------------------------------------------------------

    def record(
        self,
        state: Any,
        *,
        loss: float,
        penalty: float,
        selected: np.ndarray,
        lr: float,
        seconds: float,
    ) -> None:
        """Take note of an epoch that did not diverge, and of the weights it left."""
        row = {
            "loss": loss,
            "regularization": penalty,
            "n_groups": int(selected.sum()),
            "lr": lr,
            "seconds": seconds,
            "removed": self._removed(selected),
        }
        if self.settings.validation is not None:
            row["valid_loss"] = self._validation_loss()
        self.history.append(row)
        self.saved = Snapshot(state, self.network.problem.active.copy(), len(self.history))
        if self.net is not None:
            self.net.record(self.history)

    def ends(self, *, settled: bool) -> bool:
        """Whether the training is to end after the epoch that was recorded last."""
        assert self.saved is not None
        row = self.history[-1]
        over = self.early_stopping.update(self.settings, row, self.saved, settled=settled)
        return (self.net is not None and self.net.end_epoch()) or over

    def begin_task(self) -> None:
        """Tell scikit-learn's callbacks that an epoch begins."""
        fit = self.settings.task
        assert fit is not None
        self.task = fit.subtask("epoch", **fit.data)
        self.task.begin()

    def end_task(self, algorithm: Algorithm) -> bool:
        """Tell them of the epoch recorded last; return whether one ends the training."""
        learned, task = self.settings.learned, self.task
        assert learned is not None
        assert task is not None
        return task.end(lambda: learned(self.ended(algorithm)))

    def _removed(self, selected: np.ndarray) -> list:
        """Names of the groups that were selected when last looked at and are no longer."""
        removed = np.flatnonzero(self.selected & ~selected)
        self.selected = selected
        return [self.network.problem.groups.names[g] for g in removed]

    def _validation_loss(self) -> float:
        problem, net, total = self.settings.validation, self.net, 0.0
        assert problem is not None
        for batch in problem.rows.batches:
            if net is not None:
                data = problem.rows.read_in_order(batch), problem.targets(batch)
                net.begin_batch(data, training=False)
            out = self.network.outputs(batch, problem.rows)
            loss = problem.mean_loss(out, batch)
            total += float(loss) * (batch.stop - batch.start)
            if net is not None:
                net.end_batch(data, out, loss, training=False)
        return total / problem.rows.n

    # how it ends -------------------------------------------------------------------------------

    def diverged(self, *losses: float) -> bool:
        """Whether an epoch of such losses has to be the last, and is not to be kept.

        Raises
        ------
        FloatingPointError
            If no epoch was finished before.
        """
        loss = max(losses, key=lambda value: abs(value) if np.isfinite(value) else np.inf)
        if np.isfinite(loss) and abs(loss) <= BLOWN_UP * (1 + self.first_loss):
            return False
        epoch, self.aborted = len(self.history), True
        self._forget_after(epoch)
        schedule = (
            ", or what lr_schedule makes of it" if callable(self.settings.lr_schedule) else ""
        )
        advice = f"lower learning_rate{schedule}, or scale X (standardize=True)"
        what = f"The loss diverged to {loss:.3g} in epoch {epoch + 1}"
        if self.saved is None:
            raise FloatingPointError(f"{what}: {advice}.")
        warnings.warn(
            f"{what}, and the network of epoch {epoch} was kept: {advice}.",
            ConvergenceWarning,
            stacklevel=2,
        )
        return True

    def interrupt(self) -> None:
        """Ctrl-C: what the last finished epoch left is kept."""
        self.aborted = self.interrupted = True
        if self.saved is not None:
            self._forget_after(self.saved.epoch)
            warnings.warn(
                f"Training was interrupted: the network of epoch {self.saved.epoch} was kept.",
                stacklevel=2,
            )

    def _forget_after(self, epoch: int) -> None:
        del self.history[epoch:]
        if self.net is not None:
            del self.net.history[epoch:]

    def restore_best(self) -> None:
        """Go back to the epoch that is to be kept: the best by the validation loss, or the last.

        Raises
        ------
        KeyboardInterrupt
            If there is none.
        """
        self.saved = self.early_stopping.best_epoch or self.saved
        if self.saved is None:
            raise KeyboardInterrupt("interrupted before the first epoch was finished")
        self.network.load_state(self.saved.state)
        self.network.problem.active[:] = self.saved.active

    def finish(self, algorithm: Algorithm, *, polished: bool) -> None:
        """Apply the algorithm's end, remove what is not read, and bring the last row up to date."""
        network, problem = self.network, self.network.problem
        before = network.reads()
        algorithm.finish(network)
        for p, value in network.frozen:
            p.copy_(value)
        network.remove_unread()
        network.store()
        if self.history and (polished or not np.array_equal(before, problem.active)):
            selected, last = network.reads(), self.history[-1]
            last["removed"] = last["removed"] + self._removed(selected)
            last["n_groups"] = int(selected.sum())
            last["regularization"] = float(problem.penalty())
            if self.net is not None:
                self.net.history[-1].update(last)
        if self.net is None:
            self.net = SkorchNet.around(network, self.settings)
            self.net.record_all(self.history)
        elif self.net.end_training():
            self.interrupt()

    def ended(self, algorithm: Algorithm) -> Run:
        """A copy that ends with the last epoch, as if the user had interrupted the next one."""
        run, problem = copy.copy(self), self.network.problem
        rows = {id(each): each for each in (problem.rows, problem.y, problem.weight)}
        run.network, run.history = copy.deepcopy((self.network, self.history), rows)
        run.net, run.settings = None, replace(self.settings, callbacks=None)
        run.restore_best()
        run.finish(algorithm, polished=False)
        return run

    # checkpoint --------------------------------------------------------------------------------

    def checkpoint(self, algorithm: Algorithm) -> None:
        """Write everything that the next epoch depends on to the checkpoint, if there is one."""
        if self.settings.checkpoint is None:
            return
        best = self.early_stopping.best_epoch
        self.settings.checkpoint.save(
            {
                "module": self.network.module.state_dict(),
                "active": self.network.problem.active.tolist(),
                "optimizer": algorithm.optimizer.state_dict(),
                "algorithm": algorithm.state(),
                "best": self.early_stopping.best,
                "waited": self.early_stopping.waited,
                "best_epoch": best and (best.state, best.active.tolist(), best.epoch),
                "history": json.dumps(self.history),
                "first_loss": self.first_loss,
            }
        )

    def resume(self, checkpoint: Checkpoint, algorithm: Algorithm) -> None:
        """Go on from the checkpoint, if it is there."""
        if (state := checkpoint.load()) is None:
            return
        try:
            self._take(state, algorithm)
        except (KeyError, TypeError, ValueError, RuntimeError, IndexError, AttributeError):
            raise checkpoint.refusal("does not hold the state of this network") from None
        if not all(w.isfinite().all() for w in self.network.module.state_dict().values()):
            raise checkpoint.refusal("holds weights that are not finite")
        self.saved, self.selected = self.snapshot(), self.network.reads()
        if self.net is not None:
            self.net.record_all(self.history)

    def _take(self, state: dict[str, Any], algorithm: Algorithm) -> None:
        problem, stopping = self.network.problem, self.early_stopping
        self.network.module.load_state_dict(state["module"])
        if len(state["active"]) != len(problem.active):
            raise ValueError("another number of groups")
        problem.active[:] = state["active"]
        algorithm.optimizer.load_state_dict(state["optimizer"])
        algorithm.resume(state["algorithm"])
        stopping.best, stopping.waited = state["best"], state["waited"]
        if state["best_epoch"] is not None:
            weights, active, epoch = state["best_epoch"]
            stopping.best_epoch = Snapshot(weights, np.array(active), epoch)
        self.history = json.loads(state["history"])
        self.first_loss = state["first_loss"]
