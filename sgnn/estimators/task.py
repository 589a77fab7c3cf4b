"""What y is: its targets for the network, its loss, and the predictions that outputs stand for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils.multiclass import check_classification_targets

from .. import losses
from ..losses import BatchLoss, CrossEntropy, Loss, SquaredError
from ..modules import TargetScale
from .inputs import check_weights, class_weights, moments
from .trials import try_batch_loss, try_loss

__all__ = ["TASKS", "Classes", "Numbers", "Task"]

TRIED = 100  # rows, of which the first may tell a loss nothing


@dataclass(frozen=True)
class Task(ABC):
    """What y is.

    Attributes
    ----------
    loss : Loss
    n_outputs : int
        Of the network.
    labels : ndarray of shape (n_classes,)
    class_weight : object
        The user's.
    """

    loss: Loss
    n_outputs: int
    labels: np.ndarray = field(default_factory=lambda: np.empty(0), kw_only=True)
    class_weight: Any = field(default=None, kw_only=True)
    of: ClassVar[str]  # what `Loss.targets` calls such targets

    @classmethod
    @abstractmethod
    def read(cls, model: Any, y: np.ndarray, before: Self | None) -> tuple[Self, np.ndarray]:
        """The task and the targets of y, as those of the fit before if there was one."""

    @abstractmethod
    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """Predictions for outputs (n, n_outputs)."""

    def weights(self, targets: np.ndarray, sample_weight: Any) -> np.ndarray:
        """The user's weights of the rows, checked, times those of their classes: (n,)."""
        n = len(targets)
        weight = np.ones(n) if sample_weight is None else check_weights(sample_weight, n)
        if self.class_weight is None:
            return weight
        return class_weights(self.class_weight, self.labels, targets, weight)

    def scale_and_start(
        self, targets: np.ndarray, weight: np.ndarray, *, standardize: bool
    ) -> tuple[TargetScale, torch.Tensor]:
        """How y is scaled for the loss, by the weighted rows, and the best constant outputs."""
        y, w = torch.from_numpy(targets), torch.from_numpy(weight)
        return TargetScale(), self.loss.start(y, w, self.n_outputs)

    def tensor(
        self,
        targets: np.ndarray,
        weight: np.ndarray,
        scale: TargetScale,
        like: torch.Tensor,
        name: str = "y",
    ) -> torch.Tensor:
        """Targets as the loss sees them; `name` is what errors call them."""
        return torch.tensor(targets, dtype=torch.int64, device=like.device)

    def with_loss(self, given: Any, targets: np.ndarray) -> Self:
        """The same with the user's `loss=`, tried on a few rows."""
        if self.of != "classes" and targets.ndim != 2:
            raise ValueError(
                f"{type(self).__name__}.read must make targets of shape (n, k), got shape "
                f"{targets.shape}: give an array of two axes."
            )
        loss = losses.get(given, self.of)
        loss.check_targets(targets)
        # not as many rows as outputs, which would be taken for each other
        n_rows = min(len(targets), TRIED)
        n_rows += n_rows == self.n_outputs
        rows = np.linspace(0, len(targets) - 1, n_rows).round().astype(int)
        out = torch.zeros(len(rows), self.n_outputs, dtype=torch.float64)
        y = torch.tensor(targets[rows], dtype=None if targets.dtype.kind in "iu" else out.dtype)
        if isinstance(loss, BatchLoss):
            try_batch_loss(loss, out, y, given)
        else:
            try_loss(loss.double(), out, y, given)
        return replace(self, loss=loss)

    def check_warm(self, before: Task, given: Any) -> None:
        """Refuse a loss for which y and the outputs mean something else than in the fit before."""
        kinds = [(task.of, task.loss.link, task.loss.scaling) for task in (self, before)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"loss={given!r} has another link or scale of y, or another kind of y, than that "
                f"of the fit that warm_start=True goes on with: give the same loss, or set "
                f"warm_start=False."
            )


@dataclass(frozen=True)
class Classes(Task):
    """Two or more classes by the softmax of the outputs, one output a class."""

    of = "classes"

    @classmethod
    def read(cls, model: Any, y: np.ndarray, before: Self | None) -> tuple[Self, np.ndarray]:
        """The targets are class indices (n,)."""
        try:
            check_classification_targets(y)
        except ValueError as error:
            kind = str(error).split(". ")[0]
            raise ValueError(
                f"y holds no classes ({kind}): give labels, or use a regressor."
            ) from None
        labels, indices = np.unique(y, return_inverse=True)
        if before is not None:
            unknown = np.setdiff1d(labels, before.labels)
            if len(unknown):
                raise ValueError(
                    f"y has the class {unknown.tolist()[0]!r} that is not among the classes "
                    f"{before.labels.tolist()} of the fit: drop its rows, or fit anew."
                )
            labels, indices = before.labels, np.searchsorted(before.labels, y)
        if len(labels) < 2:
            raise ValueError(
                f"y has one class only ({labels.tolist()[0]!r}): give rows of two classes or more."
            )
        class_weight = getattr(model, "class_weight", None)
        task = cls(CrossEntropy(), len(labels), labels=labels, class_weight=class_weight)
        loss = getattr(model, "loss", None)
        return task if loss is None else task.with_loss(loss, indices), indices

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        return self.labels[outputs.argmax(1)]


@dataclass(frozen=True)
class Numbers(Task):
    """One or more numbers, one output each.

    Attributes
    ----------
    ndim : int
        Dimensions of y.
    """

    ndim: int
    of = "numbers"

    @classmethod
    def read(cls, model: Any, y: np.ndarray, before: Self | None) -> tuple[Any, np.ndarray]:
        """The targets are float64 (n, n_targets), or what a task for the loss makes of y."""
        loss = getattr(model, "loss", None)
        own = cls is Numbers and loss is not None
        if own and (kind := TASKS.get(losses.get(loss).targets)) is not None:
            return kind.read(model, y, before if isinstance(before, kind) else None)
        targets = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        if before is not None and targets.shape[1] != before.n_outputs:
            raise ValueError(
                f"y has {targets.shape[1]} targets and that of the fit {before.n_outputs}: give as "
                f"many, or fit anew with warm_start=False."
            )
        ndim = np.ndim(y) if before is None else before.ndim
        task = cls(SquaredError(), targets.shape[1], ndim)
        return task if loss is None else task.with_loss(loss, targets), targets

    def scale_and_start(
        self, targets: np.ndarray, weight: np.ndarray, *, standardize: bool
    ) -> tuple[TargetScale, torch.Tensor]:
        loss, mean, deviation = self.loss, None, None
        if standardize and loss.scaling is not None:
            mean, deviation = moments(targets, weight, np.arange(len(targets)))
            if loss.scaling == "mean":
                mean, deviation = np.zeros_like(mean), np.where(mean == 0, 1.0, mean)
        scale = TargetScale(mean, deviation, loss.link, loss.scaling)
        y, w = torch.from_numpy(scale.scaled(targets)), torch.from_numpy(weight)
        return scale, loss.start(y, w, self.n_outputs)

    def tensor(
        self,
        targets: np.ndarray,
        weight: np.ndarray,
        scale: TargetScale,
        like: torch.Tensor,
        name: str = "y",
    ) -> torch.Tensor:
        # rows of weight 0 take the target of another one: 0 times infinity is not 0
        rows = np.where(weight > 0, np.arange(len(targets)), weight.argmax())
        scaled = scale.scaled(targets[rows])
        y = torch.tensor(scaled, dtype=like.dtype, device=like.device)
        lost = scale.link == "log" and bool(((y == 0).cpu().numpy() & (scaled > 0)).any())
        if lost or not y.isfinite().all():
            raise ValueError(
                f"{name} contains values beyond the range of {like.dtype}: divide or multiply "
                f"{name} by a power of ten, or give dtype='float64'."
            )
        return y

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        return outputs[:, 0] if self.ndim == 1 else outputs


# what y is for losses whose targets are neither classes nor numbers, by `Loss.targets`
TASKS: dict[str, type[Numbers]] = {}
