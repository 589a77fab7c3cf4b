"""FrontDisplay: the best sets of groups at every price, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..selection import BudgetSelector
from ._axes import axes_or_new
from ._fitted import fitted_with
from ._front_points import FrontPoints, abscissa, even_scale
from ._squares import MAX_COLUMNS, draw_squares, held_groups, label_columns, thinned

__all__ = ["FrontDisplay"]

EFFICIENT, BARS, OTHER, CHOSEN, BUDGET = "#0072b2", "#9ecae1", "#bbbbbb", "#d55e00", "black"
# inches: width of the figure, height of the points, of a row of squares, of all rows and of
# what is around them
WIDTH, POINTS, ROW, MAX_ROWS, MARGIN = 6.4, 3.8, 0.2, 8.0, 0.7
LABELS = {
    "score": "cross-validated score",
    "loss": "held-out loss per row",
    "partial_loss": "held-out loss per row, predict_partial",
    "cost": "cost",
    "n_groups": "groups",
}
BEST = {
    "cost": "least loss at this cost or less",
    "n_groups": "least loss of so many groups or fewer",
}
NOTE = "optimistic, as the best of many sets:\nreport cross_validate(BudgetSelector(...))"
ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "frameon": False}


class FrontDisplay:
    """The least loss for a budget b, and the set that has it: L(b) = min {L(S) : cost(S) <= b}.

    Above, each set is a point at its cost, or its number of groups.  The efficient ones, of which
    no other costs as little and has less held-out loss, are joined by a line, L(b); the others are
    grey.  What is drawn is the score, with bars of one standard error, where all sets have one, and
    else the held-out loss, with bars of the standard error of its difference to the least; in both
    cases the loss says which sets are efficient.  A star is the chosen set, a dashed line the
    budget.  Below, each efficient set and the chosen one is a column, with a filled square for each
    of its groups.  Create it by `from_estimator`.

    Parameters
    ----------
    front : list of dict
        The sets, as `front_` of a BudgetSelector; losses, scores and errors may be left out.
    chosen : int or None, default=None
        Which of them is chosen.
    x : {"cost", "n_groups"}, default="cost"
        The abscissa.
    budget : float or None, default=None
        The most that was allowed of it.
    scoring : str or None, default=None
        Name of the score.

    Attributes
    ----------
    ax_ : Axes
        Axes of the points.
    groups_ax_ : Axes or None
        Axes of the squares.
    figure_ : Figure
        The figure they are in.

    See Also
    --------
    sgnn.BudgetSelector : The search for these sets.

    Notes
    -----
    The front is optimistic: its sets are the best of many on the rows that are drawn here.  The
    figure to report is that of `cross_validate(BudgetSelector(...), X, y)`.

    The set without any group is not drawn.  Costs have a logarithmic axis where that spreads the
    sets more evenly.  Of more than 40 columns some are left out.  The unit of the costs, and which
    loss it is, are yours to say: ``display.ax_.set(xlabel="cost in dollars")``.

    Examples
    --------
    >>> from sgnn.inspection.front import FrontDisplay
    >>> front = [
    ...     {"groups": ["blood"], "n_groups": 1, "cost": 5.0, "loss": 0.4},
    ...     {"groups": ["scan"], "n_groups": 1, "cost": 900.0, "loss": 0.3},
    ...     {"groups": ["blood", "scan"], "n_groups": 2, "cost": 905.0, "loss": 0.35},
    ... ]
    >>> display = FrontDisplay(front, chosen=0, budget=100).plot()
    >>> [label.get_text() for label in display.groups_ax_.get_xticklabels()]
    ['5', '900']
    """

    def __init__(
        self,
        front: Sequence[Mapping[str, Any]],
        *,
        chosen: int | None = None,
        x: str = "cost",
        budget: float | None = None,
        scoring: str | None = None,
    ) -> None:
        self.front = front
        self.chosen = chosen
        self.x = x
        self.budget = budget
        self.scoring = scoring

    @classmethod
    def from_estimator(
        cls, selector: BudgetSelector, *, x: str = "auto", ax: Any = None
    ) -> FrontDisplay:
        """Draw the front of a fitted selector, and its choice.

        Parameters
        ----------
        selector : BudgetSelector
            The fitted selector, or a pipeline that ends in it.
        x : {"auto", "cost", "n_groups"}, default="auto"
            The abscissa: by default the cost, but the number of groups where that is the cost, or
            all costs are 0, or `max_groups` is the only budget.
        ax : Axes, or two of them, optional
            Where to draw, as in `plot`; by default in a new figure.

        Returns
        -------
        FrontDisplay

        Raises
        ------
        NotFittedError
            If it is not fitted.
        TypeError
            If it is no BudgetSelector, or `ax` is no axes.
        ValueError
            If `x` is none of the three.

        Examples
        --------
        >>> from sgnn import BudgetSelector
        >>> from sgnn.datasets import make_grouped_regression
        >>> from sgnn.inspection.front import FrontDisplay
        >>> from sgnn.selection import SubsetSearch
        >>> from sklearn.linear_model import Ridge
        >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
        >>> selector = BudgetSelector(
        ...     Ridge(), max_groups=2, groups=data.groups, evaluate=None, random_state=0,
        ...     search=SubsetSearch((16,), max_steps=60),
        ... ).fit(data.data, data.target)
        >>> display = FrontDisplay.from_estimator(selector)
        >>> display.x, display.budget, display.front[display.chosen]["n_groups"]
        ('n_groups', 2, 2)
        """
        selector = fitted_with(selector, "front_")
        if not isinstance(selector, BudgetSelector):
            raise TypeError(
                f"selector, a {type(selector).__name__}, has no front_: give a BudgetSelector."
            )
        check_is_fitted(selector)
        if x not in ("auto", "cost", "n_groups"):
            raise ValueError(f"x={x!r} is no abscissa: give 'auto', 'cost' or 'n_groups'.")
        front, selected = selector.front_, list(selector.selected_groups_)
        x, budget = abscissa(front, x, *_budgets(selector))
        chosen = [list(point["groups"]) for point in front].index(selected)
        scoring = selector.scoring if isinstance(selector.scoring, str) else None
        return cls(front, chosen=chosen, x=x, budget=budget, scoring=scoring).plot(ax)

    def plot(self, ax: Any = None) -> FrontDisplay:
        """Draw everything.

        Parameters
        ----------
        ax : Axes, or a pair of them, optional
            Axes of the points and of the squares, which share no abscissa; with a single one only
            the points are drawn.  By default both are in a new figure.

        Returns
        -------
        FrontDisplay
            Itself, with `ax_`, `groups_ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is no axes.
        ValueError
            If `x` is neither, no set can be drawn, or the two axes share an abscissa.
        """
        if self.x not in ("cost", "n_groups"):
            raise ValueError(f"x={self.x!r} is no abscissa: give 'cost' or 'n_groups'.")
        points = FrontPoints.read(self.front, self.x, self.chosen)
        columns = points.columns(self.chosen)
        apart = len(np.unique(points.x[columns])) == len(columns) <= MAX_COLUMNS
        aligned = self.x == "n_groups" and apart
        columns = thinned(columns, self.chosen)
        sets = [self.front[i]["groups"] for i in columns]
        self.ax_, self.groups_ax_ = self._axes(ax, len(held_groups(sets)), aligned)
        self.figure_ = self.ax_.figure
        self._draw_frame(points)
        handles = [*self._draw_choice(points), *self._draw_points(points)]
        if self.ax_.get_xscale() == "symlog":  # no cost is negative
            self.ax_.set_xlim(left=-self.ax_.xaxis.get_transform().linthresh / 2)
        self.ax_.legend(
            handles=handles, title=NOTE, alignment="left", fontsize="small", title_fontsize="small",
            **(ABOVE if ax is None else {"loc": "best"}),
        )  # fmt: skip
        if self.groups_ax_ is not None:
            place = points.x[columns] if aligned else np.arange(len(columns))
            chosen = None if self.chosen is None else list(columns).index(self.chosen)
            draw_squares(self.groups_ax_, sets, place, chosen)
            self._draw_abscissa_of_groups(points.x[columns], aligned)
        return self

    def _axes(self, ax: Any, n_rows: int, aligned: bool) -> tuple[Any, Any]:
        """The axes of the points, and those of the squares or None."""
        if isinstance(ax, Sequence | np.ndarray):
            if len(ax) != 2:
                raise TypeError(f"ax has {len(ax)} axes: give one, or two, or None.")
            above, below = map(axes_or_new, ax)
            if _share_x(above, below) and not aligned:
                raise ValueError(
                    "ax are two axes that share their abscissa, and columns are no costs: give "
                    "two that do not, or one."
                )
            return above, below
        if ax is not None:
            return axes_or_new(ax), None
        rows = min(MAX_ROWS, MARGIN + ROW * n_rows)
        figure = {"figsize": (WIDTH, POINTS + rows), "height_ratios": (POINTS, rows)}
        return tuple(axes_or_new(None, nrows=2, sharex=aligned, layout="constrained", **figure))

    def _draw_points(self, points: FrontPoints) -> list:
        """The efficient ones and the others; what the legend has of them is returned."""
        x, y, best, others = points.x, points.y, points.efficient, points.others
        handle = self.ax_.errorbar(
            x[best], y[best], np.nan_to_num(points.errors[best]), fmt="o", color=EFFICIENT,
            ecolor=BARS, markersize=5, elinewidth=1.5, label=BEST[self.x],
        )  # fmt: skip
        # what costs more than the last of them is no better
        ends = np.append(x[best], x[[*best, *others]].max())
        levels = np.append(y[best], y[best[-1]])
        self.ax_.step(ends, levels, where="post", color=EFFICIENT, linewidth=1)
        if not len(others):
            return [handle]
        style = {"color": OTHER, "markersize": 4, "zorder": 1}
        return [handle, *self.ax_.plot(x[others], y[others], "o", label="other sets", **style)]

    def _draw_choice(self, points: FrontPoints) -> list:
        """The star, and the line of the budget; both are returned."""
        handles = []
        if self.chosen is not None:
            handles += self.ax_.plot(
                points.x[self.chosen], points.y[self.chosen], "*", color=CHOSEN, markersize=14,
                markeredgecolor="white", zorder=4, label=_described(self.front[self.chosen]),
            )  # fmt: skip
        if self.budget is not None:
            label = f"cost {self.budget:g}" if self.x == "cost" else _counted(self.budget)
            style = {"color": BUDGET, "linestyle": "--", "linewidth": 1, "zorder": 0}
            handles.append(self.ax_.axvline(self.budget, label=f"budget: {label}", **style))
        return handles

    def _draw_frame(self, points: FrontPoints) -> None:
        """The scale and the labels."""
        from matplotlib.ticker import NullFormatter

        name = LABELS[points.of]
        if points.of == "score" and self.scoring is not None:
            name = f"{name} ({self.scoring})"
        self.ax_.set(xlabel=LABELS[self.x], ylabel=name)
        if self.x == "n_groups":
            self.ax_.xaxis.set_major_locator(_integers())
            return
        scale = even_scale(points.x[[*points.efficient, *points.others]])
        self.ax_.set_xscale(**scale)
        if scale["value"] != "linear":
            self.ax_.xaxis.set_major_formatter("{x:g}")
            self.ax_.xaxis.set_minor_formatter(NullFormatter())

    def _draw_abscissa_of_groups(self, x: np.ndarray, aligned: bool) -> None:
        above, panel = self.ax_, self.groups_ax_
        if not aligned:
            labels = [f"{value:.0f}" if value >= 1000 else f"{value:.4g}" for value in x]
            label_columns(panel, labels)
            panel.set_xlabel(f"{LABELS[self.x]} of each set")
            return
        above.xaxis.label.set_visible(not _share_x(above, panel))
        limits = np.sort([above.get_xlim(), panel.get_xlim()], axis=0)
        panel.set(xlabel=LABELS[self.x], xlim=(limits[0, 0], limits[1, 1]))
        panel.xaxis.set_major_locator(_integers())
        above.set_xlim(panel.get_xlim())


def _described(point: Mapping[str, Any]) -> str:
    """The label of the chosen set."""
    text = f"chosen: {_counted(point['n_groups'])}, cost {point['cost']:g}"
    if np.isnan(point.get("score", np.nan)):
        return text
    return f"{text}\nscore {point['score']:.3f} ± {point['score_se']:.3f}"


def _integers() -> Any:
    """Ticks at round numbers of groups."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True, steps=[1, 2, 5, 10])


def _share_x(first: Any, second: Any) -> bool:
    return first.get_shared_x_axes().joined(first, second)


def _counted(n_groups: float) -> str:
    return f"{n_groups:g} group{'s' * (n_groups != 1)}"


def _budgets(selector: BudgetSelector) -> tuple[int | None, float | None]:
    """max_groups and max_cost, where these are what the selector's set is the answer to."""
    max_groups, max_cost = selector.max_groups, selector.max_cost
    try:
        answer = selector.choose(max_groups=max_groups, max_cost=max_cost)["groups"]
    except ValueError:
        answer = None
    # `refit` answers another budget and leaves the parameters as they are
    same = answer == list(selector.selected_groups_)
    return (max_groups, max_cost) if same else (None, None)
