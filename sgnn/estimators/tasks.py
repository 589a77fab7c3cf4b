"""What makes a network a classifier or a regressor: targets, loss and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets

from .base import SparseNet
from .checks import class_weights

__all__ = ["NetClassifier", "NetRegressor"]


class NetClassifier(ClassifierMixin, SparseNet):
    """Two or more classes by the softmax of the outputs, one output a class."""

    classes_: np.ndarray
    _default_loss, _kind_of_targets = "log_loss", "classes"

    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """Class indices (n,)."""
        try:
            check_classification_targets(y)
        except ValueError as error:
            kind = str(error).split(". ")[0]
            raise ValueError(
                f"y holds no classes ({kind}): give labels, or use a regressor."
            ) from None
        classes, indices = np.unique(y, return_inverse=True)
        if not reset:
            unknown = np.setdiff1d(classes, self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y has the class {unknown.tolist()[0]!r} that is not among the classes "
                    f"{self.classes_.tolist()} of the fit: drop its rows, or fit anew."
                )
            return np.searchsorted(self.classes_, y)
        if len(classes) < 2:
            raise ValueError(
                f"y has one class only ({classes.tolist()[0]!r}): give rows of two classes or more."
            )
        self.classes_ = classes
        return indices

    def _row_weights(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return class_weights(self.class_weight, self.classes_, targets, weight)

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class: softmax of the network's outputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            InputTransform of removed groups are not looked at.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            InputTransform in the order of `classes_`.
        """
        return softmax(self._outputs(X), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            InputTransform of removed groups are not looked at.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels out of `classes_`.
        """
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(1)]


class NetRegressor(RegressorMixin, SparseNet):
    """One or more numbers, one output each."""

    _default_loss, _kind_of_targets = "squared_error", "numbers"

    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """Numbers (n, n_targets)."""
        targets = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        if reset:
            self._y_ndim, self._n_targets = np.ndim(y), targets.shape[1]
        if targets.shape[1] != self._n_targets:
            raise ValueError(
                f"y has {targets.shape[1]} targets and that of the fit {self._n_targets}: give as "
                f"many, or fit anew with warm_start=False."
            )
        return targets

    @property
    def _n_outputs(self) -> int:
        return self._n_targets

    def predict(self, X: Any) -> np.ndarray:
        """The network's outputs in the unit of y; their exponential for losses of counts.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            InputTransform of removed groups are not looked at.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            As many dimensions as the y of the fit.
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if self._y_ndim == 1 else outputs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
