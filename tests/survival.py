"""A loss of whole batches with targets of its own, as a user may write one: times of events."""

from __future__ import annotations

import numpy as np

from sgnn.estimators.task import Numbers
from sgnn.losses import BatchLoss

GROUPS = [0, 0, 1, 1, 2, 2]


class PartialLikelihood(BatchLoss):
    """-mean of w_i d_i (f_i - log sum over t_j >= t_i of w_j exp f_j), no two times equal."""

    targets = "pairs"

    def of_batch(self, out, y, weight):
        order = y[:, 0].argsort(descending=True)
        order = order[weight[order] > 0]
        f, d, w = out[order, 0], y[order, 1], weight[order]
        return -(w * d * (f - (f + w.log()).logcumsumexp(0))).sum() / len(y)


class Pairs(Numbers):
    """Pairs of a time and whether there was an event then; the output is the log risk."""

    of = "pairs"

    @classmethod
    def read(cls, model, y, before):
        targets = np.asarray(y, dtype=np.float64)
        if targets.ndim != 2 or targets.shape[1] != 2:
            raise ValueError("y must hold pairs (time, event): give an array of two columns.")
        return cls(PartialLikelihood(), 1, 1).with_loss(model.loss, targets), targets


def partial_likelihood(f: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """The loss of PartialLikelihood by loops."""
    total = 0.0
    for i in range(len(f)):
        if y[i, 1]:
            at_risk = [j for j in range(len(f)) if y[j, 0] >= y[i, 0]]
            total -= w[i] * (f[i] - np.log(np.sum(w[at_risk] * np.exp(f[at_risk]))))
    return total / len(f)


def times() -> tuple[np.ndarray, np.ndarray]:
    """Times that fall with the first two columns of six, some censored: no two are equal."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 6))
    time = rng.exponential(np.exp(-2 * X[:, 0] - 2 * X[:, 1]))
    censored = rng.exponential(3.0, size=240)
    return X, np.column_stack([np.minimum(time, censored), time <= censored])
