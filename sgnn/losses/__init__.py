"""Losses: what a row costs, its gradient, the best constant, and the scale of y they want.

>>> from sgnn import losses
>>> losses.names()
['absolute_error', 'gamma', 'huber', 'log_loss', 'poisson', 'quantile', 'squared_error']
"""

from .base import Loss
from .classification import CrossEntropy
from .of_torch import TorchLoss
from .positive import Gamma, Poisson
from .reading import get, names
from .regression import AbsoluteError, Huber, Quantile, SquaredError

__all__ = [
    "AbsoluteError",
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
