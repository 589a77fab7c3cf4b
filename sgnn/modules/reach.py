"""What a network reads: the channels that have a path to an output by weights that are not 0."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, fx

from .coupling import Coupling
from .tracing import Role

__all__ = ["needed_channels", "read_channels", "read_inputs"]


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
    needed = torch.ones(weights[-1].shape[:-1], dtype=torch.bool, device=weights[-1].device)
    for W in reversed(weights):
        needed = _read_by(W != 0, needed)
    return needed


def _read_by(wired: Tensor, needed: Tensor) -> Tensor:
    """Which inputs the needed outputs (..., out) of a layer read; wired is (..., out, in)."""
    return (wired & needed.unsqueeze(-1)).any(-2)


def read_channels(coupling: Coupling) -> Tensor:
    """Whether each input channel reaches an output: what the network still reads.

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
    return needed_channels(coupling)[coupling.trace.input]


def needed_channels(coupling: Coupling) -> dict[fx.Node, Tensor]:
    """Whether each channel of each tensor reaches an output, as `read_channels` has it.

    Parameters
    ----------
    coupling : Coupling

    Returns
    -------
    dict from fx.Node to tensor of bool, shape (channels,)
    """
    trace = coupling.trace
    wired = {layer.name: layer.wired for layer in coupling.layers}
    passes = {scale.name: scale.passes for scale in coupling.scales}
    channels = {trace.input: trace.channels} | {step.node: step.channels for step in trace.steps}
    needed = {node: torch.ones(channels[node], dtype=torch.bool) for node in trace.outputs}
    for step in reversed(trace.steps):
        out, name = needed[step.node], str(step.node.target)
        match step.role:
            case Role.MIX:
                read = _read_by(wired[name], out)
            case Role.DEPTHWISE:
                read = out & wired[name].any(1)
            case Role.SCALE:
                read = out & passes[name]
            case Role.HOLD:
                read = out.any().expand(step.channels)
            case _:
                read = out
        if step.repeat > 1:
            read = read.reshape(-1, step.repeat).any(1)
        sizes = [channels[source] for source in step.sources]
        parts = read.split(sizes) if step.role is Role.CAT else [read] * len(sizes)
        for source, part in zip(step.sources, parts, strict=True):
            needed[source] = needed[source] | part if source in needed else part
    return needed
