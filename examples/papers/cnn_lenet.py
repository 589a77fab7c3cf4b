"""LeNet-5-Caffe on MNIST, cut down as far as the paper does, in 30 epochs.

    python examples/papers/cnn_lenet.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: MNIST, 2000 training images held out.  Objective: test error, zero weights and zero neurons of
the network of 1370 neurons.  Solvers: SparseGroupCNN by proximal steps with the group lasso on all
layers; then `compact()`, and the small network trained on with more of it, now on the channels that
its convolutions read; then once more `compact()`, and a last training without a penalty, on images
that are not shifted.
With --cache the last network is written there as "lenet.joblib", which
benchmarks/compaction.py takes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
from _cnn import MOMENTUM, Cosine, Fit, measure
from _images import images
from _report import Report, arguments
from matplotlib.figure import Figure

from sgnn import SparseGroupCNN
from sgnn.inspection import FilterDisplay, LayerSparsityDisplay
from sgnn.modules import ARCHITECTURES, ChannelNet, InputTransform
from sgnn.pruning import Cost
from sgnn.pruning import measure as measure_cost
from sgnn.regularizers import OnLayers

SHAPE = (1, 28, 28)
PAPER = ["SGL0, paper: 200 epochs", "0.63", "95.7", "80.7", "-"]
COSTS = ["", "LeNet-5-Caffe", "with channels last", "what is left", "ratio", "with channels last"]
LAM, MORE = 4e-3, 1e-2


@dataclass(frozen=True)
class Size:
    """Epochs of the three trainings."""

    epochs: tuple[int, int, int]
    n_images: int | None = None
    n_test: int | None = None


SIZES = {
    "full": Size(epochs=(50, 120, 30)),
    "quick": Size(epochs=(6, 16, 8)),
    "tiny": Size(epochs=(1, 1, 1), n_images=200, n_test=200),
}


def model(epochs: int, **changes: Any) -> SparseGroupCNN:
    """SGD with momentum, images shifted by up to three pixels."""
    settings = {
        "regularizer": "group_lasso", "algorithm": "proximal",
        "group_weights": "none", "augment": "shift", "optimizer": MOMENTUM,
        "learning_rate": 0.04, "lr_schedule": Cosine(epochs), "max_epochs": epochs,
        "n_iter_no_change": None, "standardize": False, "random_state": 0,
    }  # fmt: skip
    return SparseGroupCNN(**settings | changes)


def gone(fit: Fit, whole: Sequence[dict]) -> tuple[float, float]:
    """Percent of the weights and neurons of the whole network that the fit does not have."""
    shares = []
    for what in ("weights", "neurons"):
        kept = sum(layer[what] - layer[f"zero_{what}"] for layer in fit.layers)
        shares.append(100 * (1 - kept / sum(layer[what] for layer in whole)))
    return shares[0], shares[1]


def costs(small: SparseGroupCNN) -> Iterator[list[str]]:
    """What the whole network costs, in torch's layout and in ours, and what `compact()` does."""
    body = ARCHITECTURES.made("lenet5")(SHAPE, 10)
    whole = ChannelNet(InputTransform(math.prod(SHAPE)), SHAPE, body)
    whole.try_channels_last()
    measured = [measure_cost(net, SHAPE, rows=1000) for net in (body, whole, small.compact())]
    for name, values in zip(Cost._fields, zip(*measured, strict=True), strict=True):
        name = "seconds for 1000 images" if name == "seconds" else name
        ratios = [value / values[-1] for value in values[:-1]]
        yield [name, *(f"{value:.4g}" for value in values), *(f"{ratio:.1f}" for ratio in ratios)]


def draw(before: SparseGroupCNN, after: SparseGroupCNN) -> Figure:
    """The first filters, and the zeros of each layer before it is cut down."""
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(1, 2.4))
    FilterDisplay.from_estimators({"after the selection": before, "in the end": after}, ax=upper)
    LayerSparsityDisplay.from_estimator(before, ax=lower)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, page="quick", quick="a quarter of an hour")
    size = SIZES[options.size]
    data = images("mnist", size.n_images, size.n_test)
    remembered = joblib.Memory(options.cache, verbose=0).cache(measure)
    first = model(size.epochs[0], lam=LAM, warmup_epochs=1, batch_size=128)
    selection, before = remembered("with the penalty", first, data, True)
    second = model(
        size.epochs[1], lam=MORE, architecture=before.compact().body, grouping="channel",
        regularizer=OnLayers("group_lasso", "conv"), batch_size=128, learning_rate=0.02,
    )  # fmt: skip
    trained, between = remembered("cut down, convolutions with more of it", second, data, True)
    third = model(
        size.epochs[2], lam=0.0, architecture=between.compact().body, augment=None, batch_size=64,
        learning_rate=0.01,
    )  # fmt: skip
    fit, after = remembered("cut down again, without it", third, data, True)
    if options.cache is not None:
        joblib.dump(after, options.cache / "lenet.joblib")

    report = Report("cnn", "cnn_lenet", options.out)
    fits = (selection, trained, fit)
    rows = [PAPER]
    for own, epochs in zip(fits, size.epochs, strict=True):
        weights, neurons = gone(own, selection.layers)
        rows.append([
            f"**{own.name}, {epochs} epochs**", f"{own.last.test:.2f}", f"{weights:.1f}",
            f"{neurons:.1f}", f"{own.seconds:.0f}",
        ])  # fmt: skip
    report.text(f"{len(data.y)} training images, one seed, lam = {LAM:g}, then {MORE:g}.")
    report.table(["network", "error %", "zero weights %", "zero neurons %", "CPU seconds"], rows)
    report.table(COSTS, costs(after))
    report.figure(draw(before, after), "First filters, and zeros layer by layer.")
    report.close(seeds={0}, fits=3, seconds=sum(own.seconds for own in fits))


if __name__ == "__main__":
    main()
