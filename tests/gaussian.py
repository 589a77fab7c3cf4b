"""A loss of two outputs for one number, as a user may write one, and a task that scales y."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sgnn.estimators.task import Numbers
from sgnn.losses import Loss


class Gaussian(Loss):
    """1/2 exp(-s) (y - m)^2 + s / 2, of a mean m and a log variance s."""

    targets = "uncertain"

    def gradient(self, out, y):
        m, s = out.unbind(-1)
        r, precision = m - y[..., 0], (-s).exp()
        slopes = torch.stack([precision * r, (1 - precision * r**2) / 2], -1)
        return (precision * r**2 + s) / 2, slopes


@dataclass(frozen=True)
class Uncertain(Numbers):
    """One number, of whose mean and variance there are outputs; the mean is predicted."""

    mean: float = 0.0
    deviation: float = 1.0
    of = "uncertain"

    @classmethod
    def read(cls, model, y, before):
        if y.ndim != 1:
            raise ValueError("y must hold one number for each row: give an array of one axis.")
        y = np.asarray(y, dtype=np.float64)
        mean, deviation = (y.mean(), y.std()) if before is None else (before.mean, before.deviation)
        targets = (y[:, None] - mean) / deviation
        task = cls(Gaussian(), n_outputs=2, ndim=1, mean=mean, deviation=deviation)
        return task.with_loss(model.loss, targets), targets

    def predict(self, outputs):
        return self.mean + self.deviation * outputs[:, 0]


def log_likelihood(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss of Gaussian by torch."""
    return nn.functional.gaussian_nll_loss(out[:, 0], y[:, 0], out[:, 1].exp(), reduction="none")


def uncertain() -> tuple[np.ndarray, np.ndarray]:
    """Numbers around 1000, the sum of the first two columns of six, in another unit."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 6))
    return X, 1000 + 100 * (X[:, 0] + X[:, 1] + rng.normal(size=240) / 2)
