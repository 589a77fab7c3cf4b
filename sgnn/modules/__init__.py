"""Torch modules that can say which of their tensors are grouped, and how."""

from ..components import discover
from .channels import ChannelNet, Constant
from .coupling import Coupling, Layer, Pair, couple
from .layers import ARCHITECTURES, Architecture
from .lenet import CNN4, LeNet5, SimpleCNN
from .mlp import MLP, UpperLayers
from .resnet import ResNet18
from .scaling import InputTransform, TargetScale
from .vgg import VGG11BN, AlexNet
from .wide_resnet import ResNet40, WRN28x10

__all__ = [
    "ARCHITECTURES",
    "CNN4",
    "MLP",
    "VGG11BN",
    "AlexNet",
    "Architecture",
    "ChannelNet",
    "Constant",
    "Coupling",
    "InputTransform",
    "Layer",
    "LeNet5",
    "Pair",
    "ResNet18",
    "ResNet40",
    "SimpleCNN",
    "TargetScale",
    "UpperLayers",
    "WRN28x10",
    "couple",
]

discover(__name__)
