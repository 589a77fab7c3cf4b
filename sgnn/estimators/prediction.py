"""What classifiers say about a row besides its class."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import is_classifier
from sklearn.utils.metaestimators import available_if

__all__ = ["decision_function", "predict_proba"]


@available_if(is_classifier)
def predict_proba(self: Any, X: Any) -> np.ndarray:
    """Probability of each class: softmax of the network's outputs.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Columns of removed groups are not looked at.

    Returns
    -------
    probabilities : ndarray of shape (n_samples, n_classes)
        Columns in the order of `classes_`.
    """
    return softmax(self._outputs(X), axis=1)


@available_if(is_classifier)
def decision_function(self: Any, X: Any) -> np.ndarray:
    """Outputs of the network, whose softmax are the probabilities.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        As for `predict`.

    Returns
    -------
    values : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
        For two classes log(p_1 / p_0), which is positive where `classes_[1]` is predicted.
    """
    outputs = self._outputs(X)
    return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs
