"""The group lasso of linear models: minimize mean loss + lam * sum_g c_g ||theta_g||."""

from .design import Design, Rescaling, standardize_blocks, standardize_targets
from .losses import LeastSquares, LogLoss, MultinomialLoss, RowLoss
from .path import Path, Solution
from .problem import LinearProblem

__all__ = [
    "Design",
    "LeastSquares",
    "LinearProblem",
    "LogLoss",
    "MultinomialLoss",
    "Path",
    "Rescaling",
    "RowLoss",
    "Solution",
    "standardize_blocks",
    "standardize_targets",
]
