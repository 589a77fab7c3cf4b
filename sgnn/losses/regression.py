"""Losses of the residual y - out, whose best constant is a mean, a median or a quantile."""

from __future__ import annotations

from numbers import Real
from typing import ClassVar

import torch
from torch import Tensor

from .base import Loss, register, weighted_mean

__all__ = ["AbsoluteError", "Huber", "Quantile", "SquaredError"]


class Difference(Loss):
    """A loss of y - out: shifting both has no effect, scaling both at most a factor."""

    targets: ClassVar[str] = "numbers"
    scaling: ClassVar[str | None] = "standardize"


@register("squared_error")
class SquaredError(Difference):
    """1/2 sum_j (y_j - out_j)^2, as in the linear baselines, so that lam is on the same scale.

    Examples
    --------
    >>> import torch
    >>> SquaredError()(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 2.0]]))
    tensor([2.5000])
    """

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        residual = out - y
        return residual.square().sum(-1).mul_(0.5), residual

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """Weighted mean of each target."""
        return weighted_mean(y, weight)


@register("absolute_error")
class AbsoluteError(Difference):
    """sum_j |y_j - out_j|: the outputs estimate medians.

    Examples
    --------
    >>> import torch
    >>> AbsoluteError()(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 2.0]]))
    tensor([3.])
    """

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        residual = out - y
        return residual.abs().sum(-1), residual.sign_()

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """Weighted median of each target."""
        return weighted_quantile(y, weight, 0.5)


@register("huber")
class Huber(Difference):
    """sum_j h(y_j - out_j), h(r) = r^2 / 2 up to |r| = delta and delta (|r| - delta / 2) beyond.

    Parameters
    ----------
    delta : float, default=1
        In standard deviations of y if the estimator standardizes.

    Examples
    --------
    >>> import torch
    >>> Huber(delta=1.0)(torch.tensor([[0.5], [3.0]]), torch.zeros(2, 1))
    tensor([0.1250, 2.5000])
    """

    def __init__(self, delta: float = 1.0) -> None:
        super().__init__()
        if not (isinstance(delta, Real) and 0 < delta < float("inf")):
            raise ValueError(f"delta must be a number > 0, got {delta!r}.")
        self.delta: float = delta

    def extra_repr(self) -> str:
        """The arguments in the repr."""
        return f"delta={self.delta!r}"

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        residual = out - y
        clipped = residual.clamp(-self.delta, self.delta)
        return (clipped * (residual - clipped / 2)).sum(-1), clipped


@register("quantile")
class Quantile(Difference):
    """sum_j max(q r_j, (q - 1) r_j), r = y - out: the outputs estimate q-quantiles.

    Parameters
    ----------
    quantile : float, default=0.5
        q, between 0 and 1; half the absolute error, and the median, by default.

    Examples
    --------
    >>> import torch
    >>> Quantile(0.9)(torch.zeros(2, 1), torch.tensor([[1.0], [-1.0]]))
    tensor([0.9000, 0.1000])
    """

    def __init__(self, quantile: float = 0.5) -> None:
        super().__init__()
        if not (isinstance(quantile, Real) and 0 < quantile < 1):
            raise ValueError(f"quantile must be a number between 0 and 1, got {quantile!r}.")
        self.quantile: float = quantile

    def extra_repr(self) -> str:
        """The arguments in the repr."""
        return f"quantile={self.quantile!r}"

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        residual = out - y
        slope = torch.where(residual > 0, 1 - self.quantile, -self.quantile)
        slope = torch.where(residual == 0, 0.0, slope).to(out)
        return (residual * slope).sum(-1), slope

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """Weighted quantile of each target."""
        return weighted_quantile(y, weight, self.quantile)


def weighted_quantile(y: Tensor, weight: Tensor, q: float) -> Tensor:
    """Weighted q-quantile of each column of y (n, n_outputs).

    Integer weights are equivalent to repeated rows.
    """
    values, order = y.sort(dim=0)
    cumulative_weight = weight[order].cumsum(0)
    index = (cumulative_weight < q * cumulative_weight[-1]).sum(0, keepdim=True)
    return values.gather(0, index)[0]
