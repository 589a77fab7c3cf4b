"""Results, and the Displays that draw them (matplotlib is imported when one is drawn)."""

from .portraits import RegularizerPortrait
from .regularizers import RegularizerDisplay

__all__ = ["RegularizerDisplay", "RegularizerPortrait"]
