"""Choosing lam, and how far to trust a selection."""

from .budget import BudgetSelector
from .from_model import GroupSelectFromModel
from .path import PathResult, lambda_path
from .search import LambdaSearchCV
from .stability import StabilitySelector
from .subsets import SubsetSearch

__all__ = [
    "BudgetSelector",
    "GroupSelectFromModel",
    "LambdaSearchCV",
    "PathResult",
    "StabilitySelector",
    "SubsetSearch",
    "lambda_path",
]
