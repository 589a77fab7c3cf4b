"""The layers above the first product, forward and backward, for one network or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .activations import ACTIVATIONS

__all__ = ["UpperLayers"]


@dataclass(frozen=True)
class UpperLayers:
    """z -> W_L a( ... a(W_2 a(z + b_1) + b_2) ... ) + b_L.

    The tensors may have a leading axis, of replicas: as many networks, each with its own z.

    Parameters
    ----------
    weights : sequence of tensors of shape (..., out, in)
    biases : sequence of tensors of shape (..., out)
        One for each weight, and one more, to begin with, where the first product has one.
    activation : str
        A name in `ACTIVATIONS`.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    activation: str

    def forward(self, z: Tensor) -> list[Tensor]:
        """First products (..., n, q), overwritten -> activations of every layer, output last."""
        act = ACTIVATIONS[self.activation].apply_
        n_first = len(self.biases) - len(self.weights)
        if n_first:
            z.add_(self.biases[0].unsqueeze(-2))
        layers = []
        for W, b in zip(self.weights, self.biases[n_first:], strict=True):
            a = act(z)
            layers.append(a)
            # a batched product is twice as fast by a matrix that lies in memory as it is read
            z = (F.linear(a, W, b) if W.ndim == 2 else
                 torch.baddbmm(b.unsqueeze(1), a, W.mT.contiguous()))  # fmt: skip
        return [*layers, z]

    def backward(self, layers: list[Tensor], g: Tensor) -> Tensor:
        """The loss gradient by the output (..., n, n_outputs) -> by the first product (..., n, q).

        `layers` is what `forward` returned, g is overwritten.  The gradients of the weights and
        biases replace what stood in their `.grad`.
        """
        back = ACTIVATIONS[self.activation].backward_
        product = torch.mm if g.ndim == 2 else torch.bmm  # torch.matmul takes long to tell
        n_first = len(self.biases) - len(self.weights)
        above = zip(self.weights, self.biases[n_first:], layers, strict=False)
        for W, b, a in reversed(list(above)):
            W.grad, b.grad = product(g.mT, a), g.sum(-2)
            g = back(product(g, W), a)
        if n_first:
            self.biases[0].grad = g.sum(-2)
        return g
