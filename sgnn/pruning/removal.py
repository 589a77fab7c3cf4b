"""The physically smaller network that computes the same outputs: any torch module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..modules.coupling import Coupling, Layer, Scale, couple
from ..modules.reach import needed_channels
from ..modules.tracing import copy_of
from .constants import fold_constants
from .mask import read_mask

__all__ = ["live_units", "prune"]


def prune(module: nn.Module, shape: Sequence[int], kept: Any = None) -> nn.Module:
    """The network of the units that matter: small(x[:, kept]) = module(x where kept, else 0).

    A filter, neuron or channel is left out where it is constant or where nothing reads it,
    with its rows, columns, biases and batch norm entries; what a constant one contributes goes
    into the next bias.

    Parameters
    ----------
    module : nn.Module
        Any network that `couple` can follow; not changed.
    shape : tuple of int
        One input, channels first: (channels, ...), or (n_features,).  Outputs are equal for
        inputs of this shape.
    kept : array-like of bool, shape (channels,), optional
        The input channels that the small network takes; the others count as 0.  All by default.

    Returns
    -------
    nn.Module
        A copy with smaller layers, whose weights are exact zeros where the module's are.  Equal
        outputs in eval mode, up to rounding; in training, a batch norm or dropout sees fewer
        channels.

    Raises
    ------
    ValueError
        If the module cannot be followed, `kept` does not fit the shape or keeps nothing, or a
        channel that it leaves out is added to one that is needed.

    Notes
    -----
    Some constant channels stay.  A zero-padded convolution reads at most one, which does for all
    others (beside those that an earlier border made uneven); and every layer keeps at least one
    unit, for torch has no convolutions without channels.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    >>> with torch.no_grad():
    ...     net[0].weight[1] = 0     # a filter that is the same everywhere
    ...     net[3].weight[:, :4] = 0  # the four positions of a filter that nothing reads
    ...     net[0].weight[:, 2] = 0  # an input channel that nothing reads
    >>> small = prune(net, (3, 4, 4), kept=[True, True, False])
    >>> small[0].weight.shape, small[3].weight.shape
    (torch.Size([2, 2, 3, 3]), torch.Size([2, 8]))
    >>> x = torch.randn(5, 3, 4, 4)
    >>> torch.allclose(small(x[:, :2]), net(x), atol=1e-6)
    True
    """
    mask = read_mask(kept, shape[0])
    device = next(module.parameters(), torch.empty(0)).device
    small = copy_of(module).cpu()
    coupling = couple(small, shape)
    fold_constants(coupling, mask)
    live = live_units(coupling, mask)
    for layer in coupling.layers:
        _cut_layer(layer, live)
    for scale in coupling.scales:
        _cut_scale(scale, live)
    return small.to(device)


def live_units(coupling: Coupling, kept: Any = None) -> Tensor:
    """The units that the network needs: those that reach an output by weights that are not 0.

    Parameters
    ----------
    coupling : Coupling
    kept : array-like of bool, shape (channels,), optional
        The input channels that the network takes, all by default.  These units are needed.

    Returns
    -------
    tensor of bool, shape (n_units,)
        At least one of those that each layer makes.

    Raises
    ------
    ValueError
        If `kept` does not fit, or leaves out a channel that is added to one that is needed.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> with torch.no_grad():
    ...     net[2].weight[:, 1] = 0
    >>> coupling = couple(net, (2,))
    >>> live_units(coupling)[coupling.layers[0].makes].tolist()
    [True, False, True]
    """
    mask = read_mask(kept, coupling.trace.channels)
    live = torch.zeros(coupling.n_units, dtype=torch.bool)
    live[coupling.held] = True
    live[coupling.inputs[mask]] = True
    # Where nobody reads channel u of the sum s + b(s), but somebody reads it in s, b keeps its row
    # u for the shape alone, and what that row reads is not needed.
    for node, needed in needed_channels(coupling).items():
        live[coupling.units[node][needed]] = True
    for layer in coupling.layers:
        if not live[layer.makes].any():
            live[layer.makes[0]] = True
    added = (live[coupling.inputs] & ~mask).nonzero().flatten().tolist()
    if added:
        raise ValueError(
            f"kept leaves out the input channels {added}, to which the network adds something "
            f"that it needs: keep them."
        )
    return live


def _cut_layer(layer: Layer, live: Tensor) -> None:
    module, rows, columns = layer.module, live[layer.makes], live[layer.reads]
    weight = module.weight[rows]
    module.weight = _parameter(
        weight if layer.kind == "depthwise" else weight[:, columns], module.weight
    )
    if module.bias is not None:
        module.bias = _parameter(module.bias[rows], module.bias)
    out, into = int(rows.sum()), int(columns.sum())
    if layer.kind == "dense":
        module.out_features, module.in_features = out, into
    else:
        module.groups = into if layer.kind == "depthwise" else 1
        module.out_channels, module.in_channels = out, into


def _cut_scale(scale: Scale, live: Tensor) -> None:
    """Every tensor of a batch norm or PReLU with one entry for each channel."""
    module, rows = scale.module, live[scale.units]
    for name, parameter in list(module.named_parameters()):
        setattr(module, name, _parameter(parameter[rows], parameter))
    for name, buffer in list(module.named_buffers()):
        if buffer.dim():
            setattr(module, name, buffer[rows].clone())
    size = "num_parameters" if isinstance(module, nn.PReLU) else "num_features"
    setattr(module, size, int(rows.sum()))


def _parameter(values: Tensor, like: nn.Parameter) -> nn.Parameter:
    return nn.Parameter(values.detach().clone(), requires_grad=like.requires_grad)
