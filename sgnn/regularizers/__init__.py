"""Regularizers: value, subgradient, prox and zero level of each penalty, found by name.

>>> from sgnn import regularizers
>>> "group_lasso" in regularizers.names()
True
"""

from .base import Regularizer, get, names
from .lasso import L1, L2, GroupLasso
from .sparse_group import SparseGroupLasso

__all__ = ["L1", "L2", "GroupLasso", "Regularizer", "SparseGroupLasso", "get", "names"]
