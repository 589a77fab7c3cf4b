"""The layers above the first product, forward and backward, for one network or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .activations import ACTIVATIONS

__all__ = ["Gradients", "UpperLayers", "product"]


@dataclass(frozen=True)
class Gradients:
    """Of the mean loss: by the first product (..., n, q), and by the weights and biases above."""

    product: Tensor
    weights: list[Tensor]
    biases: list[Tensor]


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
        first, above = self._biases()
        for b in first:
            z.add_(b.unsqueeze(-2))
        layers = []
        for W, b in zip(self.weights, above, strict=True):
            layers.append(act(z))
            z = _affine(layers[-1], W, b)
        return [*layers, z]

    def backward(self, layers: list[Tensor], g: Tensor) -> Gradients:
        """The loss gradient by the output (..., n, n_outputs) -> by everything; g is overwritten.

        `layers` is what `forward` returned.
        """
        back = ACTIVATIONS[self.activation].backward_
        by_weights, by_biases = [], []
        for W, a in zip(reversed(self.weights), layers[-2::-1], strict=True):
            by_weights.append(product(g.mT, a))
            by_biases.append(g.sum(-2))
            g = back(product(g, W), a)
        if self._biases()[0]:
            by_biases.append(g.sum(-2))
        return Gradients(g, by_weights[::-1], by_biases[::-1])

    def _biases(self) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """That of the first product, if there is one, and those of the weights."""
        first = len(self.biases) - len(self.weights)
        return self.biases[:first], self.biases[first:]


def product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b of matrices, or of stacks of them, which torch.matmul would look at for long."""
    return torch.mm(a, b) if a.ndim == 2 else torch.bmm(a, b)


def _affine(a: Tensor, W: Tensor, b: Tensor) -> Tensor:
    if W.ndim == 2:
        return F.linear(a, W, b)
    # the batched product is twice as fast by a matrix that lies in memory as it is read
    return torch.baddbmm(b.unsqueeze(1), a, W.mT.contiguous())
