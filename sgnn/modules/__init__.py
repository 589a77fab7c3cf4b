"""Torch modules that can say which of their tensors are grouped, and how."""

from .channels import ChannelNet, Constant
from .cnn import ARCHITECTURES
from .coupling import Coupling, Layer, Pair, couple
from .mlp import MLP, UpperLayers
from .scaling import InputTransform, TargetScale

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
