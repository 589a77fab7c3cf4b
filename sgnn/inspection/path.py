"""PathDisplay: the selected groups, their number and the score along lam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..groups import Groups
from ..selection import LambdaSearchCV, PathResult
from ..typing import Costs
from ._axes import axes_or_new
from ._bands import draw_bands
from ._fitted import fitted_with
from ._front_points import even_scale
from ._lam_axis import draw_lam_axis

__all__ = ["PathDisplay"]

COUNT, SCORE, CHOSEN = "black", "#0072b2", "#d55e00"
# inches: width of the figure, height of the curves, of a group's band and of all bands
WIDTH, CURVES, BAND, MAX_BANDS = 6.4, 3.2, 0.22, 8.0


class PathDisplay:
    """The selection and the score at each lam: lam -> |S(lam)|, score(lam), S(lam).

    Above, steps show the number of groups, on the left axis; a line shows the score, on the right
    one, in a band of one standard deviation over the splits if there are any.  Below, each group
    is a band, shaded by the share of the fits that select it.  A dashed line marks the chosen
    lam.  If the groups have different costs, the abscissa is the cost of the selected ones, and
    what is shown at a cost is the fit of the best score that costs so much or less; the scores of
    the other fits are grey points.
    Create it by `from_path` or `from_estimator`.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
        The strengths, ascending.
    n_groups : ndarray of shape (n_lams,)
        Number of selected groups, or its mean over splits.
    scores : ndarray of shape (n_lams,)
        The scores.
    deviations : ndarray of shape (n_lams,) or None, default=None
        Their standard deviations.
    best_lam : float or None, default=None
        The lam that was chosen.
    shares : ndarray of shape (n_lams, n_groups) or None, default=None
        The share of the fits at each lam that select the group: 0 or 1 for a single fit.
    names : sequence of length n_groups, default=()
        Names of the groups.
    costs : ndarray of shape (n_lams,) or None, default=None
        Cost of the selected groups, or its mean over splits.

    Attributes
    ----------
    ax_ : Axes
        Axes of the numbers of groups.
    score_ax_ : Axes
        Its twin, with the axis of the scores.
    groups_ax_ : Axes or None
        Axes of the groups.
    figure_ : Figure
        The figure they are in.

    Notes
    -----
    Source: the number of variables above the cross-validated score is as in glmnet's plots
    (Friedman, Hastie and Tibshirani 2010).

    Examples
    --------
    >>> import numpy as np
    >>> from sgnn.inspection.path import PathDisplay
    >>> display = PathDisplay(np.array([0.01, 0.1, 1.0]), np.array([6, 2, 0]), np.zeros(3)).plot()
    >>> display.ax_.get_xscale()
    'log'
    """

    def __init__(
        self,
        lams: np.ndarray,
        n_groups: np.ndarray,
        scores: np.ndarray,
        *,
        deviations: np.ndarray | None = None,
        best_lam: float | None = None,
        shares: np.ndarray | None = None,
        names: Sequence = (),
        costs: np.ndarray | None = None,
    ) -> None:
        self.lams = lams
        self.n_groups = n_groups
        self.scores = scores
        self.deviations = deviations
        self.best_lam = best_lam
        self.shares = shares
        self.names = names
        self.costs = costs

    @classmethod
    def from_path(
        cls, path: PathResult, *, group_costs: Costs | None = None, ax: Any = None
    ) -> PathDisplay:
        """Draw the result of `lambda_path`.

        Parameters
        ----------
        path : PathResult
            The path.
        group_costs : None, array of shape (n_groups,) or dict by group name, default=None
            Cost of each group; by default the `group_costs` of the estimator, if not all equal.
        ax : Axes, or two of them, optional
            Where to draw, as in `plot`; by default in a new figure.

        Returns
        -------
        PathDisplay

        Raises
        ------
        ValueError
            If the costs are not those of the groups.

        Examples
        --------
        >>> from sgnn.datasets import make_grouped_regression
        >>> from sgnn.inspection.path import PathDisplay
        >>> from sgnn.selection import lambda_path
        >>> from sklearn.linear_model import Lasso
        >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
        >>> path = lambda_path(Lasso(), data.data, data.target, [0.01, 0.1], groups=data.groups)
        >>> PathDisplay.from_path(path).best_lam is None
        True
        """
        return cls(
            path.lams_,
            path.n_groups_,
            path.scores,
            shares=path.support_,
            names=path.groups_.names,
            costs=_costs(path.support_, path.groups_, group_costs),
        ).plot(ax)

    @classmethod
    def from_estimator(
        cls, search: LambdaSearchCV, *, group_costs: Costs | None = None, ax: Any = None
    ) -> PathDisplay:
        """Draw the result of a search: means over the splits, and the chosen lam.

        Parameters
        ----------
        search : LambdaSearchCV
            The fitted search, or a pipeline that ends in it.
        group_costs : None, array of shape (n_groups,) or dict by group name, default=None
            Cost of each group; by default the `group_costs` of the estimator, if not all equal.
        ax : Axes, or two of them, optional
            Where to draw, as in `plot`; by default in a new figure.

        Returns
        -------
        PathDisplay

        Raises
        ------
        NotFittedError
            If it is not fitted.
        TypeError
            If it is no LambdaSearchCV.
        ValueError
            If the costs are not those of the groups.

        Examples
        --------
        >>> from sgnn.datasets import make_grouped_regression
        >>> from sgnn.inspection.path import PathDisplay
        >>> from sgnn.selection import LambdaSearchCV
        >>> from sklearn.linear_model import Lasso
        >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
        >>> search = LambdaSearchCV(Lasso(), [0.01, 0.1, 1.0]).fit(data.data, data.target)
        >>> PathDisplay.from_estimator(search).best_lam == search.best_lam_
        True
        """
        search = fitted_with(search, "cv_results_")
        check_is_fitted(search)
        if not hasattr(search, "supports_"):
            raise TypeError(
                f"search, a {type(search).__name__}, does not keep the groups of its fits: give a "
                f"LambdaSearchCV."
            )
        results, shares = search.cv_results_, search.supports_.mean(axis=1)
        return cls(
            search.lams_,
            results["mean_group_counts"],
            results["mean_test_score"],
            deviations=results["std_test_score"],
            best_lam=search.best_lam_,
            shares=shares,
            names=search.groups_.names,
            costs=_costs(shares, search.groups_, group_costs),
        ).plot(ax)

    def plot(self, ax: Any = None) -> PathDisplay:
        """Draw everything.

        Parameters
        ----------
        ax : Axes, or a pair of them, optional
            Axes of the curves and of the groups; with a single one only the curves are drawn.
            By default both are in a new figure.

        Returns
        -------
        PathDisplay
            Itself, with `ax_`, `score_ax_`, `groups_ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is no axes.
        """
        self.ax_, self.groups_ax_ = self._axes(ax)
        self.figure_ = self.ax_.figure
        self.score_ax_ = self.ax_.twinx()
        if self.costs is None:
            self._draw_over_lam()
        else:
            self._draw_over_cost(self.costs)
        if ax is None and self.groups_ax_ is not None:  # a shared abscissa
            self.ax_.xaxis.label.set_visible(False)
        if self.best_lam is not None:
            self.ax_.legend(loc="best")
        return self

    def _axes(self, ax: Any) -> tuple[Any, Any]:
        """The axes of the curves, and those of the groups or None."""
        if isinstance(ax, Sequence | np.ndarray):
            return axes_or_new(ax[0]), axes_or_new(ax[1])
        if ax is not None or self.shares is None:
            return axes_or_new(ax, layout="constrained"), None
        bands = min(MAX_BANDS, 1.0 + BAND * self.shares.shape[1])
        figure = {"figsize": (WIDTH, CURVES + bands), "height_ratios": (CURVES, bands)}
        return tuple(axes_or_new(None, nrows=2, sharex=True, layout="constrained", **figure))

    def _draw_over_lam(self) -> None:
        self.ax_.step(self.lams, self.n_groups, where="mid", color=COUNT, marker=".")
        self.score_ax_.plot(self.lams, self.scores, color=SCORE, marker=".")
        self._draw_deviations(self.lams, np.arange(len(self.lams)), None)
        if self.groups_ax_ is not None:
            draw_bands(self.groups_ax_, self.lams, np.asarray(self.shares, float), self.names)
        for panel in filter(None, (self.ax_, self.groups_ax_)):
            draw_lam_axis(panel, self.lams)
            self._draw_chosen(panel, self.lams)
        self._draw_labels()

    def _draw_over_cost(self, costs: np.ndarray) -> None:
        best = best_by_cost(costs, self.scores)
        end = max(costs.max() * 1.05, np.finfo(float).tiny)
        x = np.append(costs[best], end)
        steps = np.append(best, best[-1])  # the last one goes on to the end
        self.score_ax_.plot(costs, self.scores, ".", color="0.7")
        self.score_ax_.plot(costs[best], self.scores[best], ".", color=SCORE)
        self.score_ax_.step(x, self.scores[steps], where="post", color=SCORE)
        self.ax_.step(x, self.n_groups[steps], where="post", color=COUNT, linewidth=1)
        self._draw_deviations(x, steps, "post")
        if self.groups_ax_ is not None:
            draw_bands(
                self.groups_ax_, x, np.asarray(self.shares, float)[best], self.names, edges=True
            )
        for panel in filter(None, (self.ax_, self.groups_ax_)):
            panel.set_xlabel("cost of the groups left")
            self._draw_chosen(panel, costs)
        scale = even_scale(costs[best])
        for panel in filter(None, (self.ax_, self.groups_ax_)):
            panel.set_xscale(**scale)
        low = costs.min() / 1.2 if scale["value"] == "log" else min(0.0, costs.min())
        self.ax_.set_xlim(low, end)
        self._draw_labels()

    def _draw_deviations(self, x: np.ndarray, fits: np.ndarray, step: str | None) -> None:
        if self.deviations is None:
            return
        low, high = (self.scores[fits] + sign * self.deviations[fits] for sign in (-1, 1))
        self.score_ax_.fill_between(x, low, high, color=SCORE, alpha=0.2, linewidth=0, step=step)

    def _draw_labels(self) -> None:
        self.ax_.set_ylabel("groups left")
        self.ax_.set_ylim(bottom=0)
        self.score_ax_.set_ylabel("score", color=SCORE)
        self.score_ax_.tick_params(axis="y", colors=SCORE)

    def _draw_chosen(self, panel: Any, x: np.ndarray) -> None:
        if self.best_lam is not None:
            place = x[np.abs(self.lams - self.best_lam).argmin()]
            label = f"lam = {self.best_lam:.3g}"
            panel.axvline(place, color=CHOSEN, linestyle="--", label=label)


def best_by_cost(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Indices of the fits with a better score than all that cost as much or less, by cost."""
    order = np.lexsort([-scores, costs])
    before = np.concatenate([[-np.inf], np.maximum.accumulate(scores[order])[:-1]])
    return order[scores[order] > before]


def _costs(shares: np.ndarray, groups: Groups, given: Any) -> np.ndarray | None:
    """Cost of the selected groups at each lam, (n_lams,); None if all groups cost the same."""
    if given is not None:
        groups = Groups.of(groups, len(groups.labels), costs=given)
    elif (groups.costs == groups.costs[0]).all():
        return None
    return np.asarray(shares @ groups.costs)
