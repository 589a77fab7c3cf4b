"""Networks for other runtimes: the ONNX format."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from os import PathLike

import torch
from torch import Tensor, nn

from ..modules.tracing import copy_of

__all__ = ["to_onnx"]


def to_onnx(module: nn.Module, path: str | PathLike, example: Tensor) -> None:
    """Write the network, in eval mode, to a file in the ONNX format.

    Parameters
    ----------
    module : nn.Module
        Not changed.
    path : str or path
        The file; weights go into it too.
    example : tensor of shape (n, ...)
        Any input with at least one row; a runtime may give it any number of rows.

    Raises
    ------
    ImportError
        If onnx or onnxscript is missing.

    Examples
    --------
    >>> to_onnx(nn.Linear(3, 2), "net.onnx", torch.zeros(2, 3))  # doctest: +SKIP
    """
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise ImportError(
            f'to_onnx needs {" and ".join(missing)}: pip install "sgnn[onnx]", or both by name.'
        )
    with warnings.catch_warnings(), _quiet():
        # of torch, about its own parts
        warnings.simplefilter("ignore", FutureWarning)
        torch.onnx.export(
            copy_of(module).eval(),
            # two rows, for torch.export takes one row to mean that there is always one
            (example[:1].expand(2, *example.shape[1:]),),
            path,
            input_names=["input"],
            output_names=["output"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the lines that torch logs about torchvision, which nothing here needs."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
