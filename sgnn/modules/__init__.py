"""Torch modules that can say which of their tensors are grouped, and how."""

from .channels import ChannelNet, Constant
from .cnn import ARCHITECTURES
from .columns import Columns
from .coupling import Coupling, Layer, Pair, couple
from .head import Head
from .losses import CrossEntropy, Loss, SquaredError, TorchLoss
from .mlp import MLP

__all__ = [
    "ARCHITECTURES",
    "MLP",
    "ChannelNet",
    "Columns",
    "Constant",
    "Coupling",
    "CrossEntropy",
    "Head",
    "Layer",
    "Loss",
    "Pair",
    "SquaredError",
    "TorchLoss",
    "couple",
]
