"""Many networks trained at once, stacked along an axis of replicas; only `fit_replicas` uses it."""

from .stacked import StackedNetwork
from .stacked_blockwise import StackedBlockwise

__all__ = ["StackedBlockwise", "StackedNetwork"]
