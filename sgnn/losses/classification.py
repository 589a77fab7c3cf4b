"""Losses of class indices."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from .base import Loss, register

__all__ = ["CrossEntropy"]

SMALLEST = 1e-3  # share of a class without rows, relative to 1 / n_classes


@register("log_loss")
class CrossEntropy(Loss):
    """-log softmax(out)[y].

    Implemented with the classes along the first axis, as torch's log_softmax over a short last
    axis is slow.

    Examples
    --------
    >>> import torch
    >>> CrossEntropy()(torch.zeros(1, 4), torch.tensor([2])).exp()
    tensor([4.])
    """

    targets: ClassVar[str] = "classes"

    def forward(self, out: Tensor, y: Tensor) -> Tensor:
        """The losses (..., n) alone, as `gradient` has them: two operations less."""
        p = out.movedim(-1, 0).contiguous()
        p -= p.amax(0)
        loss = p.gather(0, y.expand(p.shape[1:]).unsqueeze(0)).squeeze(0).neg_()
        return loss.add_(p.exp_().sum(0).log_())

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        p = out.movedim(-1, 0).contiguous()  # (n_outputs, ..., n)
        p -= p.amax(0)
        index = y.expand(p.shape[1:]).unsqueeze(0)
        loss = p.gather(0, index).squeeze(0).neg_()
        total = p.exp_().sum(0)
        p /= total
        p.scatter_add_(0, index, p.new_full((), -1.0).expand_as(index))
        return loss.add_(total.log_()), p.movedim(0, -1)

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """Log of the classes' shares, bounded away from 0."""
        class_weights = torch.bincount(y, weight, minlength=n_outputs)
        class_weights = class_weights + SMALLEST * class_weights.mean()
        return torch.log(class_weights / class_weights.sum())
