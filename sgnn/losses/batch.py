"""Losses that are no mean over rows: a function of the whole batch."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from .base import Loss

__all__ = ["BatchLoss"]


class BatchLoss(Loss):
    """A loss of a batch of which no row has a share of its own, such as a partial likelihood.

    A subclass says what it is, and torch differentiates.  Every network, and in SGIN every batch
    with and without a group, is a call of its own.  What needs the losses of single rows, the
    search for sets of `BudgetSelector`, refuses it.

    Examples
    --------
    >>> import torch
    >>> from sgnn.losses import BatchLoss
    >>> class Spread(BatchLoss):
    ...     targets = "numbers"
    ...     def of_batch(self, out, y, weight):
    ...         r = (out - y)[:, 0]
    ...         mean = (weight * r).sum() / weight.sum()
    ...         return ((weight * (r - mean).square()).sum() / weight.sum()).sqrt()
    >>> y = torch.tensor([[1.0], [3.0]])
    >>> Spread().mean(torch.zeros(2, 1), y)
    tensor(1.)
    """

    @abstractmethod
    def of_batch(self, out: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        """The loss of out (n, n_outputs), y (n, ...) and weights (n,), a number to differentiate.

        It is on the scale of a mean over the rows, so that lam means the same for any batch.
        """

    def mean(self, out: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss of each batch, (...), of outputs (..., n, n_outputs)."""
        return self.mean_gradient(out, y, weight)[0]

    def mean_gradient(
        self, out: Tensor, y: Tensor, weight: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The loss of each batch (...), and its derivative by `out` (..., n, n_outputs)."""
        lead = out.shape[:-2]
        ones = out.new_ones(out.shape[-2])
        batches = out.detach().reshape(-1, *out.shape[-2:])
        each_y = y.expand(*lead, *y.shape[-2:]).flatten(0, -3) if lead and y.ndim > 2 else None
        each_w = (
            None
            if weight is None
            else weight.expand(*lead, weight.shape[-1]).reshape(-1, weight.shape[-1])
        )
        losses, gradients = [], []
        for i, batch in enumerate(batches):
            with torch.enable_grad():
                leaf = batch.clone().requires_grad_()
                loss = self.of_batch(
                    leaf, y if each_y is None else each_y[i], ones if each_w is None else each_w[i]
                )
                (g,) = torch.autograd.grad(loss, leaf)
            losses.append(loss.detach())
            gradients.append(g)
        return torch.stack(losses).reshape(lead), torch.stack(gradients).reshape(out.shape)

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """No row has a loss of its own."""
        raise TypeError(
            f"{type(self).__name__} is a loss of the whole batch, and no row has one of its own: "
            f"give a loss of rows where these are asked for."
        )

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """Zeros: a subclass that knows better says so."""
        return torch.zeros(n_outputs, dtype=torch.float64)
