"""What a network costs: parameters, operations, memory and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.benchmark import Timer
from torch.utils.flop_counter import FlopCounterMode

from ..modules.tracing import copy_of
from .mask import kept_shape

__all__ = ["Cost", "compare", "layer_flops", "measure"]


class Cost(NamedTuple):
    """What a forward pass costs.

    Attributes
    ----------
    parameters : int
        Weights and biases.
    flops : int
        Floating point operations of the convolutions and matrix products for one input, a
        multiplication and an addition being two.
    bytes : int
        Memory of parameters and buffers.
    seconds : float
        Median time of a forward pass of all rows, with as many threads as torch now uses.
    """

    parameters: int
    flops: int
    bytes: int
    seconds: float


def measure(
    module: nn.Module, shape: Sequence[int], *, rows: int = 1, min_run_time: float = 0.2
) -> Cost:
    """Count and time a forward pass in eval mode.

    Parameters
    ----------
    module : nn.Module
        Not changed.
    shape : tuple of int
        One input, without the number of rows.
    rows : int, default=1
        Inputs in the pass that is timed.
    min_run_time : float, default=0.2
        Seconds of repetition for the time.

    Returns
    -------
    Cost

    Examples
    --------
    >>> measure(nn.Linear(3, 2), (3,), min_run_time=0.01)[:3]
    (8, 12, 32)
    """
    still, x = _example(module, shape)
    many = x.expand(rows, *x.shape[1:]).contiguous()
    tensors = [*still.parameters(), *still.buffers()]
    timer = Timer("f(x)", globals={"f": still, "x": many}, num_threads=torch.get_num_threads())
    with torch.no_grad():
        seconds = timer.blocked_autorange(min_run_time=min_run_time).median
    return Cost(
        parameters=sum(p.numel() for p in still.parameters()),
        flops=sum(_flops(still, x)["Global"].values()),
        bytes=sum(t.numel() * t.element_size() for t in tensors),
        seconds=seconds,
    )


def compare(
    module: nn.Module,
    small: nn.Module,
    shape: Sequence[int],
    kept: Any = None,
    *,
    min_run_time: float = 0.2,
) -> dict[str, tuple[float, float]]:
    """What a network costs before and after `small = prune(module, shape, kept)`.

    Parameters
    ----------
    module, small : nn.Module
        Not changed.
    shape : tuple of int
        One input of `module`.
    kept : array-like of bool, shape (channels,), optional
        The input channels that `small` takes, all by default.
    min_run_time : float, default=0.2
        Seconds of repetition for each of the times.

    Returns
    -------
    dict from str to (before, after)
        The fields of `Cost`.

    Examples
    --------
    >>> kept = [True, False, False]
    >>> costs = compare(nn.Linear(3, 2), nn.Linear(1, 2), (3,), kept, min_run_time=0.01)
    >>> costs["parameters"], costs["flops"]
    ((8, 4), (12, 4))
    """
    before = measure(module, shape, min_run_time=min_run_time)
    after = measure(small, kept_shape(shape, kept), min_run_time=min_run_time)
    return dict(zip(Cost._fields, zip(before, after, strict=True), strict=True))


def layer_flops(module: nn.Module, shape: Sequence[int]) -> dict[str, int]:
    """Floating point operations of each layer for one input, by its name in the module.

    Examples
    --------
    >>> layer_flops(nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)), (3,))
    {'0': 12, '2': 4}
    """
    still, x = _example(module, shape)
    counts = _flops(still, x)
    root = type(still).__name__
    return {
        name: sum(counts[f"{root}.{name}"].values())
        for name, _ in still.named_modules()
        if f"{root}.{name}" in counts
    }


def _example(module: nn.Module, shape: Sequence[int]) -> tuple[nn.Module, Tensor]:
    """The module in eval mode, and one input of zeros."""
    still = copy_of(module).eval()
    return still, next(still.parameters(), torch.empty(0)).new_zeros((1, *shape))


def _flops(module: nn.Module, x: Tensor) -> dict[str, dict[Any, int]]:
    """Operations by the path of each submodule below its class, and in all, as "Global"."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(x)
    return counter.get_flop_counts()
