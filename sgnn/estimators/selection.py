"""The selection of groups that a fit leaves behind, whatever was fitted."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from ..groups import Groups
from ..training import CallbackSupportMixin
from .inputs import check_kept, kept_columns

__all__ = ["GroupSelection"]

SMALLEST_IMPORTANCE = 1e-4  # of a kept group; SelectFromModel cuts at 1e-5
REFERENCE = "https://sgnn.readthedocs.io/en/stable/api/generated/"


class GroupSelection(SelectorMixin, BaseEstimator, CallbackSupportMixin):
    """The selection that a fit leaves behind, for scikit-learn and for its user."""

    _not_fitted: ClassVar[str | None] = None  # what errors say, None for scikit-learn's words
    # SelectFromModel reads this and then keeps exactly the features of nonzero importance
    penalty: str | None = "l1"
    # the link of the diagram that notebooks show
    _doc_link_module = "sgnn"
    _doc_link_template = REFERENCE + "sgnn.{estimator_name}.html"

    groups_: Groups
    group_support_: np.ndarray
    group_norms_: np.ndarray
    missing: str

    @property
    def selected_groups_(self) -> list:
        """Names of the groups that are left."""
        support = self.get_group_support()
        return [name for name, kept in zip(self.groups_.names, support, strict=True) if kept]

    @property
    def feature_importances_(self) -> np.ndarray:
        """||theta_g|| / max_h ||theta_h|| of each column's group: (n_features,).

        Exactly 0 for removed groups, constant within one, and at least 1e-4 for kept ones, so
        that SelectFromModel's own threshold agrees with `get_support`.
        """
        check_is_fitted(self)
        share = self.group_norms_ / max(self.group_norms_.max(), np.finfo(float).tiny)
        kept = np.maximum(share, SMALLEST_IMPORTANCE)
        return self.groups_.expand(np.where(self.group_support_, kept, 0.0))

    def get_group_support(self, names: bool = False) -> np.ndarray | list:
        """Which groups are left.

        Parameters
        ----------
        names : bool, default=False
            Return the list of their names instead of a mask.

        Returns
        -------
        support : ndarray of shape (n_groups,), or list of names
            The groups that were not removed.
        """
        check_is_fitted(self, "group_support_", msg=self._not_fitted)
        return self.selected_groups_ if names else self.group_support_.copy()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "group_support_")

    def _get_support_mask(self) -> np.ndarray:
        support = np.array(self.get_group_support())  # refuses where nothing is fitted
        return self.groups_.expand(support)

    def transform(self, X: Any) -> Any:
        """Reduce X to the columns of the kept groups; the other columns are not looked at.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows to reduce; a data frame may lack columns that are not kept.

        Returns
        -------
        X_r : ndarray or data frame of shape (n_samples, n_kept)
            The kept columns as they came, in a data frame if `set_output` asks for one.
        """
        kept = self.get_support(indices=True)
        checked = self._kept(X)
        # a frame that goes out as a frame keeps the types of its columns
        return kept_columns(self, X, kept) if self._frames and hasattr(X, "iloc") else checked

    @property
    def _frames(self) -> bool:
        """Whether `set_output` asks for data frames."""
        config = getattr(self, "_sklearn_output_config", {})
        return config.get("transform", get_config()["transform_output"]) != "default"

    def _kept(self, X: Any) -> np.ndarray:
        """The kept columns of X, (n, n_kept), checked."""
        return check_kept(self, X, self.get_support(indices=True))
