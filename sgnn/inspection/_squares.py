"""Which groups each of several sets holds: filled squares, a column for each set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._bands import MAX_NAMES

__all__ = ["MAX_COLUMNS", "draw_squares", "held_groups", "label_columns", "thinned"]

OUT, HELD, CHOSEN = "#f0f0f0", "#0072b2", "#d55e00"
MAX_COLUMNS = 40
# font size in points, as a share of the height of its row, and width of a letter as a share of it
LARGEST, LINE, LETTER = 8.0, 0.8, 0.7


def held_groups(sets: Sequence[Sequence]) -> list:
    """The groups in any of these sets, those that are in most of them first."""
    return [name for name, _ in Counter(name for held in sets for name in held).most_common()]


def thinned(points: np.ndarray, always: int | None) -> np.ndarray:
    """At most about `MAX_COLUMNS` of the points, evenly: the ends are kept, and `always`."""
    if len(points) <= MAX_COLUMNS:
        return points
    at = np.linspace(0, len(points) - 1, MAX_COLUMNS).round().astype(int)
    return points[np.union1d(at, np.flatnonzero(points == always))]


def draw_squares(ax: Any, sets: Sequence[Sequence], places: np.ndarray, chosen: int | None) -> None:
    """Draw a row per group and a column per set.

    Parameters
    ----------
    ax : Axes
    sets : sequence of sequences of length n_sets
        Names of the groups that each holds.
    places : ndarray of shape (n_sets,)
        Middles of the columns, ascending, 1 apart or more.
    chosen : int or None
        The column in another color.
    """
    from matplotlib.colors import ListedColormap

    rows = held_groups(sets)
    filled = np.ma.masked_all((len(rows), int(places[-1] - places[0]) + 1), dtype=int)
    for at, (place, held) in enumerate(zip(places, sets, strict=True)):
        color = 2 if at == chosen else 1
        filled[:, int(place - places[0])] = [color * (name in held) for name in rows]
    ax.pcolormesh(
        places[0] - 0.5 + np.arange(filled.shape[1] + 1), np.arange(len(rows) + 1) - 0.5, filled,
        cmap=ListedColormap([OUT, HELD, CHOSEN]), vmin=0, vmax=2, edgecolors="white", linewidth=0.8,
    )  # fmt: skip
    ax.set_ylim(len(rows) - 0.5, -0.5)
    named = rows if len(rows) <= MAX_NAMES else []
    row = 72 * ax.get_position().height * ax.figure.get_figheight() / len(rows)
    ax.set_yticks(
        range(len(named)), [str(name) for name in named], fontsize=min(LARGEST, LINE * row)
    )
    ax.set_ylabel("groups")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def label_columns(ax: Any, labels: Sequence[str]) -> None:
    """Say below each of the columns 0, 1, ... what it is, upright where they are narrow."""
    width = 72 * ax.get_position().width * ax.figure.get_figwidth() / len(labels)
    upright = max(map(len, labels)) * LETTER * LARGEST > width
    ax.set_xticks(
        range(len(labels)), labels, rotation=90 if upright else 0,
        fontsize=min(LARGEST, LINE * width) if upright else LARGEST,
    )  # fmt: skip
