"""Base class of the meta-estimators that select groups."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ..groups import Groups
from ._checks import check_rows

__all__ = ["MetaSelector"]


class MetaSelector(MetaEstimatorMixin, SelectorMixin, BaseEstimator):
    """A selector of groups around an estimator; `fit` sets `groups_` and `group_support_`."""

    estimator: Any
    groups_: Groups
    group_support_: np.ndarray

    @property
    def selected_groups_(self) -> list:
        """Names of the selected groups."""
        support = self.get_group_support()
        return [name for name, kept in zip(self.groups_.names, support, strict=True) if kept]

    def get_group_support(self, names: bool = False) -> np.ndarray | list:
        """Which groups are selected.

        Parameters
        ----------
        names : bool, default=False
            Return the list of their names instead of a mask.

        Returns
        -------
        support : ndarray of shape (n_groups,), or list of names
            The selected groups.
        """
        check_is_fitted(
            self, "group_support_", msg="%(name)s is not fitted: call fit (with refit=True) first."
        )
        return self.selected_groups_ if names else self.group_support_.copy()

    def _get_support_mask(self) -> np.ndarray:
        support = np.array(self.get_group_support())  # raises if not fitted
        return self.groups_.expand(support)

    def _check_data(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Validate X and y, and set `n_features_in_` and `feature_names_in_`."""
        X, y = check_rows(self, X, y)
        validate_data(self, X, y, skip_check_array=True)
        return X, y

    def __sklearn_tags__(self):
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.target_tags = deepcopy(inner.target_tags)
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        return tags
