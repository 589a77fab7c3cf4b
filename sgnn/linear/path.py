"""Solutions along lam, each the start of the next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .design import CONSTANT
from .problem import Problem
from .screening import minimize
from .solver import Solver

__all__ = ["Path", "Solution"]

RATIO = 0.5  # of one station's lam to the last one's: below it the strong rule keeps everything
LOWEST = 1e-3  # of lambda_max: further down next to nothing is left out, and stations are vain
LOOSE = 1e-3  # tolerance at the stations


class Solution(NamedTuple):
    """The minimum at one lam.

    `kkt_residual` is the largest distance of a block's subdifferential from 0, in units of the
    root mean square of the null model's residuals.  As the blocks have Frobenius norm 1, no
    gradient of the null model is larger than 1 in these units, whatever those of X and y are.
    """

    lam: float
    V: np.ndarray
    objective: float
    kkt_residual: float
    n_iter: int


class Path:
    """Where a walk along lam stands: at the minimum V of `lam`, first the null model.

    Parameters
    ----------
    problem : Problem
        What is minimized.
    n_features : int
        Rows of V before the intercept's.
    tol : float
        The `kkt_residual` to reach.
    max_iter : int
        Iterations at most on each set of blocks that the screening leaves.

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
    >>> from sgnn.linear import Path, Problem, SquaredError, equilibrate
    >>> x, weight, groups = np.array([[-1.0], [1.0]]), np.full(2, 0.5), Groups.of(None, 1)
    >>> design, units = equilibrate(x, weight, groups, fit_intercept=True, standardize=False)
    >>> factors = np.append(groups.penalties / units.norms, 0.0)
    >>> path = Path(Problem(design, SquaredError(2 * x), weight, factors), 1, tol=1e-9, max_iter=99)
    >>> coef, intercept = units.coefficients(path.descend_to(0.5).V)
    >>> path.lambda_max, coef.round(6).tolist(), intercept.round(6).tolist()
    (2.0, [[1.5]], [0.0])
    """

    def __init__(self, problem: Problem, n_features: int, *, tol: float, max_iter: int) -> None:
        self.problem, self.tol, self.solver = problem, tol, Solver(max_iter)
        constant = problem.loss.constant(problem.weight)
        V = np.zeros((len(problem.design.shift), len(constant)))
        V[n_features:] = constant
        self.unit = self._root_mean_square(V)
        self.V = self._null_model(V)
        penalized = problem.factors > 0
        size = problem.design.norms(problem.gradient(self.V))[penalized]
        self.lambda_max = float((size / problem.factors[penalized]).max(initial=0.0))
        self.lam = self.lambda_max

    def start_at(self, V: np.ndarray, lam: float) -> None:
        """Go on from here: V takes the place of the minimum at lam."""
        self.V, self.lam = V, lam

    def step_to(self, lam: float, tol: float | None = None) -> Solution:
        """The minimum at lam, from where the walk stands; it stands there then."""
        before = self.solver.n_iter
        self.V, worst = minimize(
            self.problem, lam, self.V, self.lam, (tol or self.tol) * self.unit, self.solver
        )
        self.lam = lam
        return Solution(
            lam,
            self.V,
            self.problem.objective(self.V, lam),
            worst / self.unit,
            self.solver.n_iter - before,
        )

    def descend_to(self, lam: float) -> Solution:
        """The minimum at lam by way of stations, so that each step is short enough to screen."""
        before = self.solver.n_iter
        lowest = max(lam, LOWEST * self.lambda_max)
        while self.lam * RATIO > lowest:
            self.step_to(self.lam * RATIO, LOOSE)
        return self.step_to(lam)._replace(n_iter=self.solver.n_iter - before)

    def _null_model(self, V: np.ndarray) -> np.ndarray:
        """The minimum over the blocks without a penalty, from that of the intercept alone."""
        free = self.problem.factors == 0
        rows = np.repeat(free, self.problem.design.sizes)
        if free.any():
            V[rows] = self.solver.minimize(
                self.problem.restricted(free), 0.0, V[rows], self.tol * self.unit
            )
        return V

    def _root_mean_square(self, V: np.ndarray) -> float:
        """Of the derivatives of the loss in the outputs; 1 where they are rounding errors."""
        outputs = self.problem.outputs(V)
        square = np.square(self.problem.loss.gradient(outputs)).sum(1)
        root = float(np.sqrt(self.problem.weight @ square))
        return root if root > CONSTANT * np.abs(outputs).max() else 1.0
