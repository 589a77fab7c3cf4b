"""Activations by name, each with its derivative written in terms of its own output."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["ACTIVATIONS", "Activation"]

aten = torch.ops.aten


class Activation(NamedTuple):
    """a = apply_(z) and backward_(g, a) = g * da/dz, from a alone, in place; a = module()(z)."""

    apply_: Callable[[Tensor], Tensor]
    backward_: Callable[[Tensor, Tensor], Tensor]
    module: Callable[[], nn.Module]


# The backward functions are the kernels that autograd itself calls for these activations.
ACTIVATIONS = {
    "relu": Activation(
        torch.relu_,
        lambda g, a: aten.threshold_backward.grad_input(g, a, 0, grad_input=g),
        nn.ReLU,
    ),
    "leaky_relu": Activation(
        torch.nn.functional.leaky_relu_,
        lambda g, a: aten.leaky_relu_backward.grad_input(g, a, 0.01, True, grad_input=g),
        nn.LeakyReLU,
    ),
    "elu": Activation(
        torch.nn.functional.elu_,
        lambda g, a: aten.elu_backward.grad_input(g, 1.0, 1.0, 1.0, True, a, grad_input=g),
        nn.ELU,
    ),
    "tanh": Activation(
        torch.tanh_, lambda g, a: aten.tanh_backward.grad_input(g, a, grad_input=g), nn.Tanh
    ),
    "sigmoid": Activation(
        torch.sigmoid_,
        lambda g, a: aten.sigmoid_backward.grad_input(g, a, grad_input=g),
        nn.Sigmoid,
    ),
    "identity": Activation(lambda z: z, lambda g, a: g, nn.Identity),
}
