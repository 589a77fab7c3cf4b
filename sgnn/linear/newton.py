"""Newton steps by conjugate gradients, once it is known which blocks are not zero."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .problem import Problem

__all__ = ["newton"]

FORCING = 0.1  # residual of the linear system over its right-hand side, at most
FLAT = 1e-14  # curvature over the diagonal's, below which there is none
MAX_STEPS = 20
LENGTHS = (1.0, 0.25, 0.0625)  # of a step that may be too long
ARMIJO = 0.1  # of the promised decrease, at least
CG_ITER = 100  # conjugate gradient iterations of a step, at most

Map = Callable[[np.ndarray], np.ndarray]


def newton(problem: Problem, lam: float, V: np.ndarray, tol: float) -> tuple[np.ndarray, int, int]:
    """Newton steps on F(V) = f(V) + lam * sum_g c_g ||V_g||, which is smooth where no V_g is 0.

    A step is taken whole where that halves the largest ||F'_g||, else as far as it lowers F by a
    part of what its slope promises; where nothing helps, V comes back as it is.

    Parameters
    ----------
    problem : Problem
        Its penalized blocks are not zero in V.
    lam : float
        Strength of the penalty.
    V : ndarray of shape (p, n_outputs)
        The start.
    tol : float
        Stop when no ||F'_g|| is larger.

    Returns
    -------
    V : ndarray of shape (p, n_outputs)
        Where the last step led.
    n_iter, n_steps : int
        Products with the Hessian; steps that were taken.
    """
    n_iter = n_steps = 0
    gradient = problem.smooth_gradient(V, lam)
    while problem.design.norms(gradient).max(initial=0.0) > tol and n_steps < MAX_STEPS:
        step, used = _conjugate_gradients(*_hessian(problem, lam, V), -gradient)
        n_iter += used
        length = _length(problem, lam, V, gradient, step)
        if length == 0.0:
            break
        V, n_steps = V + length * step, n_steps + 1
        gradient = problem.smooth_gradient(V, lam)
    return V, n_iter, n_steps


def _length(
    problem: Problem, lam: float, V: np.ndarray, gradient: np.ndarray, step: np.ndarray
) -> float:
    """How far to go along the step; 0 is not at all."""
    size = problem.design.norms(gradient).max()
    after = problem.design.norms(problem.smooth_gradient(V + step, lam)).max()
    if after < size / 2:  # near the minimum, where rounding hides what F has left to lose
        return 1.0
    value, slope = problem.objective(V, lam), np.vdot(gradient, step)
    for length in LENGTHS:
        if problem.objective(V + length * step, lam) < value + ARMIJO * length * slope:
            return length
    return 0.0


def _hessian(problem: Problem, lam: float, V: np.ndarray) -> tuple[Map, np.ndarray]:
    """The product with F''(V), and numbers (p, 1) near its diagonal.

    F''_gg = A_g^T f'' A_g + lam c_g / ||V_g|| (I - u u^T) with u = V_g / ||V_g||.
    """
    design, rows = problem.design, problem.loss.hessian(problem.outputs(V))
    norms = problem.nonzero_norms(V)
    unit, bend = V / design.spread(norms), design.spread(lam * problem.factors / norms)

    def product(D: np.ndarray) -> np.ndarray:
        across = D - design.spread(design.inner(unit, D)) * unit
        return design.pull(problem.weight[:, None] * rows(design.outputs(D))) + bend * across

    # the diagonal of A_g^T A_g is 1 / p_g on average, as A_g has the Frobenius norm 1
    return product, bend + design.spread(1.0 / design.sizes)


def _conjugate_gradients(
    product: Map, diagonal: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, int]:
    """x with ||product(x) - target|| <= FORCING ||target||, preconditioned by the diagonal."""
    x, residual = np.zeros_like(target), target
    direction, rho = np.zeros_like(target), np.inf
    goal = FORCING * np.linalg.norm(target)
    n_iter = 0
    while np.linalg.norm(residual) > goal and n_iter < CG_ITER:
        n_iter += 1
        scaled = residual / diagonal
        rho, rho_old = np.vdot(residual, scaled), rho
        direction = scaled + (rho / rho_old) * direction
        image = product(direction)
        curvature = np.vdot(direction, image)
        if curvature <= FLAT * np.vdot(direction, diagonal * direction):
            break
        length = rho / curvature
        x, residual = x + length * direction, residual - length * image
    return x, n_iter
