"""Small problems with groups of uneven size, and naive implementations of their objective."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax

from sgnn.groups import Groups
from sgnn.linear import LeastSquares, LinearProblem, LogLoss, MultinomialLoss, standardize_blocks

__all__ = [
    "KINDS",
    "LABELS",
    "X",
    "loss_of",
    "naive_gradient",
    "naive_objective",
    "problem_of",
    "targets",
]

RNG = np.random.default_rng(0)
LABELS = np.array([0, 1, 1, 2, 2, 2, 0, 3, 4, 4, 4, 4])  # not side by side
X = RNG.normal(size=(60, 12)) * RNG.uniform(0.5, 3, size=12) + RNG.normal(size=12)
Z = X[:, [1, 2, 8]] @ RNG.normal(size=(3, 3))
NOISY = Z - Z.mean(0) + RNG.normal(size=Z.shape)
WEIGHT = RNG.dirichlet(np.full(60, 5.0))
KINDS = ("squared", "two targets", "logistic", "softmax")


def targets(kind):
    """y as the loss of that kind takes it."""
    return {
        "squared": NOISY[:, :1],
        "two targets": NOISY[:, :2],
        "logistic": (NOISY[:, 0] > 0).astype(int),
        "softmax": NOISY.argmax(1),
    }[kind]


def loss_of(kind, y):
    if kind == "logistic":
        return LogLoss(y)
    return MultinomialLoss(y, 3) if kind == "softmax" else LeastSquares(y)


def problem_of(kind, fit_intercept=True, standardize=False, **groups):
    """The problem of that kind, and the rescaling of the columns of X."""
    of = Groups.of(LABELS, 12, **groups)
    design, rescaling = standardize_blocks(
        X, WEIGHT, of, fit_intercept=fit_intercept, standardize=standardize
    )
    factors = np.append(of.penalties / rescaling.norms, [0.0] * fit_intercept)
    return LinearProblem(design, loss_of(kind, targets(kind)), WEIGHT, factors), rescaling


def naive_objective(kind, coef, intercept, lam):
    """Mean loss + lam * sum_g sqrt(p_g) ||coef_g||_F, from the definition."""
    outputs, y = X @ coef.T + intercept, targets(kind)
    if kind == "logistic":
        losses = np.log(1 + np.exp(outputs[:, 0])) - y * outputs[:, 0]
    elif kind == "softmax":
        losses = logsumexp(outputs, axis=1) - outputs[np.arange(60), y]
    else:
        losses = ((y - outputs) ** 2).sum(1) / 2
    penalty = sum(
        np.sqrt((g == LABELS).sum()) * np.linalg.norm(coef[:, g == LABELS]) for g in range(5)
    )
    return WEIGHT @ losses + lam * penalty


def naive_gradient(kind, coef, intercept):
    """Gradient of the mean loss in coef, (n_outputs, 12), and in the intercept."""
    outputs, y = X @ coef.T + intercept, targets(kind)
    if kind == "logistic":
        slope = 1 / (1 + np.exp(-outputs)) - y[:, None]
    elif kind == "softmax":
        slope = softmax(outputs, axis=1) - (y[:, None] == np.arange(3))
    else:
        slope = outputs - y
    slope = WEIGHT[:, None] * slope
    return slope.T @ X, slope.sum(0)
