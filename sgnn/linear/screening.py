"""Which groups may be left out of a problem, and the check that they were left out rightly."""

from __future__ import annotations

import numpy as np

from .problem import Problem
from .solver import Solver

__all__ = ["minimize", "strong_rule"]


def strong_rule(problem: Problem, V: np.ndarray, lam: float, previous: float) -> np.ndarray:
    """The blocks that are probably not zero at lam: ||G_g|| >= c_g (2 lam - previous).

    Tibshirani et al. 2012 ("Strong rules for discarding predictors in lasso-type problems",
    equation 23 with groups), from the minimum V at `previous`, where the gradient is G.  Blocks
    that are not zero there, or without a penalty, are kept.

    Returns
    -------
    kept : ndarray of shape (n_blocks,)
        True for the blocks to keep.
    """
    size = problem.design.norms(problem.gradient(V))
    return problem.support(V) | (size >= problem.factors * (2 * lam - max(lam, previous)))


def minimize(
    problem: Problem, lam: float, V: np.ndarray, previous: float, tol: float, solver: Solver
) -> tuple[np.ndarray, float]:
    """The minimum at lam from that at `previous`, and the largest violation of its conditions.

    Solved on the blocks that the strong rule keeps; those whose condition at 0 is then violated
    come back, and it is solved again.
    """
    violations = problem.violations(V, lam)
    if violations.max() <= tol:
        return V, float(violations.max())
    kept = strong_rule(problem, V, lam, previous)
    while True:
        rows = np.repeat(kept, problem.design.sizes)
        start, V = V[rows], np.zeros_like(V)
        V[rows] = solver.minimize(problem.restricted(kept), lam, start, tol)
        violations = problem.violations(V, lam)
        wrong = ~kept & (violations > tol)
        if not wrong.any():
            return V, float(violations.max())
        kept |= wrong
