"""Results, and the Displays that draw them (matplotlib is imported when one is drawn)."""

from .filters import FilterDisplay
from .layers import LayerSparsityDisplay
from .path import PathDisplay
from .portraits import RegularizerPortrait
from .regularizers import RegularizerDisplay
from .stability import StabilityDisplay

__all__ = [
    "FilterDisplay",
    "LayerSparsityDisplay",
    "PathDisplay",
    "RegularizerDisplay",
    "RegularizerPortrait",
    "StabilityDisplay",
]
