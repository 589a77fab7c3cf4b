"""What is asked of a fitted network besides its predictions."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import is_classifier
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..modules import TargetScale

__all__ = ["decision_function", "predict_proba", "score"]


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


def score(self: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
    """R^2 of the predictions, or minus the mean loss.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Columns of removed groups are not looked at.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        The targets.
    sample_weight : array-like of shape (n_samples,), optional
        Not negative.

    Returns
    -------
    score : float
        The coefficient of determination, the mean over the targets.  Where y holds targets of
        another kind, which only the loss compares with predictions, minus the mean loss.
    """
    check_is_fitted(self)
    task = self._task
    if task.of == "numbers":
        return float(r2_score(y, self.predict(X), sample_weight=sample_weight))
    _, targets = task.read(self, np.asarray(y), task)
    weight = task.weights(targets, sample_weight)
    kept = weight > 0
    outputs, weight = torch.from_numpy(self._outputs(X)[kept]), weight[kept]
    y = task.tensor(targets[kept], weight, TargetScale(), outputs)
    mean_one = torch.from_numpy(weight / weight.mean())
    return -float(copy.deepcopy(task.loss).to(outputs).mean(outputs, y, mean_one))
