"""Losses per row: value, gradient, best constant output, and the scaling of y.

>>> from sgnn import losses
>>> {"absolute_error", "huber", "quantile", "squared_error"} < set(losses.names("numbers"))
True
"""

from ..components import discover
from .base import Loss
from .batch import BatchLoss
from .classification import CrossEntropy
from .lookup import get, names
from .positive import Gamma, Poisson
from .regression import AbsoluteError, Huber, Quantile, SquaredError
from .torch_loss import TorchLoss

__all__ = [
    "AbsoluteError",
    "BatchLoss",
    "CrossEntropy",
    "Gamma",
    "Huber",
    "Loss",
    "Poisson",
    "Quantile",
    "SquaredError",
    "TorchLoss",
    "get",
    "names",
]

discover(__name__)
