"""What a convolutional architecture is: layers by dimension, a dense head, first weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import torch
from torch import nn

from ..components import Component, Registry
from ..rules import Rule, sizes

__all__ = ["ARCHITECTURES", "STAGES", "Architecture", "Axes", "axes_of", "dense_head"]


class Axes(NamedTuple):
    """torch's layers for signals (C, L), images (C, H, W) or volumes (C, D, H, W)."""

    conv: Callable[..., nn.Module]
    norm: Callable[..., nn.Module]
    max_pool: Callable[..., nn.Module]
    avg_pool: Callable[..., nn.Module]  # average pooling to so many positions along each axis


AXES = {
    1: Axes(nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AdaptiveAvgPool1d),
    2: Axes(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d),
    3: Axes(nn.Conv3d, nn.BatchNorm3d, nn.MaxPool3d, nn.AdaptiveAvgPool3d),
}


def axes_of(shape: Sequence[int], smallest: int = 1) -> tuple[Axes, int, tuple[int, ...]]:
    """The layers for inputs of that shape, the number of channels, and the size of each axis.

    Raises
    ------
    ValueError
        If the shape is not (C, L), (C, H, W) or (C, D, H, W), or an axis is below `smallest`.
    """
    numbers = all(isinstance(n, Integral) and n > 0 for n in shape)
    if not numbers or len(shape) - 1 not in AXES:
        raise ValueError(
            f"shape must be (channels, length), (channels, height, width) or (channels, depth, "
            f"height, width), positive ints, got {tuple(shape)}."
        )
    channels, *size = map(int, shape)
    if min(size) < smallest:
        raise ValueError(
            f"shape={tuple(shape)} is too small for this architecture, which needs at least "
            f"{smallest} positions along every axis: take lenet5 or resnet18, which fit any size."
        )
    return AXES[len(size)], channels, tuple(size)


def dense_head(
    width: int, units: Sequence[int], n_outputs: int, dropout: float
) -> list[tuple[str, nn.Module]]:
    """Dense layers of so many units with ReLU, dropout after each, and the output layer."""
    layers: list[tuple[str, nn.Module]] = [("flatten", nn.Flatten())]
    for i, n in enumerate(units, 1):
        layers += [(f"dense{i}", nn.Linear(width, n)), (f"dense{i}_relu", nn.ReLU())]
        if dropout:
            layers.append((f"dense{i}_dropout", nn.Dropout(dropout)))
        width = n
    return [*layers, ("output", nn.Linear(width, n_outputs))]


STAGES = Rule(
    lambda v: isinstance(v, list | tuple) and len(v) > 0 and all(map(sizes.accepts, v)),
    "a sequence of sequences of ints >= 1",
)


# layers that are drawn by the rule of `Architecture`, and those that begin with ones and zeros
DRAWN = (nn.Linear, nn.modules.conv._ConvNd)
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


class Architecture(Component, ABC):
    """A network, but for the shape of its inputs and the number of its outputs.

    Examples
    --------
    >>> from sgnn.modules import Architecture, SimpleCNN
    >>> isinstance(SimpleCNN(), Architecture)
    True
    >>> network = SimpleCNN()((1, 28, 28), 10)  # shape of an input, number of outputs
    >>> network(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __call__(
        self,
        shape: Sequence[int],
        n_outputs: int,
        *,
        generator: torch.Generator | None = None,
    ) -> nn.Sequential:
        """The network, newly drawn.

        Weights are N(0, 2 / fan_in), biases 0 (He et al., 2015, the rule of paper 3's program).

        Parameters
        ----------
        shape : tuple of int
            One input: (channels, length), (channels, height, width) or (channels, depth, height,
            width).
        n_outputs : int
            Width of the output.
        generator : torch.Generator, optional
            Draws the initial weights; torch's global stream does by default.

        Returns
        -------
        nn.Sequential

        Raises
        ------
        ValueError
            If the shape is not one of these, or too small; or if a layer with weights is neither a
            convolution nor dense nor a norm.
        """
        with torch.device("meta"):  # without numbers: torch's own come from the global stream
            module = self.layers(shape, n_outputs)
        module.to_empty(device="cpu").float()  # whatever torch's default dtype is
        for layer in module.modules():
            weights: dict[str, Any] = dict(layer.named_parameters(recurse=False))
            if isinstance(layer, NORMS):
                layer.reset_parameters()
            elif isinstance(layer, DRAWN):
                nn.init.kaiming_normal_(weights["weight"], generator=generator)
                if "bias" in weights:
                    nn.init.zeros_(weights["bias"])
            elif weights:
                raise ValueError(
                    f"architecture={self!r} has a {type(layer).__name__}, whose first weights are "
                    f"not known here: give a network of yours, or use convolutions, dense layers "
                    f"and norms."
                )
        return module

    @abstractmethod
    def layers(self, shape: Sequence[int], n_outputs: int) -> nn.Sequential:
        """The layers by name."""


ARCHITECTURES: Registry[Architecture] = Registry("architecture", Architecture)
