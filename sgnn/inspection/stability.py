"""StabilityDisplay: the selection probability of each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..selection import StabilitySelector
from ._axes import axes_or_new
from ._bars import WIDTH, draw_bars, figure_height
from ._lam_axis import draw_lam_axis

__all__ = ["StabilityDisplay"]

SELECTED, OTHER, BAR = "#0072b2", "#999999", "#d55e00"


class StabilityDisplay:
    """Selection probability of each group: Pi_g(lam) = (1/B) sum_b 1[g in S_b(lam)].

    Over several lams each group is a line, the stability path; at a single lam a bar, from the
    most probable group to the least.  A dashed line is the threshold, and the groups that reach it
    are colored.  Create it by `from_estimator`.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
        The strengths, ascending; NaN where there is none.
    probabilities : ndarray of shape (n_lams, n_groups)
        The share of the samples on which each group is selected.
    threshold : float
        The smallest share of a selected group.
    names : sequence of length n_groups
        Names of the groups.

    Attributes
    ----------
    ax_ : Axes
        Where everything is drawn.
    figure_ : Figure
        The figure they are in.

    Notes
    -----
    Source: Meinshausen and Buehlmann, "Stability selection" (2010), figure 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sgnn.inspection.stability import StabilityDisplay
    >>> shares = np.array([[1.0, 0.2]])
    >>> display = StabilityDisplay(np.array([0.1]), shares, 0.6, ["blood", "scan"]).plot()
    >>> [float(bar.get_width()) for bar in display.ax_.patches]
    [1.0, 0.2]
    """

    def __init__(
        self, lams: np.ndarray, probabilities: np.ndarray, threshold: float, names: Sequence
    ) -> None:
        self.lams = lams
        self.probabilities = probabilities
        self.threshold = threshold
        self.names = names

    @classmethod
    def from_estimator(cls, selector: StabilitySelector, *, ax: Any = None) -> StabilityDisplay:
        """Draw the result of a stability selection.

        Parameters
        ----------
        selector : StabilitySelector
            The fitted selector.
        ax : Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        StabilityDisplay

        Raises
        ------
        NotFittedError
            If it is not fitted.

        Examples
        --------
        >>> from sgnn.datasets import make_grouped_regression
        >>> from sgnn.inspection.stability import StabilityDisplay
        >>> from sgnn.selection import StabilitySelector
        >>> from sklearn.linear_model import Lasso
        >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
        >>> selector = StabilitySelector(Lasso(), 5, lams=[0.1, 0.5], groups=data.groups)
        >>> display = StabilityDisplay.from_estimator(selector.fit(data.data, data.target))
        >>> display.probabilities.shape
        (2, 6)
        """
        check_is_fitted(selector)
        return cls(
            selector.lams_,
            selector.selection_probabilities_,
            selector.threshold,
            selector.groups_.names,
        ).plot(ax)

    def plot(self, ax: Any = None) -> StabilityDisplay:
        """Draw everything.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default in a new figure, with a height by the number of bars.

        Returns
        -------
        StabilityDisplay
            Itself, with `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is no axes.
        """
        bars = len(self.lams) == 1
        height = figure_height(len(self.names)) if bars else 0.75 * WIDTH
        self.ax_ = axes_or_new(ax, figsize=(WIDTH, height), layout="constrained")
        self.figure_ = self.ax_.figure
        colors = np.where(self.probabilities.max(axis=0) >= self.threshold, SELECTED, OTHER)
        self._draw_bars(colors) if bars else self._draw_lines(colors)
        return self

    def _draw_bars(self, colors: np.ndarray) -> None:
        draw_bars(self.ax_, self.probabilities[0], self.names, colors, None)
        at = "" if np.isnan(self.lams[0]) else f", lam = {self.lams[0]:.3g}"
        self.ax_.set(xlim=(0, 1), xlabel=f"share of the samples{at}")
        self.ax_.axvline(self.threshold, color=BAR, linestyle="--")

    def _draw_lines(self, colors: np.ndarray) -> None:
        # names are at the last lam at which the group is selected; names at one point are joined
        at: dict[tuple[float, float], list[str]] = {}
        for name, shares, color in zip(self.names, self.probabilities.T, colors, strict=True):
            self.ax_.plot(self.lams, shares, color=color)
            if color == SELECTED:
                last = np.flatnonzero(shares >= self.threshold)[-1]
                at.setdefault((self.lams[last], shares[last]), []).append(str(name))
        for place, names in at.items():
            # towards the middle of the figure
            side = "left" if place[0] <= np.median(self.lams) else "right"
            self.ax_.annotate(
                ", ".join(names), place, xytext=(3 if side == "left" else -3, 3), ha=side,
                textcoords="offset points", fontsize="small",
            )  # fmt: skip
        draw_lam_axis(self.ax_, self.lams)
        self.ax_.set(ylim=(-0.02, 1.08), ylabel="share of the samples")
        self.ax_.axhline(self.threshold, color=BAR, linestyle="--")
