"""Activations by name, most with their derivative written in terms of their own output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["ACTIVATIONS", "Activation", "is_activation"]

aten = torch.ops.aten


class Activation(NamedTuple):
    """a = apply_(z) and backward_(g, a) = g * da/dz, from a alone, in place; a = module()(z).

    Without `backward_` z is not overwritten, and autograd has the derivative.
    """

    apply_: Callable[[Tensor], Tensor]
    backward_: Callable[[Tensor, Tensor], Tensor] | None
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
    "gelu": Activation(nn.GELU(), None, nn.GELU),
    "silu": Activation(nn.SiLU(), None, nn.SiLU),
}


def is_activation(what: Any) -> bool:
    """Whether it is a class of modules that map every number by itself.

    They have no parameters, which would not be trained, and are made without arguments.
    """
    if not (isinstance(what, type) and issubclass(what, nn.Module)):
        return False
    try:
        module, z = what(), torch.linspace(-1.0, 1.0, 6, dtype=torch.float64).view(3, 2)
        with torch.random.fork_rng(devices=[]):  # one that draws numbers fails below
            alone = torch.stack([module(entry) for entry in z.flatten()]).view_as(z)
            return not module.state_dict() and torch.allclose(module(z), alone, atol=1e-12)
    except Exception:  # whatever a module raises that is no such function
        return False
