"""Solver of one problem: proximal steps identify the support, Newton steps refine on it."""

from __future__ import annotations

import numpy as np

from .newton import newton
from .problem import LinearProblem

__all__ = ["Solver"]

GROWTH = 1.1  # factor of the step size per iteration, before backtracking
PATIENCE = 20  # iterations without a change of the support before Newton steps


class Solver:
    """Solver of a sequence of problems, which starts each with the step size of the last one.

    FISTA (Beck and Teboulle 2009, "A fast iterative shrinkage-thresholding algorithm for linear
    inverse problems", section 4) with the restart by gradient of O'Donoghue and Candes 2015
    ("Adaptive restart for accelerated gradient schemes", section 3.2), and Newton steps on the
    support once it no longer changes.

    Parameters
    ----------
    max_iter : int
        Largest number of iterations of `minimize`: proximal steps and products with a Hessian.
    """

    def __init__(self, max_iter: int) -> None:
        self.max_iter = max_iter
        self.step = 1.0
        self.n_iter = 0

    def minimize(
        self, problem: LinearProblem, lam: float, V: np.ndarray, tol: float, kept: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The minimum over the kept blocks, from V, which is 0 in the others.

        There is one copy of columns at a time: of the kept blocks, and then of the support.

        Returns
        -------
        V : ndarray of shape (p, n_outputs)
            All violations of kept blocks are at most tol, unless max_iter is reached.
        violations : ndarray of shape (n_blocks,)
            Those of all blocks.
        """
        last = self.n_iter + self.max_iter
        patience = PATIENCE
        while True:
            V = self._proximal_steps(problem, lam, V, tol, kept, patience, last)
            succeeded = False
            if self.n_iter < last:
                V, succeeded = self._newton_steps(problem, lam, V, tol)
            violations = problem.violations(V, lam)
            if self.n_iter >= last or violations[kept].max(initial=0.0) <= tol:
                return V, violations
            patience = PATIENCE if succeeded else 2 * patience

    def _proximal_steps(
        self,
        problem: LinearProblem,
        lam: float,
        V: np.ndarray,
        tol: float,
        kept: np.ndarray,
        patience: int,
        last: int,
    ) -> np.ndarray:
        """V after proximal steps on the kept blocks."""
        rows = np.repeat(kept, problem.design.sizes)
        start, V = V[rows], np.zeros_like(V)
        V[rows] = self._fista(problem.restricted(kept), lam, start, tol, patience, last)
        return V

    def _newton_steps(
        self, problem: LinearProblem, lam: float, V: np.ndarray, tol: float
    ) -> tuple[np.ndarray, bool]:
        """V after Newton steps on its support, and whether any was accepted."""
        support = problem.support(V)
        rows = np.repeat(support, problem.design.sizes)
        start, V = V[rows], np.zeros_like(V)
        V[rows], n_iter, n_steps = newton(problem.restricted(support), lam, start, tol)
        self.n_iter += n_iter
        return V, n_steps > 0

    def _fista(
        self,
        problem: LinearProblem,
        lam: float,
        V: np.ndarray,
        tol: float,
        patience: int,
        last: int,
    ) -> np.ndarray:
        """Accelerated proximal steps until the support, or V, no longer changes."""
        Z = problem.outputs(V)
        Y, Z_Y, t = V, Z, 1.0  # Y: V with its momentum, where the gradient is taken
        support, steady = problem.support(V), 0
        while self.n_iter < last and steady < patience:
            self.n_iter += 1
            V_old, Z_old, support_old = V, Z, support
            V, Z = self._proximal_step(problem, lam, Y, Z_Y)
            if problem.design.norms(V - Y).max() <= tol * self.step / 2:
                break
            support = problem.support(V)
            steady = steady + 1 if np.array_equal(support, support_old) else 0
            if np.vdot(Y - V, V - V_old) > 0:
                t = 1.0
            t, t_old = (1 + np.sqrt(1 + 4 * t * t)) / 2, t
            momentum = (t_old - 1) / t
            Y, Z_Y = V + momentum * (V - V_old), Z + momentum * (Z - Z_old)
        return V

    def _proximal_step(
        self, problem: LinearProblem, lam: float, Y: np.ndarray, Z_Y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """prox(Y - step * gradient), and the outputs there."""
        slope = problem.output_gradient(Z_Y)
        gradient = problem.design.rmatvec(slope)
        # blocks of Frobenius norm 1 and losses with f'' <= 1: the Lipschitz constant of the
        # gradient is at most the number of blocks
        safe = 1.0 / len(problem.factors)
        self.step = max(GROWTH * self.step, safe)
        while True:
            V = problem.prox(Y - self.step * gradient, self.step * lam)
            Z = problem.outputs(V)
            D, D_Z = V - Y, Z - Z_Y
            # <f'(V) - f'(Y), V - Y>, computed in the outputs, without cancellation
            curvature = np.vdot(problem.output_gradient(Z) - slope, D_Z)
            if self.step <= safe or self.step * curvature <= np.vdot(D, D):
                return V, Z
            self.step = max(self.step / 2, safe)
