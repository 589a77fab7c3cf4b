"""Channels that do not depend on the input: what they contribute goes into the next bias.

A filter of zeros makes such a channel, and so does a batch norm whose gamma is 0, through which
only beta passes.  What the channel holds is found by running the network once, so that every
activation, pooling and border is right.  A dense layer, and a convolution without padding, takes
it into its bias.  Under zero padding a channel of a constant c contributes less at the borders
than inside, which no bias can do; but all such channels contribute c times what a channel of ones
would, so that one of them can do it for all.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn

from ..modules.coupling import Coupling, Layer
from ..modules.tracing import Role

__all__ = ["fixed_channels", "fold_constants"]


def fixed_channels(coupling: Coupling, kept: Tensor) -> dict[fx.Node, Tensor]:
    """Whether each channel of each tensor is the same for all inputs, in eval mode.

    Parameters
    ----------
    coupling : Coupling
    kept : tensor of bool, shape (channels,)
        The input channels that vary; the others are 0.

    Returns
    -------
    dict from fx.Node to tensor of bool, shape (channels,)
    """
    wired = {layer.name: layer.wired for layer in coupling.layers}
    passes = {scale.name: scale.passes for scale in coupling.scales}
    fixed = {coupling.trace.input: ~kept}
    for step in coupling.trace.steps:
        name = str(step.node.target)
        read = [fixed[source] for source in step.sources]
        through = torch.cat(read).repeat_interleave(step.repeat)
        match step.role:
            case Role.MIX:
                fixed[step.node] = ~wired[name][:, ~read[0]].any(1)
            case Role.DEPTHWISE:
                fixed[step.node] = through | ~wired[name].any(1)
            case Role.SCALE:
                fixed[step.node] = through | ~passes[name]
            case Role.JOIN:
                fixed[step.node] = torch.stack(read).all(0)
            case Role.HOLD:
                fixed[step.node] = through.all().expand(step.channels)
            case _:
                fixed[step.node] = through
    return fixed


def fold_constants(coupling: Coupling, kept: Tensor) -> None:
    """Let layers read as few constant channels as possible, without a change of the outputs.

    Parameters
    ----------
    coupling : Coupling
        Its layers' weights and biases are changed.
    kept : tensor of bool, shape (channels,)
        The input channels that vary; the others are 0.
    """
    fixed = fixed_channels(coupling, kept)
    layers = {layer.name: layer for layer in coupling.layers}
    with torch.no_grad():
        for step in coupling.trace.steps:
            if step.role is Role.MIX:
                x = coupling.trace.at_zero[step.node]
                _fold(layers[str(step.node.target)], x, fixed[step.sources[0]])


def _fold(layer: Layer, x: Tensor, fixed: Tensor) -> None:
    """Stop reading the channels of x, (1, in, ...), that are fixed."""
    W, maps = layer.weight, x[0].reshape(x.shape[1], -1)  # (in, positions)
    W[:, fixed & (maps == 0).all(1)] = 0
    read = fixed & layer.wired.any(0)
    flat = read & _constant(maps)
    left = (read & ~flat).nonzero().flatten().tolist()
    if flat.any():
        left.append(_merge(W, maps[:, 0], flat))
    for channel in left:
        _into_bias(layer.module, x, channel)


def _merge(W: Tensor, values: Tensor, flat: Tensor) -> int:
    """Let one of the channels that hold a constant do what all of them do; return which."""
    one = int((values * flat).abs().argmax())
    total = (W[:, flat].movedim(1, -1) * (values[flat] / values[one])).sum(-1)
    W[:, flat] = 0
    W[:, one] = total
    return one


def _into_bias(layer: Any, x: Tensor, channel: int) -> None:
    """Replace a channel by a bias, unless what it contributes depends on the position."""
    alone = torch.zeros_like(x)
    alone[:, channel] = x[:, channel]
    out = layer(alone)[0].flatten(1) if x.dim() > 2 else layer(alone).T  # (out, positions)
    if _constant(out).all():
        like = layer.weight if layer.bias is None else layer.bias
        layer.bias = nn.Parameter(out[:, 0].clone(), requires_grad=like.requires_grad)
        layer.weight[:, channel] = 0


def _constant(maps: Tensor) -> Tensor:
    """Whether each row of (channels, positions) is one number, up to rounding."""
    low, high = maps.aminmax(dim=1)
    return high - low <= 16 * torch.finfo(maps.dtype).eps * maps.abs().amax(1)
