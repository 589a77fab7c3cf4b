"""The physically smaller network that computes the same outputs."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from .modules import MLP, InputTransform
from .modules.activations import ACTIVATIONS

__all__ = ["compact", "layer_sparsity"]


def compact(module: MLP) -> MLP:
    """The network of the kept columns and the working units; it returns equal outputs.

    Units whose outgoing weights are all zero are left out, and units that read nothing are
    constant: what they contribute goes into the next bias.

    Parameters
    ----------
    module : MLP
        Not changed.

    Returns
    -------
    MLP
        With `len(module.input_transform.kept)` input columns.

    Examples
    --------
    >>> import torch
    >>> net = MLP(InputTransform(3), [4], 2)
    >>> net.input_transform.keep(torch.tensor([True, False, True]))
    >>> x = torch.randn(5, 3)
    >>> torch.equal(compact(net)(x[:, [0, 2]]), net(x))
    True
    """
    small, kept = copy.deepcopy(module), module.input_transform.kept
    parts = {
        name: None if buffer is None else buffer[kept].cpu().numpy()
        for name, buffer in (
            ("shift", module.input_transform.shift),
            ("scale", module.input_transform.scale),
            ("fill", module.input_transform.fill),
        )
    }
    small.input_transform = InputTransform(len(kept), **parts).to(kept.device)
    small.theta = nn.Parameter(module.theta[:, kept].detach().clone())
    with torch.no_grad():
        for layer in range(len(small.weights)):
            _fold_constants(small, layer)
        for layer in reversed(range(len(small.weights))):
            _keep_units(small, layer, (small.weights[layer] != 0).any(0))
    return small


def _fold_constants(module: MLP, layer: int) -> None:
    """Units of a hidden layer that read nothing are constant: into the next bias with them."""
    incoming = module.theta if layer == 0 else module.weights[layer - 1]
    constant = ~(incoming != 0).any(1)
    if not constant.any():
        return
    bias = _bias_below(module, layer)
    z = incoming.new_zeros(int(constant.sum())) if bias is None else bias[constant].clone()
    act = ACTIVATIONS[module.activation].apply_
    W = module.weights[layer]
    module.biases[layer + module.first_bias] += W[:, constant] @ act(z)
    _keep_units(module, layer, ~constant)


def _keep_units(module: MLP, layer: int, kept: Tensor) -> None:
    """Leave out units of a hidden layer: rows below, columns above."""
    if kept.all():
        return
    if layer == 0:
        module.theta = nn.Parameter(module.theta[kept].clone())
    else:
        module.weights[layer - 1] = nn.Parameter(module.weights[layer - 1][kept].clone())
    bias = _bias_below(module, layer)
    if bias is not None:
        module.biases[layer - 1 + module.first_bias] = nn.Parameter(bias[kept].clone())
    module.weights[layer] = nn.Parameter(module.weights[layer][:, kept].clone())


def _bias_below(module: MLP, layer: int) -> Tensor | None:
    """The bias of the units of hidden layer `layer`, if they have one."""
    index = layer - 1 + module.first_bias
    return module.biases[index] if index >= 0 else None


def layer_sparsity(module: MLP) -> list[dict]:
    """Zero weights and zero neurons of each layer, the input first (paper 2, section 3.4).

    A neuron is gone when its outgoing weights and its bias, if it has one, are zero.

    Parameters
    ----------
    module : MLP
        Not changed.

    Returns
    -------
    list of dict
        name, weights, zero_weights, neurons, zero_neurons, flops and flops_left: the floating
        point operations of the layer's matrix product per row, now and in `compact(module)`.
    """
    small = compact(module)
    pairs = zip([module.theta, *module.weights], [small.theta, *small.weights], strict=True)
    layers = []
    for layer, (W, left) in enumerate(pairs):
        gone = ~(W != 0).any(0)
        bias = None if layer == 0 else _bias_below(module, layer - 1)
        if bias is not None:
            gone &= bias == 0
        layers.append(
            {
                "name": f"hidden {layer}" if layer else "input",
                "weights": W.numel(),
                "zero_weights": int((W == 0).sum()),
                "neurons": W.shape[1],
                "zero_neurons": int(gone.sum()),
                "flops": 2 * W.numel(),
                "flops_left": 2 * left.numel(),
            }
        )
    return layers
