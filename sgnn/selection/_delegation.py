"""Delegation to best_estimator_."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._meta_selector import MetaSelector

__all__ = ["DelegatingSelector"]


def _available_if_estimator_has(method: str) -> Callable:
    """`available_if` the estimator has that method."""

    def has(search: DelegatingSelector) -> bool:
        getattr(getattr(search, "best_estimator_", search.estimator), method)
        return True

    return available_if(has)


class DelegatingSelector(MetaSelector):
    """A selector that delegates predict, score and transform to its `best_estimator_`."""

    best_estimator_: Any
    scorer_: Any

    @property
    def classes_(self) -> np.ndarray:
        """The classes, where the estimator is a classifier."""
        return self._check_best_estimator("classes_").classes_

    @_available_if_estimator_has("predict")
    def predict(self, X: Any) -> np.ndarray:
        """Predict with the best estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            As the best estimator's.
        """
        return self._check_best_estimator("predict").predict(X)

    @_available_if_estimator_has("predict_proba")
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict probabilities with the best estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._check_best_estimator("predict_proba").predict_proba(X)

    @_available_if_estimator_has("decision_function")
    def decision_function(self, X: Any) -> np.ndarray:
        """Decision values of the best estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_classes)
            As the best estimator's.
        """
        return self._check_best_estimator("decision_function").decision_function(X)

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Score the best estimator with the `scoring` of the search.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        **params
            Passed to the scorer, such as `sample_weight`.

        Returns
        -------
        score : float
            Higher is better.
        """
        return self.scorer_(self._check_best_estimator("score"), X, y, **params)

    def transform(self, X: Any) -> Any:
        """Reduce X to the columns of the selected groups, as the best estimator does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        X_r : array of shape (n_samples, n_selected)
            The selected columns.
        """
        best = self._check_best_estimator("transform")
        return best.transform(X) if hasattr(best, "transform") else super().transform(X)

    def _check_best_estimator(self, method: str) -> Any:
        check_is_fitted(
            self,
            "best_estimator_",
            msg=f"%(name)s has no best estimator for {method}: call fit (with refit=True) first.",
        )
        return self.best_estimator_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_lam_")

    def __sklearn_tags__(self):
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = deepcopy(inner.classifier_tags)
        tags.regressor_tags = deepcopy(inner.regressor_tags)
        return tags
