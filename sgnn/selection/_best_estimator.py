"""Base class of the searches that end in one best estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _estimator_has, check_is_fitted

from ._meta_selector import MetaSelector
from ._models import final_estimator, route_params, tags_of_search

__all__ = ["BestEstimator"]

DELEGATES = ("best_estimator_", "estimator")


def _has_compact(search: Any) -> bool:
    """Whether the last step of the best estimator, or of what is searched, has `compact`."""
    return hasattr(final_estimator(getattr(search, "best_estimator_", search.estimator)), "compact")


class BestEstimator(MetaSelector):
    """Predict with `best_estimator_`, and pass metadata on to estimator, scorer and splitter."""

    cv: Any
    scoring: Any
    scorer_: Callable
    best_estimator_: Any

    __sklearn_tags__ = tags_of_search
    _route_params = route_params

    def _rows(self, X: Any) -> Any:
        """X as the best estimator takes it."""
        return X

    def get_metadata_routing(self) -> MetadataRouter:
        """Get the metadata routing.

        Returns
        -------
        routing : MetadataRouter
            Of the estimator's fit, the scorer and the splitter.
        """
        fit = MethodMapping().add(caller="fit", callee="fit")
        split = MethodMapping().add(caller="fit", callee="split")
        score = (
            MethodMapping().add(caller="fit", callee="score").add(caller="score", callee="score")
        )
        router = MetadataRouter(owner=self)
        router.add(estimator=self.estimator, method_mapping=fit)
        router.add(scorer=check_scoring(self.estimator, self.scoring), method_mapping=score)
        return router.add(splitter=self.cv, method_mapping=split)

    @property
    def classes_(self) -> np.ndarray:
        """The classes, where the estimator is a classifier."""
        return self._check_best_estimator("classes_").classes_

    @available_if(_estimator_has("predict", delegates=DELEGATES))
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
        return self._check_best_estimator("predict").predict(self._rows(X))

    @available_if(_estimator_has("predict_proba", delegates=DELEGATES))
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
        return self._check_best_estimator("predict_proba").predict_proba(self._rows(X))

    @available_if(_estimator_has("decision_function", delegates=DELEGATES))
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
        return self._check_best_estimator("decision_function").decision_function(self._rows(X))

    @available_if(_has_compact)
    def compact(self) -> Any:
        """The network of the kept groups alone; see the estimator's `compact`.

        Returns
        -------
        module : torch.nn.Module
            Takes `transform(X)` as a tensor, or what the steps before the last make of it if the
            estimator is a pipeline.
        """
        return final_estimator(self._check_best_estimator("compact")).compact()

    @available_if(_has_compact)
    def to_onnx(self, path: Any, *, probabilities: bool = False) -> None:
        """Write `compact()` to a file in the ONNX format.

        Parameters
        ----------
        path : str or path
            The file.
        probabilities : bool, default=False
            Let it return the probabilities of the classes.
        """
        best = final_estimator(self._check_best_estimator("to_onnx"))
        best.to_onnx(path, probabilities=probabilities)

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
        return self.scorer_(self._check_best_estimator("score"), self._rows(X), y, **params)

    def _check_best_estimator(self, method: str) -> Any:
        check_is_fitted(
            self,
            "best_estimator_",
            msg=f"{self._not_fitted} It has no best estimator for {method}.",
        )
        return self.best_estimator_
