"""Paper 2, sections 4.1 and 4.3: accuracy against the parameters that are left.

    python examples/papers/group_sparsity_tradeoff.py [--quick | --tiny | --whole]
        [--out FOLDER] [--cache FOLDER]

Data: 2200 rows of sensorless drive diagnosis, and the 15,120 balanced rows of covertype.
Objective: test accuracy against the number of parameters that the outputs depend on.  Solvers:
logistic regression, the deep baseline and the sparse networks by subgradient, with the paper's
grids; and longer trainings, by subgradient as well as with the exact zeros of this package, by
proximal steps and by dual averaging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
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
    by_subgradient,
    deep,
    paper,
)
from matplotlib.figure import Figure
from sklearn.base import clone

from sgnn import GroupLassoMLP, algorithms
from sgnn.datasets import fetch_covertype, fetch_sensorless_drive

LONGER, ALONG, PROXIMAL, RMDA = "deep, longer", "subgradient, longer", "proximal", "rmda"
STYLES = {LOGISTIC: "k*", DEEP: "C7D", LONGER: "C3D", SUBGRADIENT: "C7^--", ALONG: "C2^--",
          PROXIMAL: "C1s-", RMDA: "C0o-"}  # fmt: skip
MEASURES = {"left": "parameters left", "neurons": "inputs and hidden units left"}
SPARSE = (SUBGRADIENT, ALONG, PROXIMAL, RMDA)
# Of a sparse solver the best network with at most such a share of its parameters is shown.
SHARES = (0.1, 0.2, 0.35, 0.6, 1.0)

# How the longer trainings differ from the paper's, and what exact zeros are given besides.
LONG = PAPER | {"max_epochs": 60, "lr_schedule": 0.95, "learning_rate": 0.01}
SELECTING = {"refit": True, "warmup_epochs": 10, "algorithm": algorithms.Proximal(polish_iter=50)}
AVERAGING = SELECTING | {
    "algorithm": algorithms.RMDA(polish_iter=50),
    "learning_rate": 0.1,
    "optimizer": Tenth,
}


# data ------------------------------------------------------------------------------------------


def drive(seed: int) -> Data:
    """Sensorless drive: 3/5 of the rows to train on, 1/5 to choose by, 1/5 to report."""
    rows = fetch_sensorless_drive(subset="2200")
    n = len(rows.target)
    order = np.random.default_rng(seed).permutation(n)
    return split(rows.data, rows.target, *np.split(order, [3 * n // 5, 4 * n // 5]))


def covertype(seed: int) -> Data:
    """Covertype: 4/5 of the published training part, the rest of it, the validation part."""
    rows = fetch_covertype(subset="balanced")
    training, test = (np.flatnonzero(rows.split == part) for part in ("train", "valid"))
    order = np.random.default_rng(seed).permutation(training)
    return split(rows.data, rows.target, *np.split(order, [4 * len(order) // 5]), test)


def split(X: np.ndarray, y: np.ndarray, *parts: np.ndarray) -> Data:
    """Training, validation and test rows; every column is a group of its own, as in the paper."""
    (X0, y0), (X1, y1), (X2, y2) = ((X[rows], y[rows]) for rows in parts)
    return Data(np.arange(X.shape[1]), X0, y0, X1, y1, X2, y2)


# solvers ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Longer:
    """The longer trainings: what of LONG they change, and the lams that are tried."""

    lams: tuple[float, ...] = (5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
    changes: dict[str, Any] = field(default_factory=dict)


def longer(tried: Longer, decays: Sequence[float]) -> Iterator[Solver]:
    """The deep baseline and the sparse networks, trained longer."""
    for lam in decays:
        yield LONGER, deep(LONG | tried.changes, lam=lam)
    for penalty, lam in product(PENALTIES, tried.lams):
        changes = tried.changes | {"regularizer": penalty, "lam": lam}
        yield ALONG, by_subgradient(LONG, **changes)
        yield PROXIMAL, GroupLassoMLP(**LONG | SELECTING | changes)
        yield RMDA, GroupLassoMLP(**LONG | AVERAGING | changes)


# experiment ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """One panel: what is tried on the data of seed 0, and the number of seeds of what is chosen.

    Attributes
    ----------
    printed : tuple of (solver, parameters or None, test accuracy)
        The paper's, of all rows.
    """

    data: Callable[[int], Data]
    printed: tuple[tuple[str, int | None, float], ...]
    grid: Grid
    longer: Longer
    seeds: int


DRIVE = drive, (
    (LOGISTIC, None, 0.6281), (DEEP, 2987, 0.92725), (SUBGRADIENT, 1970, 0.9372),
)  # fmt: skip
COVER = covertype, (
    (LOGISTIC, None, 0.6671), (DEEP, 3047, 0.77266), (SUBGRADIENT, 693, 0.6831),
    (SUBGRADIENT, 608, 0.6741),
)  # fmt: skip
# Adam and its larger rates, with which the paper does best there.
ADAM = Grid(("adam",), logistic_rates=(1e-3, 1e-4), deep_rates=(5e-3, 1e-3), rates=(5e-3,))
FEW = Grid(
    ("adam",), logistic_rates=(1e-3,), logistic_lams=(1e-2,), deep_rates=(5e-3,), decays=(0.0,),
    rates=(5e-3,), lams=(1e-3,),
)  # fmt: skip
WIDER = {"batch_size": 128, "max_epochs": 40, "lr_schedule": 0.92}
SHORT = Longer((1e-3, 4e-3), {"max_epochs": 20})
SHORTEST = Longer((4e-3,), {"max_epochs": 4})
SIZES = {
    "whole": {
        "sensorless": Problem(*DRIVE, Grid(), Longer(), seeds=5),
        "covertype": Problem(*COVER, Grid(), Longer(changes=WIDER), seeds=5),
    },
    "full": {
        "sensorless": Problem(*DRIVE, Grid(), Longer((1e-3, 3e-3, 8e-3)), seeds=2),
        "covertype": Problem(*COVER, ADAM, Longer((1e-3, 4e-3), WIDER), seeds=1),
    },
    "quick": {"sensorless": Problem(*DRIVE, FEW, SHORT, seeds=2)},
    "tiny": {"sensorless": Problem(*DRIVE, FEW, SHORTEST, seeds=1)},
}


HEADER = (
    "solver", "penalty", "optimizer, rate", "lam", "parameters left", "inputs left",
    "hidden units left", "validation %", "test %",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """An estimator that was chosen, and its run at every seed."""

    solver: str
    estimator: GroupLassoMLP
    runs: list[Run]

    def mean(self, name: str) -> float:
        """Mean of an attribute of the runs."""
        return float(np.mean([getattr(run, name) for run in self.runs]))

    @property
    def tested(self) -> str:
        """Test accuracy in percent, and how far the runs are apart."""
        values = [100 * run.test for run in self.runs]
        spread = f" ± {np.std(values):.2f}" if len(values) > 1 else ""
        return f"{np.mean(values):.2f}{spread}"

    @property
    def cells(self) -> list[str]:
        """Its line of a table, below HEADER."""
        e = self.estimator
        return [
            f"**{self.solver}**",
            e.regularizer,
            f"{e.optimizer if isinstance(e.optimizer, str) else e.algorithm}, {e.learning_rate:g}",
            f"{e.lam:g}",
            f"{self.mean('left'):.0f}",
            f"{self.mean('neurons') - self.mean('hidden'):.0f}",
            f"{self.mean('hidden'):.0f}",
            f"{100 * self.mean('valid'):.2f}",
            self.tested,
        ]


def printed(rows: Sequence[tuple[str, int | None, float]]) -> Iterator[list[str]]:
    """The paper's numbers, as lines below HEADER."""
    for solver, left, value in rows:
        yield [f"{solver}, paper", *"---", str(left or "-"), *"---", f"{100 * value:.2f}"]


def chosen(tried: Sequence[tuple[Solver, Run]], solver: str) -> list[tuple[Solver, Run]]:
    """For each share of the parameters what is best on validation rows with no more of them."""
    mine = [(pair, run) for pair, run in tried if pair[0] == solver]
    best: list[tuple[Solver, Run]] = []
    for share in SHARES if solver in SPARSE else SHARES[-1:]:
        small = [found for found in mine if found[1].left <= share * found[1].parameters]
        if small:
            best.append(max(small, key=lambda found: found[1].valid))
    # a share that gains nothing over the one before is left out
    return [found for i, found in enumerate(best) if i == 0 or found is not best[i - 1]]


def points(problem: Problem, cache: Path | None) -> tuple[list[Point], list[Run]]:
    """What is chosen on seed 0, measured on every seed; and all runs."""
    pairs = [*paper(PAPER, problem.grid), *longer(problem.longer, problem.grid.decays)]
    runs = measure_all(pairs, problem.data(0), accuracy, cache)
    tried = list(zip(pairs, runs, strict=True))
    best = [found for solver in STYLES for found in chosen(tried, solver)]
    again = [
        measure_all(
            [(name, clone(e).set_params(random_state=seed)) for (name, e), _ in best],
            problem.data(seed), accuracy, cache,
        )
        for seed in range(1, problem.seeds)
    ]  # fmt: skip
    found = [
        Point(name, e, [run, *others])
        for ((name, e), run), *others in zip(best, *again, strict=True)
    ]
    return found, [*runs, *(run for others in again for run in others)]


# report ----------------------------------------------------------------------------------------


def draw(results: dict[str, list[Point]]) -> Figure:
    """Test accuracy against what is left, a column for each data set."""
    figure = Figure(figsize=(5 * len(results), 7), layout="constrained")
    axes = figure.subplots(len(MEASURES), len(results), sharey="col", squeeze=False)
    for column, (name, found) in zip(axes.T, results.items(), strict=True):
        column[0].set_title(name)
        for ax, (measure, label) in zip(column, MEASURES.items(), strict=True):
            ax.set(xlabel=label, ylabel="test accuracy (%)")
            for solver, style in STYLES.items():
                mine = [p for p in found if p.solver == solver]
                ends = sorted((p.mean(measure), 100 * p.mean("test")) for p in mine)
                ax.plot(*np.transpose(ends), style, ms=6, label=solver)
        column[0].set_xscale("log")
        plain(column[0].xaxis)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv, whole=True)
    problems = SIZES[options.size]
    torch.set_num_threads(1)  # the networks are too small for more
    results = {name: points(problem, options.cache) for name, problem in problems.items()}
    found = {name: of for name, (of, _) in results.items()}
    runs = [run for _, of in results.values() for run in of]

    report = Report("group-sparsity", "group_sparsity_tradeoff", options.out)
    rows = {
        name: [*printed(problems[name].printed), *(point.cells for point in of)]
        for name, of in found.items()
    }
    report.table(["data", *HEADER], [[name, *row] for name, of in rows.items() for row in of])
    report.figure(draw(found), "Test accuracy against the parameters that are left.")
    report.close(
        seeds={run.seed for run in runs}, fits=len(runs), seconds=sum(run.seconds for run in runs)
    )


if __name__ == "__main__":
    main()
