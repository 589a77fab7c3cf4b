"""Many networks trained at once, stacked along an axis of replicas; only `fit_replicas` uses it."""

from .stacked import StackedNetwork
from .stacked_blockwise import StackedBlockwise

__all__ = ["StackedBlockwise", "StackedNetwork", "is_stackable", "stacked"]

from ..base import Algorithm
from ..blockwise import Blockwise


def is_stackable(algorithm: Algorithm) -> bool:
    """Whether its class, and not only one that it derives from, says so."""
    return bool(vars(type(algorithm)).get("stackable", False))


def stacked(algorithm: Algorithm) -> Algorithm:
    """The algorithm that trains a `StackedNetwork` as this one trains each member."""
    return StackedBlockwise(algorithm) if isinstance(algorithm, Blockwise) else algorithm
