"""Stages of 3 x 3 convolutions, a 2 x 2 max pooling after each, then dense layers."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from ..rules import Rule, number, sizes
from .layers import ARCHITECTURES, STAGES, Architecture, axes_of, dense_head

__all__ = ["VGG11BN", "AlexNet"]


@ARCHITECTURES.register("alexnet")
class AlexNet(Architecture):
    """x -> three stages of [3 x 3 convolution, ReLU], max pooling -> 4 x 4 means -> dense.

    AlexNet for small images, in the widths that paper 4 gives it on CIFAR-10; its widths on
    STL-10 are `stages=((16,), (32,), (64, 32, 32)), units=(512, 512)`.

    Parameters
    ----------
    stages : sequence of sequences of int
        Output channels of the convolutions, stage by stage.
    units : sequence of int, default=(128, 128)
        Units of each dense hidden layer.
    dropout : float, default=0.5
        Probability of dropout behind each hidden dense layer.

    Notes
    -----
    Source: Krizhevsky et al. (2012); paper 4, section IV.B and its program.

    Examples
    --------
    >>> AlexNet()((3, 32, 32), 10).dense1
    Linear(in_features=256, out_features=128, bias=True)
    """

    norm = False  # whether there is batch normalization behind each convolution
    positions = 4  # along each axis, over which the last means are taken, or fewer if less is left
    rules: ClassVar[dict[str, Rule]] = {"stages": STAGES, "units": sizes, "dropout": number(0, 1)}

    def __init__(
        self,
        *,
        stages: Sequence[Sequence[int]] = ((8,), (16,), (32, 16, 16)),
        units: Sequence[int] = (128, 128),
        dropout: float = 0.5,
    ) -> None:
        self.stages = stages
        self.units = units
        self.dropout = dropout

    def layers(self, shape: Sequence[int], n_outputs: int) -> nn.Sequential:
        axes, width, size = axes_of(shape, smallest=2 ** len(self.stages))
        layers: list[tuple[str, nn.Module]] = []
        for s, stage in enumerate(self.stages, 1):
            for c, n in enumerate(stage, 1):
                name = f"conv{s}_{c}"
                layers.append((name, axes.conv(width, n, 3, padding=1)))
                if self.norm:
                    layers.append((f"{name}_norm", axes.norm(n)))
                layers.append((f"{name}_relu", nn.ReLU()))
                width = n
            layers.append((f"pool{s}", axes.max_pool(2)))
        left = tuple(min(self.positions, n >> len(self.stages)) for n in size)
        layers.append(("mean", axes.avg_pool(left)))
        layers += dense_head(width * math.prod(left), self.units, n_outputs, self.dropout)
        return nn.Sequential(OrderedDict(layers))


@ARCHITECTURES.register("vgg11_bn")
class VGG11BN(AlexNet):
    """x -> five stages of [3 x 3 convolution, batch norm, ReLU], max pooling -> mean -> dense.

    VGG-11 with batch normalization, in the widths that paper 4 gives it on CIFAR-100.

    Parameters
    ----------
    stages : sequence of sequences of int
        Output channels of the convolutions, stage by stage.
    units : sequence of int, default=(128, 128)
        Units of each dense hidden layer.
    dropout : float, default=0.5
        Probability of dropout behind each hidden dense layer.

    Notes
    -----
    Source: Simonyan and Zisserman (2015), configuration A; paper 4, section IV.B.

    Examples
    --------
    >>> VGG11BN()((3, 32, 32), 100).dense1
    Linear(in_features=128, out_features=128, bias=True)
    """

    norm = True
    positions = 1

    def __init__(
        self,
        *,
        stages: Sequence[Sequence[int]] = ((16,), (32,), (64, 64), (128, 128), (128, 128)),
        units: Sequence[int] = (128, 128),
        dropout: float = 0.5,
    ) -> None:
        super().__init__(stages=stages, units=units, dropout=dropout)
