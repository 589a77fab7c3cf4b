"""MNIST as paper 1 uses it: its settings, 1000 images held out, rows or any other features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from _runs import Data, Run
from _solvers import Setting

from sgnn.datasets import fetch_mnist_rows, haar_groups

MNIST = Setting(hidden=(1000, 100, 50), batch_size=1000, epochs=10, decay=0.9)
HELD_OUT = 1000
SIDE = 28


def mnist_rows(n_images: int | None = None) -> Data:
    """The images in 28 rows of pixels; `n_images` cuts the training and the test part short."""
    mnist = fetch_mnist_rows()
    order = np.random.default_rng(0).permutation(len(mnist.target))
    valid, training = order[:HELD_OUT], order[HELD_OUT:][:n_images]
    return Data(
        groups=mnist.groups,
        X=mnist.data[training],
        y=mnist.target[training],
        X_valid=mnist.data[valid],
        y_valid=mnist.target[valid],
        X_test=mnist.test_data[:n_images],
        y_test=mnist.test_target[:n_images],
    )


def mnist_bands(n_images: int | None = None) -> Data:
    """The images in 13 Haar wavelet bands, 799 coefficients."""
    rows = mnist_rows(n_images)
    training, valid, test = (haar_groups(x) for x in (rows.X, rows.X_valid, rows.X_test))
    return replace(
        rows, groups=training.groups, X=training.data, X_valid=valid.data, X_test=test.data
    )


def numbers(run: Run) -> list[str]:
    """Validation and test accuracy in percent, and seconds, as a table shows them."""
    return [f"{100 * run.valid:.2f}", f"{100 * run.test:.2f}", f"{run.seconds:.0f}"]
