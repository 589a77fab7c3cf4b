"""Plain networks: 5 x 5 convolutions with 2 x 2 max pooling, then dense layers."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from ..rules import Rule, number, sizes
from .layers import ARCHITECTURES, Architecture, axes_of, dense_head

__all__ = ["CNN4", "LeNet5", "SimpleCNN"]

KERNEL, WINDOW = 5, 2  # of the convolutions, and of the pooling, along every axis


@ARCHITECTURES.register("lenet5")
class LeNet5(Architecture):
    """x -> [5 x 5 convolution, 2 x 2 max pooling, ReLU] twice -> dense, ReLU -> dense.

    LeNet-5 in the form of Caffe's examples, with the ReLU of paper 3's program.

    Parameters
    ----------
    filters, units : sequence of int, default=(20, 50) and (500,)
        Output channels of each convolution; units of each dense hidden layer.
    dropout : float, default=0
        Probability of dropout behind each hidden dense layer.

    Notes
    -----
    On (28, 28) images: 430,500 weights and 1370 neurons as paper 3 counts them.

    Source: LeCun et al. (1998); paper 3, section 3.1.1.

    Examples
    --------
    >>> import torch
    >>> net = LeNet5()((1, 28, 28), 10)
    >>> net.conv2.weight.shape, net.dense1.weight.shape
    (torch.Size([50, 20, 5, 5]), torch.Size([500, 800]))
    >>> LeNet5()((1, 2), 3)(torch.zeros(4, 1, 2)).shape
    torch.Size([4, 3])
    """

    conv_bias = True
    conv_dropout = False  # whether there is dropout behind convolutions too
    rules: ClassVar[dict[str, Rule]] = {"filters": sizes, "units": sizes, "dropout": number(0, 1)}

    def __init__(
        self,
        *,
        filters: Sequence[int] = (20, 50),
        units: Sequence[int] = (500,),
        dropout: float = 0.0,
    ) -> None:
        self.filters = filters
        self.units = units
        self.dropout = dropout

    def layers(self, shape: Sequence[int], n_outputs: int) -> nn.Sequential:
        axes, width, size = axes_of(shape)
        layers: list[tuple[str, nn.Module]] = []
        for i, n in enumerate(self.filters, 1):
            kernel = tuple(min(KERNEL, s) for s in size)
            size = tuple(s - k + 1 for s, k in zip(size, kernel, strict=True))
            window = tuple(min(WINDOW, s) for s in size)
            size = tuple(s // w for s, w in zip(size, window, strict=True))
            layers += [
                (f"conv{i}", axes.conv(width, n, kernel, bias=self.conv_bias)),
                # before the ReLU: the two commute, and the ReLU has less to do
                (f"conv{i}_pool", axes.max_pool(window)),
                (f"conv{i}_relu", nn.ReLU()),
            ]
            if self.conv_dropout and self.dropout:
                layers.append((f"conv{i}_dropout", nn.Dropout(self.dropout)))
            width = n
        layers += dense_head(width * math.prod(size), self.units, n_outputs, self.dropout)
        return nn.Sequential(OrderedDict(layers))


@ARCHITECTURES.register("cnn4")
class CNN4(LeNet5):
    """x -> [5 x 5 convolution, 2 x 2 max pooling, ReLU, dropout] twice -> dense, ReLU -> dense.

    Paper 3's "4-layer CNN"; its convolutions have no bias.

    Parameters
    ----------
    filters, units : sequence of int, default=(32, 64) and (1000,)
        Output channels of each convolution; units of each dense hidden layer.
    dropout : float, default=0.5
        Probability of dropout behind every hidden layer, as in paper 3's program.

    Notes
    -----
    On (28, 28) images: 1,087,010 parameters and 2120 neurons as paper 3 counts them.

    Source: paper 3, section 3.1.2.

    Examples
    --------
    >>> sum(p.numel() for p in CNN4()((1, 28, 28), 10).parameters())
    1087010
    """

    conv_bias = False
    conv_dropout = True

    def __init__(
        self,
        *,
        filters: Sequence[int] = (32, 64),
        units: Sequence[int] = (1000,),
        dropout: float = 0.5,
    ) -> None:
        super().__init__(filters=filters, units=units, dropout=dropout)


@ARCHITECTURES.register("simple")
class SimpleCNN(LeNet5):
    """x -> [5 x 5 convolution, 2 x 2 max pooling, ReLU] twice -> dense layers with ReLU.

    Paper 4's "simple CNN", two dense layers for MNIST; `units=(128, 128)` makes the three that
    it has for Fashion-MNIST.  The paper does not say how large the kernels are.

    Parameters
    ----------
    filters, units : sequence of int, default=(16, 32) and (128,)
        Output channels of each convolution; units of each dense hidden layer.
    dropout : float, default=0
        Probability of dropout behind each hidden dense layer.

    Notes
    -----
    Source: paper 4, section IV.B and figure 3.

    Examples
    --------
    >>> SimpleCNN()((1, 28, 28), 10).dense1
    Linear(in_features=512, out_features=128, bias=True)
    """

    def __init__(
        self,
        *,
        filters: Sequence[int] = (16, 32),
        units: Sequence[int] = (128,),
        dropout: float = 0.0,
    ) -> None:
        super().__init__(filters=filters, units=units, dropout=dropout)
