"""Coupled channels: which slices of which weights belong to the same unit of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..groups import Blocks
from .tracing import Role, Trace, trace

__all__ = ["Coupling", "Layer", "Pair", "Scale", "couple"]


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution or dense layer, and the units at its two ends.

    Parameters
    ----------
    name : str
        As in `module.named_modules()`.
    module : nn.Module
        The layer itself, with the parameters that are trained.
    reads : tensor of long, shape (in,)
        The unit that each input channel or input feature comes from.
    makes : tensor of long, shape (out,)
        The unit that each output channel or output feature belongs to.
    kind : {"dense", "conv", "depthwise"}
        What it is; "depthwise" is a convolution of single channels.
    weight : nn.Parameter
        (out, in) if dense, (out, in, *kernel) or, depthwise, (out, 1, *kernel) if not.
    """

    name: str
    module: Any
    reads: Tensor
    makes: Tensor
    kind: str
    weight: nn.Parameter

    @property
    def wired(self) -> Tensor:
        """Whether each output reads each input by a weight that is not 0: bool, (out, in)."""
        nonzero = self.weight.detach() != 0
        return (nonzero if self.kind == "dense" else nonzero.flatten(2).any(2)).cpu()

    @property
    def neurons(self) -> Blocks:
        """The weights of each neuron as paper 3 counts them.

        The filter of an output channel; in a dense layer, what leaves an input unit.
        """
        shape = self.weight.shape
        return Blocks(shape, (1 - len(shape) if self.kind == "dense" else -len(shape),))


@dataclass(frozen=True, eq=False)
class Scale:
    """A layer with parameters for each channel alone: a batch norm or a PReLU.

    Parameters
    ----------
    name : str
        As in `module.named_modules()`.
    module : nn.Module
    units : tensor of long, shape (channels,)
        The unit of each channel.
    """

    name: str
    module: Any
    units: Tensor

    @property
    def passes(self) -> Tensor:
        """Whether what comes in reaches the result: False where a batch norm's gamma is 0."""
        if isinstance(self.module, _BatchNorm) and self.module.weight is not None:
            return self.module.weight.detach().cpu() != 0
        return torch.tensor(True)


@dataclass(frozen=True, eq=False)
class Pair:
    """Units that one layer alone makes and one layer alone reads: OICSR's groups.

    Parameters
    ----------
    lower, upper : Layer
        Who makes the units, who reads them.
    m : int
        Neighboring inputs of the upper layer that each unit feeds.
    """

    lower: Layer
    upper: Layer
    m: int


@dataclass(frozen=True, eq=False)
class Coupling:
    """The units of a network: channels and features that can only go together.

    A unit is a set of channels, one or more in each of several tensors: those that stay in
    place between layers, those that are added or multiplied, and the positions of a flattened
    channel.  Without the unit u, layer l loses the rows `makes == u` of its weight and bias and
    the columns `reads == u`, and a batch norm its entries `units == u`.

    Parameters
    ----------
    layers : list of Layer
        Convolutions and dense layers in the order in which they run.
    scales : list of Scale
        Batch norms and the like.
    units : dict from fx.Node to tensor of long, shape (channels,)
        The unit of each channel of each tensor.
    held : tensor of long
        The units that nothing may remove: the outputs, and what a softmax reads.
    n_units : int
    trace : Trace
        The calls that it was read from.
    """

    layers: list[Layer]
    scales: list[Scale]
    units: dict[fx.Node, Tensor]
    held: Tensor
    n_units: int
    trace: Trace

    @property
    def inputs(self) -> Tensor:
        """The units of the network's input, (channels,)."""
        return self.units[self.trace.input]

    @property
    def n_neurons(self) -> int:
        """Neurons as paper 3 counts them: output channels, and input units of dense layers."""
        return sum(layer.neurons.n_blocks for layer in self.layers)

    def pairs(self) -> list[Pair]:
        """Layers whose units only one layer makes and only one reads, for OICSR.

        Units that are added up in a residual network have several makers and are in no pair.

        Notes
        -----
        Source: Li et al. (2019), "OICSR"; paper 4, section II.F.
        """
        layers = [layer for layer in self.layers if layer.kind != "depthwise"]
        makers, input_weights = torch.zeros(2, self.n_units, dtype=torch.long)
        for layer in layers:
            makers[layer.makes.unique()] += 1
            input_weights[layer.reads.unique()] += 1
        alone = (makers == 1) & (input_weights == 1)
        found = []
        for lower in layers:
            for upper in layers:
                m = len(upper.reads) // len(lower.makes)
                fed = torch.equal(upper.reads, lower.makes.repeat_interleave(m))
                if fed and alone[lower.makes].all():
                    found.append(Pair(lower, upper, m))
        return found


def couple(module: nn.Module, shape: Sequence[int]) -> Coupling:
    """Find the units of a network and the slices of its weights that belong to each.

    Parameters
    ----------
    module : nn.Module
        Any network of convolutions, dense layers, batch norms, activations, poolings,
        flattenings, sums, products, concatenations and dropout; not changed.
    shape : tuple of int
        One input, channels first: (channels, ...), or (n_features,).

    Returns
    -------
    Coupling

    Raises
    ------
    ValueError
        If the shape does not fit, or forward does what cannot be followed; the message says
        where, and what to write instead.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv1d(2, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(9, 1))
    >>> coupling = couple(net, (2, 4))
    >>> for layer in coupling.layers:
    ...     print(layer.name, layer.kind, layer.reads.tolist(), layer.makes.tolist())
    0 conv [0, 1] [2, 3, 4]
    3 dense [2, 2, 2, 3, 3, 3, 4, 4, 4] [5]
    >>> [(pair.lower.name, pair.upper.name, pair.m) for pair in coupling.pairs()]
    [('0', '3', 3)]
    """
    traced = trace(module, shape)
    units, n_units = _units(traced)
    layers, scales = [], []
    held = [units[node] for node in traced.outputs]
    for step in traced.steps:
        name = str(step.node.target)
        if step.role in {Role.MIX, Role.DEPTHWISE}:
            ends = units[step.sources[0]], units[step.node]
            kind = "depthwise" if step.role is Role.DEPTHWISE else "conv"
            layer: Any = module.get_submodule(name)
            kind = "dense" if isinstance(layer, nn.Linear) else kind
            layers.append(Layer(name, layer, *ends, kind, layer.weight))
        elif step.role is Role.SCALE:
            scales.append(Scale(name, module.get_submodule(name), units[step.node]))
        elif step.role is Role.HOLD:
            held.append(units[step.node])
    return Coupling(layers, scales, units, torch.cat(held), n_units, traced)


def _units(traced: Trace) -> tuple[dict[fx.Node, Tensor], int]:
    """The unit of each channel of each tensor, and how many units there are."""
    channels = {traced.input: torch.arange(traced.channels)}
    n, one, other = traced.channels, [], []
    for step in traced.steps:
        read = [channels[source] for source in step.sources]
        if step.role is Role.MIX:
            channels[step.node] = torch.arange(n, n + step.channels)
            n += step.channels
        elif step.role is Role.JOIN:
            channels[step.node] = read[0]
            one += [read[0] for _ in read]
            other += read
        else:
            channels[step.node] = torch.cat(read).repeat_interleave(step.repeat)
    empty = torch.zeros(0, dtype=torch.long)
    edges = (torch.cat([empty, *one]).numpy(), torch.cat([empty, *other]).numpy())
    graph = coo_array((np.ones(len(edges[0])), edges), shape=(n, n))
    n_units, labels = connected_components(graph, directed=False)
    of = torch.from_numpy(labels.astype(np.int64))
    return {node: of[index] for node, index in channels.items()}, n_units
