"""The objective of the linear baselines and its optimality conditions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .design import Design
from .losses import RowLoss

__all__ = ["LinearProblem"]


@dataclass(frozen=True, eq=False)
class LinearProblem:
    """minimize over V: f(V) + lam * sum_g c_g ||V_g||_F,  f(V) = sum_i weight_i loss_i((A V)_i).

    Attributes
    ----------
    design : Design
        A, in n_blocks blocks.
    loss : RowLoss
        The loss of the n rows.
    weight : ndarray of shape (n,)
        Positive, of sum 1.
    factors : ndarray of shape (n_blocks,)
        c_g >= 0; the intercept's is 0.
    """

    design: Design
    loss: RowLoss
    weight: np.ndarray
    factors: np.ndarray

    def outputs(self, V: np.ndarray) -> np.ndarray:
        """A V, (n, n_outputs)."""
        return self.design.matvec(V)

    def output_gradient(self, Z: np.ndarray) -> np.ndarray:
        """Derivative of the weighted loss in the outputs, (n, n_outputs)."""
        return self.weight[:, None] * self.loss.gradient(Z)

    def gradient(self, V: np.ndarray) -> np.ndarray:
        """Gradient of f, (p, n_outputs)."""
        return self.design.rmatvec(self.output_gradient(self.outputs(V)))

    def objective(self, V: np.ndarray, lam: float) -> float:
        """f(V) + lam * sum_g c_g ||V_g||."""
        fit = self.weight @ self.loss.value(self.outputs(V))
        return float(fit + lam * (self.factors @ self.design.norms(V)))

    def prox(self, V: np.ndarray, threshold: float) -> np.ndarray:
        """argmin_x threshold * sum_g c_g ||x_g|| + 1/2 ||x - V||^2: exact zeros."""
        shrink = 1.0 - threshold * self.factors / self.safe_norms(V)
        return V * self.design.spread(np.maximum(shrink, 0.0))

    def safe_norms(self, V: np.ndarray) -> np.ndarray:
        """||V_g||, or 1 where it is 0, to divide V_g by: (n_blocks,)."""
        norms = self.design.norms(V)
        return np.where(norms > 0, norms, 1.0)

    def support(self, V: np.ndarray) -> np.ndarray:
        """Whether V_g is nonzero or not penalized, (n_blocks,)."""
        return (self.design.norms(V) > 0) | (self.factors == 0)

    def smooth_gradient(self, V: np.ndarray, lam: float) -> np.ndarray:
        """Gradient of the objective where V_g is not 0, and of f where it is: (p, n_outputs)."""
        inward = lam * self.factors / self.safe_norms(V)
        return self.gradient(V) + self.design.spread(inward) * V

    def violations(self, V: np.ndarray, lam: float) -> np.ndarray:
        """Distance from 0 of each block's subdifferential, (n_blocks,).

        ||G_g + lam c_g V_g / ||V_g|| || where V_g is not 0, max(||G_g|| - lam c_g, 0) where it
        is, G being the gradient of f: all zero at the minimum, and only there.
        """
        size = self.design.norms(self.smooth_gradient(V, lam))
        slack = np.where(self.support(V), 0.0, lam * self.factors)
        return np.maximum(size - slack, 0.0)

    def restricted(self, mask: np.ndarray) -> LinearProblem:
        """The problem in the masked blocks, with the others fixed at 0."""
        return replace(self, design=self.design.restricted(mask), factors=self.factors[mask])
