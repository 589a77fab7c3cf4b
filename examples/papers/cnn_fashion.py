"""Paper 4 on Fashion-MNIST: hierarchical criteria at 99 % zero weights, which are exact.

    python examples/papers/cnn_fashion.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: Fashion-MNIST, 2000 training images held out.  Objective: test accuracy and zero weights of
the convolutions, which are what the paper penalizes.  Solvers: SparseGroupCNN by proximal steps
with two hierarchical criteria, then as many epochs without the penalty (`refit`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from _cnn import MOMENTUM, Cosine, Fit, measure_all
from _images import images
from _paper4 import CRITERIA, conv_zeros
from _report import Report, arguments
from matplotlib.figure import Figure

from sgnn import SparseGroupCNN
from sgnn.modules import SimpleCNN
from sgnn.regularizers import OnLayers

PAPER = {"HSQ-GL1/2": (88.61, 99.54), "SHSQ-GL1/2": (88.82, 99.38), "SHSQRT-GL1/2": (88.39, 99.43)}
LAMS = {"SHSQ-GL1/2": 2e-3, "HSQ-GL1/2": 1.2e-3}


@dataclass(frozen=True)
class Size:
    """Epochs with the penalty, and as many without."""

    epochs: int
    n_images: int | None = None
    n_test: int | None = None


SIZES = {
    "full": Size(epochs=15),
    "quick": Size(epochs=6),
    "tiny": Size(epochs=1, n_images=200, n_test=200),
}


def models(size: Size) -> Iterator[tuple[str, Any]]:
    """The criteria, each at its lam."""
    for name, lam in LAMS.items():
        criterion = CRITERIA[name]
        penalty = {"regularizer": OnLayers(criterion["regularizer"], "conv")}
        yield (
            name,
            SparseGroupCNN(
                architecture=SimpleCNN(filters=(16, 64), units=(128, 128)),
                lam=lam,
                algorithm="proximal",
                grouping="channel",
                group_weights="none",
                optimizer=MOMENTUM,
                learning_rate=0.03,
                lr_schedule=Cosine(size.epochs),
                max_epochs=size.epochs,
                batch_size=64,
                refit=True,
                n_iter_no_change=None,
                standardize=False,
                random_state=0,
                **criterion | penalty,
            ),
        )


def draw(fits: Sequence[Fit]) -> Figure:
    """Zero weights of every layer."""
    figure = Figure(figsize=(6, 3), layout="constrained")
    ax = figure.subplots()
    for at, fit in enumerate(fits):
        zero = [100 * layer["zero_weights"] / layer["weights"] for layer in fit.layers]
        places = [place + 0.35 * (at - 0.5) for place in range(len(zero))]
        ax.bar(places, zero, 0.33, label=fit.name)
    names = [layer["name"] for layer in fits[0].layers]
    ax.set_xticks(range(len(names)), names)
    ax.set(ylabel="zero weights (%)", ylim=(0, 105))
    ax.legend(frameon=False)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, page="quick", quick="ten minutes")
    size = SIZES[options.size]
    data = images("fashion", size.n_images, size.n_test)
    fits = measure_all(models(size), data, options.cache, watch=True)

    report = Report("cnn", "cnn_fashion", options.out)
    report.text(
        f"{len(data.y)} training images, {size.epochs} epochs with the penalty and as many "
        f"without, in batches of 64, one seed; 16 and 64 filters, 128 and 128 units."
    )
    rows = [[f"{name}, paper", f"{a:.2f}", f"{z:.2f}", *"---"] for name, (a, z) in PAPER.items()]
    rows += [
        [f"**{fit.name}**", f"{100 - fit.last.test:.2f}", f"{conv_zeros(fit):.2f}",
         f"{100 * fit.last.weights:.2f}", f"{fit.lam:.2g}", f"{fit.seconds:.0f}"]
        for fit in fits
    ]  # fmt: skip
    report.table(
        ["criterion", "accuracy %", "zero weights of the convolutions %", "of all layers %", "lam",
         "CPU seconds"],
        rows,
    )  # fmt: skip
    report.figure(draw(fits), "Zero weights layer by layer.")
    report.close(seeds={0}, fits=len(fits), seconds=sum(fit.seconds for fit in fits))


if __name__ == "__main__":
    main()
