"""Pre-activation residual networks: y = x + f(relu(norm(x))), three widths (Wide ResNets)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..rules import POSITIVE, Rule, number
from .layers import ARCHITECTURES, Architecture, Axes, axes_of

__all__ = ["PreActivationBlock", "ResNet40", "WRN28x10"]

WIDTHS = (16, 32, 64)  # channels of the three stages at widen_factor=1


class PreActivationBlock(nn.Module):
    """y = f(a) + x, a = relu(norm(x)); f = convolution, norm, ReLU, dropout, convolution.

    Where the widths differ, a 1 x 1 convolution of a takes the place of x.

    Parameters
    ----------
    axes : Axes
        The layers to build from.
    width, n : int
        Channels of x and of y.
    stride : int
        Of the first convolution and of the shortcut; 1 where the widths agree.
    dropout : float
        Probability of dropout between the two convolutions.
    """

    def __init__(self, axes: Axes, width: int, n: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = axes.norm(width)
        self.conv1 = axes.conv(width, n, 3, stride=stride, padding=1, bias=False)
        self.norm2 = axes.norm(n)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = axes.conv(n, n, 3, padding=1, bias=False)
        self.shortcut = None
        if width != n:
            self.shortcut = axes.conv(width, n, 1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, ...) -> (n, n_channels, ...), each axis divided by the stride."""
        a = torch.relu(self.norm1(x))
        inner = self.dropout(torch.relu(self.norm2(self.conv1(a))))
        return self.conv2(inner) + (x if self.shortcut is None else self.shortcut(a))


@ARCHITECTURES.register("resnet40")
class ResNet40(Architecture):
    """x -> 3 x 3 convolution -> three stages of pre-activation blocks -> mean -> dense.

    Paper 3's ResNet-40, a Wide ResNet of widen factor 1.

    Parameters
    ----------
    depth : int, default=40
        Layers on the longest path: 6 k + 4, k blocks in each stage.
    widen_factor : int, default=1
        The stages have 16, 32 and 64 channels times this.
    dropout : float, default=0.3
        Probability of dropout inside the blocks.

    Notes
    -----
    For (3, 32, 32): 1520 neurons as paper 3 counts them.

    Source: Zagoruyko and Komodakis (2016); paper 3, section 3.2.

    Examples
    --------
    >>> ResNet40()((3, 32, 32), 10).block7.shortcut.weight.shape
    torch.Size([32, 16, 1, 1])
    """

    rules: ClassVar[dict[str, Rule]] = {
        "depth": POSITIVE,
        "widen_factor": POSITIVE,
        "dropout": number(0, 1),
    }

    def __init__(self, *, depth: int = 40, widen_factor: int = 1, dropout: float = 0.3) -> None:
        self.depth = depth
        self.widen_factor = widen_factor
        self.dropout = dropout

    def layers(self, shape: Sequence[int], n_outputs: int) -> nn.Sequential:
        return _wide(shape, n_outputs, self.depth, self.widen_factor, self.dropout)


@ARCHITECTURES.register("wrn28_10")
class WRN28x10(ResNet40):
    """x -> 3 x 3 convolution -> three stages of pre-activation blocks -> mean -> dense.

    The Wide ResNet of depth 28 and widen factor 10: 36.5 million weights.

    Parameters
    ----------
    depth : int, default=28
        Layers on the longest path: 6 k + 4, k blocks in each stage.
    widen_factor : int, default=10
        The stages have 16, 32 and 64 channels times this.
    dropout : float, default=0.3
        Probability of dropout inside the blocks.

    Notes
    -----
    For (3, 32, 32): 10,736 neurons as paper 3 counts them.

    Source: Zagoruyko and Komodakis (2016); paper 3, section 3.2.

    Examples
    --------
    >>> WRN28x10(depth=10, widen_factor=2)((3, 32, 32), 10).output
    Linear(in_features=128, out_features=10, bias=True)
    """

    def __init__(self, *, depth: int = 28, widen_factor: int = 10, dropout: float = 0.3) -> None:
        super().__init__(depth=depth, widen_factor=widen_factor, dropout=dropout)


def _wide(
    shape: Sequence[int], n_outputs: int, depth: int, widen_factor: int, dropout: float
) -> nn.Sequential:
    blocks, rest = divmod(depth - 4, 2 * len(WIDTHS))
    if rest or blocks < 1:
        raise ValueError(f"depth must be 6 k + 4, k blocks in each stage, got {depth}: give 28.")
    axes, channels, _ = axes_of(shape)
    width = WIDTHS[0]
    layers: list[tuple[str, nn.Module]] = [
        ("conv", axes.conv(channels, width, 3, padding=1, bias=False))
    ]
    for stage, n in enumerate(WIDTHS):
        for b in range(blocks):
            stride = 2 if stage and not b else 1
            block = PreActivationBlock(axes, width, n * widen_factor, stride, dropout)
            layers.append((f"block{stage * blocks + b + 1}", block))
            width = n * widen_factor
    tail = [("norm", axes.norm(width)), ("relu", nn.ReLU()), ("mean", axes.avg_pool(1)),
            ("flatten", nn.Flatten()), ("output", nn.Linear(width, n_outputs))]  # fmt: skip
    return nn.Sequential(OrderedDict(layers + tail))
