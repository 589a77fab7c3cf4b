"""Losses that return one number per row, and their gradient by the network's output."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["CrossEntropy", "Loss", "SquaredError", "TorchLoss"]


class Loss(nn.Module):
    """A loss per row: out (..., n, n_outputs), y (n,) or (n, n_outputs) -> (..., n).

    Leading axes of the outputs are replicas, networks that were given the same rows.
    """

    def forward(self, out: Tensor, y: Tensor) -> Tensor:
        return self.gradient(out, y)[0]

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        raise TypeError("Loss is abstract: use CrossEntropy, SquaredError or TorchLoss.")


class CrossEntropy(Loss):
    """-log softmax(out)[y].

    Written by hand because torch's log_softmax over a few classes is its slowest kernel here,
    and with the classes first, so that each of the lines below runs along the rows.
    """

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        p = out.movedim(-1, 0).contiguous()  # (n_outputs, ..., n)
        p -= p.amax(0)
        index = y.expand(p.shape[1:]).unsqueeze(0)
        loss = p.gather(0, index).squeeze(0).neg_()
        total = p.exp_().sum(0)
        p /= total
        p.scatter_add_(0, index, p.new_full((), -1.0).expand_as(index))
        return loss.add_(total.log_()), p.movedim(0, -1)


class SquaredError(Loss):
    """1/2 sum_j (y_j - out_j)^2, the scale in which lam agrees with the linear baselines."""

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        residual = out - y
        return residual.square().sum(-1).mul_(0.5), residual


class TorchLoss(Loss):
    """Any torch loss class that takes reduction="none", summed over the outputs of a row."""

    def __init__(self, loss: type[nn.Module]) -> None:
        super().__init__()
        self.loss = loss(reduction="none")

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            leaf = out.detach().flatten(0, -2).requires_grad_()
            repeated = y.expand(*out.shape[:-2], *y.shape).flatten(0, out.ndim - 2)
            loss = self.loss(leaf, repeated).reshape(len(leaf), -1).sum(1)
            (g,) = torch.autograd.grad(loss.sum(), leaf)
        return loss.detach().view(out.shape[:-1]), g.view(out.shape)
