"""The convolutional architectures of papers 3 and 4, by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from .lenet import cnn4, lenet5, simple
from .resnet import resnet18
from .vgg import alexnet, vgg11_bn
from .wide_resnet import resnet40, wrn28_10

__all__ = ["ARCHITECTURES"]

# name -> builder(shape, n_outputs, *, generator=None, widths and the like) -> nn.Module
ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    build.__name__: build
    for build in (lenet5, cnn4, simple, alexnet, vgg11_bn, resnet18, resnet40, wrn28_10)
}
