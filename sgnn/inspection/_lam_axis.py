"""The logarithmic axis of lam."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["draw_lam_axis"]


def draw_lam_axis(ax: Any, lams: np.ndarray) -> None:
    """Label and scale the abscissa: log, or symlog if a lam is 0."""
    ax.set_xlabel("lam")
    if lams.min() > 0:
        ax.set_xscale("log")
    elif lams.max() > 0:
        ax.set_xscale("symlog", linthresh=lams[lams > 0].min())
