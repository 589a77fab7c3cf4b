"""RegularizerDisplay: the value, the prox and the zeros of regularizers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from .. import regularizers as registry
from ..regularizers import Regularizer
from ._axes import axes_or_new
from ._panels import draw_legend, draw_portrait
from .portraits import RegularizerPortrait

__all__ = ["RegularizerDisplay"]

WIDTH, HEIGHT, LEGEND = 1.2, 1.55, 0.45  # inches: a panel with its margins, the legend


class RegularizerDisplay:
    """Value lam R(w), prox argmin_x step * lam R(x) + 1/2 ||x - w||^2 and zeros of regularizers.

    Each regularizer has three panels:

    - its value at one entry w, or at a block of norm |w|;
    - the prox of one entry, with the identity: 0 where small weights are removed, on the
      diagonal where large ones are not shrunk, with gaps at discontinuities;
    - pairs (w1, w2) that are one block: level sets of R and, shaded, where the prox sets one or
      both of them to 0.  In the left half they are entries of one kernel, in the right half two
      kernels; only the hierarchical criteria distinguish these.  Half planes suffice, as no
      regularizer depends on signs.

    The title is its name and what vanishes: blocks, kernels or entries.  Create it by
    `from_names` or `from_regularizers`.

    Parameters
    ----------
    portraits : sequence of RegularizerPortrait
        The numbers to draw.
    lam : float
        The strength they are of.
    step : float
        The step of their prox.

    Attributes
    ----------
    ax_ : Axes
        The bounding axes.
    axes_ : ndarray of Axes of shape (n_regularizers, 3)
        The panels.
    figure_ : Figure
        The figure they are in.

    Notes
    -----
    Source: figures of this kind are in Fan and Li (2001) for the prox and in Yuan and Lin (2006)
    for the level sets; the docstring of each regularizer names its own source.

    Examples
    --------
    >>> from sgnn.inspection import RegularizerDisplay
    >>> display = RegularizerDisplay.from_names(["group_lasso", "sgl_l1", "l2"])
    >>> for portrait in display.portraits:
    ...     print(portrait.name, portrait.vanishing)
    group_lasso ('blocks',)
    sgl_l1 ('blocks', 'entries')
    l2 ()
    """

    def __init__(
        self, portraits: Sequence[RegularizerPortrait], *, lam: float, step: float
    ) -> None:
        self.portraits = portraits
        self.lam = lam
        self.step = step

    @classmethod
    def from_names(
        cls,
        names: Iterable[str] | None = None,
        *,
        lam: float = 1.0,
        step: float = 1.0,
        limit: float = 4.0,
        n_cols: int = 3,
        ax: Any = None,
    ) -> RegularizerDisplay:
        """Draw registered regularizers with their default parameters.

        Parameters
        ----------
        names : iterable of str, optional
            Which ones; by default all of `sgnn.regularizers.names()`.  Two names of the same
            regularizer share their panels.
        lam, step, limit : float, default=1.0, 1.0 and 4.0
            As in `from_regularizers`.
        n_cols : int, default=3
            Number of regularizers per row.
        ax : Axes, optional
            Bounding axes, as in `plot`.

        Returns
        -------
        RegularizerDisplay

        Raises
        ------
        ValueError
            If a name is unknown, or there is none.

        Examples
        --------
        >>> display = RegularizerDisplay.from_names(["sgl_l1", "l1", "sparse_group_lasso"])
        >>> [portrait.name for portrait in display.portraits]
        ['sgl_l1, sparse_group_lasso', 'l1']
        """
        names = registry.names() if names is None else list(names)
        if unknown := [name for name in names if name not in registry.names()]:
            raise ValueError(
                f"names holds {unknown}, which are not registered: give a list of some of "
                f"{', '.join(registry.names())}."
            )
        same: dict[type, list[str]] = {}
        for name in names:
            same.setdefault(type(registry.get(name)), []).append(name)
        named = {", ".join(alike): registry.get(alike[0]) for alike in same.values()}
        return cls.from_regularizers(named, lam=lam, step=step, limit=limit, n_cols=n_cols, ax=ax)

    @classmethod
    def from_regularizers(
        cls,
        regularizers: Mapping[str, Regularizer],
        *,
        lam: float = 1.0,
        step: float = 1.0,
        limit: float = 4.0,
        n_cols: int = 3,
        ax: Any = None,
    ) -> RegularizerDisplay:
        """Draw regularizers with given parameters, or custom ones.

        Parameters
        ----------
        regularizers : dict {name: Regularizer}
            The regularizers, by their titles.
        lam : float > 0, default=1.0
            The strength.
        step : float > 0, default=1.0
            The step of the prox.
        limit : float > 0, default=4.0
            Entries are drawn from -limit to limit, values up to 2 limit.
        n_cols : int, default=3
            Number of regularizers per row.
        ax : Axes, optional
            Bounding axes, as in `plot`.

        Returns
        -------
        RegularizerDisplay

        Raises
        ------
        ValueError
            If there is no regularizer, or a number is not positive and finite.
        TypeError
            If `regularizers` is no dict.

        Examples
        --------
        >>> from sgnn.regularizers import SCAD
        >>> display = RegularizerDisplay.from_regularizers(
        ...     {f"SCAD, a = {a}": SCAD(a) for a in (2.5, 3.7)}
        ... )
        >>> display.axes_.shape
        (2, 3)
        """
        _check(regularizers, lam=lam, step=step, limit=limit)
        portraits = [
            RegularizerPortrait.of(name, registry.get(regularizer), lam, step, limit)
            for name, regularizer in regularizers.items()
        ]
        return cls(portraits, lam=lam, step=step).plot(ax, n_cols=n_cols)

    def plot(self, ax: Any = None, *, n_cols: int = 3) -> RegularizerDisplay:
        """Draw everything.

        Parameters
        ----------
        ax : Axes, optional
            Bounding axes, made by `subplots`; by default those of a new figure of suitable size.
        n_cols : int, default=3
            Number of regularizers per row.

        Returns
        -------
        RegularizerDisplay
            Itself, with `ax_`, `axes_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is no axes made by `subplots`.
        ValueError
            If `n_cols` is less than 1.
        """
        if not (isinstance(n_cols, Integral) and n_cols >= 1):
            raise ValueError(f"n_cols={n_cols!r} must be a whole number of at least 1: give 3.")
        n_cols = min(n_cols, len(self.portraits))
        n_rows = -(-len(self.portraits) // n_cols)
        width, height = 3 * WIDTH * n_cols, HEIGHT * n_rows + LEGEND
        margins = {
            "left": 0.3 / width,
            "right": 1 - 0.1 / width,
            "bottom": 0.25 / height,
            "top": 1 - 0.1 / height,
        }
        self.ax_ = axes_or_new(ax, figsize=(width, height), gridspec_kw=margins)
        place = self.ax_.get_subplotspec()
        if place is None:
            raise TypeError(f"ax={ax!r} has no place in a grid: give axes made by subplots.")
        self.figure_ = self.ax_.figure
        self.ax_.set_axis_off()
        draw_legend(self.ax_, self.lam, self.step, n_cols)
        grid = place.subgridspec(
            n_rows + 1, n_cols, height_ratios=[LEGEND] + n_rows * [HEIGHT], hspace=0.42, wspace=0.1
        )
        panels = []
        for i, portrait in enumerate(self.portraits):
            cell = grid[1 + i // n_cols, i % n_cols].subgridspec(1, 3, wspace=0.08)
            panels.append(draw_portrait(cell.subplots(squeeze=False)[0], portrait))
        self.axes_ = np.array(panels)
        return self


def _check(regularizers: Mapping[str, Regularizer], **numbers: float) -> None:
    """Validate the arguments."""
    if not isinstance(regularizers, Mapping):
        raise TypeError(
            f"regularizers={regularizers!r} must be a dict {{name: Regularizer}}: to draw some by "
            f"their registered names, call from_names."
        )
    if not regularizers:
        raise ValueError("regularizers is empty: give at least one.")
    for name, value in numbers.items():
        if not (isinstance(value, Real) and 0 < value < np.inf):
            raise ValueError(f"{name}={value!r} must be a finite number above 0: give 1.0.")
