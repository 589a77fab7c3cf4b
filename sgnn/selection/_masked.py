"""Networks that predict from any of the groups: they were trained with random groups missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..losses import Loss
from ..modules import UpperLayers

__all__ = ["BATCH", "MaskedData", "NetworkStack", "Training", "labels_of", "masked", "random_masks"]

BATCH = 256  # rows of a mini-batch
GROWTH = 1.4  # of the steps after which held-out rows are looked at
AVERAGE = 0.99  # of the weights over the last hundred steps


@dataclass(frozen=True)
class MaskedData:
    """Rows, and which of them each of M networks is trained on.

    Attributes
    ----------
    X : Tensor of shape (n, p)
        Scaled; the columns of a group lie side by side.
    sizes : list of n_groups ints
        Columns in each group.
    y : Tensor of shape (n,) or (n, n_outputs)
    loss : Loss
    start : Tensor of shape (n_outputs,)
        The best constant outputs.
    train_weights : Tensor of shape (M, n)
        Weights of the rows that a network is trained on, 0 for others.
    held_out : list of M index Tensors
        Rows that it is judged on.
    weight : Tensor of shape (n,)
    present : Tensor of shape (n, n_groups)
        1 where any value of the group was measured.
    always : bool Tensor of shape (n_groups,)
        Groups that are part of every set.
    """

    X: Tensor
    sizes: list[int]
    y: Tensor
    loss: Loss
    start: Tensor
    train_weights: Tensor
    held_out: list[Tensor]
    weight: Tensor
    present: Tensor
    always: Tensor

    @property
    def labels(self) -> Tensor:
        """The group of each column, (p,)."""
        return labels_of(self.sizes)

    def batches(self, rng: torch.Generator) -> Iterator[Tensor]:
        """Row indices of mini-batches, without end."""
        n = len(self.X)
        while True:
            order = torch.randperm(n, generator=rng)
            yield from (order[a : a + BATCH] for a in range(0, max(n - BATCH + 1, 1), BATCH))


@dataclass(frozen=True)
class Training:
    """How networks are trained.

    Attributes
    ----------
    hidden_layer_sizes : sequence of int
    learning_rate, weight_decay : float
        Of AdamW.
    max_steps : int
    patience : int
        Looks at held-out rows without a gain after which training stops.
    first_check, min_steps : int
        Steps before the first look, and before training may stop.
    """

    hidden_layer_sizes: Sequence[int]
    learning_rate: float
    weight_decay: float
    max_steps: int
    patience: int
    first_check: int
    min_steps: int

    def run(
        self,
        stack: NetworkStack,
        step: Callable[[], None],
        judge: Callable[[], bool],
        progress: Callable[[float], None],
    ) -> int:
        """Train; `judge` looks at averaged weights, keeps what it needs, and says if they gain.

        Returns the number of steps.

        Looks at held-out rows are GROWTH times as far apart as before, so that a small table costs
        few steps and a large one few looks.
        """
        optimizer = torch.optim.AdamW(
            stack.parameters, lr=self.learning_rate, weight_decay=self.weight_decay, foreach=True
        )
        average = [w.detach().clone() for w in stack.parameters]
        check, failures = self.first_check, 0
        for at in range(1, self.max_steps + 1):
            step()
            optimizer.step()
            # over the last hundred steps, and at first over fewer
            with torch.no_grad():
                torch._foreach_lerp_(average, stack.parameters, 1 - min(AVERAGE, at / (at + 10)))
            if at in (check, self.max_steps):
                check = max(check + 1, int(check * GROWTH))
                with stack.replaced(average):
                    failures = 0 if judge() else failures + 1
                progress(at / self.max_steps)
                if failures >= self.patience and at >= self.min_steps:
                    break
        return at


class NetworkStack:
    """M networks of equal sizes as tensors with a leading axis.

    z = first x -> W_L a( ... a(z + b_1) ... ) + b_L, with a = ReLU

    Parameters
    ----------
    first : Tensor of shape (M, q, p)
    weights, biases : lists of Tensors (M, out, in) and (M, out)
        Of the layers above; the first bias is that of z.
    """

    def __init__(self, first: Tensor, weights: list[Tensor], biases: list[Tensor]) -> None:
        self.first = nn.Parameter(first, requires_grad=False)
        self.weights = [nn.Parameter(W, requires_grad=False) for W in weights]
        self.biases = [nn.Parameter(b, requires_grad=False) for b in biases]

    @classmethod
    def drawn(
        cls,
        n_networks: int,
        sizes: Sequence[int],
        n_absent: int,
        start: Tensor,
        rng: torch.Generator,
    ) -> NetworkStack:
        """Torch's initial weights of linear layers; those of the last `n_absent` inputs are 0."""
        layers = []
        for fan_in, fan_out in pairwise(sizes):
            bound = 1 / math.sqrt(fan_in)
            layers.append(
                torch.empty(n_networks, fan_out, fan_in).uniform_(-bound, bound, generator=rng)
            )
        first = torch.cat([layers[0], layers[0].new_zeros(n_networks, sizes[1], n_absent)], -1)
        biases = [torch.zeros(n_networks, width) for width in sizes[1:]]
        biases[-1] += start
        return cls(first, layers[1:], biases)

    @property
    def parameters(self) -> list[Tensor]:
        return [self.first, *self.weights, *self.biases]

    @property
    def upper(self) -> UpperLayers:
        return UpperLayers(self.weights, self.biases, "relu")

    def copy(self) -> list[Tensor]:
        return [w.detach().clone() for w in self.parameters]

    def put(self, values: Sequence[Tensor]) -> None:
        for w, value in zip(self.parameters, values, strict=True):
            w.data = value

    @contextmanager
    def replaced(self, values: Sequence[Tensor]) -> Iterator[None]:
        """A context in which the networks have these parameters."""
        before = [w.data for w in self.parameters]
        self.put(values)
        try:
            yield
        finally:
            self.put(before)

    def outputs(self, inputs: Tensor, members: slice = slice(None)) -> Tensor:
        """Inputs (b, p) of all these networks -> (M, b, n_outputs)."""
        weights = [W[members] for W in self.weights]
        biases = [b[members] for b in self.biases]
        z = self._z(inputs, self.first[members])
        return UpperLayers(weights, biases, "relu").forward(z)[-1]

    def set_gradients(self, inputs: Tensor, y: Tensor, weight: Tensor, loss: Loss) -> None:
        """Gradients of the weighted mean losses of a mini-batch; weight is (M, b)."""
        layers = self.upper.forward(self._z(inputs, self.first))
        _, g = loss.gradient(layers[-1], y)
        share = weight / weight.sum(1, keepdim=True).clamp_min(torch.finfo(weight.dtype).tiny)
        g = self.upper.backward(layers, g * share.unsqueeze(-1))
        grad = g.mT.reshape(-1, len(inputs)) @ inputs
        self.first.grad = grad.view(self.first.shape)

    @staticmethod
    def _z(inputs: Tensor, first: Tensor) -> Tensor:
        M, q, p = first.shape
        return (first.reshape(M * q, p) @ inputs.T).view(M, q, -1).mT  # rows last in memory


def labels_of(sizes: Sequence[int]) -> Tensor:
    """The group of each column, (p,), of groups of these sizes side by side."""
    return torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))


def random_masks(n: int, always: Tensor, rng: torch.Generator) -> Tensor:
    """Which groups are present, (n, n_groups) of 0 and 1: first how many, then which.

    Those that are `always` present, (n_groups,) bool, are so besides.
    """
    order = torch.rand(n, len(always), generator=rng)
    many = torch.randint(len(always) + 1, (n, 1), generator=rng)
    bounds = torch.cat([order.new_full((n, 1), -1.0), order.sort(1).values], 1)
    return ((order <= bounds.gather(1, many)) | always).float()


def masked(x: Tensor, masks: Tensor, labels: Tensor) -> Tensor:
    """Rows (n, p) with the groups of masks (n, n_groups), as networks take them."""
    return torch.cat([x * masks[:, labels], 1 - masks], 1)
