"""Paper 1, figure 3: handwritten digits with fewer rows of pixels.

    python examples/papers/sgin_mnist_rows.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: MNIST in 28 rows of 28 pixels, 1000 training images held out to choose by.  Objective: test
accuracy against the number of removed rows.  Solvers: SGIN, NN and NN + tau as in the paper, and
SGIN with more of what the estimator offers, alone and with a new network of the rows it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from _mnist import MNIST, SIDE, mnist_rows, numbers
from _report import Report, arguments
from _runs import Data, Run, accuracy, best_by_removed, measure_all
from _solvers import nn_tau, sgin
from matplotlib.figure import Figure

SGIN, PLUS, NN, TAU = "SGIN, paper's settings", "SGIN, this package", "NN", "NN + tau"
PAPER = {0: 0.98, 10: 0.9765, 20: 0.9433}  # removed rows -> test accuracy; 0: the NN

# Adam on a smaller network; the rows go a few at a time while training (max_groups), and the
# network of the rows that are left is trained on without the penalty (refit).
BETTER = {
    "hidden_layer_sizes": (300, 100),
    "optimizer": "adam",
    "learning_rate": 0.001,
    "lr_schedule": 0.8,
    "batch_size": 500,
    "max_epochs": 6,
    "warmup_epochs": 6,
    "refit": True,
}
BETTER_LAM = 1e-5

# What is done with a selection in the end: the paper's network, trained on those rows alone.
ANEW = "SGIN, then trained anew"
TRAINED_ANEW = {
    "optimizer": "adam",
    "learning_rate": 0.001,
    "lr_schedule": 0.8,
    "batch_size": 250,
    "max_epochs": 15,
}


@dataclass(frozen=True)
class Size:
    """How much is tried.

    Attributes
    ----------
    factor : int
        NN and NN + tau train so many times SGIN's epochs; the paper's is 28.
    kept : tuple of int
        Numbers of rows that "SGIN, this package" keeps.
    """

    lams: tuple[float, ...]
    tau_lams: tuple[float, ...]
    factor: int
    kept: tuple[int, ...]
    n_images: int | None = None
    changes: dict[str, Any] | None = None


SIZES = {
    "full": Size(
        lams=(1e-3, 5e-3, 2e-2),
        tau_lams=(1e-3,),
        factor=7,
        kept=(23, 18, 8, 4),
    ),
    "quick": Size(
        lams=(1e-3,), tau_lams=(), factor=2, kept=(18, 8), n_images=10_000,
    ),
    "tiny": Size(
        lams=(1e-2,), tau_lams=(1e-3,), factor=1, kept=(8,), n_images=600,
        changes={"hidden_layer_sizes": (30,), "max_epochs": 2, "batch_size": 200},
    ),
}  # fmt: skip


def solvers(data: Data, size: Size) -> Iterator[tuple[str, Any]]:
    """All that is tried, named."""
    changes = size.changes or {}
    for lam in size.lams:
        yield SGIN, sgin(MNIST, data.groups, lam, 0, **changes)
    yield NN, nn_tau(MNIST, data.groups, 0.0, 0, factor=size.factor, **changes)
    for lam in size.tau_lams:
        yield TAU, nn_tau(MNIST, data.groups, lam, 0, factor=size.factor, **changes)
    for kept in size.kept:
        settings = BETTER | {"max_groups": kept} | changes
        yield PLUS, sgin(MNIST, data.groups, BETTER_LAM, 0, **settings)


def train_anew(run: Run, data: Data, size: Size, cache: Path | None) -> Run:
    """A new network, without penalty, of the rows that the run has left."""
    kept = ~np.isin(data.groups, run.removed)
    left = replace(
        data,
        groups=data.groups[kept],
        X=data.X[:, kept],
        X_valid=data.X_valid[:, kept],
        X_test=data.X_test[:, kept],
    )
    settings = TRAINED_ANEW | (size.changes or {})
    net = nn_tau(MNIST, left.groups, 0.0, run.seed, factor=1, **settings)
    (trained,) = measure_all([(ANEW, net)], left, accuracy, cache)
    return replace(trained, removed=run.removed, lam=run.lam)


def picture(ax: Any, image: np.ndarray, removed: Sequence[int]) -> None:
    """The image, with a dotted red line through every removed row."""
    ax.imshow(image, cmap="gray_r")
    for row in removed:
        ax.axhline(row, color="red", ls=":", lw=1.2)
    ax.set(title=f"{len(removed)} rows removed" if removed else "raw", xticks=[], yticks=[])


def draw(runs: Sequence[Run], data: Data) -> Figure:
    """Pictures of the removed rows, and accuracy against their number."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    panels = figure.subplot_mosaic("abCC\ncdCC", width_ratios=[1, 1, 1.6, 1.6])
    rows = sorted(set(data.groups))
    chosen = best_by_removed(runs, PLUS)
    shown = [()] + [chosen[m].removed for m in (5, 10, 20) if m in chosen]
    image = data.X_test[0].reshape(SIDE, SIDE)
    for name in "abcd"[len(shown) :]:
        panels[name].axis("off")
    for name, removed in zip("abcd", shown, strict=False):
        picture(panels[name], image, [rows.index(row) for row in removed])
    ax = panels["C"]
    for solver, style in {SGIN: "C0o-", PLUS: "C1s-", ANEW: "C4D-", TAU: "C2^", NN: "C3v"}.items():
        best = best_by_removed(runs, solver)
        ax.plot(list(best), [100 * r.test for r in best.values()], style, ms=5, label=solver)
    ax.plot(
        list(PAPER), [100 * v for v in PAPER.values()], "kx", ms=8, label="printed in the paper"
    )
    ax.set(xlabel="number of removed rows (of 28)", ylabel="test accuracy (%)")
    ax.legend(frameon=False, loc="lower left", fontsize=8)
    return figure


def table_rows(runs: Sequence[Run]) -> Iterator[list[str]]:
    """Every chosen run: solver, lam, removed rows, accuracies, seconds."""
    for removed, value in PAPER.items():
        yield ["printed in the paper", "-", str(removed), "-", "-", f"{100 * value:.2f}", "-"]
    for solver in (SGIN, PLUS, ANEW, TAU, NN):
        for count, run in best_by_removed(runs, solver).items():
            names = ", ".join(str(int(row.removeprefix("row "))) for row in run.removed)
            yield [f"**{solver}**", f"{run.lam:g}", str(count), names or "-", *numbers(run)]


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    size = SIZES[options.size]
    data = mnist_rows(size.n_images)
    runs = measure_all(solvers(data, size), data, accuracy, options.cache)
    selections = best_by_removed(runs, PLUS).values()
    runs += [train_anew(run, data, size, options.cache) for run in selections]

    report = Report("sgin", "sgin_mnist_rows", options.out)
    report.table(
        ["solver", "lam", "removed", "rows removed", "validation %", "test %", "CPU seconds"],
        table_rows(runs),
    )
    report.figure(draw(runs, data), "Figure 3: removed rows (red), and test accuracy.")
    report.close(seeds={0}, fits=len(runs), seconds=sum(run.seconds for run in runs))


if __name__ == "__main__":
    main()
