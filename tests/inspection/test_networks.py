"""LayerSparsityDisplay and FilterDisplay draw the zeros of fitted networks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from sgnn import SGINClassifier, SparseGroupCNN
from sgnn.datasets import load_digit_rows
from sgnn.inspection import AccuracySparsityDisplay, FilterDisplay, LayerSparsityDisplay
from sgnn.modules import LeNet5


@pytest.fixture(scope="module")
def networks():
    """A trained network, and a copy with the filters 1 and 4 set to 0."""
    digits = load_digit_rows()
    settings = {
        "image_shape": (1, 8, 8), "architecture": LeNet5(filters=(8, 6), units=(12,)),
        "algorithm": "proximal", "learning_rate": 0.01, "max_epochs": 2, "random_state": 0,
    }  # fmt: skip
    found = {
        title: SparseGroupCNN(lam=0.0, **settings).fit(digits.data[:300], digits.target[:300])
        for title in ("dense", "sparse")
    }
    with torch.no_grad():
        found["sparse"].module_.body.conv1.weight[[1, 4]] = 0
    return found


def test_bars_are_the_shares_of_zeros(agg, networks):
    model = networks["sparse"]
    display = LayerSparsityDisplay.from_estimator(model)
    weights, neurons = display.ax_.containers
    for bars, zero, of in (
        (weights, "zero_weights", "weights"),
        (neurons, "zero_neurons", "neurons"),
    ):
        expected = [100 * layer[zero] / layer[of] for layer in model.sparsity_]
        np.testing.assert_allclose([bar.get_height() for bar in bars], expected)
    assert neurons[0].get_height() == 25
    names = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert names == ["conv1", "conv2", "dense1", "output"]
    assert display.figure_ is display.ax_.figure


def test_bars_are_drawn_in_the_given_axes(agg, networks):
    from matplotlib import pyplot

    ax = pyplot.subplots()[1]
    assert LayerSparsityDisplay.from_estimator(networks["dense"], ax=ax).ax_ is ax
    with pytest.raises(TypeError, match="give Matplotlib axes"):
        LayerSparsityDisplay.from_estimator(networks["dense"], ax="here")


def test_zero_kernels_are_crossed_out(agg, networks):
    display = FilterDisplay.from_estimators(networks)
    assert list(display.axes_) == ["dense", "sparse"]
    for title, panel in display.axes_.items():
        W = networks[title].module_.body.conv1.weight.detach().numpy()
        (image,) = panel.images
        picture = np.ma.filled(image.get_array(), np.nan)
        size = W.shape[2]
        for i, kernel in enumerate(W[:, 0]):
            x = i * (size + 1)
            np.testing.assert_allclose(picture[:, x : x + size], kernel)
        zero_kernels = (W == 0).all((1, 2, 3))
        assert display.zero_kernels(title)[:, 0].tolist() == zero_kernels.tolist()
        assert len(panel.lines) == 2 * zero_kernels.sum()
    assert np.flatnonzero(display.zero_kernels("sparse")).tolist() == [1, 4]
    assert not display.zero_kernels("dense").any()


def test_one_network_alone(agg, networks):
    assert list(FilterDisplay.from_estimator(networks["dense"]).axes_) == [""]


@pytest.mark.parametrize("n", [5, 20, 64])
def test_few_and_many_filters_are_legible(n):
    W = np.random.default_rng(0).normal(size=(n, 1, 5, 5))
    display = FilterDisplay({"": W}).plot()
    figure = display.figure_
    figure.canvas.draw()
    renderer, (width, height) = figure.canvas.get_renderer(), figure.get_size_inches()
    tight = figure.get_tightbbox(renderer)  # in inches
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height
    (panel,) = display.axes_.values()
    bar = next(axes for axes in display.ax_.child_axes if axes is not panel)
    boxes = [label.get_window_extent(renderer) for label in bar.get_yticklabels()]
    assert len(boxes) > 2
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))


@pytest.mark.parametrize("display", [FilterDisplay, LayerSparsityDisplay])
def test_estimators_without_layers_raise(display):
    with pytest.raises(TypeError, match="give a"):
        display.from_estimator(SGINClassifier())


@pytest.mark.parametrize("of", ["weights", "neurons"])
def test_score_against_zeros(agg, networks, of):
    digits = load_digit_rows()
    X, y = digits.data[300:600], digits.target[300:600]
    display = AccuracySparsityDisplay.from_estimators(networks, X, y, of=of)
    for line, (title, model) in zip(display.ax_.lines, networks.items(), strict=True):
        right = (model.predict(X) == y).mean()
        assert line.get_label() == title
        assert line.get_ydata()[0] == pytest.approx(right)
    zero = [line.get_xdata()[0] for line in display.ax_.lines]
    assert zero[0] == 0
    total = sum(layer[of] for layer in networks["sparse"].sparsity_)
    by_hand = sum(int((W == 0).sum()) for W in networks["sparse"].module_.body.parameters()
                  if W.ndim > 1) if of == "weights" else 2  # fmt: skip
    assert zero[1] == pytest.approx(100 * by_hand / total)
    assert display.ax_.get_xlabel() == f"zero {of} (%)"


def test_estimators_without_sparsity_raise(agg, networks):
    digits = load_digit_rows()
    with pytest.raises(TypeError, match="has no sparsity_: give a fitted SparseGroupCNN"):
        AccuracySparsityDisplay.from_estimators({"": SGINClassifier()}, digits.data, digits.target)
    with pytest.raises(ValueError, match="of='filters' is not counted"):
        AccuracySparsityDisplay.from_estimators(networks, digits.data, digits.target, of="filters")
