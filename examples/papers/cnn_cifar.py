"""Paper 4, table III: 17 criteria on CIFAR-10 with AlexNet and ResNet18.

    python examples/papers/cnn_cifar.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: CIFAR-10, a sixth of the training images, or 2000 if that is less, held out.  Objective: test
accuracy and zero weights of the convolutions, of a network whose weights below 1e-3 are set to
zero.  Solvers: SparseGroupCNN with the subgradient of each criterion, in the paper's narrow widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from _cnn import Fit, measure_all
from _images import images
from _paper4 import Size, chosen, models, table
from _report import Report, arguments
from matplotlib.figure import Figure

SIZES = {
    "full": Size(epochs=100, batch_size=128, strengths=(0.1, 0.3, 1.0, 3.0, 10.0)),
    "quick": Size(epochs=10, batch_size=64, n_images=6000),
    "tiny": Size(epochs=1, batch_size=50, n_images=100, n_test=100),
}
# name: title, and by what strengths are multiplied so that both networks lose about as much
NETWORKS = {"alexnet": ("AlexNet", 1.0), "resnet18": ("ResNet18", 3.0)}
# accuracy and zero weights in percent, in the order of CRITERIA
PAPER = {
    "alexnet": (
        (75.50, 0.50), (76.00, 5.53), (76.03, 0.67), (75.70, 10.05), (75.76, 9.38),
        (75.91, 2.20), (75.55, 2.58), (76.04, 2.46), (76.23, 0.61), (76.02, 0.88),
        (76.12, 3.16), (75.80, 13.04), (75.60, 10.25), (75.77, 5.63), (75.54, 26.30),
        (75.80, 2.51), (75.67, 12.72),
    ),
    "resnet18": (
        (72.43, 1.59), (72.98, 72.82), (73.44, 42.72), (72.79, 78.10), (73.29, 24.29),
        (73.48, 64.57), (73.16, 67.09), (72.48, 88.14), (73.69, 47.68), (73.03, 71.02),
        (73.98, 67.96), (73.02, 76.93), (73.54, 58.49), (73.07, 83.54), (72.89, 89.05),
        (73.20, 68.11), (72.80, 84.01),
    ),
}  # fmt: skip


def draw(fits: dict[str, Sequence[Fit]]) -> Figure:
    """Paper 4's figure 4: zero weights layer by layer, of two criteria."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axes = figure.subplots(1, len(fits))
    for ax, (key, own) in zip(axes, fits.items(), strict=True):
        for name in ("GL1/2", "HSQ-GL1/2"):
            layers = [layer for layer in chosen(own, name).layers if "conv" in layer["name"]]
            zero = [100 * layer["zero_weights"] / layer["weights"] for layer in layers]
            ax.plot(range(1, len(zero) + 1), zero, "o-", label=name)
        ax.set(xlabel="convolution", ylabel="zero weights (%)", ylim=(-3, 103))
        ax.set_title(NETWORKS[key][0])
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0].legend(frameon=False)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, page="quick", quick="ten minutes")
    size = SIZES[options.size]
    data = images("cifar10", size.n_images, size.n_test)
    fits = {}
    for key, (_, times) in NETWORKS.items():
        own = replace(size, strengths=tuple(times * strength for strength in size.strengths))
        settings = {"architecture": key, "augment": "shift_flip", "standardize": True}
        fits[key] = measure_all(models(data, own, **settings), data, options.cache)

    report = Report("cnn", "cnn_cifar", options.out)
    report.text(
        f"Here: {len(data.y)} training and {len(data.y_test)} test images, {size.epochs} epochs "
        f"in batches of {size.batch_size}, one seed; the paper: 50000 and 10000 images, 100 "
        f"epochs in batches of 128, lam by grid search."
    )
    table(report, {key: title for key, (title, _) in NETWORKS.items()}, PAPER, fits)
    report.figure(draw(fits), "Figure 4, here: zero weights of each convolution.")
    every = [fit for own in fits.values() for fit in own]
    report.close(seeds={0}, fits=len(every), seconds=sum(fit.seconds for fit in every))


if __name__ == "__main__":
    main()
