"""The three panels of a regularizer, and the legend."""

from __future__ import annotations

from typing import Any

import numpy as np

from .portraits import RegularizerPortrait

__all__ = ["draw_legend", "draw_portrait"]

VALUE, PROX, IDENTITY = "black", "#0072b2", "#999999"
ZEROS = ("white", "#c6dff0", "#6baed6")  # none, one or both of two entries of the prox are zero
N_LINES = 4  # level sets of R between the middle and a corner
MAX_SLOPE = 20  # steeper segments of a curve are drawn as discontinuities
NAME, SMALL, TINY = 9, 8, 7  # font sizes


def draw_portrait(axes: np.ndarray, portrait: RegularizerPortrait) -> np.ndarray:
    """Draw the value, the prox and the zeros in three axes, and return these."""
    limit = portrait.w[-1]
    for ax, draw in zip(axes, (_draw_value, _draw_prox, _draw_zeros), strict=True):
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit), box_aspect=1)
        ax.set(xticks=[-limit / 2, 0, limit / 2], yticks=[])  # both axes have the same scale
        ax.tick_params(labelsize=TINY, length=2, pad=1.5)
        draw(ax, portrait)
    axes[0].set_title(portrait.name, loc="left", fontsize=NAME, fontweight="bold")
    vanishing = ", ".join(portrait.vanishing)
    title = f"{vanishing} vanish" if vanishing else "nothing vanishes"
    axes[2].set_title(title, loc="right", fontsize=SMALL)
    return axes


def _draw_value(ax: Any, portrait: RegularizerPortrait) -> None:
    """Draw lam R of one entry."""
    limit = portrait.w[-1]
    ax.plot(portrait.w, portrait.value, color=VALUE)
    ax.set(ylim=(-0.05 * limit, 1.95 * limit), yticks=[0, limit / 2, limit, 1.5 * limit])


def _draw_prox(ax: Any, portrait: RegularizerPortrait) -> None:
    """Draw the prox of one entry, with gaps at discontinuities, and the identity."""
    w, prox = portrait.w, portrait.prox.copy()
    prox[1:][np.abs(np.diff(prox)) > MAX_SLOPE * np.diff(w)] = np.nan
    ax.plot(w, w, color=IDENTITY, linestyle="--", linewidth=1)
    ax.plot(w, prox, color=PROX)


def _draw_zeros(ax: Any, portrait: RegularizerPortrait) -> None:
    """Draw level sets of R and zeros of the prox: of one kernel on the left, two on the right.

    The level sets pass through equidistant points of the diagonal, so that their shapes are
    comparable whatever the scale of R.
    """
    from matplotlib.colors import ListedColormap

    left, right, limit = portrait.kernel, portrait.block, portrait.w[-1]
    zeros = np.where(right.w < 0, left.zeros, right.zeros)
    value = np.where(right.w < 0, left.value, right.value)
    ax.imshow(
        zeros, cmap=ListedColormap(ZEROS), vmin=0, vmax=2, interpolation="nearest",
        extent=(-limit, limit, -limit, limit), origin="lower", aspect="auto",
    )  # fmt: skip
    distances = limit * np.arange(1, N_LINES + 1) / N_LINES
    levels = np.interp(distances / np.sqrt(2), right.w, right.value.diagonal())
    levels = np.unique(levels[(value.min() < levels) & (levels < value.max())])
    if len(levels):  # l0 is the same wherever both entries are nonzero
        ax.contour(right.w, right.w, value, levels=levels, colors=VALUE, linewidths=0.7)
    if portrait.distinguishes_kernels:
        ax.axvline(0, color=VALUE, linestyle=":", linewidth=0.8)
        ax.set_xticks([-limit / 2, limit / 2], ["1 kernel", "2 kernels"])


def draw_legend(ax: Any, lam: float, step: float, n_cols: int) -> None:
    """Draw the legend at the top of the bounding axes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ax.legend(
        handles=[
            Line2D([], [], color=VALUE, label=f"value, lam = {lam:g}"),
            Line2D([], [], color=PROX, label=f"prox, step = {step:g}"),
            Line2D([], [], color=IDENTITY, linestyle="--", label="w itself"),
            Patch(facecolor=ZEROS[1], label="one vanishes"),
            Patch(facecolor=ZEROS[2], label="both vanish"),
        ],
        ncols=5 if n_cols > 1 else 3,
        loc="upper center",
        frameon=False,
        borderaxespad=0,
        columnspacing=1.2,
        handlelength=1.5,
        fontsize=SMALL,
    )
