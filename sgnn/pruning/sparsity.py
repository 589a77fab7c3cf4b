"""What is zero in each layer, and what pruning leaves of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from ..modules.coupling import couple
from .cost import layer_flops
from .mask import kept_shape
from .removal import prune

__all__ = ["layer_sparsity"]


def layer_sparsity(module: nn.Module, shape: Sequence[int], kept: Any = None) -> list[dict]:
    """Zero weights and zero neurons of each layer, in the order in which they run.

    A neuron, as paper 3 counts them, is an output channel of a convolution with its filter, or
    an input unit of a dense layer with the weights that leave it.

    Parameters
    ----------
    module : nn.Module
        Any network that `couple` can follow; not changed.
    shape : tuple of int
        One input, channels first.
    kept : array-like of bool, shape (channels,), optional
        The input channels that the network takes, all by default.  None at all leaves nothing.

    Returns
    -------
    list of dict
        name, weights, zero_weights, neurons, zero_neurons, flops and flops_left: floating point
        operations for one input, now and in `prune(module, shape, kept)`.

    Raises
    ------
    ValueError
        As `prune`.

    Notes
    -----
    Source: paper 3, section 3.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    >>> import torch
    >>> with torch.no_grad():
    ...     net[2].weight[:, 0] = 0
    >>> for row in layer_sparsity(net, (3,)):
    ...     print(row["name"], row["neurons"], row["zero_neurons"], row["flops"], row["flops_left"])
    0 3 0 12 6
    2 2 1 4 2
    """
    flops, left = layer_flops(module, shape), {}
    if kept is None or np.asarray(kept).any():
        left = layer_flops(prune(module, shape, kept), kept_shape(shape, kept))
    rows = []
    for layer in couple(module, shape).layers:
        weight, neurons = layer.weight.detach(), layer.neurons.to(layer.weight)
        rows.append(
            {
                "name": layer.name,
                "weights": weight.numel(),
                "zero_weights": int((weight == 0).sum()),
                "neurons": neurons.n_blocks,
                "zero_neurons": int((neurons.max(weight.abs()) == 0).sum()),
                "flops": flops[layer.name],
                "flops_left": left.get(layer.name, 0),
            }
        )
    return rows
