"""The scale of y on which a network is trained, and the way back to the user's."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["TargetScale"]


class TargetScale(nn.Module):
    """z -> scale * m(z) + shift: outputs as the loss sees them -> predictions in the unit of y.

    Parameters
    ----------
    shift, scale : ndarray of shape (n_outputs,), optional
        The loss sees (y - shift) / scale; y as it is by default.
    link : {"identity", "log"}, default="identity"
        m(z) is z, or exp(z).
    scaling : {"standardize", "mean"} or None, default=None
        How the loss would have y scaled, whether it was or not.

    Examples
    --------
    >>> target_scale = TargetScale(np.zeros(1), np.array([10.0]), "log")
    >>> target_scale.scaled(np.array([[20.0]])).tolist()
    [[2.0]]
    >>> target_scale(torch.zeros(1, 1)).tolist()
    [[10.0]]
    """

    shift: Tensor | None
    scale: Tensor | None

    def __init__(
        self,
        shift: np.ndarray | None = None,
        scale: np.ndarray | None = None,
        link: str = "identity",
        scaling: str | None = None,
    ) -> None:
        super().__init__()
        self.link, self.scaling = link, scaling
        for name, array in (("shift", shift), ("scale", scale)):
            self.register_buffer(name, None if array is None else torch.as_tensor(array))

    def scaled(self, y: np.ndarray) -> np.ndarray:
        """The targets (n, n_outputs) as the loss sees them."""
        if self.shift is None or self.scale is None:
            return y
        return (y - self.shift.cpu().numpy()) / self.scale.cpu().numpy()

    def forward(self, z: Tensor) -> Tensor:
        """Outputs (n, n_outputs) -> predictions, in float64 where y was scaled."""
        if self.link == "log":
            z = z.double().exp()
        if self.shift is None or self.scale is None:
            return z
        return z.double() * self.scale + self.shift
