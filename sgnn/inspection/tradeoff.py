"""AccuracySparsityDisplay: score against sparsity of several networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._axes import axes_or_new
from ._fitted import fitted_with

__all__ = ["AccuracySparsityDisplay"]

MARKERS = "osD^v"


class AccuracySparsityDisplay:
    """A point for each network: share of its weights, or neurons, that are zero, and its score.

    Create it by `from_estimators`.

    Parameters
    ----------
    names : sequence of str
        Names of the networks, for the legend.
    sparsity : sequence of float
        Shares of zeros, between 0 and 1.
    scores : sequence of float
        The scores.
    of : {"weights", "neurons"}, default="weights"
        What is counted.

    Attributes
    ----------
    ax_ : Axes
        The axes that it is drawn in.
    figure_ : Figure
        The figure they are in.

    Examples
    --------
    >>> from sgnn.inspection import AccuracySparsityDisplay
    >>> display = AccuracySparsityDisplay(["l1", "group lasso"], [0.9, 0.8], [0.97, 0.98]).plot()
    >>> display.ax_.get_xlabel()
    'zero weights (%)'
    """

    def __init__(
        self,
        names: Sequence[str],
        sparsity: Sequence[float],
        scores: Sequence[float],
        *,
        of: str = "weights",
    ) -> None:
        self.names, self.sparsity, self.scores, self.of = names, sparsity, scores, of

    @classmethod
    def from_estimators(
        cls, estimators: Mapping[str, Any], X: Any, y: Any, *, of: str = "weights", ax: Any = None
    ) -> AccuracySparsityDisplay:
        """Score fitted estimators and draw them.

        Parameters
        ----------
        estimators : mapping of str to estimator
            Fitted, with `sparsity_`, by their names.
        X, y : array-like
            Rows to score them on.
        of : {"weights", "neurons"}, default="weights"
            What is counted.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        AccuracySparsityDisplay

        Raises
        ------
        ValueError
            If `of` is neither.
        TypeError
            If an estimator has no `sparsity_`.
        """
        if of not in ("weights", "neurons"):
            raise ValueError(f"of={of!r} is not counted: give 'weights' or 'neurons'.")
        sparsity, scores = [], []
        for estimator in estimators.values():
            layers = getattr(fitted_with(estimator, "sparsity_"), "sparsity_", None)
            if layers is None:
                raise TypeError(
                    f"estimators has a {type(estimator).__name__}, which has no sparsity_: give a "
                    f"fitted SparseGroupCNN, GroupLassoMLP or GroupLassoMLPRegressor."
                )
            zero = sum(layer[f"zero_{of}"] for layer in layers)
            sparsity.append(zero / sum(layer[of] for layer in layers))
            scores.append(estimator.score(X, y))
        return cls(list(estimators), sparsity, scores, of=of).plot(ax)

    def plot(self, ax: Any = None) -> AccuracySparsityDisplay:
        """Draw the points.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        AccuracySparsityDisplay
            Itself, with `ax_` and `figure_`.
        """
        self.ax_ = axes_or_new(ax, figsize=(6, 4), layout="constrained")
        points = zip(self.names, self.sparsity, self.scores, strict=True)
        for at, (name, share, score) in enumerate(points):
            style = f"C{at % 10}{MARKERS[at // 10 % len(MARKERS)]}"
            self.ax_.plot(100 * share, score, style, label=name)
        self.ax_.set(xlabel=f"zero {self.of} (%)", ylabel="score")
        columns = 1 + (len(self.names) - 1) // 20
        self.ax_.legend(
            frameon=False, fontsize=7, ncols=columns, loc="center left", bbox_to_anchor=(1, 0.5)
        )
        self.figure_ = self.ax_.figure
        return self
