"""Groups as bars, the most important one first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._bands import MAX_NAMES

__all__ = ["WIDTH", "draw_bars", "figure_height"]

HEIGHT, MARGIN, WIDTH = 0.25, 1.0, 6.4  # inches: a bar, the margins, the figure


def figure_height(n_groups: int) -> float:
    """Height in inches of a figure with so many bars."""
    return MARGIN + HEIGHT * min(n_groups, MAX_NAMES)


def draw_bars(
    ax: Any, values: np.ndarray, names: Sequence, colors: np.ndarray, errors: np.ndarray | None
) -> None:
    """Draw a bar per group in descending order of the values, (n_groups,)."""
    order = np.argsort(-values, kind="stable")
    places = np.arange(len(order))
    style = {"ecolor": "black", "error_kw": {"elinewidth": 1, "capsize": 2}}
    ax.barh(
        places, values[order], color=colors[order], xerr=None if errors is None else errors[order],
        **style,
    )  # fmt: skip
    ax.set_ylim(len(order) - 0.5, -0.5)
    named = places[: len(places) if len(places) <= MAX_NAMES else 0]
    ax.set_yticks(named, [str(names[order[place]]) for place in named])
