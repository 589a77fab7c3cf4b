"""What a network reads: the channels that have a path to an output by weights that are not 0."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, fx

from .coupling import Coupling
from .operations import Role

__all__ = ["read_channels", "read_inputs"]


def read_inputs(weights: Sequence[Tensor]) -> Tensor:
    """Whether each input of a chain of dense layers reaches an output by weights that are not 0.

    Parameters
    ----------
    weights : sequence of tensors of shape (..., out, in)
        From the first layer on.

    Returns
    -------
    tensor of bool, shape (..., in)

    Examples
    --------
    >>> read_inputs([torch.tensor([[1.0, 1, 0], [0, 1, 1]]), torch.tensor([[1.0, 0]])]).tolist()
    [True, True, False]
    """
    reached = (weights[-1] != 0).any(-2)
    for W in reversed(weights[:-1]):
        reached = ((W != 0) & reached.unsqueeze(-1)).any(-2)
    return reached


def read_channels(coupling: Coupling) -> Tensor:
    """Whether each input channel reaches an output.

    Parameters
    ----------
    coupling : Coupling
        Of the network.

    Returns
    -------
    tensor of bool, shape (channels,)
        False where every path from the channel ends in a weight of 0, or in a batch norm whose
        gamma is 0: no output depends on such a channel, in eval mode.

    Examples
    --------
    >>> from torch import nn
    >>> from sgnn.modules import couple
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    >>> with torch.no_grad():
    ...     net[0].weight.copy_(torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    ...     net[2].weight.copy_(torch.tensor([[1.0, 0.0]]))  # nothing reads the second unit
    Parameter containing:
    ...
    >>> read_channels(couple(net, (3,))).tolist()
    [True, True, False]
    """
    trace = coupling.trace
    wired = {layer.name: layer.wired for layer in coupling.layers}
    passes = {scale.name: scale.passes for scale in coupling.scales}
    channels = {trace.input: trace.channels} | {step.node: step.channels for step in trace.steps}
    # node -> which of its channels reach an output, (channels,)
    needed: dict[fx.Node, Tensor] = {
        node: torch.full((n,), node in trace.outputs) for node, n in channels.items()
    }
    for step in reversed(trace.steps):
        out, name = needed[step.node], str(step.node.target)
        match step.role:
            case Role.MIX:
                read = wired[name][out].any(0)
            case Role.DEPTHWISE:
                read = out & wired[name].any(1)
            case Role.SCALE:
                read = out & passes[name]
            case Role.HOLD:
                read = out.any().expand(step.channels)
            case _:
                read = out
        if step.role is not Role.MIX:
            read = read.reshape(-1, step.repeat).any(1)
        sizes = [channels[source] for source in step.sources]
        parts = read.split(sizes) if step.role is Role.CAT else [read] * len(sizes)
        for source, part in zip(step.sources, parts, strict=True):
            needed[source] = needed[source] | part
    return needed[trace.input]
