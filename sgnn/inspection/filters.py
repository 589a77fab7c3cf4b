"""FilterDisplay: the kernels of a first convolution (paper 4, figure 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._axes import axes_or_new
from ._fitted import fitted_with

__all__ = ["FilterDisplay"]

COLUMNS = 16  # kernels in a row, at most
KERNEL, HEAD, SCALE = 0.6, 0.45, 0.9  # inches: a kernel, a title, the color bar
LEAST_HEIGHT, TICKS = 0.9, 4  # inches of a panel, and the color bar's intervals at most


class FilterDisplay:
    """The kernels W[out, in] of the first convolution of each network, one panel per network.

    Red is positive, blue negative, on one scale per network; zero kernels are crossed out.  An
    output channel is a column, of a kernel for each input channel; a row has sixteen columns at
    most.
    Create it by `from_estimator` or `from_estimators`.

    Parameters
    ----------
    weights : mapping of str to ndarray of shape (out, in, height, width)
        The weight of each network, by its title.

    Attributes
    ----------
    ax_ : Axes
        The bounding axes.
    axes_ : dict of str to Axes
        A panel for each network.
    figure_ : Figure
        The figure they are in.

    Notes
    -----
    Source: paper 4, figure 3.

    Examples
    --------
    >>> from sgnn.inspection import FilterDisplay
    >>> import numpy as np
    >>> W = np.arange(8.0).reshape(2, 1, 2, 2) * np.array([0, 1]).reshape(2, 1, 1, 1)
    >>> FilterDisplay({"half": W}).plot().zero_kernels("half").tolist()
    [[True], [False]]
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> FilterDisplay:
        """Draw the first convolution of a fitted SparseGroupCNN.

        Parameters
        ----------
        estimator : SparseGroupCNN
            Fitted on images.
        ax : Axes, optional
            Bounding axes, as in `plot`.

        Returns
        -------
        FilterDisplay
        """
        return cls.from_estimators({"": estimator}, ax=ax)

    @classmethod
    def from_estimators(cls, estimators: Mapping[str, Any], *, ax: Any = None) -> FilterDisplay:
        """Draw the first convolutions of several, such as one with and one without a penalty.

        Parameters
        ----------
        estimators : mapping of str to SparseGroupCNN
            Fitted on images, by their titles.
        ax : Axes, optional
            Bounding axes, as in `plot`.

        Returns
        -------
        FilterDisplay

        Raises
        ------
        TypeError
            If one of them has no convolution of images.
        """
        return cls({title: _first(estimator) for title, estimator in estimators.items()}).plot(ax)

    def zero_kernels(self, title: str) -> np.ndarray:
        """Which kernels are exactly zero, (out, in)."""
        return np.asarray(~self.weights[title].any((2, 3)))

    def plot(self, ax: Any = None) -> FilterDisplay:
        """Draw the kernels, with a color bar for each network.

        Parameters
        ----------
        ax : Axes, optional
            Bounding axes; a new figure by default.

        Returns
        -------
        FilterDisplay
            Itself.
        """
        from matplotlib.ticker import MaxNLocator

        heights = {
            title: max(kernel_rows(W) * KERNEL, LEAST_HEIGHT) + HEAD
            for title, W in self.weights.items()
        }
        columns = max(min(len(W), COLUMNS) for W in self.weights.values())
        total = sum(heights.values())
        width = max(3.0, KERNEL * columns) + SCALE
        bounding = axes_or_new(ax, figsize=(width, total))
        left, gap = (
            1 - SCALE / width,
            0.05 * SCALE / width,
        )  # of the color bar; ticks are right of it
        bounding.set_axis_off()
        self.axes_, top = {}, total
        for title, W in self.weights.items():
            top -= heights[title]
            height = heights[title] - HEAD
            panel = bounding.inset_axes((0, top / total, left - gap, height / total))
            image = _draw(panel, W, self.zero_kernels(title))
            bar = bounding.inset_axes((left, top / total, 2 * gap, height / total))
            bounding.figure.colorbar(image, cax=bar, label="weight", ticks=MaxNLocator(TICKS))
            panel.set_title(title or "kernels of the first convolution", fontsize=9, loc="left")
            self.axes_[title] = panel
        self.ax_, self.figure_ = bounding, bounding.figure
        return self


def kernel_rows(W: np.ndarray) -> int:
    """Rows of kernels that a weight (out, in, height, width) takes."""
    return -(-len(W) // COLUMNS) * W.shape[1]


def _first(estimator: Any) -> np.ndarray:
    """The weight of the first convolution of images, (out, in, height, width)."""
    module: Any = getattr(fitted_with(estimator, "module_"), "module_", None)
    found = [] if module is None else [W for W in module.parameters() if W.ndim == 4]
    if not found:
        raise TypeError(
            f"estimator, a {type(estimator).__name__}, has no convolution of images to show: give "
            f"a SparseGroupCNN that was fitted on images."
        )
    return found[0].detach().double().cpu().numpy()


def _draw(panel: Any, W: np.ndarray, zero_kernels: np.ndarray) -> Any:
    """Draw all kernels in one image, with a gap of one pixel between them."""
    out, channels, height, width = W.shape
    columns = min(out, COLUMNS)
    picture = np.full((kernel_rows(W) * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i in range(out):
        for j in range(channels):
            y, x = (i // columns * channels + j) * (height + 1), i % columns * (width + 1)
            picture[y : y + height, x : x + width] = W[i, j]
            if zero_kernels[i, j]:
                for tilt in ((0, height - 1), (height - 1, 0)):
                    panel.plot((x, x + width - 1), (y + tilt[0], y + tilt[1]), "0.6", linewidth=0.8)
    most = np.abs(W).max() or 1.0
    image = panel.imshow(picture, cmap="RdBu_r", vmin=-most, vmax=most)
    panel.set_anchor("W")
    panel.set_axis_off()
    return image
