"""Groups as bands: as dark as the share of the fits that leave them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["NAMED", "draw_bands"]

NAMED = 60  # groups at most whose names are shown


def draw_bands(ax: Any, x: np.ndarray, shares: np.ndarray, names: Sequence) -> None:
    """A band for each group, in their order from the top: shares are (len(x), n_groups)."""
    order = np.argsort(x, kind="stable")
    n_groups = shares.shape[1]
    ax.pcolormesh(
        _between(x[order]), np.arange(n_groups + 1) - 0.5, shares[order].T, cmap="Blues",
        vmin=0, vmax=1, rasterized=True,
    )  # fmt: skip
    ax.set_ylim(n_groups - 0.5, -0.5)
    shown = range(len(names)) if len(names) <= NAMED else ()
    ax.set_yticks(list(shown), [str(names[g]) for g in shown], fontsize="small")
    ax.set_ylabel("groups")


def _between(x: np.ndarray) -> np.ndarray:
    """The ends of cells around ascending x, in ratios where all are positive: (len(x) + 1,)."""
    ratios = x[0] > 0
    at = np.log(x) if ratios else x
    step = (at[-1] - at[0]) / max(len(at) - 1, 1) or 1.0
    ends = np.concatenate([[at[0] - step / 2], (at[1:] + at[:-1]) / 2, [at[-1] + step / 2]])
    return np.exp(ends) if ratios else ends
