"""The estimators that users import."""

from ..components import discover
from .cnn import SparseGroupCNN
from .linear import GroupLassoClassifier, GroupLassoRegressor
from .mlp import GroupLassoMLP, GroupLassoMLPRegressor
from .sgin import SGINClassifier, SGINRegressor

__all__ = [
    "GroupLassoClassifier",
    "GroupLassoMLP",
    "GroupLassoMLPRegressor",
    "GroupLassoRegressor",
    "SGINClassifier",
    "SGINRegressor",
    "SparseGroupCNN",
]

discover(__name__)
