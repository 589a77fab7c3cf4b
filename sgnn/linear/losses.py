"""The convex losses of a linear model: value, gradient and Hessian in the outputs of each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.special import expit

__all__ = ["LeastSquares", "LogLoss", "MultinomialLoss", "RowLoss"]

SMALLEST_SHARE = 1e-10  # of a class without rows, so that its intercept is finite


class RowLoss(Protocol):
    """A loss with fixed targets; the outputs z have the shape (n, n_outputs)."""

    def value(self, z: np.ndarray) -> np.ndarray:
        """The loss of each row, (n,)."""

    def gradient(self, z: np.ndarray) -> np.ndarray:
        """Its derivative in the outputs, (n, n_outputs)."""

    def hessian_product(self, z: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """The map d -> H_i d_i with the Hessian H_i of each row, (n, n_outputs)."""

    def constant(self, weight: np.ndarray) -> np.ndarray:
        """The outputs of the best constant model, (n_outputs,), for weights that sum to 1."""


class LeastSquares:
    """1/2 sum_j (z_j - y_j)^2 for targets y of shape (n, n_outputs)."""

    def __init__(self, y: np.ndarray) -> None:
        self.y = y

    def value(self, z: np.ndarray) -> np.ndarray:
        return 0.5 * np.square(z - self.y).sum(1)

    def gradient(self, z: np.ndarray) -> np.ndarray:
        return z - self.y

    def hessian_product(self, z: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        return lambda d: d

    def constant(self, weight: np.ndarray) -> np.ndarray:
        return weight @ self.y


class LogLoss:
    """log(1 + exp(z)) - y z for labels y in {0, 1} of shape (n,) and the logit z."""

    def __init__(self, y: np.ndarray) -> None:
        self.y = y.astype(np.float64)[:, None]

    def value(self, z: np.ndarray) -> np.ndarray:
        return (np.logaddexp(0.0, z) - self.y * z)[:, 0]

    def gradient(self, z: np.ndarray) -> np.ndarray:
        return expit(z) - self.y

    def hessian_product(self, z: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        variance = expit(z) * expit(-z)
        return lambda d: variance * d

    def constant(self, weight: np.ndarray) -> np.ndarray:
        share = np.clip(weight @ self.y, SMALLEST_SHARE, 1.0 - SMALLEST_SHARE)
        return np.log(share / (1.0 - share))


class MultinomialLoss:
    """log sum_k exp(z_k) - z_y for labels y in {0, ..., n_classes - 1} of shape (n,)."""

    def __init__(self, y: np.ndarray, n_classes: int) -> None:
        self.one_hot = np.eye(n_classes)[y]

    def value(self, z: np.ndarray) -> np.ndarray:
        shifted = _shifted(z)
        return np.log(np.exp(shifted).sum(0)) - (self.one_hot.T * shifted).sum(0)

    def gradient(self, z: np.ndarray) -> np.ndarray:
        return _softmax(z).T - self.one_hot

    def hessian_product(self, z: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        p = _softmax(z)

        def product(d: np.ndarray) -> np.ndarray:
            share = p * d.T
            return (share - p * share.sum(0)).T

        return product

    def constant(self, weight: np.ndarray) -> np.ndarray:
        log_share = np.log(np.maximum(weight @ self.one_hot, SMALLEST_SHARE))
        return log_share - log_share.mean()


def _shifted(z: np.ndarray) -> np.ndarray:
    """z - max_k z_k, (n_classes, n): sums over a short contiguous axis are slow."""
    z = np.ascontiguousarray(z.T)
    return z - z.max(0)


def _softmax(z: np.ndarray) -> np.ndarray:
    """The probabilities, (n_classes, n)."""
    p = np.exp(_shifted(z))
    return p / p.sum(0)
