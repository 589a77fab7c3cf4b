"""What skorch and its callbacks ask of a net, besides its training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from skorch import NeuralNet
from skorch.callbacks import Callback

from ..algorithms import Algorithm

__all__ = ["Classes", "SkorchNet"]


class SkorchNet(NeuralNet):
    """A net that keeps skorch's history and callbacks; its training is not skorch's."""

    algorithm_: Algorithm  # while it trains
    optimizer_: Any

    @property
    def _default_callbacks(self) -> list:
        return []

    def callback(self, kind: type[Callback]) -> Any:
        """The first callback of that kind, None if there is none."""
        return next((c for _, c in self.callbacks_ if isinstance(c, kind)), None)

    def save_params(self, **files: Any) -> None:
        """As skorch's; the state of the optimizer is that of the module's own parameters.

        Parameters
        ----------
        **files : str, path or file
            f_params, f_optimizer, f_criterion, f_history.
        """
        if not hasattr(self, "algorithm_"):
            return super().save_params(**files)
        trained = self.optimizer_
        try:
            self._optimize_module(trained)
            super().save_params(**files)
        finally:
            self.optimizer_ = trained

    def _optimize_module(self, trained: torch.optim.Optimizer) -> None:
        """Make an optimizer of the module's parameters, with the state of `trained`."""
        self.initialize_optimizer()
        self.optimizer_.param_groups[0]["lr"] = trained.param_groups[0]["lr"]
        for moved, parameter, columns in self.algorithm_.leaves():
            state = self.optimizer_.state[parameter]
            for name, value in trained.state.get(moved, {}).items():
                if columns is not None and value.shape == moved.shape:
                    state.setdefault(name, torch.zeros_like(parameter))[:, columns] = value
                elif name in state:
                    state[name] = torch.maximum(state[name], value)  # steps, of several groups
                else:
                    state[name] = value


class Classes(ClassifierMixin):
    """Outputs as those of classes, for the scores of skorch's callbacks."""

    algorithm_: Algorithm

    @property
    def classes_(self) -> np.ndarray:
        """The indices of the classes: the y that the callbacks are given."""
        return np.arange(self.algorithm_.out.shape[-1])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Softmax of the outputs, (n, n_classes)."""
        return softmax(super().predict_proba(X), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class, (n,)."""
        return self.predict_proba(X).argmax(1)
