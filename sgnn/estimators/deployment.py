"""A trained network without its removed parts: as a module, as a file, and what that saves."""

from __future__ import annotations

import copy
from os import PathLike
from typing import Any

import torch
from sklearn.utils.validation import check_is_fitted

from .. import pruning
from ..pruning import Cost, measure

__all__ = ["compact", "savings", "to_onnx"]


def compact(self: Any) -> Any:
    """The network of what is left, removed physically: a module with equal outputs.

    Returns
    -------
    module : torch.nn.Module
        Takes `transform(X)` as a tensor, and returns the outputs of `module_` (logits for a
        classifier).
    """
    check_is_fitted(self)
    return self._body.compact(self.module_, self.group_support_)


def to_onnx(self: Any, path: str | PathLike) -> None:
    """Write `compact()` to a file in the ONNX format.

    Parameters
    ----------
    path : str or path
        The file; it takes `transform(X)` in the network's dtype, any number of rows.

    Raises
    ------
    ImportError
        If onnx or onnxscript is missing: they come with the extra "onnx".
    """
    small = self.compact()
    example = next(small.parameters()).new_zeros((1, small.input_transform.n_features))
    pruning.to_onnx(small, path, example)


def savings(self: Any, n_rows: int = 1000) -> dict[str, tuple[float, float]]:
    """What the network costs with all of its parts, and what `compact()` does.

    Parameters
    ----------
    n_rows : int, default=1000
        Rows of the forward pass that is timed, on this machine.

    Returns
    -------
    costs : dict of str to (before, after)
        parameters; flops for one row; bytes; seconds for n_rows rows.
    """
    whole, small = copy.deepcopy(self.module_), self.compact()
    whole.input_transform.keep(torch.ones(whole.input_transform.n_features, dtype=torch.bool))
    costs = [
        measure(module, (module.input_transform.n_features,), rows=n_rows)
        for module in (whole, small)
    ]
    return dict(zip(Cost._fields, zip(*costs, strict=True), strict=True))
