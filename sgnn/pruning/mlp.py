"""The smaller MLP with equal outputs, and what of it is zero: both of it as a Sequential."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from ..modules import MLP
from .removal import prune
from .sparsity import layer_sparsity

__all__ = ["mlp_sparsity", "prune_mlp"]


def prune_mlp(module: MLP) -> MLP:
    """The MLP of the kept columns and the units that matter; it returns equal outputs.

    Parameters
    ----------
    module : MLP
        Not changed.

    Returns
    -------
    MLP
        With the kept columns as its input; without hidden layers where there are none.

    Examples
    --------
    >>> from sgnn.modules import InputTransform
    >>> net = MLP(InputTransform(3), [4], 2)
    >>> net.input_transform.keep(torch.tensor([True, False, True]))
    >>> x = torch.randn(5, 3)
    >>> torch.equal(prune_mlp(net)(x[:, [0, 2]]), net(x))
    True
    """
    small, columns = copy.deepcopy(module), module.input_transform
    small.input_transform = columns.of_kept()
    if len(columns.kept):
        layers = _dense(prune(module.as_sequential(), (columns.n_features,), columns.mask))
        weights = [layer.weight for layer in layers]
        biases = [layer.bias for layer in layers if layer.bias is not None]
    else:
        with torch.no_grad():
            nothing = module.theta.new_zeros(1, len(module.theta))
            (outputs,) = module.upper_layers.forward(nothing)[-1]
        weights = [nn.Parameter(outputs.new_zeros(len(outputs), 0))]
        biases = [nn.Parameter(outputs)]
    small.theta, small.weights = weights[0], nn.ParameterList(weights[1:])
    small.biases = nn.ParameterList(biases)
    return small


def mlp_sparsity(module: MLP) -> list[dict]:
    """Zero weights and zero neurons of each layer, the input first (paper 2, section 3.4).

    A neuron is gone when its outgoing weights and its bias, if it has one, are zero.

    Parameters
    ----------
    module : MLP
        Not changed.

    Returns
    -------
    list of dict
        As of `layer_sparsity`, for the columns that are kept.

    Examples
    --------
    >>> from sgnn.modules import InputTransform
    >>> net = MLP(InputTransform(3), [2], 1, first_bias=True)
    >>> with torch.no_grad():
    ...     net.weights[0][:] = 0
    ...     net.biases[0][0] = 1
    >>> [(row["name"], row["zero_neurons"]) for row in mlp_sparsity(net)]
    [('input', 0), ('hidden 1', 1)]
    """
    layers = module.as_sequential()
    rows = layer_sparsity(layers, (module.input_transform.n_features,), module.input_transform.mask)
    dense = _dense(layers)
    for row, below, layer in zip(rows[1:], dense, dense[1:], strict=False):
        if below.bias is not None:
            gone = (layer.weight == 0).all(0) & (below.bias == 0)
            row["zero_neurons"] = int(gone.sum())
    return rows


def _dense(layers: nn.Module) -> list[Any]:
    return [layer for layer in layers.children() if isinstance(layer, nn.Linear)]
