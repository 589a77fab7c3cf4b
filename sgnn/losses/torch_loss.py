"""TorchLoss: torch's losses, and those of users, as losses of this package."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from .base import Loss
from .positive import Poisson
from .regression import AbsoluteError, Huber, SquaredError

__all__ = ["TorchLoss"]

# Classes of torch with the scaling, link and start of a loss of this package.
COUNTERPARTS: dict[type[nn.Module], type[Loss]] = {
    nn.MSELoss: SquaredError,
    nn.L1Loss: AbsoluteError,
    nn.HuberLoss: Huber,
    nn.SmoothL1Loss: Huber,
    nn.PoissonNLLLoss: Poisson,
}


class TorchLoss(Loss):
    """Any torch loss with reduction="none", summed over the outputs of a row.

    Parameters
    ----------
    loss : torch loss class or instance
        A class is given reduction="none"; an instance is copied, and its `reduction` set.

    Examples
    --------
    >>> import torch
    >>> TorchLoss(torch.nn.HuberLoss(delta=2.0))(torch.zeros(1, 2), torch.tensor([[1.0, 3.0]]))
    tensor([4.5000])
    """

    def __init__(self, loss: nn.Module | type[nn.Module]) -> None:
        super().__init__()
        if isinstance(loss, nn.Module):
            self.loss = copy.deepcopy(loss)
            if hasattr(loss, "reduction"):
                self.loss.reduction = "none"  # type: ignore[assignment]
        else:
            self.loss = loss(reduction="none")
        self.counterpart = COUNTERPARTS.get(type(self.loss), Loss)
        self.scaling, self.link = self.counterpart.scaling, self.counterpart.link  # type: ignore[misc]
        if isinstance(self.loss, nn.PoissonNLLLoss) and not self.loss.log_input:
            raise ValueError(
                "loss=PoissonNLLLoss(log_input=False) lets the network predict negative counts: "
                'give log_input=True, or "poisson".'
            )

    def check_targets(self, y: np.ndarray) -> None:
        """As in the counterpart of this package, if there is one."""
        self.counterpart.check_targets(self, y)

    def start(self, y: Tensor, weight: Tensor, n_outputs: int) -> Tensor:
        """As in the counterpart of this package, or by numerical minimization."""
        return self.counterpart.start(self, y, weight, n_outputs)

    def gradient(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The losses (..., n) and their derivative by `out` (..., n, n_outputs)."""
        each = y if y.ndim == out.ndim else y.expand(*out.shape[:-2], *y.shape)
        with torch.enable_grad():
            leaf = out.detach().flatten(0, -2).requires_grad_()
            loss = self.loss(leaf, each.flatten(0, out.ndim - 2)).reshape(len(leaf), -1).sum(1)
            (g,) = torch.autograd.grad(loss.sum(), leaf)
        return loss.detach().view(out.shape[:-1]), g.view(out.shape)
