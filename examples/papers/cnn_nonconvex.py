"""Paper 3, tables 2 to 5: MNIST with eight criteria, by their own algorithms.

    python examples/papers/cnn_nonconvex.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: MNIST, 2000 training images held out.  Objective: test error, zero weights, zero neurons:
after the last epoch (tables 2 and 4), and after the epoch with the smallest error (tables 3 and 5:
in the paper on the test images, here on those held out).  Solvers: SparseGroupCNN by variable
splitting, the group lasso by its subgradient, l0 by hard-concrete gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from _cnn import Fit, measure_all
from _paper3 import CRITERIA, NETWORKS, SIZES, Size, cells, mean, model
from _report import Report, arguments
from matplotlib.figure import Figure

# Printed at the largest alpha: error, zero weights, zero neurons in percent, in the order of
# CRITERIA.  The neurons of table 5 cannot be read.
PAPER = {
    ("lenet5", "last"): (
        (1.098, 0.02, 62.6), (0.696, 96.3, 53.9), (0.834, 94.6, 79.9), (0.720, 95.4, 81.1),
        (0.630, 95.7, 80.7), (0.728, 95.6, 81.9), (0.684, 95.6, 81.1), (0.750, 95.6, 81.5),
    ),
    ("lenet5", "best"): (
        (1.066, 0.02, 62.5), (0.598, 63.3, 49.2), (0.682, 88.6, 70.8), (0.616, 90.5, 73.5),
        (0.572, 92.2, 75.9), (0.654, 90.2, 73.3), (0.586, 87.1, 68.3), (0.670, 84.8, 57.0),
    ),
    ("cnn4", "last"): (
        (4.740, 0.01, 52.6), (0.524, 76.7, 36.1), (0.568, 69.5, 43.2), (0.566, 69.6, 42.4),
        (0.576, 69.7, 42.7), (0.544, 69.8, 42.7), (0.552, 69.9, 43.0), (0.556, 68.9, 41.7),
    ),
    ("cnn4", "best"): (
        (2.046, 0.01, "-"), (0.492, 51.8, "-"), (0.530, 65.8, "-"), (0.514, 66.1, "-"),
        (0.520, 65.8, "-"), (0.506, 66.4, "-"), (0.514, 65.9, "-"), (0.492, 65.3, "-"),
    ),
}  # fmt: skip
HEADER = (
    "criterion", "alpha", "paper: error %", "zero weights %", "zero neurons %",
    "here: error %", "zero weights %", "zero neurons %", "CPU seconds",
)  # fmt: skip


def models(network: str, size: Size, n_images: int) -> Iterator[tuple[str, Any]]:
    """Everything that is trained, named by criterion."""
    for name, criterion in CRITERIA.items():
        for alpha in size.alphas(network):
            for seed in size.seeds:
                yield name, model(network, criterion, alpha, seed, size, n_images)


def rows(network: str, fits: Sequence[Fit], size: Size, which: str) -> Iterator[list[str]]:
    """A criterion and alpha each, means over the seeds."""
    for at, name in enumerate(CRITERIA):
        own = [fit for fit in fits if fit.name == name]
        for alpha, lam in zip(size.alphas(network), dict.fromkeys(f.lam for f in own), strict=True):
            same = [fit for fit in own if fit.lam == lam]
            printed = ["-"] * 3
            if alpha == max(size.alphas(network)):
                printed = list(map(str, PAPER[network, which][at]))
            seconds = sum(fit.seconds for fit in same)
            yield [name, f"{alpha:g}", *printed, *cells(same, which), f"{seconds:.0f}"]


def draw(fits: dict[str, Sequence[Fit]]) -> Figure:
    """Error against zero neurons after the last epoch; the paper's beside ours."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, len(fits), squeeze=False)[0]
    for ax, (network, own) in zip(axes, fits.items(), strict=True):
        for at, name in enumerate(CRITERIA):
            state = mean([fit.last for fit in own if fit.name == name])
            ax.plot(100 * state.neurons, state.test, f"C{at}o", label=name)
            test, _, neurons = PAPER[network, "last"][at]
            ax.plot(neurons, test, f"C{at}x")
        ax.set(xlabel="zero neurons (%)", ylabel="test error (%)", title=NETWORKS[network][0])
        ax.set_yscale("log")
    axes[-1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, page="quick", quick="a quarter of an hour")
    size = SIZES[options.size]
    data = size.data()
    fits = {
        network: measure_all(
            models(network, size, len(data.y)), data, options.cache, watch=True
        )
        for network in size.networks
    }  # fmt: skip

    report = Report("cnn", "cnn_nonconvex", options.out)
    report.text(size.describe(data))
    for network, (last, best) in zip(fits, (("Table 2", "Table 3"), ("Table 4", "Table 5")),
                                     strict=False):  # fmt: skip
        title = NETWORKS[network][0]
        report.text(f"{last}: {title}, after the last epoch.")
        report.table(HEADER, rows(network, fits[network], size, "last"))
        report.text(f"{best}: {title}, after the epoch with the smallest error.")
        report.table(HEADER, rows(network, fits[network], size, "best"))
    report.figure(draw(fits), "Dots: here; crosses: printed in the paper, after 200 epochs.")
    every = [fit for own in fits.values() for fit in own]
    report.close(seeds=size.seeds, fits=len(every), seconds=sum(fit.seconds for fit in every))


if __name__ == "__main__":
    main()
