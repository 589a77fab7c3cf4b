"""LayerSparsityDisplay: the sparsity of each layer of a fitted network (paper 4, figure 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._axes import axes_or_new
from ._fitted import fitted_with

__all__ = ["LayerSparsityDisplay"]

PARTS = {  # key of the zeros in sparsity_: key of the total, color
    "zero_weights": ("weights", "C0"),
    "zero_neurons": ("neurons", "C1"),
}


class LayerSparsityDisplay:
    """Share of the weights, and of the neurons, of each layer that are exactly zero.

    Two bars per layer, labelled by their values; the title has the share of the multiplications
    and additions of a prediction that is left once `compact` has left out the zero neurons.  The
    neurons of a convolution are its output channels, those of a dense layer the units that it
    reads, so that those of the last layer are the last hidden units.  Create it by
    `from_estimator`.

    Parameters
    ----------
    layers : sequence of dict
        `sparsity_` of an estimator: name, weights, zero_weights, neurons, zero_neurons, flops,
        flops_left of each layer.

    Attributes
    ----------
    ax_ : Axes
        The axes that it is drawn in.
    figure_ : Figure
        The figure they are in.

    Notes
    -----
    Source: paper 4, figure 4.

    Examples
    --------
    >>> from sgnn import GroupLassoMLP
    >>> from sgnn.datasets import make_grouped_classification
    >>> from sgnn.inspection import LayerSparsityDisplay
    >>> data = make_grouped_classification(500, n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoMLP(data.groups, lam=0.015, random_state=0)
    >>> display = LayerSparsityDisplay.from_estimator(model.fit(data.data, data.target))
    >>> [text.get_text() for text in display.ax_.get_xticklabels()]
    ['input', 'hidden 1']
    """

    def __init__(self, layers: Sequence[dict]) -> None:
        self.layers = layers

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> LayerSparsityDisplay:
        """Draw the layers of a fitted estimator.

        Parameters
        ----------
        estimator : GroupLassoMLP, GroupLassoMLPRegressor or SparseGroupCNN
            Fitted; or a pipeline that ends in one, or a search over one.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        LayerSparsityDisplay

        Raises
        ------
        TypeError
            If the estimator has no `sparsity_`.
        """
        model = fitted_with(estimator, "sparsity_")
        if not hasattr(model, "sparsity_"):
            raise TypeError(
                f"estimator, a {type(model).__name__}, does not count its layers' zeros: give a "
                f"GroupLassoMLP, a GroupLassoMLPRegressor or a SparseGroupCNN."
            )
        return cls(model.sparsity_).plot(ax)

    def plot(self, ax: Any = None) -> LayerSparsityDisplay:
        """Draw the bars.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        LayerSparsityDisplay
            Itself.
        """
        width = max(4.0, 1.0 + 1.1 * len(self.layers))
        ax = axes_or_new(ax, figsize=(width, 3.6), layout="constrained")
        places = np.arange(len(self.layers))
        for side, (zeros, (of, color)) in zip((-0.2, 0.2), PARTS.items(), strict=True):
            counts = [(layer[zeros], layer[of]) for layer in self.layers]
            shares = [100 * zero / every for zero, every in counts]
            bars = ax.bar(places + side, shares, 0.38, color=color, label=of)
            ax.bar_label(bars, [f"{share:.0f}" for share in shares], fontsize=8, padding=1)
        ax.set_xticks(places, [layer["name"] for layer in self.layers])
        ax.set_ylim(0, 112)
        ax.set_yticks(range(0, 101, 25))
        ax.set_ylabel("exactly zero (%)")
        left, flops = (sum(layer[key] for layer in self.layers) for key in ("flops_left", "flops"))
        ax.set_title(f"{100 * left / flops:.1f} % of the operations are left", fontsize=10)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
