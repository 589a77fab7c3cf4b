"""Paper 4, table II: 17 criteria on MNIST and Fashion-MNIST with its simple CNN.

    python examples/papers/cnn_hierarchical.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: both, 2000 training images held out.  Objective: test accuracy and zero weights of the
convolutions, of a network whose weights below 1e-3 are set to zero.  Solvers: SparseGroupCNN with
the subgradient of each criterion.
"""

from __future__ import annotations

from collections.abc import Sequence

from _cnn import Fit, measure_all
from _images import images
from _paper4 import CRITERIA, Size, chosen, conv_zeros, models, table
from _report import Report, arguments
from matplotlib.figure import Figure

from sgnn.inspection import AccuracySparsityDisplay
from sgnn.modules import SimpleCNN

SIZES = {
    "full": Size(epochs=30, batch_size=256, strengths=(0.1, 0.3, 1.0, 3.0, 10.0)),
    "quick": Size(epochs=6, batch_size=64, n_images=10_000),
    "tiny": Size(epochs=2, batch_size=50, n_images=200, n_test=200),
}
# name of the data: title, units of the dense hidden layers
DATA = {"mnist": ("MNIST", (128,)), "fashion": ("Fashion-MNIST", (128, 128))}
# accuracy and zero weights in percent, in the order of CRITERIA
PAPER = {
    "mnist": (
        (99.03, 1.81), (99.18, 39.29), (99.20, 1.82), (99.14, 52.98), (99.16, 50.33),
        (99.22, 19.62), (99.24, 21.70), (99.05, 58.94), (99.24, 1.89), (99.22, 2.20),
        (99.17, 20.55), (99.09, 58.80), (99.10, 19.75), (99.25, 26.83), (99.13, 77.60),
        (99.20, 21.09), (99.04, 94.08),
    ),
    "fashion": (
        (87.90, 1.73), (89.15, 95.39), (89.50, 68.66), (88.32, 98.76), (89.10, 96.61),
        (88.38, 99.20), (88.26, 99.45), (89.69, 62.42), (89.50, 67.21), (89.40, 87.95),
        (88.86, 86.05), (88.78, 96.23), (88.05, 80.98), (87.97, 99.67), (88.61, 99.54),
        (88.39, 99.43), (88.82, 99.38),
    ),
}  # fmt: skip


def draw(fits: dict[str, Sequence[Fit]]) -> Figure:
    """Accuracy against zero weights."""
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    axes = figure.subplots(1, len(fits))
    for ax, (key, own) in zip(axes, fits.items(), strict=True):
        picked = [chosen(own, name) for name in CRITERIA]
        zeros = [conv_zeros(fit) / 100 for fit in picked]
        scores = [1 - fit.last.test / 100 for fit in picked]
        AccuracySparsityDisplay(list(CRITERIA), zeros, scores).plot(ax)
        ax.set_title(DATA[key][0])
    axes[0].get_legend().remove()
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, page="quick", quick="ten minutes")
    size = SIZES[options.size]
    fits = {}
    for key, (_, units) in DATA.items():
        data = images(key, size.n_images, size.n_test)
        nets = models(data, size, architecture=SimpleCNN(units=units))
        fits[key] = measure_all(nets, data, options.cache)

    report = Report("cnn", "cnn_hierarchical", options.out)
    report.text(
        f"Here: {len(data.y)} training images, {size.epochs} epochs in batches of "
        f"{size.batch_size}, one seed; the paper: 60000 images, 30 epochs, batches of 256, lam by "
        f"grid search."
    )
    table(report, {key: title for key, (title, _) in DATA.items()}, PAPER, fits)
    report.figure(draw(fits), "Table II, here: accuracy against zero weights.")
    every = [fit for own in fits.values() for fit in own]
    report.close(seeds={0}, fits=len(every), seconds=sum(fit.seconds for fit in every))


if __name__ == "__main__":
    main()
