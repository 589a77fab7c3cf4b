"""Paper 2, its promise: networks that are smaller in fact, `compact()` before and after.

    python examples/papers/group_sparsity_compact.py [--quick | --tiny] [--out FOLDER]
        [--cache FOLDER]

Data and solvers: one network of each data set, as the other experiments of the paper train them.
Objective: that `compact()` gives the same outputs, its parameters, floating point operations and
seconds on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from _report import Report, arguments
from _runs import Data
from group_sparsity_mnist import images, pixels
from group_sparsity_tradeoff import LONG, SELECTING, WIDER, covertype, drive
from joblib import Memory
from matplotlib.figure import Figure

from sgnn import GroupLassoMLP

ROWS = (1, 1000)  # whose outputs are timed
ROUNDS = 7  # of which the median is shown: other programs disturb a single one


@dataclass(frozen=True)
class Case:
    """A network to be trained."""

    name: str
    data: Callable[[], Data]
    estimator: GroupLassoMLP


def cases(size: str) -> Iterator[Case]:
    """One network for each data set."""
    training = LONG | SELECTING | {"lam": 4e-3}
    short = {"max_epochs": 6, "warmup_epochs": 0, "lam": 2e-2} if size == "tiny" else {}
    yield Case("sensorless", lambda: drive(0), GroupLassoMLP(**training | short))
    if size != "tiny":
        yield Case("covertype", lambda: covertype(0), GroupLassoMLP(**training | WIDER))
    if size == "full":
        yield Case("MNIST", lambda: images(None), pixels(activation="elu", lam=1e-2))


@dataclass(frozen=True)
class Compacted:
    """A network before and after.

    Attributes
    ----------
    units : (before, after), each a tuple of int
        Inputs, hidden units, outputs.
    costs : dict of str to (before, after)
        `savings`, with the seconds of each number of ROWS.
    same : int
        Test rows, of `n_rows`, for which the smaller network predicts what the estimator does.
    difference : float
        Largest difference of a probability.
    """

    name: str
    test: float
    units: tuple[tuple[int, ...], tuple[int, ...]]
    costs: dict[str, tuple[float, float]]
    same: int
    n_rows: int
    difference: float
    seconds: float


def compacted(name: str, data: Data, estimator: GroupLassoMLP) -> Compacted:
    """Train, compact, compare."""
    start = time.process_time()
    estimator.fit(data.X, data.y)
    seconds = time.process_time() - start
    small, X = estimator.compact(), data.X_test
    with torch.inference_mode():
        said = small(torch.tensor(estimator.transform(X))).softmax(1).numpy()
    costs = estimator.savings(n_rows=1)
    for n in ROWS:
        rounds = [estimator.savings(n_rows=n)["seconds"] for _ in range(ROUNDS)]
        before, after = np.median(rounds, axis=0).tolist()
        costs[timed(n)] = (before, after)
    return Compacted(
        name=name,
        test=estimator.score(X, data.y_test),
        units=(units(estimator.module_), units(small)),
        costs=costs,
        same=int((estimator.classes_[said.argmax(1)] == estimator.predict(X)).sum()),
        n_rows=len(X),
        difference=float(np.abs(said - estimator.predict_proba(X)).max()),
        seconds=seconds,
    )


def units(module: torch.nn.Module) -> tuple[int, ...]:
    """Inputs, hidden units, outputs."""
    weights = [module.theta, *module.weights]
    return (*(W.shape[1] for W in weights), len(weights[-1]))


def timed(n_rows: int) -> str:
    """What is timed, in words."""
    return f"{n_rows} row{'s' * (n_rows > 1)}"


# report ----------------------------------------------------------------------------------------


def table_rows(found: Sequence[Compacted]) -> Iterator[list[str]]:
    """Before and after, a line each."""
    for one in found:
        for i, when in enumerate(("before", "after")):
            yield [
                one.name,
                f"**{when}**",
                "-".join(map(str, one.units[i])),
                *(str(one.costs[name][i]) for name in ("parameters", "flops")),
                *(f"{1e6 * one.costs[timed(n)][i]:.0f}" for n in ROWS),
            ]


def sentences(found: Sequence[Compacted]) -> Iterator[str]:
    """Whether the outputs are the same."""
    for one in found:
        yield (
            f"{one.name}: test accuracy {100 * one.test:.2f} %; `compact()` predicts the same for "
            f"{one.same} of {one.n_rows} test rows, its probabilities differ by "
            f"{one.difference:.1g} at most."
        )


def draw(found: Sequence[Compacted]) -> Figure:
    """What is left of parameters, operations and time."""
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    ax = figure.subplots()
    measures = {"parameters": "parameters", "operations": "flops"}
    measures |= {f"time, {timed(n)}": timed(n) for n in ROWS}
    width = 0.8 / len(found)
    for i, one in enumerate(found):
        costs = [one.costs[name] for name in measures.values()]
        shares = [100 * after / before for before, after in costs]
        ax.bar(np.arange(len(measures)) + i * width, shares, width, label=one.name)
    ax.axhline(100, color="k", lw=0.8)
    ax.set_xticks(np.arange(len(measures)) + 0.4 - width / 2, list(measures))
    ax.set_ylabel("after, % of before")
    ax.legend(frameon=False, fontsize=8)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    remembered = Memory(options.cache, verbose=0).cache(compacted)
    found = [remembered(c.name, c.data(), c.estimator) for c in cases(options.size)]

    report = Report("group-sparsity", "group_sparsity_compact", options.out)
    report.table(
        ["data", "network", "units", "parameters", "operations a row",
         *(f"microseconds, {timed(n)}" for n in ROWS)],
        table_rows(found),
    )  # fmt: skip
    report.text(*sentences(found))
    report.figure(draw(found), "What the compact network leaves, in percent.")
    report.close(seeds={0}, fits=len(found), seconds=sum(one.seconds for one in found))


if __name__ == "__main__":
    main()
