"""Strong rule screening, and the check of the optimality conditions of discarded groups."""

from __future__ import annotations

import numpy as np

from .problem import LinearProblem
from .solver import Solver

__all__ = ["minimize", "strong_rule"]


def strong_rule(problem: LinearProblem, V: np.ndarray, lam: float, previous: float) -> np.ndarray:
    """The blocks that may be nonzero at lam: ||G_g|| >= c_g (2 lam - previous).

    Tibshirani et al. 2012 ("Strong rules for discarding predictors in lasso-type problems",
    equation 23 with groups), from the minimum V at `previous`, where the gradient is G.  Blocks
    that are nonzero there, or not penalized, are kept.

    Returns
    -------
    kept : ndarray of shape (n_blocks,)
        True for the blocks to keep.
    """
    size = problem.design.norms(problem.gradient(V))
    return problem.support(V) | (size >= problem.factors * (2 * lam - max(lam, previous)))


def minimize(
    problem: LinearProblem, lam: float, V: np.ndarray, previous: float, tol: float, solver: Solver
) -> tuple[np.ndarray, float]:
    """The minimum at lam from that at `previous`, and the largest KKT violation.

    It is solved on the blocks that the strong rule keeps, and again with those discarded blocks
    whose optimality condition at 0 is violated.
    """
    violations = problem.violations(V, lam)
    if violations.max() <= tol:
        return V, float(violations.max())
    kept = strong_rule(problem, V, lam, previous)
    while True:
        V, violations = solver.minimize(problem, lam, V, tol, kept)
        wrong = ~kept & (violations > tol)
        if not wrong.any():
            return V, float(violations.max())
        kept |= wrong
