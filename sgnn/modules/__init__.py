"""Torch modules that can say which of their tensors are grouped, and how."""

from .channels import ChannelNet, Constant
from .cnn import ARCHITECTURES
from .columns import Columns
from .coupling import Coupling, Layer, Pair, couple
from .head import Head
from .mlp import MLP
from .target_scale import TargetScale

__all__ = [
    "ARCHITECTURES",
    "MLP",
    "ChannelNet",
    "Columns",
    "Constant",
    "Coupling",
    "Head",
    "Layer",
    "Pair",
    "TargetScale",
    "couple",
]
