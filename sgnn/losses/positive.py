"""Losses of counts and of positive numbers, whose mean is the exponential of the output."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from .base import Loss, register, weighted_mean

__all__ = ["Gamma", "Poisson"]


class LogLink(Loss):
    """A loss of y >= 0 with the prediction exp(out); rescaling y only shifts out."""

    targets: ClassVar[str] = "numbers"
    scaling: ClassVar[str | None] = "mean"
    link: ClassVar[str] = "log"

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """Log of the weighted mean of each target; raises if that is 0."""
        mean = weighted_mean(y, weight)
        if not mean.all():
            raise ValueError(
                "y is 0 in every row that is trained on, whose mean has no logarithm: give rows "
                "with y > 0, or another loss."
            )
        return mean.log()


@register("poisson")
class Poisson(LogLink):
    """Half the Poisson deviance, sum_j exp(out_j) - y_j out_j + y_j log y_j - y_j.

    Examples
    --------
    >>> import torch
    >>> Poisson()(torch.zeros(2, 1), torch.tensor([[1.0], [0.0]]))
    tensor([0., 1.])
    """

    def check_targets(self, y: np.ndarray) -> None:
        """Raise for negative numbers."""
        if (y < 0).any():
            raise ValueError(
                f"y has the value {y.min():g}, and the Poisson loss is one of counts: give y >= 0, "
                f"or another loss."
            )

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        mean = out.exp()
        return (mean - y * out + torch.xlogy(y, y) - y).sum(-1), mean - y


@register("gamma")
class Gamma(LogLink):
    """Half the gamma deviance, sum_j out_j - log y_j + y_j exp(-out_j) - 1.

    Examples
    --------
    >>> import torch
    >>> Gamma()(torch.zeros(1, 1), torch.ones(1, 1))
    tensor([0.])
    """

    def check_targets(self, y: np.ndarray) -> None:
        """Raise for numbers that are not positive."""
        if (y <= 0).any():
            raise ValueError(
                f"y has the value {y.min():g}, and the gamma loss is one of positive numbers: give "
                f"y > 0, or another loss."
            )

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        ratio = y * (-out).exp()
        return (out - y.log() + ratio - 1).sum(-1), 1 - ratio
