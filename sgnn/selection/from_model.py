"""GroupSelectFromModel: scikit-learn's SelectFromModel for whole groups."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.feature_selection import SelectFromModel
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import validate_data

from ..groups import Groups
from ..rules import check_parameters, either, integer
from ..training import FitTask, with_callbacks
from ..typing import EstimatorLike, GroupsLike
from ._checks import check_rows
from ._meta_selector import MetaSelector

__all__ = ["GroupSelectFromModel"]

RULES = {"max_groups": either(None, integer(1))}


class GroupSelectFromModel(MetaSelector):
    """Select groups by the importances of a fitted model, each group whole or not at all.

    importance of group g = max_{j in g} importance of column j

    A group stays if that is not below the threshold, so that if SelectFromModel keeps one column
    of it, all stay; of these groups the `max_groups` most important ones are selected.

    Parameters
    ----------
    estimator : estimator
        One with `coef_` or `feature_importances_` after fit.
    max_groups : int or None, default=None
        Select at most so many groups; of equally important ones the first.
    groups : any form of groups, default=None
        Groups of the columns.  By default the `groups_` of the estimator, or every column alone
        if it has none.
    prefit : bool, default=False
        Whether the estimator is already fitted.
    threshold : str, float or None, default=None
        As in SelectFromModel: by default 1e-5 for estimators with an l1 penalty, which are those
        of this package too, and the mean over the columns for others.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    groups_, group_support_, selected_groups_
        The groups, which of them are selected, and their names.
    group_importances_ : ndarray of shape (n_groups,)
        Their importances.
    threshold_ : float
        The threshold of the importances.
    n_features_in_, feature_names_in_
        The columns seen in `fit`.

    See Also
    --------
    sklearn.feature_selection.SelectFromModel : The same for single columns.

    Notes
    -----
    The importance of a column is |coef_j|, summed over the classes or targets if there are
    several, or its entry of `feature_importances_`.  Source: scikit-learn's SelectFromModel, of
    which this is the form for groups.

    Examples
    --------
    >>> from sgnn.datasets import make_grouped_classification
    >>> from sgnn.selection import GroupSelectFromModel
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> data = make_grouped_classification(n_groups=6, n_informative=2, random_state=0)
    >>> forest = RandomForestClassifier(random_state=0)
    >>> selector = GroupSelectFromModel(forest, max_groups=2, groups=data.groups)
    >>> selector.fit_transform(data.data, data.target).shape
    (200, 10)
    """

    def __init__(
        self,
        estimator: EstimatorLike,
        max_groups: int | None = None,
        groups: GroupsLike | None = None,
        prefit: bool = False,
        *,
        threshold: str | float | None = None,
    ) -> None:
        self.estimator = estimator
        self.max_groups = max_groups
        self.groups = groups
        self.prefit = prefit
        self.threshold = threshold

    @with_callbacks
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the estimator, unless it is `prefit`, and select.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        **fit_params
            Passed to the estimator's fit, such as `sample_weight`.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        ValueError, TypeError
            For invalid arguments, before training.
        """
        check_parameters(self, RULES)
        X, y = check_rows(self.estimator, X, y)
        validate_data(self, X, y, skip_check_array=True)
        names = getattr(self, "feature_names_in_", None)
        given, task = Groups.of(self.groups, self.n_features_in_, names), None
        if hasattr(self, "_skl_callbacks"):
            task = FitTask.of(self, X, y, fit_params.get("sample_weight"))
        inner = self._column_selector().fit(X, y, **fit_params)
        self.estimator_, self.threshold_ = inner.estimator_, inner.threshold_
        own = getattr(self.estimator_, "groups_", given)
        self.groups_ = own if self.groups is None else given
        importances = np.zeros(len(self.groups_))
        np.maximum.at(importances, self.groups_.labels, _importances(self.estimator_))
        self.group_importances_ = importances
        self.group_support_ = importances >= self.threshold_
        # of equally important groups the first ones stay
        ranked = np.argsort(-importances, kind="stable")
        if self.max_groups is not None:
            self.group_support_[ranked[self.max_groups :]] = False
        if task is not None:
            task.end({})
        return self

    def _column_selector(self) -> SelectFromModel:
        return SelectFromModel(self.estimator, threshold=self.threshold, prefit=self.prefit)

    def get_metadata_routing(self) -> MetadataRouter:
        """Get the metadata routing.

        Returns
        -------
        routing : MetadataRouter
            Of the estimator's fit.
        """
        return self._column_selector().get_metadata_routing()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required &= not self.prefit
        return tags


def _importances(fitted: Any) -> np.ndarray:
    """Importance of each column, (n_features,), as SelectFromModel reads it."""
    if not hasattr(fitted, "coef_"):
        return np.asarray(fitted.feature_importances_)
    return np.abs(np.atleast_2d(fitted.coef_)).sum(axis=0)
