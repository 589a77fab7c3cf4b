"""The base class of losses, and their registry by name."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor, nn

from ..components import Registry

__all__ = ["REGISTRY", "Loss", "register", "weighted_mean"]


class Loss(nn.Module):
    """A loss per row: out (..., n, n_outputs), y (n,) or (..., n, n_outputs) -> (..., n).

    Leading axes are replicas: networks on the same rows.

    Attributes
    ----------
    targets : {"classes", "numbers", "any"} or str
        The form of y: class indices (n,), or numbers (n, n_outputs); of another form, the name
        of the task that reads it.
    scaling : {"standardize", "mean"} or None
        How y is scaled if the estimator standardizes: to mean 0 and variance 1, divided by its
        mean, or not at all.
    link : {"identity", "log"}
        The prediction is the output, or its exponential.

    Examples
    --------
    >>> import torch
    >>> from sgnn.losses import Loss
    >>> class LogCosh(Loss):
    ...     targets, scaling = "numbers", "standardize"
    ...     def gradient(self, out, y):
    ...         r = out - y
    ...         return r.cosh().log().sum(-1), r.tanh()
    >>> LogCosh()(torch.zeros(1, 1), torch.ones(1, 1))
    tensor([0.4338])
    """

    targets: ClassVar[str] = "any"
    scaling: ClassVar[str | None] = None
    link: ClassVar[str] = "identity"

    def forward(self, out: Tensor, y: Tensor) -> Tensor:
        return self.gradient(out, y)[0]

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        raise TypeError("Loss is abstract: define `gradient`, or use one of sgnn.losses.names().")

    def mean(self, out: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The mean over the rows, (...), of losses times weights (..., n)."""
        losses = self(out, y)
        return losses.mean(-1) if weight is None else (losses * weight).sum(-1) / losses.shape[-1]

    def check_targets(self, y: np.ndarray) -> None:
        """Raise a ValueError for targets (n, n_outputs) outside of the domain of the loss."""

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """The constant outputs of minimal weighted mean loss, (n_outputs,) in float64.

        Parameters
        ----------
        y : tensor of shape (n,) or (n, ...)
            Class indices, or numbers in float64.
        weight : tensor of shape (n,)
            In float64.
        n_outputs : int
            Of the network.

        Returns
        -------
        tensor of shape (n_outputs,)
            In float64.
        """
        alike = y.shape[1:] == (n_outputs,)  # an output for each column
        first = weighted_mean(y, weight).numpy() if alike else np.zeros(n_outputs)
        share = weight / weight.sum()

        def mean_loss(constant: np.ndarray) -> tuple[float, np.ndarray]:
            out = torch.from_numpy(constant).expand(len(y), n_outputs).contiguous()
            losses, g = self.gradient(out, y)
            return float(losses @ share), (share @ g).numpy()

        best = minimize(mean_loss, first, jac=True, method="L-BFGS-B").x
        better = np.isfinite(best).all() and mean_loss(best)[0] <= mean_loss(first)[0]
        return torch.from_numpy(best if better else first)


REGISTRY: Registry[Loss] = Registry("loss", Loss)
register = REGISTRY.register


def weighted_mean(y: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of each column of y (n, n_outputs)."""
    return weight @ y / weight.sum()
