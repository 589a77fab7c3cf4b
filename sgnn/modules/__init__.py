"""Torch modules that can say which of their tensors are grouped, and how."""

from .columns import Columns
from .losses import CrossEntropy, Loss, SquaredError, TorchLoss
from .mlp import MLP

__all__ = ["MLP", "Columns", "CrossEntropy", "Loss", "SquaredError", "TorchLoss"]
