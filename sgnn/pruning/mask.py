"""Which input channels are kept: the mask that every function here takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["kept_shape", "read_mask"]


def read_mask(kept: Any, n_channels: int) -> Tensor:
    """`kept`, None for all, as a tensor of bool, shape (n_channels,); or refuse it."""
    mask = np.ones(n_channels, dtype=bool) if kept is None else np.asarray(kept)
    if mask.shape != (n_channels,) or mask.dtype != bool or not mask.any():
        raise ValueError(
            f"kept must be {n_channels} bools, at least one of them true, for inputs of "
            f"{n_channels} channels, got {kept!r}."
        )
    return torch.tensor(mask)


def kept_shape(shape: Sequence[int], kept: Any) -> tuple[int, ...]:
    """The shape of an input of which only the kept channels are left."""
    return (int(read_mask(kept, shape[0]).sum()), *shape[1:])
