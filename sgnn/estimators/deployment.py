"""A trained network without its removed parts: as a module, as a file, and what that saves."""

from __future__ import annotations

import copy
from os import PathLike
from typing import Any

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from .. import pruning
from ..modules import MLP, InputTransform
from ..pruning import Cost, measure

__all__ = ["compact", "compact_linear", "savings", "to_onnx"]


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


def compact_linear(self: Any) -> MLP:
    """The model of the kept columns alone: a module with equal outputs.

    Returns
    -------
    module : torch.nn.Module
        Takes `transform(X)` as a tensor, in float64, and returns predictions, or for a classifier
        numbers for each class whose softmax are the probabilities.
    """
    check_is_fitted(self)
    kept = self.get_support(indices=True)
    coef = np.reshape(self.coef_, (-1, self.n_features_in_))[:, kept]
    intercept = np.reshape(self.intercept_, -1)
    if is_classifier(self) and len(coef) == 1:  # of the second class against the first
        coef, intercept = np.vstack([0 * coef, coef]), np.append(0.0, intercept)
    fill = None if self._fill is None else self._fill[kept]
    module = MLP(InputTransform(len(kept), fill=fill), (), len(coef), dtype=torch.float64)
    with torch.no_grad():
        module.theta.copy_(torch.from_numpy(coef))
        module.biases[0].copy_(torch.from_numpy(intercept))
    return module


def to_onnx(self: Any, path: str | PathLike, *, probabilities: bool = False) -> None:
    """Write `compact()` to a file in the ONNX format.

    Parameters
    ----------
    path : str or path
        The file; it takes `transform(X)` in the dtype of the model, any number of rows.
    probabilities : bool, default=False
        Let it return the probabilities of the classes, and not the outputs of `compact()`.

    Raises
    ------
    ImportError
        If onnx or onnxscript is missing: they come with the extra "onnx".
    ValueError
        If probabilities are asked of a regressor.
    """
    small = self.compact()
    example = next(small.parameters()).new_zeros((1, small.input_transform.n_features))
    if probabilities:
        if not is_classifier(self):
            raise ValueError("probabilities=True is for classifiers: leave it out.")
        small = torch.nn.Sequential(small, torch.nn.Softmax(-1))
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
