"""The logarithmic axis of lam."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["draw_lam_axis"]

FEW_DECADES = 2.5


def draw_lam_axis(ax: Any, lams: np.ndarray) -> None:
    """Label and scale the abscissa: log, or symlog if a lam is 0."""
    from matplotlib.ticker import LogLocator, NullFormatter

    ax.set_xlabel("lam")
    if lams.min() > 0:
        ax.set_xscale("log")
        decades = np.log10(lams.max() / lams.min())
        # labels of 1, 2 and 5 where there is room for them, else of the powers of ten alone
        subs = (1.0, 2.0, 5.0) if decades < FEW_DECADES else (1.0,)
        ax.xaxis.set_major_locator(LogLocator(subs=subs, numticks=12))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
    elif lams.max() > 0:
        ax.set_xscale("symlog", linthresh=lams[lams > 0].min())
