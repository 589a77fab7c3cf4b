"""What a fitted network estimator can be asked besides its selection: outputs, what is left."""

from __future__ import annotations

import copy
from abc import abstractmethod
from os import PathLike
from typing import Any

import numpy as np
import torch

from ..pruning import Cost, measure, to_onnx
from ..training import SkorchNet
from .selection_mixin import GroupSelection

__all__ = ["GroupSelector", "as_tensor"]

PREDICT_ROWS = 4096


class GroupSelector(GroupSelection):
    """A selection and the network that was trained with it."""

    net_: SkorchNet

    @property
    def module_(self) -> Any:
        """The trained torch module; it takes all columns and reads the kept ones."""
        return self.net_.module_

    def _outputs(self, X: Any) -> np.ndarray:
        """Outputs of the network, (n, n_outputs), some rows at a time."""
        X = self._kept(X)
        module, device = self.module_, next(self.module_.parameters()).device
        with torch.no_grad():
            parts = [
                module.from_kept(as_tensor(X[a : a + PREDICT_ROWS], device)).cpu()
                for a in range(0, len(X), PREDICT_ROWS)
            ]
        return torch.cat(parts).double().numpy()

    @abstractmethod
    def compact(self) -> Any:
        """The network of what is left: a torch module with equal outputs."""

    def to_onnx(self, path: str | PathLike) -> None:
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
        columns = small.input_transform.n_features
        to_onnx(small, path, next(small.parameters()).new_zeros((1, columns)))

    def savings(self, n_rows: int = 1000) -> dict[str, tuple[float, float]]:
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


def as_tensor(X: np.ndarray, device: torch.device) -> torch.Tensor:
    """A copy of X as it is, as a tensor."""
    return torch.tensor(np.ascontiguousarray(X), device=device)
