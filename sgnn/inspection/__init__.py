"""Displays of results (matplotlib is imported when one is drawn)."""

from .filters import FilterDisplay
from .front import FrontDisplay
from .importance import GroupImportanceDisplay
from .layers import LayerSparsityDisplay
from .path import PathDisplay
from .permutations import group_permutation_importance
from .portraits import RegularizerPortrait
from .regularizers import RegularizerDisplay
from .stability import StabilityDisplay
from .tradeoff import AccuracySparsityDisplay

__all__ = [
    "AccuracySparsityDisplay",
    "FilterDisplay",
    "FrontDisplay",
    "GroupImportanceDisplay",
    "LayerSparsityDisplay",
    "PathDisplay",
    "RegularizerDisplay",
    "RegularizerPortrait",
    "StabilityDisplay",
    "group_permutation_importance",
]
