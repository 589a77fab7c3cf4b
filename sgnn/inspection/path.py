"""PathDisplay: how many groups are left as lam grows, and at what score."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..selection import LambdaSearchCV, PathResult
from ._axes import axes_or_new
from ._lam_axis import draw_lam_axis

__all__ = ["PathDisplay"]

COUNT, SCORE, CHOSEN = "black", "#0072b2", "#d55e00"


class PathDisplay:
    """The number of groups that are left at each lam, and the score: lam -> |S(lam)|, score(lam).

    Steps show the groups, on the left axis; a line shows the score, on the right one, in a band of
    one standard deviation over the splits where there are some.  A dashed line marks the lam that
    was chosen.  `from_path` and `from_estimator` make and draw one.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
        The strengths, ascending.
    n_groups : ndarray of shape (n_lams,)
        How many groups are left, perhaps in the mean over splits.
    scores : ndarray of shape (n_lams,)
        The scores.
    deviations : ndarray of shape (n_lams,) or None, default=None
        Their standard deviations.
    best_lam : float or None, default=None
        The lam that was chosen.

    Attributes
    ----------
    ax_ : Axes
        Where the groups are drawn.
    score_ax_ : Axes
        The same place with the axis of the scores.
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
    ) -> None:
        self.lams = lams
        self.n_groups = n_groups
        self.scores = scores
        self.deviations = deviations
        self.best_lam = best_lam

    @classmethod
    def from_path(cls, path: PathResult, *, ax: Any = None) -> PathDisplay:
        """Draw what `lambda_path` found.

        Parameters
        ----------
        path : PathResult
            The path.
        ax : Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        PathDisplay

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
        return cls(path.lams_, path.n_groups_, path.scores).plot(ax)

    @classmethod
    def from_estimator(cls, search: LambdaSearchCV, *, ax: Any = None) -> PathDisplay:
        """Draw what a search found: means over the splits, and the lam that was chosen.

        Parameters
        ----------
        search : LambdaSearchCV
            The fitted search.
        ax : Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        PathDisplay

        Raises
        ------
        NotFittedError
            If it is not fitted.

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
        check_is_fitted(search)
        results = search.cv_results_
        return cls(
            search.lams_,
            results["mean_group_counts"],
            results["mean_test_score"],
            deviations=results["std_test_score"],
            best_lam=search.best_lam_,
        ).plot(ax)

    def plot(self, ax: Any = None) -> PathDisplay:
        """Draw everything.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        PathDisplay
            Itself, with `ax_`, `score_ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is no axes.
        """
        self.ax_ = axes_or_new(ax, layout="constrained")
        self.figure_ = self.ax_.figure
        self.score_ax_ = self.ax_.twinx()
        self.ax_.step(self.lams, self.n_groups, where="mid", color=COUNT, marker=".")
        draw_lam_axis(self.ax_, self.lams)
        self.ax_.set_ylabel("groups left")
        self.ax_.set_ylim(bottom=0)
        self.score_ax_.plot(self.lams, self.scores, color=SCORE, marker=".")
        if self.deviations is not None:
            ends = (self.scores - self.deviations, self.scores + self.deviations)
            self.score_ax_.fill_between(self.lams, *ends, color=SCORE, alpha=0.2, linewidth=0)
        self.score_ax_.set_ylabel("score", color=SCORE)
        self.score_ax_.tick_params(axis="y", colors=SCORE)
        if self.best_lam is not None:
            label = f"lam = {self.best_lam:.3g}"
            self.ax_.axvline(self.best_lam, color=CHOSEN, linestyle="--", label=label)
            self.ax_.legend(loc="best")
        return self
