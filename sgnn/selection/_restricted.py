"""An estimator of some of the groups alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from ._models import final_estimator
from ._reading import Layout

__all__ = ["RestrictedEstimator"]


@dataclass(frozen=True)
class RestrictedEstimator:
    """An estimator that is given some columns of X, or channels, and no others.

    Attributes
    ----------
    estimator : estimator
        Not fitted.
    columns : ndarray of int
        The columns of X (n, n_features), or the channels of X (n, channels, ...).
    """

    estimator: Any
    columns: np.ndarray

    @classmethod
    def of(cls, estimator: Any, layout: Layout, support: np.ndarray, names: Any) -> Self:
        """The estimator for these groups, (n_groups,) of bool, of columns of these names or None.

        A penalty on groups of columns has nothing left to choose: their weights become 0.
        """
        groups, model = layout.groups, clone(estimator)
        channels = np.flatnonzero(groups.expand(support))
        columns = np.flatnonzero(layout.groups_of_X.expand(support))
        own: dict[str, Any] = {"max_groups": None, "max_cost": None, "group_costs": None}
        if "groups" in model.get_params(deep=False):
            kept = [(name, np.flatnonzero(groups.labels[channels] == g))
                    for g, name in enumerate(groups.names) if support[g]]  # fmt: skip
            own |= {"groups": dict(kept), "group_weights": np.zeros(len(kept))}
            if layout.shape is not None and layout.flat:
                own["image_shape"] = (len(channels), *layout.shape[1:])
            _set(model, own)
        elif isinstance(model, Pipeline):
            last = final_estimator(model)
            if "groups" in last.get_params(deep=False):
                _set(last, own | {"groups": one_group, "group_weights": [0.0]})
            _restrict_columns(model, columns, names)
        return cls(model, columns)

    def take(self, X: Any) -> Any:
        """These columns of X, or channels."""
        ndim = len(X.shape)
        return X[:, self.columns] if ndim > 2 else _safe_indexing(X, self.columns, axis=1)


def _set(model: Any, own: dict[str, Any]) -> None:
    """Set those of the arguments that the model has."""
    arguments = model.get_params(deep=False)
    model.set_params(**{name: own[name] for name in own if name in arguments})


def one_group(names: Any, n_features: int) -> list[list[int]]:
    """All columns in one group."""
    return [list(range(n_features))]


def _restrict_columns(pipeline: Pipeline, columns: np.ndarray, names: Any) -> None:
    """Let a ColumnTransformer at the start of a pipeline ask for these columns of X alone."""
    first = pipeline.steps[0][1]
    if isinstance(first, ColumnTransformer):
        position = {column: at for at, column in enumerate(columns.tolist())}
        if names is not None:
            position |= {names[column]: names[column] for column in columns}
        first.set_params(transformers=[
            (name, step, _restricted(wanted, position)) for name, step, wanted in first.transformers
        ])  # fmt: skip


def _restricted(wanted: Any, position: dict) -> Any:
    """Those of the columns that are left, as a transformer asks for them."""
    if callable(wanted) or isinstance(wanted, slice):
        return wanted
    if np.ndim(wanted) == 0:
        return position.get(wanted, [])
    if np.asarray(wanted).dtype == bool:
        wanted = np.flatnonzero(wanted).tolist()
    return [position[column] for column in wanted if column in position]
