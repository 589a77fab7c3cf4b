"""StabilityDisplay: the selection probability of each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..selection import StabilitySelector
from ._axes import axes_or_new
from ._bars import WIDTH, draw_bars, figure_height
from ._fitted import fitted_with
from ._lam_axis import draw_lam_axis

__all__ = ["StabilityDisplay"]

STYLES = ("-", "--", "-.", ":")
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
            The fitted selector, or a pipeline that ends in it.
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
        selector = fitted_with(selector, "selection_probabilities_")
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
        selected = self.probabilities.max(axis=0) >= self.threshold
        if bars:
            self._draw_bars(np.where(selected, SELECTED, OTHER))
        else:
            self._draw_lines(selected)
        return self

    def _draw_bars(self, colors: np.ndarray) -> None:
        draw_bars(self.ax_, self.probabilities[0], self.names, colors, None)
        at = "" if np.isnan(self.lams[0]) else f", lam = {self.lams[0]:.3g}"
        self.ax_.set(xlim=(0, 1), xlabel=f"share of the samples{at}")
        self.ax_.axvline(self.threshold, color=BAR, linestyle="--")

    def _draw_lines(self, selected: np.ndarray) -> None:
        """Grey lines, and a color and a label for each group that is selected."""
        from matplotlib import colormaps

        for shares in self.probabilities.T[~selected]:
            self.ax_.plot(self.lams, shares, color="0.8", linewidth=0.8)
        draw_lam_axis(self.ax_, self.lams)
        self.ax_.set(ylim=(-0.02, 1.02), ylabel="share of the samples")
        self.ax_.axhline(self.threshold, color=BAR, linestyle="--")
        # from the group that is selected up to the largest lam
        last = [np.flatnonzero(shares >= self.threshold)[-1] if chosen else -1
                for shares, chosen in zip(self.probabilities.T, selected, strict=True)]  # fmt: skip
        order = [g for g in np.argsort(last, kind="stable")[::-1] if selected[g]]
        for place, g in enumerate(order):
            style = {"color": colormaps["tab10"](place % 10), "linestyle": STYLES[place // 10 % 4]}
            self.ax_.plot(self.lams, self.probabilities[:, g], label=str(self.names[g]), **style)
        if order:
            self.ax_.legend(
                loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize="small", frameon=False,
                title="selected up to\nthe largest lam first", title_fontsize="small",
            )  # fmt: skip
