"""Groups as bands, shaded by the share of the fits that select them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["MAX_NAMES", "draw_bands"]

MAX_NAMES = 60  # largest number of groups whose names are shown


def draw_bands(
    ax: Any, x: np.ndarray, shares: np.ndarray, names: Sequence, *, edges: bool = False
) -> None:
    """Draw a band per group, the first at the top; shares are (n, n_groups).

    x are the n ascending places of the shares, or the n + 1 `edges` of their cells.
    """
    n_groups = shares.shape[1]
    ax.pcolormesh(
        x if edges else _between(x), np.arange(n_groups + 1) - 0.5, shares.T, cmap="Blues",
        vmin=0, vmax=1, rasterized=True,
    )  # fmt: skip
    ax.set_ylim(n_groups - 0.5, -0.5)
    shown = range(len(names)) if len(names) <= MAX_NAMES else ()
    ax.set_yticks(list(shown), [str(names[g]) for g in shown], fontsize="small")
    ax.set_ylabel("groups")


def _between(x: np.ndarray) -> np.ndarray:
    """The edges of cells around ascending x, on a log scale if all are positive: (len(x) + 1,)."""
    ratios = x[0] > 0
    at = np.log(x) if ratios else x
    step = (at[-1] - at[0]) / max(len(at) - 1, 1) or 1.0
    ends = np.concatenate([[at[0] - step / 2], (at[1:] + at[:-1]) / 2, [at[-1] + step / 2]])
    return np.exp(ends) if ratios else ends
