"""Flat rows as images or signals, of which a network reads some channels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .scaling import InputTransform, TargetScale
from .tracing import ONE_AT_A_TIME

__all__ = ["ChannelNet", "Constant"]


class ChannelNet(nn.Module):
    """f(x) = body(x as (channels, ...), filled in and scaled, 0 in the channels that are not kept).

    Parameters
    ----------
    columns : InputTransform
        The entries of a row, and their scaling.
    shape : sequence of int
        One input of the body: (channels, length), (channels, height, width), ...
    body : nn.Module
        Takes (n, *shape).

    Examples
    --------
    >>> import torch
    >>> net = ChannelNet(InputTransform(6), (2, 3), nn.Conv1d(2, 1, 3))
    >>> net.input_transform.keep(torch.tensor([True] * 3 + [False] * 3))
    >>> x = torch.ones(4, 6)
    >>> x[:, 3:] = torch.nan
    >>> net(x).isfinite().all()
    tensor(True)
    """

    def __init__(self, columns: InputTransform, shape: Sequence[int], body: nn.Module) -> None:
        super().__init__()
        if math.prod(shape) != columns.n_features:
            raise ValueError(
                f"shape {tuple(shape)} has {math.prod(shape)} entries for {columns.n_features} "
                f"columns: give one that multiplies to their number."
            )
        self.input_transform, self.shape, self.body = columns, tuple(shape), body
        self.target_scale = TargetScale()  # of a classifier
        self.channels_last = False

    def try_channels_last(self) -> None:
        """Keep the channels of a pixel side by side from here on, if the body can.

        On a CPU 5 x 5 convolutions and their pooling then take about half the time.  A body that
        asks for `view` of its feature maps cannot.
        """
        if len(self.shape) != 3:
            return
        nothing = next(self.body.parameters()).new_zeros((2, self.input_transform.n_features))
        self.channels_last = True
        try:
            with torch.no_grad():
                self.prepared(nothing)
        except RuntimeError:
            self.channels_last = False

    def forward(self, x: Tensor) -> Tensor:
        """Raw rows (n, n_features), or (n, *shape) -> predictions (n, n_outputs)."""
        return self.target_scale(self.outputs(x))

    def outputs(self, x: Tensor) -> Tensor:
        """Raw rows (n, n_features), or (n, *shape) -> what the loss sees, (n, n_outputs)."""
        kept, x = self.input_transform.kept, x.flatten(1)
        return self._from_kept(x if len(kept) == x.shape[1] else x[:, kept])

    def from_kept(self, x: Tensor) -> Tensor:
        """The kept entries of raw rows, (n, n_kept) -> predictions (n, n_outputs)."""
        return self.target_scale(self._from_kept(x))

    def _from_kept(self, x: Tensor) -> Tensor:
        kept = self.input_transform.kept
        x = self.input_transform.prepare(x, kept, next(self.body.parameters()).dtype)
        if len(kept) < self.input_transform.n_features:
            x = x.new_zeros(len(x), self.input_transform.n_features).index_copy(1, kept, x)
        return self.prepared(x)

    def prepared(self, x: Tensor) -> Tensor:
        """Rows (n, n_features) that are filled in and scaled -> outputs (n, n_outputs)."""
        x = x.unflatten(1, self.shape)
        if self.channels_last and x.device.type == "cpu":
            x = x.to(memory_format=torch.channels_last)  # contiguous() leaves a single channel
        with ONE_AT_A_TIME:
            return self.body(x)


class Constant(nn.Module):
    """f(x) = the same outputs for every row: what is left of a network that reads nothing.

    Parameters
    ----------
    outputs : tensor of shape (n_outputs,)

    Examples
    --------
    >>> import torch
    >>> Constant(torch.tensor([1.0, 2.0]))(torch.zeros(3, 0)).shape
    torch.Size([3, 2])
    """

    def __init__(self, outputs: Tensor) -> None:
        super().__init__()
        self.outputs = nn.Parameter(outputs.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.outputs.expand(len(x), -1)
