"""The fitted object that a Display shows, inside of pipelines and searches."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

__all__ = ["fitted_with"]


def fitted_with(estimator: Any, *attributes: str) -> Any:
    """The estimator, or what is fitted inside of it, whichever first has one of the attributes.

    Inside of a search is its `best_estimator_`, inside of a pipeline its last step, inside of a
    SelectFromModel its `estimator_`.  The estimator itself if none has them.
    """
    inner = estimator
    while not any(hasattr(inner, name) for name in attributes):
        if isinstance(inner, Pipeline):
            inner = inner[-1]
        elif hasattr(inner, "best_estimator_"):
            inner = inner.best_estimator_
        elif hasattr(inner, "estimator_"):
            inner = inner.estimator_
        else:
            return estimator
    return inner
