"""Choosing lam, and how far to trust a selection."""

from .from_model import GroupSelectFromModel
from .path import PathResult, lambda_path
from .search import LambdaSearchCV
from .stability import StabilitySelector

__all__ = [
    "GroupSelectFromModel",
    "LambdaSearchCV",
    "PathResult",
    "StabilitySelector",
    "lambda_path",
]
