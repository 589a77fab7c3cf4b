"""Paper 2, section 4.2: handwritten digits with fewer pixels and parameters.

    python examples/papers/group_sparsity_mnist.py [--quick | --tiny | --whole]
        [--out FOLDER] [--cache FOLDER]

Data: MNIST, 5000 training images held out to choose by.  Objective: test accuracy against the
number of parameters that the outputs depend on.  Solvers: logistic regression, the deep baseline
and the sparse networks by subgradient, with the settings that the paper found best and some beside
them; and exact zeros by dual averaging, after which what is left is trained on alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from _report import Report, arguments, plain
from _runs import Data, Run, accuracy, measure_all
from group_sparsity_solvers import (
    DEEP,
    LOGISTIC,
    PAPER,
    PENALTIES,
    SUBGRADIENT,
    Grid,
    Solver,
    Tenth,
    paper,
)
from group_sparsity_tradeoff import HEADER, Point, printed, split
from matplotlib.figure import Figure
from sklearn.base import clone

from sgnn import GroupLassoMLP, algorithms
from sgnn.datasets import fetch_mnist_rows

RELU, ELU = "rmda, ReLU", "rmda, ELU"
PRINTED = ((LOGISTIC, None, 0.8953), (DEEP, 26506, 0.9723), (SUBGRADIENT, 16733, 0.9574))
STYLES = {LOGISTIC: "k*", DEEP: "C7D", SUBGRADIENT: "C7^", RELU: "C0o", ELU: "C1s"}
MOST = 0.4  # of the parameters, in the network that is chosen
HELD_OUT = 5000
SIDE = 28

IMAGES = PAPER | {"standardize": False}
# Only the pixels are penalized: the other layers have few parameters.
PIXELS = IMAGES | {
    "algorithm": algorithms.RMDA(polish_iter=0),
    "regularize": ("input",),
    "batch_size": 256,
    "learning_rate": 0.1,
    "lr_schedule": 0.8,
    "optimizer": Tenth,
    "warmup_epochs": 5,
    "refit": True,
}


@dataclass(frozen=True)
class Size:
    """How much is tried: the paper's solvers, lams and seeds of dual averaging, images."""

    grids: tuple[Grid, ...]
    pixel_lams: tuple[float, ...] = (3e-3, 1e-2, 3e-2)
    seeds: int = 3
    n_images: int | None = None


# About the paper's best settings; one of everything.
NEAR = (
    Grid(("adamax",), logistic_rates=(1e-3,), logistic_lams=(1e-1, 1e-4), deep_rates=(5e-3,),
         decays=(0.0, 1e-4), penalties=()),
    Grid(("rmsprop",), logistic_rates=(), deep_rates=(), penalties=PENALTIES[:2], rates=(5e-3,),
         lams=(1e-4, 1e-5)),
)  # fmt: skip
ONE = Grid(
    ("adam",), logistic_rates=(1e-3,), logistic_lams=(1e-4,), deep_rates=(1e-3,), decays=(0.0,),
    penalties=PENALTIES[:1], rates=(1e-3,), lams=(1e-4,),
)  # fmt: skip
SIZES = {
    "whole": Size((Grid(),)),
    "full": Size(NEAR),
    "quick": Size((ONE,), seeds=1, n_images=5000),
    "tiny": Size((ONE,), pixel_lams=(8e-3,), seeds=1, n_images=3000),
}


def images(n_images: int | None) -> Data:
    """Every pixel is a group of its own; `n_images` cuts the training part short."""
    mnist = fetch_mnist_rows()
    valid, training = np.split(np.random.default_rng(0).permutation(len(mnist.target)), [HELD_OUT])
    X, y = (np.concatenate([mnist[part], mnist[f"test_{part}"]]) for part in ("data", "target"))
    test = np.arange(len(mnist.target), len(y))
    return split(X, y, training[:n_images], valid, test)


def solvers(size: Size) -> Iterator[Solver]:
    """All that is tried, named."""
    for activation, lam, seed in product(("relu", "elu"), size.pixel_lams, range(size.seeds)):
        yield (
            {"relu": RELU, "elu": ELU}[activation],
            pixels(activation=activation, lam=lam, random_state=seed),
        )
    for grid in size.grids:
        yield from paper(IMAGES, grid)


def pixels(**changes: Any) -> GroupLassoMLP:
    """Dual averaging on the pixels' groups, then Adam on what is left, without penalty."""
    return GroupLassoMLP(**PIXELS | changes)


def gathered(pairs: Sequence[Solver], runs: Sequence[Run]) -> list[Point]:
    """The runs that differ in their seed alone, together."""
    points: dict[str, Point] = {}
    for (name, e), run in zip(pairs, runs, strict=True):
        key = f"{name} {clone(e).set_params(random_state=None)!r}"
        points.setdefault(key, Point(name, e, [])).runs.append(run)
    return list(points.values())


def shown(points: Sequence[Point]) -> Iterator[Point]:
    """By subgradient those that no other of them beats in size and validation; with exact zeros
    all; of the baselines the best.
    """
    for solver in STYLES:
        mine = [p for p in points if p.solver == solver]
        if solver in (LOGISTIC, DEEP):
            yield max(mine, key=lambda p: p.mean("valid"))
        elif solver == SUBGRADIENT:
            yield from front(mine)
        else:
            yield from mine


def front(points: Sequence[Point]) -> list[Point]:
    """Those than which no smaller one is as good on the validation images."""
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.mean("left"), -p.mean("valid"))):
        if not best or point.mean("valid") > best[-1].mean("valid"):
            best.append(point)
    return best


def chosen(points: Sequence[Point]) -> Point:
    """With exact zeros and at most MOST of the parameters, the best on the validation images."""
    small = [p for p in points if p.solver in (RELU, ELU)
             and all(run.left <= MOST * run.parameters for run in p.runs)]  # fmt: skip
    return max(small, key=lambda p: p.mean("valid"))


# report ----------------------------------------------------------------------------------------


def draw(points: Sequence[Point], best: Point) -> Figure:
    """Test accuracy against the parameters that are left, and the pixels of the chosen network."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    ax, picture = figure.subplots(1, 2, width_ratios=[2, 1])
    for solver, style in STYLES.items():
        runs = sorted((run for p in points if p.solver == solver for run in p.runs),
                      key=lambda run: run.left)  # fmt: skip
        ax.plot([run.left for run in runs], [100 * run.test for run in runs], style, ms=5,
                label=solver)  # fmt: skip
    _, left, values = zip(*(row for row in PRINTED if row[1]), strict=True)
    ax.plot(left, 100 * np.array(values), "kx", ms=8, label="printed in the paper")
    most = MOST * best.runs[0].parameters
    ax.axvline(most, color="k", ls=":", lw=1, label=f"{100 * MOST:.0f} % of the parameters")
    ax.set(xlabel="parameters left", ylabel="test accuracy (%)", xscale="log")
    plain(ax.xaxis)
    ax.legend(frameon=False, fontsize=8)
    read = np.ones(SIDE * SIDE)
    read[[int(pixel) for pixel in best.runs[0].removed]] = 0
    picture.imshow(read.reshape(SIDE, SIDE), cmap="gray_r")
    picture.set(title=f"{read.sum():.0f} pixels are read (black)", xticks=[], yticks=[])
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, whole=True)
    size = SIZES[options.size]
    torch.set_num_threads(1)  # the networks are too small for more
    data = images(size.n_images)
    pairs = list(solvers(size))
    runs = measure_all(pairs, data, accuracy, options.cache)
    points = list(shown(gathered(pairs, runs)))
    best = chosen(points)

    report = Report("group-sparsity", "group_sparsity_mnist", options.out)
    report.table(HEADER, [*printed(PRINTED), *(point.cells for point in points)])
    parameters = best.runs[0].parameters
    report.text(
        f"With at most {100 * MOST:.0f} % of the {parameters} parameters the best on the "
        f"validation images is {best.solver} with lam = {best.estimator.lam:g}: "
        f"{100 * best.mean('left') / parameters:.1f} % of the parameters, test accuracy "
        f"{', '.join(f'{100 * run.test:.2f}' for run in best.runs)} % at the seeds."
    )
    report.figure(draw(points, best), "Test accuracy against the parameters that are left.")
    report.close(
        seeds={run.seed for run in runs}, fits=len(runs), seconds=sum(run.seconds for run in runs)
    )


if __name__ == "__main__":
    main()
