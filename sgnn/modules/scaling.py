"""The two ends of a network: how columns come in, and how outputs become predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["InputTransform", "TargetScale"]


class InputTransform(nn.Module):
    """x -> (x[:, kept] - shift) / scale, with NaN replaced by `fill`.

    Parameters
    ----------
    n_features : int
        Columns of x.
    shift, scale, fill : ndarray of shape (n_features,), optional
        The standardization, and what replaces NaN; none of it by default.
    """

    kept: Tensor
    shift: Tensor | None
    scale: Tensor | None
    fill: Tensor | None

    def __init__(
        self,
        n_features: int,
        *,
        shift: np.ndarray | None = None,
        scale: np.ndarray | None = None,
        fill: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self.n_features = n_features
        self.register_buffer("kept", torch.arange(n_features))
        for name, array in (("shift", shift), ("scale", scale), ("fill", fill)):
            self.register_buffer(name, None if array is None else torch.as_tensor(array))

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        # what is loaded may keep another number of columns
        if prefix + "kept" in state_dict:
            self.kept = self.kept.new_empty(state_dict[prefix + "kept"].shape)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def keep(self, mask: Tensor) -> None:
        """Read only the columns where `mask`, (n_features,), is true."""
        self.kept = mask.nonzero().squeeze(1).to(self.kept.device)

    @property
    def mask(self) -> Tensor:
        """Whether each column is kept: bool, (n_features,), on the CPU."""
        return torch.isin(torch.arange(self.n_features), self.kept.cpu())

    def of_kept(self) -> InputTransform:
        """The same for a table of the kept columns alone."""
        arrays = {
            name: None if buffer is None else buffer[self.kept].cpu().numpy()
            for name, buffer in (("shift", self.shift), ("scale", self.scale), ("fill", self.fill))
        }
        return InputTransform(len(self.kept), **arrays).to(self.kept.device)

    def prepare(self, x: Tensor, columns: Tensor, dtype: torch.dtype) -> Tensor:
        """Fill in and scale x, whose columns are those `columns` of the whole table.

        In float64 whatever `dtype` is, so that a column far from 0 keeps its digits.
        """
        if self.fill is not None:
            x = torch.where(x.isnan(), self.fill[columns], x.double())
        if self.scale is not None and self.shift is not None:
            x = (x.double() - self.shift[columns]) / self.scale[columns]
        return x.to(dtype)


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
