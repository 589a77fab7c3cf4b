"""Regularizers: value, subgradient, prox and zero level of each penalty, found by name.

>>> from sgnn import regularizers
>>> regularizers.get("group_lasso")
GroupLasso()
>>> regularizers.get("sparse_group_lasso", alpha=0.3)
SparseGroupLasso(alpha=0.3)
>>> "group_lasso" in regularizers.names()
True
"""

from ..components import discover
from .adaptive import Adaptive
from .base import REGULARIZERS as REGULARIZERS
from .base import Regularizer, get, names
from .concave import MCP, SCAD, GroupMCP, GroupSCAD
from .elastic_net import ElasticNet
from .exclusive import CGES, Exclusive
from .gates import DGating, Gating, HardConcrete
from .half import GroupHalf, SparseGroupHalf
from .hierarchical import HSQES, HSQGL, HSQRTES, HSQRTGL
from .hierarchical_half import HSQGLHalf, HSQRTGLHalf, SHSQGLHalf, SHSQRTGLHalf
from .lasso import L1, L2, GroupLasso
from .nonconvex import L0, L1L2, TL1, GroupL0
from .oicsr import join_units, split_units
from .on_layers import OnLayers
from .sparse_group import SparseGroupLasso
from .sparse_nonconvex import SparseGroupL0, SparseGroupL1L2, SparseGroupSCAD, SparseGroupTL1

__all__ = [
    "CGES",
    "HSQES",
    "HSQGL",
    "HSQRTES",
    "HSQRTGL",
    "L0",
    "L1",
    "L1L2",
    "L2",
    "MCP",
    "SCAD",
    "TL1",
    "Adaptive",
    "DGating",
    "ElasticNet",
    "Exclusive",
    "Gating",
    "GroupHalf",
    "GroupL0",
    "GroupLasso",
    "GroupMCP",
    "GroupSCAD",
    "HSQGLHalf",
    "HSQRTGLHalf",
    "HardConcrete",
    "OnLayers",
    "Regularizer",
    "SHSQGLHalf",
    "SHSQRTGLHalf",
    "SparseGroupHalf",
    "SparseGroupL0",
    "SparseGroupL1L2",
    "SparseGroupLasso",
    "SparseGroupSCAD",
    "SparseGroupTL1",
    "get",
    "join_units",
    "names",
    "split_units",
]

discover(__name__)
