"""The estimators that users import."""

from .cnn import SparseGroupCNN
from .mlp import GroupLassoMLP, GroupLassoMLPRegressor
from .sgin import SGINClassifier, SGINRegressor

__all__ = [
    "GroupLassoMLP",
    "GroupLassoMLPRegressor",
    "SGINClassifier",
    "SGINRegressor",
    "SparseGroupCNN",
]
