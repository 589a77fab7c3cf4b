"""LeNet-5-Caffe on MNIST with every criterion of sgnn, at one lam each.

    python examples/papers/cnn_criteria.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: MNIST, 2000 training images held out.  Objective: test error, zero weights, zero neurons, all
exact.  Solvers: SparseGroupCNN by proximal steps, l0 and the group lasso by gates too.  lam is not
tuned: it is what makes the penalty of the untrained network the same for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from _cnn import MOMENTUM, Cosine, Fit, lam_of, measure_all, percent
from _images import images
from _report import Report, arguments
from _runs import Data
from matplotlib.figure import Figure

from sgnn import SparseGroupCNN, regularizers
from sgnn.algorithms import Gates
from sgnn.inspection import AccuracySparsityDisplay
from sgnn.regularizers import OnLayers

# "sparse_group_lasso" is another name of "sgl_l1"
NAMES = [name for name in regularizers.names() if name != "sparse_group_lasso"]
GATED = {"group_l0 by gates": "group_l0", "group_lasso by gates": "group_lasso"}


@dataclass(frozen=True)
class Size:
    """How much is trained, and how large the penalty of the untrained network is."""

    epochs: int
    n_images: int | None = None
    n_test: int | None = None
    strength: float = 30.0


SIZES = {
    "full": Size(epochs=100),
    "quick": Size(epochs=6, n_images=2000),
    "tiny": Size(epochs=1, n_images=100, n_test=100),
}


def models(data: Data, size: Size) -> Iterator[tuple[str, Any]]:
    """Every criterion, with the prox and with gates."""
    for name in (*NAMES, *GATED):
        net = SparseGroupCNN(
            regularizer=OnLayers(GATED.get(name, name), "all"),
            algorithm=Gates(zero_tol=1e-3) if name in GATED else "proximal",
            optimizer="adam" if name in GATED else MOMENTUM,
            learning_rate=1e-3 if name in GATED else 0.03,
            lr_schedule=Cosine(size.epochs),
            max_epochs=size.epochs,
            batch_size=64,
            warmup_epochs=size.epochs // 3,
            n_iter_no_change=None,
            standardize=False,
            random_state=0,
        )
        yield name, net.set_params(lam=lam_of(size.strength, net, data))


def draw(fits: Sequence[Fit]) -> Figure:
    """Accuracy against zero weights and zero neurons."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    names, scores = [fit.name for fit in fits], [1 - fit.last.test / 100 for fit in fits]
    for ax, of in zip(figure.subplots(1, 2), ("weights", "neurons"), strict=True):
        sparsity = [getattr(fit.last, of) for fit in fits]
        AccuracySparsityDisplay(names, sparsity, scores, of=of).plot(ax)
    figure.axes[0].get_legend().remove()
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, page="quick", quick="ten minutes")
    size = SIZES[options.size]
    data = images("mnist", size.n_images, size.n_test)
    fits = measure_all(models(data, size), data, options.cache)

    report = Report("cnn", "cnn_criteria", options.out)
    report.text(
        f"{len(data.y)} training images, {size.epochs} epochs in batches of 64, one seed; the "
        f"penalty of the untrained network is {size.strength:g}."
    )
    report.table(
        ["regularizer", "lam", "error %", "zero weights %", "zero neurons %", "CPU seconds"],
        ([fit.name, f"{fit.lam:.2g}", *percent(fit.last), f"{fit.seconds:.0f}"] for fit in fits),
    )
    report.figure(draw(fits), "Accuracy against zeros, every criterion at one lam.")
    report.close(seeds={0}, fits=len(fits), seconds=sum(fit.seconds for fit in fits))


if __name__ == "__main__":
    main()
