"""Base class of the meta-estimators that select groups."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from sklearn.base import MetaEstimatorMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags

from ..estimators.inputs import kept_columns, lacks_columns
from ..estimators.selection import GroupSelection

__all__ = ["MetaSelector"]


class MetaSelector(MetaEstimatorMixin, GroupSelection):
    """A selector of groups around an estimator; `fit` sets `groups_` and `group_support_`."""

    estimator: Any
    _not_fitted = "%(name)s is not fitted: call fit (with refit=True) first."
    penalty = None  # it has no importances

    def transform(self, X: Any) -> Any:
        """Reduce X to the columns of the kept groups.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows to reduce; a data frame may lack columns that are not kept.

        Returns
        -------
        X_r : array of shape (n_samples, n_kept)
            The kept columns, in a data frame if `set_output` asks for one.
        """
        kept = self.get_support(indices=True)
        if not lacks_columns(self, X, kept):
            return SelectorMixin.transform(self, X)
        frame = kept_columns(self, X, kept)
        return frame if self._frames else frame.to_numpy()

    def __sklearn_tags__(self) -> Tags:
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.target_tags = deepcopy(inner.target_tags)
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.allow_nan = (  # a step may impute what is missing
            inner.input_tags.allow_nan or isinstance(self.estimator, Pipeline)
        )
        return tags
