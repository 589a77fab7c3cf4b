"""Plain networks: 5 x 5 convolutions with 2 x 2 max pooling, then dense layers."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from .layers import axes_of, dense_head, draw

__all__ = ["cnn4", "lenet5", "simple"]

KERNEL, WINDOW = 5, 2  # of the convolutions, and of the pooling, along every axis


def lenet5(
    shape: Sequence[int],
    n_outputs: int,
    *,
    filters: Sequence[int] = (20, 50),
    units: Sequence[int] = (500,),
    dropout: float = 0.0,
    generator: torch.Generator | None = None,
) -> nn.Sequential:
    """x -> [5 x 5 convolution, 2 x 2 max pooling, ReLU] twice -> dense, ReLU -> dense.

    LeNet-5 in the form of Caffe's examples, with the ReLU of paper 3's program.

    Parameters
    ----------
    shape : tuple of int
        One input: (channels, length), (channels, height, width) or (channels, depth, height,
        width), of any size: along an axis with fewer positions than a kernel or a pooling
        window has, both shrink to what is there.
    n_outputs : int
        Width of the output.
    filters, units : sequence of int, default=(20, 50) and (500,)
        Output channels of each convolution; units of each dense hidden layer.
    dropout : float, default=0
        Probability of dropout behind each hidden dense layer.
    generator : torch.Generator, optional
        Draws the initial weights; torch's global stream does by default.

    Returns
    -------
    nn.Sequential
        On (28, 28) images: 430,500 weights and 1370 neurons as paper 3 counts them.

    Raises
    ------
    ValueError
        If the shape is not one of these.

    Notes
    -----
    Source: LeCun et al. (1998); paper 3, section 3.1.1.

    Examples
    --------
    >>> net = lenet5((1, 28, 28), 10)
    >>> net.conv2.weight.shape, net.dense1.weight.shape
    (torch.Size([50, 20, 5, 5]), torch.Size([500, 800]))
    >>> lenet5((1, 2), 3)(torch.zeros(4, 1, 2)).shape
    torch.Size([4, 3])
    """
    return draw(lambda: _plain(shape, n_outputs, filters, units, dense_dropout=dropout), generator)


def cnn4(
    shape: Sequence[int],
    n_outputs: int,
    *,
    filters: Sequence[int] = (32, 64),
    units: Sequence[int] = (1000,),
    dropout: float = 0.5,
    generator: torch.Generator | None = None,
) -> nn.Sequential:
    """x -> [5 x 5 convolution, 2 x 2 max pooling, ReLU, dropout] twice -> dense, ReLU -> dense.

    Paper 3's "4-layer CNN"; its convolutions have no bias.

    Parameters
    ----------
    shape : tuple of int
        As for `lenet5`.
    n_outputs : int
        Width of the output.
    filters, units : sequence of int, default=(32, 64) and (1000,)
        Output channels of each convolution; units of each dense hidden layer.
    dropout : float, default=0.5
        Probability of dropout behind every hidden layer, as in paper 3's program.
    generator : torch.Generator, optional
        Draws the initial weights; torch's global stream does by default.

    Returns
    -------
    nn.Sequential
        On (28, 28) images: 1,087,010 parameters and 2120 neurons as paper 3 counts them.

    Raises
    ------
    ValueError
        If the shape is not one of these.

    Notes
    -----
    Source: paper 3, section 3.1.2.

    Examples
    --------
    >>> sum(p.numel() for p in cnn4((1, 28, 28), 10).parameters())
    1087010
    """
    return draw(
        lambda: _plain(
            shape, n_outputs, filters, units,
            conv_bias=False, conv_dropout=dropout, dense_dropout=dropout,
        ),
        generator,
    )  # fmt: skip


def simple(
    shape: Sequence[int],
    n_outputs: int,
    *,
    filters: Sequence[int] = (16, 32),
    units: Sequence[int] = (128,),
    dropout: float = 0.0,
    generator: torch.Generator | None = None,
) -> nn.Sequential:
    """x -> [5 x 5 convolution, 2 x 2 max pooling, ReLU] twice -> dense layers with ReLU.

    Paper 4's "simple CNN", two dense layers for MNIST; `units=(128, 128)` makes the three that
    it has for Fashion-MNIST.  The paper does not say how large the kernels are.

    Parameters
    ----------
    shape : tuple of int
        As for `lenet5`.
    n_outputs : int
        Width of the output.
    filters, units : sequence of int, default=(16, 32) and (128,)
        Output channels of each convolution; units of each dense hidden layer.
    dropout : float, default=0
        Probability of dropout behind each hidden dense layer.
    generator : torch.Generator, optional
        Draws the initial weights; torch's global stream does by default.

    Returns
    -------
    nn.Sequential

    Raises
    ------
    ValueError
        If the shape is not one of these.

    Notes
    -----
    Source: paper 4, section IV.B and figure 3.

    Examples
    --------
    >>> simple((1, 28, 28), 10).dense1
    Linear(in_features=512, out_features=128, bias=True)
    """
    return lenet5(
        shape, n_outputs, filters=filters, units=units, dropout=dropout, generator=generator
    )


def _plain(
    shape: Sequence[int],
    n_outputs: int,
    filters: Sequence[int],
    units: Sequence[int],
    *,
    dense_dropout: float,
    conv_bias: bool = True,
    conv_dropout: float = 0.0,
) -> nn.Sequential:
    axes, width, size = axes_of(shape)
    layers: list[tuple[str, nn.Module]] = []
    for i, n in enumerate(filters, 1):
        kernel = tuple(min(KERNEL, s) for s in size)
        size = tuple(s - k + 1 for s, k in zip(size, kernel, strict=True))
        window = tuple(min(WINDOW, s) for s in size)
        size = tuple(s // w for s, w in zip(size, window, strict=True))
        layers += [
            (f"conv{i}", axes.conv(width, n, kernel, bias=conv_bias)),
            # before the ReLU: the two commute, and the ReLU has less to do
            (f"conv{i}_pool", axes.max_pool(window)),
            (f"conv{i}_relu", nn.ReLU()),
        ]
        if conv_dropout:
            layers.append((f"conv{i}_dropout", nn.Dropout(conv_dropout)))
        width = n
    layers += dense_head(width * math.prod(size), units, n_outputs, dense_dropout)
    return nn.Sequential(OrderedDict(layers))
