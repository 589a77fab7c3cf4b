"""Activations by name, each with its derivative written in terms of its own output."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["ACTIVATIONS", "Activation"]

aten = torch.ops.aten


class Activation(NamedTuple):
    """a = apply_(z), in place where torch can; backward(g, a) = g * da/dz, from a alone."""

    apply_: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor, Tensor], Tensor]


# The backward functions are the kernels that autograd itself calls for these activations.
ACTIVATIONS = {
    "relu": Activation(torch.relu_, lambda g, a: aten.threshold_backward(g, a, 0)),
    "leaky_relu": Activation(
        torch.nn.functional.leaky_relu_, lambda g, a: aten.leaky_relu_backward(g, a, 0.01, True)
    ),
    "elu": Activation(
        torch.nn.functional.elu_, lambda g, a: aten.elu_backward(g, 1.0, 1.0, 1.0, True, a)
    ),
    "tanh": Activation(torch.tanh_, aten.tanh_backward),
    "sigmoid": Activation(torch.sigmoid_, aten.sigmoid_backward),
    "identity": Activation(lambda z: z, lambda g, a: g),
}
