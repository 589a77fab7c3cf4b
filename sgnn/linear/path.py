"""Solutions along decreasing lam with warm starts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .problem import LinearProblem
from .rescaling import CONSTANT
from .screening import minimize
from .solver import Solver

__all__ = ["Path", "Solution"]

RATIO = 0.5  # between successive lams; at a smaller ratio the strong rule discards nothing
LOWEST = 1e-3  # of lambda_max; below it screening discards little: no intermediate lams
LOOSE = 1e-3  # tolerance at intermediate lams


class Solution(NamedTuple):
    """The minimum at one lam.

    `kkt_residual` is the largest distance of a block's subdifferential from 0, divided by the
    root mean square of the null model's residuals.  As the blocks have Frobenius norm 1, no
    gradient of the null model is larger than 1 on this scale, whatever the units of X and y.
    """

    lam: float
    V: np.ndarray
    objective: float
    kkt_residual: float
    n_iter: int


class Path:
    """Solver with warm starts: `V` is the minimum at `lam`, at first the null model.

    Parameters
    ----------
    problem : LinearProblem
        The objective.
    n_features : int
        Rows of V without the intercept's.
    tol : float
        Largest `kkt_residual` of a solution.
    max_iter : int
        Largest number of iterations on each set of blocks that the screening keeps.

    Attributes
    ----------
    lambda_max : float
        The smallest lam at which every penalized block is 0: max_g ||G_g|| / c_g at the null
        model, whose gradient is G; 0 if nothing is penalized.

    Examples
    --------
    The lasso of y = 2 x is 2 x shrunk by lam, as x has the variance 1:

    >>> import numpy as np
    >>> from sgnn.groups import Groups
    >>> from sgnn.linear import LeastSquares, LinearProblem, Path, standardize_blocks
    >>> x, weight, groups = np.array([[-1.0], [1.0]]), np.full(2, 0.5), Groups.of(None, 1)
    >>> design, rescaling = standardize_blocks(
    ...     x, weight, groups, fit_intercept=True, standardize=False
    ... )
    >>> factors = np.append(groups.penalties / rescaling.norms, 0.0)
    >>> problem = LinearProblem(design, LeastSquares(2 * x), weight, factors)
    >>> path = Path(problem, 1, tol=1e-9, max_iter=99)
    >>> coef, intercept = rescaling.to_coef(path.solve_at(0.5).V)
    >>> path.lambda_max, coef.round(6).tolist(), intercept.round(6).tolist()
    (2.0, [[1.5]], [0.0])
    """

    def __init__(
        self, problem: LinearProblem, n_features: int, *, tol: float, max_iter: int
    ) -> None:
        self.problem, self.tol, self.solver = problem, tol, Solver(max_iter)
        constant = problem.loss.constant(problem.weight)
        V = np.zeros((problem.design.sizes.sum(), len(constant)))
        V[n_features:] = constant
        self.residual_scale = self._root_mean_square(V)
        self.V = self._null_model(V)
        penalized = problem.factors > 0
        size = problem.design.norms(problem.gradient(self.V))[penalized]
        self.lambda_max = float((size / problem.factors[penalized]).max(initial=0.0))
        self.lam = self.lambda_max

    def warm_start_from(self, V: np.ndarray, lam: float) -> None:
        """Use V in the place of the minimum at lam."""
        self.V, self.lam = V, lam

    def solve_directly_at(self, lam: float, tol: float | None = None) -> Solution:
        """The minimum at lam, from the current V without intermediate lams."""
        before = self.solver.n_iter
        self.V, violation = minimize(
            self.problem,
            lam,
            self.V,
            self.lam,
            (tol or self.tol) * self.residual_scale,
            self.solver,
        )
        self.lam = lam
        return Solution(
            lam,
            self.V,
            self.problem.objective(self.V, lam),
            violation / self.residual_scale,
            self.solver.n_iter - before,
        )

    def solve_at(self, lam: float) -> Solution:
        """The minimum at lam, by intermediate lams so close that screening discards blocks."""
        before = self.solver.n_iter
        lowest = max(lam, LOWEST * self.lambda_max)
        while self.lam * RATIO > lowest:
            self.solve_directly_at(self.lam * RATIO, LOOSE)
        return self.solve_directly_at(lam)._replace(n_iter=self.solver.n_iter - before)

    def _null_model(self, V: np.ndarray) -> np.ndarray:
        """The minimum over the blocks without a penalty, from the best constant model."""
        free = self.problem.factors == 0
        if not free.any():
            return V
        return self.solver.minimize(self.problem, 0.0, V, self.tol * self.residual_scale, free)[0]

    def _root_mean_square(self, V: np.ndarray) -> float:
        """RMS of the loss derivatives in the outputs; 1 if these are rounding errors."""
        outputs = self.problem.outputs(V)
        square = np.square(self.problem.loss.gradient(outputs)).sum(1)
        root = float(np.sqrt(self.problem.weight @ square))
        return root if root > CONSTANT * np.abs(outputs).max() else 1.0
