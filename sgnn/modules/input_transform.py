"""The columns a network reads: which ones, and how they are filled in and scaled."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["InputTransform"]


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
        self.kept = mask.nonzero().squeeze(1)

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
