"""Paper 1, figure 6: Algorithm 1 against Algorithm 2, which measures in a pass of its own.

    python examples/papers/sgin_algorithms.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: small digits by rows (embedded in scikit-learn), the down-sampled donor sites, and MNIST by
rows.  Objective: accuracy, Max CC for the donor sites, against the number of removed groups, and
processor time.  Solvers: SGIN with algorithm="a" and "b", one after the other at every lam and
seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from _mnist import MNIST, mnist_rows
from _report import Report, arguments
from _runs import Data, Objective, Run, accuracy, measure_all
from _solvers import Setting, sgin
from matplotlib.figure import Figure
from sgin_rna import OBJECTIVE, RNA, samplings
from sklearn.model_selection import train_test_split

from sgnn.datasets import fetch_donor_splice_sites, load_digit_rows

DIGITS = Setting(hidden=(100, 50), batch_size=100, epochs=10, decay=0.9)


@dataclass(frozen=True)
class Problem:
    """One panel: data, how the paper trains on them, what to measure, and the lams."""

    setting: Setting
    data: Data
    objective: Objective
    name: str
    lams: tuple[float, ...]
    seeds: int


@dataclass(frozen=True)
class Size:
    """How much is tried: seeds and lams per data set; no lams leave the data set out."""

    seeds: int
    digits: tuple[float, ...]
    sites: tuple[float, ...] = ()
    rows: tuple[float, ...] = ()


SIZES = {
    "full": Size(
        seeds=3, digits=(1e-4, 3e-4, 1e-3), sites=(1e-3, 1e-2, 3e-2), rows=(3e-4, 1e-3),
    ),
    "quick": Size(seeds=1, digits=(3e-4, 1e-3), sites=(1e-3, 1e-2)),
    "tiny": Size(seeds=1, digits=(1e-2,)),
}  # fmt: skip
MNIST_IMAGES = 10_000


def problems(size: Size) -> Iterator[tuple[str, Problem]]:
    """The data sets that have lams, named."""
    yield "digits", Problem(DIGITS, digit_rows(), accuracy, "accuracy", size.digits, size.seeds)
    if size.sites:
        _, rows, _ = next(samplings(fetch_donor_splice_sites(counts=True), 1.0))
        yield "donor sites", Problem(RNA, rows, OBJECTIVE, "Max CC", size.sites, size.seeds)
    if size.rows:
        data = mnist_rows(MNIST_IMAGES)
        yield "MNIST rows", Problem(MNIST, data, accuracy, "accuracy", size.rows, 1)


def digit_rows() -> Data:
    """The embedded digits: half of them to train on, a quarter each to choose and to report."""
    digits = load_digit_rows()
    X, X_rest, y, y_rest = train_test_split(
        digits.data, digits.target, test_size=0.5, stratify=digits.target, random_state=0
    )
    X_valid, X_test, y_valid, y_test = train_test_split(
        X_rest, y_rest, test_size=0.5, stratify=y_rest, random_state=0
    )
    return Data(digits.groups, X, y, X_valid, y_valid, X_test, y_test)


def solvers(problem: Problem) -> Iterator[tuple[str, Any]]:
    """Both algorithms in turn, at every lam and seed."""
    for lam in problem.lams:
        for seed in range(problem.seeds):
            for algorithm in ("a", "b"):
                yield (
                    algorithm,
                    sgin(problem.setting, problem.data.groups, lam, seed, algorithm=algorithm),
                )


def visits(run: Run) -> int:
    """How often a group was visited: each epoch visits what the one before has left."""
    left = [row["n_groups"] for row in run.history]
    return left[-1] + len(run.removed) + sum(left[:-1])


def table_rows(name: str, problem: Problem, runs: Sequence[Run]) -> Iterator[list[str]]:
    """For every lam: removed groups, objective and seconds of a and b, means over the seeds."""
    for lam in problem.lams:
        a, b = ([r for r in runs if r.lam == lam and r.solver == s] for s in "ab")
        passes = [sum(map(visits, of)) for of in (a, b)]
        seconds = [sum(run.seconds for run in of) for of in (a, b)]
        yield [
            f"{name}, {problem.name}",
            f"{lam:g}",
            *(f"{np.mean([len(run.removed) for run in of]):.1f}" for of in (a, b)),
            *(f"{np.mean([run.test for run in of]):.4f}" for of in (a, b)),
            *(f"{s / len(a):.1f}" for s in seconds),
            f"{(seconds[1] / passes[1]) / (seconds[0] / passes[0]):.2f}",
        ]


def draw(results: dict[str, tuple[Problem, list[Run]]]) -> Figure:
    """The objective against the number of removed groups, one panel for each data set."""
    figure = Figure(figsize=(3.6 * len(results), 3.4), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(results)))
    for ax, (name, (problem, runs)) in zip(axes, results.items(), strict=True):
        for solver, style in {"a": "C0o", "b": "C1x"}.items():
            mine = [run for run in runs if run.solver == solver]
            removed, values = [len(run.removed) for run in mine], [run.test for run in mine]
            ax.plot(removed, values, style, ms=7, label=f"Algorithm {'ab'.index(solver) + 1}")
        ax.set(title=name, xlabel="number of removed groups", ylabel=f"test {problem.name}")
        ax.locator_params(axis="x", integer=True)
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)  # most of the networks are too small for more
    # the first fit of a process loads modules: not on the account of Algorithm 1
    sgin(DIGITS, None, 1e-3, 0).fit(np.eye(4), [0, 1, 0, 1])
    results = {}
    for name, problem in problems(SIZES[options.size]):
        runs = measure_all(solvers(problem), problem.data, problem.objective, options.cache)
        results[name] = (problem, runs)

    report = Report("sgin", "sgin_algorithms", options.out)
    report.table(
        ["data, objective", "lam", "removed: 1", "2", "objective: 1", "2", "CPU seconds: 1", "2",
         "time a visit, 2 / 1"],
        [row for name, result in results.items() for row in table_rows(name, *result)],
    )  # fmt: skip
    report.figure(draw(results), "Figure 6: Algorithm 1 and Algorithm 2, every lam and seed.")
    runs = [run for _, found in results.values() for run in found]
    report.close(
        seeds={run.seed for run in runs}, fits=len(runs), seconds=sum(r.seconds for r in runs)
    )


if __name__ == "__main__":
    main()
