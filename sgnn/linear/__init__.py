"""The group lasso of linear models: minimize mean loss + lam * sum_g c_g ||theta_g||."""

from .design import Design, Units, equilibrate, scaled_targets
from .losses import CrossEntropy, LogLoss, Loss, SquaredError
from .path import Path, Solution
from .problem import Problem

__all__ = [
    "CrossEntropy",
    "Design",
    "LogLoss",
    "Loss",
    "Path",
    "Problem",
    "Solution",
    "SquaredError",
    "Units",
    "equilibrate",
    "scaled_targets",
]
