"""The multi-layer network whose first layer is cut into groups of input columns."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .activations import ACTIVATIONS, Activation
from .scaling import InputTransform, TargetScale

__all__ = ["MLP", "UpperLayers"]


@dataclass(frozen=True)
class UpperLayers:
    """z -> W_L a( ... a(W_2 a(z + b_1) + b_2) ... ) + b_L.

    The tensors may have a leading axis, of replicas: as many networks, each with its own z, which
    is fastest where it lies in memory as (..., q, n).

    Parameters
    ----------
    weights : sequence of tensors of shape (..., out, in)
    biases : sequence of tensors of shape (..., out)
        One for each weight, and one more, to begin with, where the first product has one.
    activation : str or class
        A name in `ACTIVATIONS`, or a class of torch's.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    activation: Any

    def forward(self, z: Tensor) -> list[Tensor]:
        """First products (..., n, q), overwritten -> what `backward` needs, output last.

        That is a layer's activations, or what they are of where autograd has the derivative.
        """
        act = _activation(self.activation)
        n_first = len(self.biases) - len(self.weights)
        if n_first:
            z.add_(self.biases[0].unsqueeze(-2))
        layers = []
        for W, b in zip(self.weights, self.biases[n_first:], strict=True):
            a = act.apply_(z)
            layers.append(z if act.backward_ is None else a)
            # a batched product is up to ten times faster in this order, rows last
            z = F.linear(a, W, b) if W.ndim == 2 else torch.baddbmm(b.unsqueeze(2), W, a.mT).mT
        return [*layers, z]

    def backward(self, layers: list[Tensor], g: Tensor) -> Tensor:
        """The loss gradient by the output (..., n, n_outputs) -> by the first product (..., n, q).

        `layers` is what `forward` returned, g is overwritten.  The gradients of the weights and
        biases replace what stood in their `.grad`.
        """
        act, n_first = _activation(self.activation), len(self.biases) - len(self.weights)
        above = zip(self.weights, self.biases[n_first:], layers, strict=False)
        for W, b, a in reversed(list(above)):
            if act.backward_ is None:
                with torch.enable_grad():
                    z = a.detach().requires_grad_()
                    of_z = act.apply_(z)
                a = of_z.detach()
            b.grad = g.sum(-2)
            if W.ndim == 2:
                W.grad, g = torch.mm(g.T, a), torch.mm(g, W)
            else:
                W.grad = torch.bmm(g.mT, a)
                # entry by entry in half the time where there is one output
                g = (W.mT * g.mT if len(W[0]) == 1 else torch.bmm(W.mT, g.mT)).mT
            if act.backward_ is None:
                (g,) = torch.autograd.grad(of_z, z, g)
            else:
                g = act.backward_(g, a)
        if n_first:
            self.biases[0].grad = g.sum(-2)
        return g


@cache
def _activation(what: str | type[nn.Module]) -> Activation:
    """The activation of that name, or a class of torch's."""
    return ACTIVATIONS[what] if isinstance(what, str) else Activation(what(), None, what)


class MLP(nn.Module):
    """f(x) = W_L a( ... a(W_2 a(theta x + b_1) + b_2) ... ) + b_L, b_1 on request.

    The first product is apart from the rest: `upper_layers` takes its result, so that a training
    algorithm that knows it already need not compute it again, and its gradient is written out,
    so that neither autograd's graph nor the gradient of a weight that stands still is computed.

    Parameters
    ----------
    columns : InputTransform
        The columns of x and their scaling.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; none makes a linear model.
    n_outputs : int
        Width of the output.
    activation : str or class, default="relu"
        A name in `ACTIVATIONS`, or a class of torch's.
    first_bias : bool, default=False
        Whether the first hidden layer has a bias too; paper 1's has none.
    dtype : torch.dtype, default=torch.float32
    generator : torch.Generator, optional
        Draws the initial weights, by torch's own rule for linear layers.
    target_scale : TargetScale, optional
        From f(x) to the unit of y; f(x) itself by default.

    Attributes
    ----------
    theta : nn.Parameter of shape (q, n_features)
        The first layer: one column per input, q the units it feeds.
    weights, biases : nn.ParameterList
        The layers above, weights in torch's shape (out, in); the first layer's bias, if it has
        one, comes first.

    Examples
    --------
    >>> net = MLP(InputTransform(3), [4], 2)
    >>> net(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        columns: InputTransform,
        hidden_layer_sizes: Sequence[int],
        n_outputs: int,
        activation: Any = "relu",
        *,
        first_bias: bool = False,
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
        target_scale: TargetScale | None = None,
    ) -> None:
        super().__init__()
        self.input_transform = columns
        self.target_scale = target_scale or TargetScale()
        self.activation = activation
        sizes = [columns.n_features, *map(int, hidden_layer_sizes), n_outputs]
        layers = []
        for fan_in, fan_out in pairwise(sizes):
            # torch's own default for nn.Linear; drawn in float64 so that both precisions start
            # from the same network
            bound, drawn = 1 / math.sqrt(fan_in), torch.empty(fan_out, fan_in, dtype=torch.float64)
            nn.init.uniform_(drawn, -bound, bound, generator=generator)
            layers.append(nn.Parameter(drawn.to(dtype)))
        self.theta, self.weights = layers[0], nn.ParameterList(layers[1:])
        # a linear model has no layer above theta, but the intercept all the same
        widths = sizes[1:] if first_bias or len(hidden_layer_sizes) == 0 else sizes[2:]
        self.biases = nn.ParameterList(
            nn.Parameter(torch.zeros(width, dtype=dtype)) for width in widths
        )

    def forward(self, x: Tensor) -> Tensor:
        """Raw columns (n, n_features) -> predictions in the unit of y (n, n_outputs).

        Removed columns are not read.
        """
        return self.target_scale(self.outputs(x))

    def outputs(self, x: Tensor) -> Tensor:
        """Raw columns (n, n_features) -> what the loss sees, (n, n_outputs)."""
        kept = self.input_transform.kept
        return self._from_kept(x if len(kept) == x.shape[1] else x[:, kept])

    def from_kept(self, x: Tensor) -> Tensor:
        """The kept columns (n, n_kept), raw -> predictions in the unit of y (n, n_outputs)."""
        return self.target_scale(self._from_kept(x))

    def _from_kept(self, x: Tensor) -> Tensor:
        kept = self.input_transform.kept
        x = self.input_transform.prepare(x, kept, self.theta.dtype)
        return self.upper_layers.forward(F.linear(x, self.theta[:, kept]))[-1]

    @property
    def upper_layers(self) -> UpperLayers:
        """Everything above the first product."""
        return UpperLayers(list(self.weights), list(self.biases), self.activation)

    def as_sequential(self) -> nn.Sequential:
        """Torch's own layers with the same parameters: scaled columns (n, n_features) -> outputs.

        Dense layers are called by what they read: input, hidden 1, ...
        """
        weights, layers = [self.theta, *self.weights], []
        biases = [None] * (len(weights) - len(self.biases)) + [*self.biases]
        for i, (W, b) in enumerate(zip(weights, biases, strict=True)):
            # on the meta device it draws no weights, which would come from the global stream
            layer: Any = nn.Linear(W.shape[1], W.shape[0], device="meta")
            layer.weight, layer.bias = W, b
            if i > 0:
                layers.append((f"activation {i}", _activation(self.activation).module()))
            layers.append((f"hidden {i}" if i > 0 else "input", layer))
        return nn.Sequential(OrderedDict(layers))
