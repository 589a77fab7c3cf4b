"""GroupImportanceDisplay: the importance of each group in one model or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..typing import GroupsLike, Scoring
from ._axes import axes_or_new
from ._bars import WIDTH, draw_bars, figure_height
from ._fitted import fitted_with
from .permutations import group_permutation_importance

__all__ = ["GroupImportanceDisplay"]

KEPT, REMOVED = "#0072b2", "#999999"
MEASURES = {  # attribute with one value per group: label of the axis
    "group_norms_": "||theta_g||, over the largest",
    "group_importances_": "importance of the most important column",
}


class GroupImportanceDisplay:
    """Importance of each group: I_g +- s_g, from the most important group to the least.

    A bar for each group, with an error bar of one standard deviation or error if the importance
    is a mean.  Groups that are not selected are gray.  Create it by `from_estimator` (group norms
    of a model, or probabilities of a stability selection), `from_estimators` (mean norms of
    several models, such as those of a cross-validation) or `from_permutations` (decrease of the
    score when the group is permuted).

    Parameters
    ----------
    importances : ndarray of shape (n_groups,)
        The importances.
    names : sequence of length n_groups
        Names of the groups.
    support : ndarray of bool of shape (n_groups,)
        Which of them are selected.
    errors : ndarray of shape (n_groups,) or None, default=None
        Half the length of the error bars.
    label : str, default="importance"
        Label of the axis.

    Attributes
    ----------
    ax_ : Axes
        Where everything is drawn.
    figure_ : Figure
        The figure they are in.

    Examples
    --------
    >>> import numpy as np
    >>> from sgnn.inspection import GroupImportanceDisplay
    >>> display = GroupImportanceDisplay(
    ...     np.array([0.0, 1.0]), ["blood", "scan"], np.array([False, True])
    ... )
    >>> [text.get_text() for text in display.plot().ax_.get_yticklabels()]
    ['scan', 'blood']
    """

    def __init__(
        self,
        importances: np.ndarray,
        names: Sequence,
        support: np.ndarray,
        *,
        errors: np.ndarray | None = None,
        label: str = "importance",
    ) -> None:
        self.importances = importances
        self.names = names
        self.support = support
        self.errors = errors
        self.label = label

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> GroupImportanceDisplay:
        """Draw the importances of the groups of a fitted model.

        Parameters
        ----------
        estimator : estimator
            One with `group_norms_`, such as `SGINClassifier`: its norms over the largest; a
            `GroupSelectFromModel`: its `group_importances_`; a `StabilitySelector`: the share of
            the samples on which each group is selected, at the lam where it is largest, with its
            standard error; or a pipeline that ends in one of these, or a search over them.
        ax : Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        GroupImportanceDisplay

        Raises
        ------
        NotFittedError
            If it is not fitted.
        TypeError
            If it has no importances of groups.

        Examples
        --------
        >>> from sgnn import GroupLassoRegressor
        >>> from sgnn.datasets import make_grouped_regression
        >>> from sgnn.inspection import GroupImportanceDisplay
        >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
        >>> model = GroupLassoRegressor(data.groups, lam=0.1).fit(data.data, data.target)
        >>> display = GroupImportanceDisplay.from_estimator(model)
        >>> float(display.importances.max()), int((display.importances > 0).sum())
        (1.0, 2)
        """
        check_is_fitted(estimator)
        model = fitted_with(estimator, *MEASURES, "selection_probabilities_")
        if hasattr(model, "selection_probabilities_"):
            values = model.selection_probabilities_.max(axis=0)
            errors = np.sqrt(values * (1 - values) / model.n_bootstraps)
            label = "share of the samples that select the group"
        else:
            (measure, values), errors = _importance_measure(model), None
            label = MEASURES[measure]
        names, support = model.groups_.names, model.get_group_support()
        return cls(values, names, support, errors=errors, label=label).plot(ax)

    @classmethod
    def from_estimators(
        cls, estimators: Sequence[Any], *, ax: Any = None
    ) -> GroupImportanceDisplay:
        """Draw mean and standard deviation over several fits, such as those of folds.

        Parameters
        ----------
        estimators : sequence of estimators
            Fitted, with `group_norms_` and the same groups, such as those that `cross_validate`
            returns with return_estimator=True, or pipelines or searches of such.  A group counts
            as selected if most select it.
        ax : Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        GroupImportanceDisplay

        Raises
        ------
        ValueError
            If there are none, or their groups differ.
        TypeError
            If one of them has no importances of groups.

        Examples
        --------
        >>> from sgnn import GroupLassoRegressor
        >>> from sgnn.datasets import make_grouped_regression
        >>> from sgnn.inspection import GroupImportanceDisplay
        >>> from sklearn.model_selection import cross_validate
        >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
        >>> model = GroupLassoRegressor(data.groups, lam=0.1)
        >>> fits = cross_validate(model, data.data, data.target, return_estimator=True)["estimator"]
        >>> GroupImportanceDisplay.from_estimators(fits).errors.shape
        (6,)
        """
        estimators = [fitted_with(estimator, *MEASURES) for estimator in estimators]
        names = {tuple(estimator.groups_.names) for estimator in estimators}
        if len(names) != 1:
            raise ValueError(
                f"estimators has {len(estimators)} fits with {len(names)} sets of groups: give "
                f"fits of one estimator, at least one."
            )
        values = np.stack([_importance_measure(estimator)[1] for estimator in estimators])
        kept = np.mean([estimator.get_group_support() for estimator in estimators], axis=0)
        return cls(
            values.mean(axis=0),
            names.pop(),
            kept > 0.5,
            errors=values.std(axis=0),
            label=f"{MEASURES[_importance_measure(estimators[0])[0]]}, mean of {len(values)} fits",
        ).plot(ax)

    @classmethod
    def from_permutations(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        groups: GroupsLike | None = None,
        scoring: Scoring | None = None,
        n_repeats: int = 5,
        random_state: int | np.random.Generator | None = None,
        ax: Any = None,
    ) -> GroupImportanceDisplay:
        """Draw the decrease of the score when the columns of a group are permuted jointly.

        Parameters
        ----------
        estimator : estimator
            Any fitted estimator.
        X, y : array-like
            Rows and targets, preferably not of the training data.
        groups : any form of groups, default=None
            Groups of the columns; by default the `groups_` of the estimator, if it has them.
            Given groups are all shown as selected.
        scoring : str, callable or None, default=None
            The score; by default the estimator's `score`.
        n_repeats : int, default=5
            Number of permutations of each group; mean and standard deviation are shown.
        random_state : int, Generator or None, default=None
            Seed of the permutations.
        ax : Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        GroupImportanceDisplay

        Raises
        ------
        NotFittedError
            If it is not fitted.

        Examples
        --------
        >>> from sgnn.datasets import make_grouped_regression
        >>> from sgnn.inspection import GroupImportanceDisplay
        >>> from sklearn.linear_model import Ridge
        >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
        >>> model = Ridge().fit(data.data, data.target)
        >>> display = GroupImportanceDisplay.from_permutations(
        ...     model, data.data, data.target, groups=data.groups, random_state=0
        ... )
        >>> (display.importances > 0.1).tolist() == data.support.tolist()
        True
        """
        check_is_fitted(estimator)
        found = group_permutation_importance(
            estimator, X, y, groups=groups, scoring=scoring, n_repeats=n_repeats,
            random_state=random_state,
        )  # fmt: skip
        own = groups is None and hasattr(estimator, "groups_")
        support = estimator.get_group_support() if own else np.ones(len(found.names), dtype=bool)
        return cls(
            found.importances_mean, found.names, support, errors=found.importances_std,
            label=f"what the score loses, mean of {n_repeats} permutations",
        ).plot(ax)  # fmt: skip

    def plot(self, ax: Any = None) -> GroupImportanceDisplay:
        """Draw the bars.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default in a new figure, with a height by the number of bars.

        Returns
        -------
        GroupImportanceDisplay
            Itself, with `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is no axes.
        """
        size = (WIDTH, figure_height(len(self.names)))
        self.ax_ = axes_or_new(ax, figsize=size, layout="constrained")
        self.figure_ = self.ax_.figure
        colors = np.where(self.support, KEPT, REMOVED)
        draw_bars(self.ax_, self.importances, self.names, colors, self.errors)
        self.ax_.set_xlabel(self.label)
        return self


def _importance_measure(model: Any) -> tuple[str, np.ndarray]:
    """The name of the importance attribute, and its values; norms are divided by the largest."""
    for name in MEASURES:
        if hasattr(model, name):
            values = np.asarray(getattr(model, name), dtype=float)
            largest = values.max() if name == "group_norms_" else 1.0
            return name, values / (largest or 1.0)
    raise TypeError(
        f"estimator, a {type(model).__name__}, has no importances of groups: give one with "
        f"group_norms_, or call from_permutations."
    )
