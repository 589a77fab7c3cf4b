"""skorch's callbacks: what they ask of this loop, and which of them cannot work beside it."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sklearn.metrics import get_scorer
from skorch import callbacks as known
from skorch.callbacks import Callback, Checkpoint, LRScheduler, TrainEndCheckpoint
from torch.utils.data import Dataset

__all__ = ["Length", "check_callbacks", "has_stopped", "is_callback", "reads_batches"]

BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")
SCORING = (known.EpochScoring, known.BatchScoring, known.PassthroughScoring)
# Callbacks that would do what the estimator does itself -> what to give instead.
INSTEAD = {
    known.InputShapeSetter: "leave it out: the network is made for the columns of X",
    known.LoadInitState: "give warm_start=True, or checkpoint= where the estimator has it",
    known.ParamMapper: "draw other first weights by random_state, or leave it out",
}
RECORDED = ("epoch", "loss", "regularization", "n_groups", "lr", "seconds", "dur", "train_loss")


class Length(Dataset):
    """What skorch's progress bar and scores are given for a data set: its number of rows."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n


def is_callback(value: Any) -> bool:
    """Whether skorch takes it: a callback, its class, or (name, callback)."""
    if isinstance(value, tuple):
        return len(value) == 2 and isinstance(value[0], str) and is_callback(value[1])
    return isinstance(value, Callback) or (isinstance(value, type) and issubclass(value, Callback))


def reads_batches(callbacks: Sequence[Callback]) -> bool:
    """Whether one of them has to be told of mini-batches."""

    def reads(callback: Callback) -> bool:
        if isinstance(callback, LRScheduler):
            return callback.step_every == "batch"
        if isinstance(callback, Checkpoint | TrainEndCheckpoint):
            return True  # the names of their files may have a batch in them
        hooks = [getattr(type(callback), hook) is getattr(Callback, hook) for hook in BATCH_HOOKS]
        return not all(hooks)

    return any(map(reads, callbacks))


def has_stopped(callback: Callback) -> bool:
    """Whether it is skorch's early stopping, out of patience."""
    return isinstance(callback, known.EarlyStopping) and callback.misses_ >= callback.patience


def check_callbacks(
    callbacks: Sequence[Any] | None, *, validation: bool, lr_schedule: Any, gates: bool
) -> None:
    """Refuse the callbacks that cannot work beside this loop.

    Parameters
    ----------
    callbacks : sequence or None
        Each a callback, its class, or (name, callback).
    validation : bool
        Whether there are validation data.
    lr_schedule : object
        The estimator's own schedule of the learning rate, None for none.
    gates : bool
        Whether other parameters are trained in the place of the module's.

    Raises
    ------
    ValueError
        Naming the callback, and the argument that does what it is for.
    """
    given = [item if isinstance(item, tuple) else (None, item) for item in callbacks or ()]
    for name, times in Counter(name for name, _ in given if name is not None).items():
        if times > 1:
            raise ValueError(f"callbacks has the name {name!r} twice: give each its own.")
    made = [_instance(callback) for _, callback in given]
    recorded = _recorded(made, validation)
    for callback in made:
        reason = (
            _replaced(callback, lr_schedule, gates)
            or _unscored(callback, validation)
            or _unrecorded(callback, recorded, validation)
        )
        if reason:
            raise ValueError(f"callbacks has {type(callback).__name__}, {reason}.")


def _instance(callback: Any) -> Callback:
    if not isinstance(callback, type):
        return callback
    try:
        return callback()
    except TypeError as error:
        raise ValueError(
            f"callbacks has the class {callback.__name__}, which cannot be called without "
            f"arguments ({error}): give an instance."
        ) from None


def _replaced(callback: Callback, lr_schedule: Any, gates: bool) -> str | None:
    """Why an argument of the estimator has to do its work."""
    if isinstance(callback, known.Freezer | known.Unfreezer):
        if gates:
            return 'but algorithm="gates" trains other weights: give another algorithm'
        return None
    for kind, instead in INSTEAD.items():
        if isinstance(callback, kind):
            return f"which cannot work beside this training: {instead}"
    if isinstance(callback, LRScheduler) and lr_schedule is not None:
        return "and the estimator has a schedule of its own: give lr_schedule=None beside it"
    if getattr(callback, "load_best", False) is True:
        return (
            "and load_best=True cannot go back to an earlier epoch here: give early_stopping=True "
            "to the estimator instead"
        )
    return None


def _unscored(callback: Callback, validation: bool) -> str | None:
    """Why a score cannot be computed."""
    if not isinstance(callback, SCORING):
        return None
    if not callback.on_train and not validation:
        return (
            "a score of validation data, and there are none: give on_train=True to it, or X_val "
            "and y_val to fit, or early_stopping=True"
        )
    if isinstance(callback, known.PassthroughScoring):
        return None
    if callback.use_caching is False:
        return "which would have to predict once more: give use_caching=True to it"
    if isinstance(callback.scoring, dict | list | tuple | set):
        return "and scoring= with several metrics: give one callback for each"
    if isinstance(callback.scoring, str):
        try:
            get_scorer(callback.scoring)
        except ValueError as error:
            return f"and scoring={callback.scoring!r} ({str(error).split('. ')[0]}): give another"
    return None


def _recorded(callbacks: Sequence[Callback], validation: bool) -> set[str] | None:
    """The names that the history will have, None if they cannot be known."""
    if not all(type(callback).__module__.startswith("skorch.") for callback in callbacks):
        return None
    scores = [
        copy.deepcopy(c).initialize().name_
        for c in callbacks
        if isinstance(c, SCORING[:2]) and not isinstance(c.scoring, dict | list | tuple | set)
    ]
    passed = [c.name for c in callbacks if isinstance(c, known.PassthroughScoring)]
    losses = ["train_loss", *["valid_loss"] * validation]
    events = [getattr(c, "event_name", None) for c in callbacks]
    best = {f"{name}_best" for name in (*losses, *scores, *passed)}
    return {*RECORDED, *losses, *scores, *passed, *best, *filter(None, events)}


def _unrecorded(callback: Callback, recorded: set[str] | None, validation: bool) -> str | None:
    """Why what it watches is not there."""
    monitor = getattr(callback, "monitor", None)
    if not isinstance(monitor, str):
        return None
    train = monitor.replace("valid_", "train_")
    if monitor in {"valid_loss", "valid_loss_best"} and not validation:
        return (
            f"which watches monitor={monitor!r}, and there are no validation data: give "
            f"monitor={train!r} to it, or X_val and y_val to fit, or early_stopping=True"
        )
    if recorded is not None and monitor not in recorded:
        words = ", ".join(map(repr, sorted(recorded)))
        return (
            f"which watches monitor={monitor!r}, but what is recorded is {words}: give one of them"
        )
    return None
