"""The axes of a Display: given ones, or those of a new figure."""

from __future__ import annotations

from typing import Any

__all__ = ["axes_or_new"]


def axes_or_new(ax: Any, **figure: Any) -> Any:
    """`ax`, or the axes of a new figure by `subplots` with these arguments if it is None.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `ax` is neither None nor Matplotlib axes.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.axes import Axes
    except ImportError as error:
        raise ImportError(
            'To plot, matplotlib is needed but not installed: pip install "sgnn[plot]".'
        ) from error
    if ax is None:
        return pyplot.subplots(**figure)[1]
    if not isinstance(ax, Axes):
        raise TypeError(f"ax={ax!r} is not Matplotlib axes: give Matplotlib axes, or None.")
    return ax
