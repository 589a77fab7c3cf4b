"""Newton-CG on the blocks of the support."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .problem import LinearProblem

__all__ = ["newton"]

FORCING = 0.1  # largest residual of the linear system over its right-hand side
FLAT = 1e-14  # curvature relative to the diagonal's that counts as 0
MAX_STEPS = 20
LENGTHS = (1.0, 0.25, 0.0625)  # step lengths of the line search
ARMIJO = 0.1  # required share of the decrease that the slope predicts
CG_ITER = 100  # largest number of conjugate gradient iterations of a step

Map = Callable[[np.ndarray], np.ndarray]


def newton(
    problem: LinearProblem, lam: float, V: np.ndarray, tol: float
) -> tuple[np.ndarray, int, int]:
    """Newton steps on F(V) = f(V) + lam * sum_g c_g ||V_g||, which is smooth where no V_g is 0.

    A full step is taken if it halves the largest ||F'_g||; else the line search is Armijo's.  V
    is returned unchanged if no step length passes.

    Parameters
    ----------
    problem : LinearProblem
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
        The last iterate.
    n_iter, n_steps : int
        Products with the Hessian; steps that were taken.
    """
    n_iter = n_steps = 0
    gradient = problem.smooth_gradient(V, lam)
    while problem.design.norms(gradient).max(initial=0.0) > tol and n_steps < MAX_STEPS:
        step, n_cg = _conjugate_gradients(*_hessian_operator(problem, lam, V), -gradient)
        n_iter += n_cg
        length = _step_length(problem, lam, V, gradient, step)
        if length == 0.0:
            break
        V, n_steps = V + length * step, n_steps + 1
        gradient = problem.smooth_gradient(V, lam)
    return V, n_iter, n_steps


def _step_length(
    problem: LinearProblem, lam: float, V: np.ndarray, gradient: np.ndarray, step: np.ndarray
) -> float:
    """The step length of the line search; 0 if none is accepted."""
    size = problem.design.norms(gradient).max()
    after = problem.design.norms(problem.smooth_gradient(V + step, lam)).max()
    if after < size / 2:  # near the minimum the decrease of F is below its rounding errors
        return 1.0
    value, slope = problem.objective(V, lam), np.vdot(gradient, step)
    for length in LENGTHS:
        if problem.objective(V + length * step, lam) < value + ARMIJO * length * slope:
            return length
    return 0.0


def _hessian_operator(problem: LinearProblem, lam: float, V: np.ndarray) -> tuple[Map, np.ndarray]:
    """The product with F''(V), and an approximation (p, 1) of its diagonal.

    F''_gg = A_g^T f'' A_g + lam c_g / ||V_g|| (I - u u^T) with u = V_g / ||V_g||.
    """
    design, loss_hessian = problem.design, problem.loss.hessian_product(problem.outputs(V))
    norms = problem.safe_norms(V)
    unit, curvature = V / design.spread(norms), design.spread(lam * problem.factors / norms)

    def product(D: np.ndarray) -> np.ndarray:
        tangential = D - design.spread(design.inner(unit, D)) * unit
        loss_part = design.rmatvec(problem.weight[:, None] * loss_hessian(design.matvec(D)))
        return loss_part + curvature * tangential

    # the diagonal of A_g^T A_g is 1 / p_g on average, as A_g has the Frobenius norm 1
    return product, curvature + design.spread(1.0 / design.sizes)


def _conjugate_gradients(
    product: Map, diagonal: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, int]:
    """x with ||product(x) - target|| <= FORCING ||target||, preconditioned by the diagonal, and
    the number of iterations.
    """
    x, residual = np.zeros_like(target), target
    direction, rho = np.zeros_like(target), np.inf
    target_residual = FORCING * np.linalg.norm(target)
    n_iter = 0
    while np.linalg.norm(residual) > target_residual and n_iter < CG_ITER:
        n_iter += 1
        scaled = residual / diagonal
        rho, rho_old = np.vdot(residual, scaled), rho
        direction = scaled + (rho / rho_old) * direction
        product_direction = product(direction)
        curvature = np.vdot(direction, product_direction)
        if curvature <= FLAT * np.vdot(direction, diagonal * direction):
            break
        length = rho / curvature
        x, residual = x + length * direction, residual - length * product_direction
    return x, n_iter
