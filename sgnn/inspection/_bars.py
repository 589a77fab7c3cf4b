"""Groups as bars, from the most important one down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._bands import NAMED

__all__ = ["WIDTH", "draw_bars", "height_of"]

HEIGHT, MARGIN, WIDTH = 0.25, 1.0, 6.4  # inches: a bar, what is around them, the figure


def height_of(n_groups: int) -> float:
    """Inches of a figure with so many bars."""
    return MARGIN + HEIGHT * min(n_groups, NAMED)


def draw_bars(
    ax: Any, values: np.ndarray, names: Sequence, colors: np.ndarray, errors: np.ndarray | None
) -> None:
    """A bar for each group, (n_groups,), the largest value first; equal ones in their order."""
    order = np.argsort(-values, kind="stable")
    places = np.arange(len(order))
    style = {"ecolor": "black", "error_kw": {"elinewidth": 1, "capsize": 2}}
    ax.barh(
        places, values[order], color=colors[order], xerr=None if errors is None else errors[order],
        **style,
    )  # fmt: skip
    ax.set_ylim(len(order) - 0.5, -0.5)
    named = places[: len(places) if len(places) <= NAMED else 0]
    ax.set_yticks(named, [str(names[order[place]]) for place in named])
