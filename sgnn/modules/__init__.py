"""Torch modules that can say which of their tensors are grouped, and how."""

from .channels import ChannelNet, Constant
from .cnn import ARCHITECTURES
from .coupling import Coupling, Layer, Pair, couple
from .input_transform import InputTransform
from .mlp import MLP
from .target_scale import TargetScale
from .upper import UpperLayers

__all__ = [
    "ARCHITECTURES",
    "MLP",
    "ChannelNet",
    "Constant",
    "Coupling",
    "InputTransform",
    "Layer",
    "Pair",
    "TargetScale",
    "UpperLayers",
    "couple",
]
