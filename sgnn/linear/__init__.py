"""The group lasso of linear models: minimize mean loss + lam * sum_g c_g ||theta_g||."""

from .design import Design
from .losses import LeastSquares, LogLoss, MultinomialLoss, RowLoss
from .missing import Matrix, column_means, filled
from .path import Path, Solution
from .problem import LinearProblem
from .rescaling import Rescaling, standardize_blocks, standardize_targets

__all__ = [
    "Design",
    "LeastSquares",
    "LinearProblem",
    "LogLoss",
    "Matrix",
    "MultinomialLoss",
    "Path",
    "Rescaling",
    "RowLoss",
    "Solution",
    "column_means",
    "filled",
    "standardize_blocks",
    "standardize_targets",
]
