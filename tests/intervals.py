"""A loss of rows with targets of its own, as a user may write one: bounds of a number."""

from __future__ import annotations

import numpy as np
import torch

from sgnn.estimators.task import Numbers
from sgnn.losses import Loss

WIDE = 1e3
BOUNDS = torch.tensor([[2.3, 4.0], [-WIDE, WIDE], [-5.0, -3.5]], dtype=torch.float64)


class Outside(Loss):
    """Half the squared distance of f to the interval from low to high."""

    targets = "intervals"

    def gradient(self, out, y):
        above = (out - y[..., 1:]).relu() - (y[..., :1] - out).relu()
        return above.square().sum(-1) / 2, above


class Intervals(Numbers):
    """Bounds (low, high) of a number, which is predicted."""

    of = "intervals"

    @classmethod
    def read(cls, model, y, before):
        if y.ndim != 2 or y.shape[1] != 2 or not (y[:, 0] < y[:, 1]).all():
            raise ValueError("y must hold bounds (low, high): give an array of two columns.")
        targets = np.asarray(y, dtype=np.float64)
        return cls(Outside(), 1, 1).with_loss(model.loss, targets), targets


def outside(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss of Outside by the nearest point of the interval."""
    return (out[:, 0] - out[:, 0].clamp(y[:, 0], y[:, 1])).square() / 2


def bounds() -> tuple[np.ndarray, np.ndarray]:
    """Bounds of the sum of the first two columns of six; the first rows say nothing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 6))
    number = X[:, 0] + X[:, 1]
    low, high = number - rng.uniform(size=240), number + rng.uniform(size=240)
    low[:40], high[:20] = -WIDE, WIDE
    return X, np.column_stack([low, high])
