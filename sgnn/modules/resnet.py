"""Residual networks: y = relu(f(x) + shortcut(x)), f two convolutions with batch norm."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..rules import POSITIVE, Rule, sizes
from .layers import ARCHITECTURES, Architecture, Axes, axes_of

__all__ = ["ResNet18", "ResidualBlock"]


class ResidualBlock(nn.Module):
    """y = relu(f(x) + shortcut(x)), f = [3 x 3 convolution, batch norm, ReLU in between] twice.

    The shortcut is the identity where the widths agree and nothing is strided, else a 1 x 1
    convolution with batch norm.

    Parameters
    ----------
    axes : Axes
        The layers to build from.
    width, n : int
        Channels of x and of y.
    stride : int
        Of the first convolution and of the shortcut.
    """

    def __init__(self, axes: Axes, width: int, n: int, stride: int) -> None:
        super().__init__()
        self.conv1 = axes.conv(width, n, 3, stride=stride, padding=1, bias=False)
        self.norm1 = axes.norm(n)
        self.conv2 = axes.conv(n, n, 3, padding=1, bias=False)
        self.norm2 = axes.norm(n)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or width != n:
            conv = axes.conv(width, n, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(OrderedDict([("conv", conv), ("norm", axes.norm(n))]))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, ...) -> (n, n_channels, ...), each axis divided by the stride."""
        inner = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(inner)) + self.shortcut(x))


@ARCHITECTURES.register("resnet18")
class ResNet18(Architecture):
    """x -> 7 x 7 convolution, max pooling -> residual blocks -> mean over positions -> dense.

    ResNet-18 in the widths of paper 4: 17 convolutions, three more in shortcuts, one dense
    layer.

    Parameters
    ----------
    widths : sequence of int, default=(8, 16, 32, 64)
        Channels of each stage; every stage but the first halves the axes.
    blocks : int, default=2
        Residual blocks in a stage.

    Notes
    -----
    Source: He et al. (2016), with their stem for large images, which paper 4's program keeps on
    32 x 32 ones; paper 4, section IV.B.

    Examples
    --------
    >>> net = ResNet18()((3, 32, 32), 10)
    >>> net.block3.shortcut.conv.weight.shape
    torch.Size([16, 8, 1, 1])
    """

    rules: ClassVar[dict[str, Rule]] = {"widths": sizes, "blocks": POSITIVE}

    def __init__(self, *, widths: Sequence[int] = (8, 16, 32, 64), blocks: int = 2) -> None:
        self.widths = widths
        self.blocks = blocks

    def layers(self, shape: Sequence[int], n_outputs: int) -> nn.Sequential:
        return _residual(shape, n_outputs, self.widths, self.blocks)


def _residual(
    shape: Sequence[int], n_outputs: int, widths: Sequence[int], blocks: int
) -> nn.Sequential:
    axes, channels, _ = axes_of(shape)
    width = widths[0]
    layers: list[tuple[str, nn.Module]] = [
        ("conv", axes.conv(channels, width, 7, stride=2, padding=3, bias=False)),
        ("norm", axes.norm(width)),
        ("relu", nn.ReLU()),
        ("pool", axes.max_pool(3, stride=2, padding=1)),
    ]
    for stage, n in enumerate(widths):
        for b in range(blocks):
            stride = 2 if stage and not b else 1
            block = ResidualBlock(axes, width, n, stride)
            layers.append((f"block{stage * blocks + b + 1}", block))
            width = n
    tail = [("mean", axes.avg_pool(1)), ("flatten", nn.Flatten()),
            ("output", nn.Linear(width, n_outputs))]  # fmt: skip
    return nn.Sequential(OrderedDict(layers + tail))
