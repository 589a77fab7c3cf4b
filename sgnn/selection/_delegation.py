"""What a search passes on to its best estimator."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._selector import MetaSelector

__all__ = ["BestEstimator"]


def _where_it_has(method: str) -> Callable:
    """Make a method available where the estimator has it."""

    def has(search: BestEstimator) -> bool:
        getattr(getattr(search, "best_estimator_", search.estimator), method)
        return True

    return available_if(has)


class BestEstimator(MetaSelector):
    """A selector that predicts and transforms by the `best_estimator_` of its fit."""

    best_estimator_: Any
    scorer_: Any

    @property
    def classes_(self) -> np.ndarray:
        """The classes, where the estimator is a classifier."""
        return self._best("classes_").classes_

    @_where_it_has("predict")
    def predict(self, X: Any) -> np.ndarray:
        """Predict by the best estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            As the best estimator's.
        """
        return self._best("predict").predict(X)

    @_where_it_has("predict_proba")
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities by the best estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._best("predict_proba").predict_proba(X)

    @_where_it_has("decision_function")
    def decision_function(self, X: Any) -> np.ndarray:
        """Decision values by the best estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_classes)
            As the best estimator's.
        """
        return self._best("decision_function").decision_function(X)

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Score the best estimator by the `scoring` of the search.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        **params
            For the scorer, such as `sample_weight`.

        Returns
        -------
        score : float
            The higher the better.
        """
        return self.scorer_(self._best("score"), X, y, **params)

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
        best = self._best("transform")
        return best.transform(X) if hasattr(best, "transform") else super().transform(X)

    def _best(self, asked: str) -> Any:
        check_is_fitted(
            self,
            "best_estimator_",
            msg=f"%(name)s has no best estimator for {asked}: call fit (with refit=True) first.",
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
