"""Paper 3, tables 10 and 11: three algorithms for the sparse group lasso of LeNet-5-Caffe.

    python examples/papers/cnn_algorithms.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: MNIST, 2000 training images held out.  Objective: test error, zero weights, zero neurons after
the last epoch (table 10), and after the epoch with the smallest error (table 11).  Solvers:
"direct" by subgradients, "proximal" by equation 20, "proposed" by variable splitting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from _cnn import Fit, measure_all
from _paper3 import NETWORKS, SIZES, Size, cells, mean, model
from _report import Report, arguments
from matplotlib.figure import Figure

ALGORITHMS = {"direct": "subgradient", "proximal": "proximal", "proposed": "splitting"}
# at alpha = 0.5: error, zero weights, zero neurons in percent
PAPER = {
    ("direct", "last"): (0.772, 96.6, 82.1),
    ("direct", "best"): (0.636, 55.9, 51.9),
    ("proximal", "last"): (9.610, 99.8, 97.6),
    ("proximal", "best"): (5.020, 99.4, 88.3),
    ("proposed", "last"): (0.720, 95.4, 81.1),
    ("proposed", "best"): (0.616, 90.5, 73.5),
}
HEADER = (
    "algorithm", "alpha", "after", "paper: error %", "zero weights %", "zero neurons %",
    "here: error %", "zero weights %", "zero neurons %", "CPU seconds",
)  # fmt: skip
AFTER = {"last": "the last epoch", "best": "the best epoch"}


def models(size: Size, n_images: int) -> Iterator[tuple[str, Any]]:
    """Everything that is trained, named by algorithm."""
    for name, algorithm in ALGORITHMS.items():
        for alpha in size.alphas("lenet5"):
            for seed in size.seeds:
                yield name, model("lenet5", ("sgl_l1", algorithm), alpha, seed, size, n_images)


def rows(fits: Sequence[Fit], size: Size) -> Iterator[list[str]]:
    """An algorithm and alpha each, means over the seeds."""
    for which, after in AFTER.items():
        for name in ALGORITHMS:
            own = [fit for fit in fits if fit.name == name]
            lams = dict.fromkeys(fit.lam for fit in own)
            for alpha, lam in zip(size.alphas("lenet5"), lams, strict=True):
                same = [fit for fit in own if fit.lam == lam]
                printed = ["-"] * 3
                if alpha == max(NETWORKS["lenet5"][2]):
                    printed = list(map(str, PAPER[name, which]))
                seconds = f"{sum(fit.seconds for fit in same):.0f}"
                yield [name, f"{alpha:g}", after, *printed, *cells(same, which), seconds]


def draw(fits: Sequence[Fit]) -> Figure:
    """Error against zero weights; the paper's beside ours."""
    figure = Figure(figsize=(5.5, 3.4), layout="constrained")
    ax = figure.subplots()
    for at, name in enumerate(ALGORITHMS):
        state = mean([fit.last for fit in fits if fit.name == name])
        ax.plot(100 * state.weights, state.test, f"C{at}o", label=f"{name}, here")
        test, weights, _ = PAPER[name, "last"]
        ax.plot(weights, test, f"C{at}x", label=f"{name}, paper")
    ax.set(xlabel="zero weights (%)", ylabel="test error (%)", yscale="log")
    ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, page="quick", quick="a few minutes")
    size = SIZES[options.size]
    data = size.data()
    fits = measure_all(models(size, len(data.y)), data, options.cache, watch=True)

    report = Report("cnn", "cnn_algorithms", options.out)
    report.text(size.describe(data))
    report.table(HEADER, rows(fits, size))
    report.figure(draw(fits), "After the last epoch, at the largest alpha.")
    report.close(seeds=size.seeds, fits=len(fits), seconds=sum(fit.seconds for fit in fits))


if __name__ == "__main__":
    main()
