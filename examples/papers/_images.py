"""Images to train on, to choose by, and to report: MNIST, Fashion-MNIST, CIFAR-10."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from _runs import Data

from sgnn.datasets import fetch_fashion_mnist_rows, fetch_mnist_rows

HELD_OUT = 2000
CIFAR_SIDE, TILES = 32, 100  # of a picture; pictures in a row of the mosaics in $SGNN_DATA


def images(name: str, n_train: int | None = None, n_test: int | None = None) -> Data:
    """The data set "mnist", "fashion" or "cifar10" as (n, channels, height, width).

    2000 of the training images, or a sixth of them if there are fewer than 12,000, are held out
    to choose by; `n_train` and `n_test` cut the parts short.
    """
    X, y, X_test, y_test = {"mnist": _mnist, "fashion": _fashion, "cifar10": _cifar10}[name]()
    order = np.random.default_rng(0).permutation(len(y))
    n_valid = min(HELD_OUT, (n_train or len(y)) // 6)
    valid, training = order[:n_valid], order[n_valid:][:n_train]
    return Data(
        groups=np.arange(X.shape[1]),
        X=X[training], y=y[training],
        X_valid=X[valid], y_valid=y[valid],
        X_test=X_test[:n_test], y_test=y_test[:n_test],
    )  # fmt: skip


def _mnist() -> tuple[np.ndarray, ...]:
    return _squares(fetch_mnist_rows())


def _fashion() -> tuple[np.ndarray, ...]:
    return _squares(fetch_fashion_mnist_rows())


def _squares(rows) -> tuple[np.ndarray, ...]:
    X, X_test = (part.reshape(-1, 1, 28, 28) for part in (rows.data, rows.test_data))
    return X, rows.target, X_test, rows.test_target


def _cifar10() -> tuple[np.ndarray, ...]:
    """All of it by OpenML; a fifth of the training part if it lies in $SGNN_DATA."""
    folder = Path(os.environ.get("SGNN_DATA", "")) / "cifar10"
    if (folder / "labels.npz").is_file():
        labels = np.load(folder / "labels.npz", allow_pickle=False)
        X, X_test = (_tiles(folder / name) for name in ("train_1.webp", "test.webp"))
        return X, labels["y_train_1"].astype(np.int64), X_test, labels["y_test"].astype(np.int64)
    from sklearn.datasets import fetch_openml

    cifar = fetch_openml(data_id=40927, as_frame=False, parser="liac-arff")
    X = (cifar.data / 255).astype(np.float32).reshape(-1, 3, CIFAR_SIDE, CIFAR_SIDE)
    y = cifar.target.astype(np.int64)
    return X[:50_000], y[:50_000], X[50_000:], y[50_000:]


def _tiles(path: Path) -> np.ndarray:
    """The pictures of a mosaic, row by row: (10000, 3, 32, 32) in [0, 1]."""
    from PIL import Image

    with Image.open(path) as mosaic:
        pixels = np.asarray(mosaic.convert("RGB"), dtype=np.float32) / 255
    tiles = pixels.reshape(TILES, CIFAR_SIDE, TILES, CIFAR_SIDE, 3)
    return np.ascontiguousarray(tiles.transpose(0, 2, 4, 1, 3)).reshape(
        -1, 3, CIFAR_SIDE, CIFAR_SIDE
    )
