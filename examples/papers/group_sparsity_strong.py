"""Paper 2, figure 3: what a group structure is worth, and what a wrong one costs.

    python examples/papers/group_sparsity_strong.py [--quick | --tiny] [--out FOLDER]
        [--cache FOLDER]

Data: a target whose coefficients w lie in few groups, k columns, of which a share is nonzero, the
correctness ||w||_0 / k; every seed draws its own.  Objective: mean squared error on test rows over
the variance of the target.  Solvers: group lasso, lasso and sparse group lasso of a linear model,
as in the paper; and of a network whose target is a sum of squares, which the paper leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import Report, arguments, plain
from _runs import Data, Run, measure_all
from matplotlib.figure import Figure

from sgnn import GroupLassoMLPRegressor
from sgnn.algorithms import Proximal
from sgnn.datasets import make_strong_group_sparse

GROUP, LASSO, SPARSE, COLUMN = "group lasso", "lasso", "sparse group lasso", "column by column"
PENALTIES = {
    GROUP: "group_lasso", LASSO: "l1", SPARSE: "sparse_group_lasso", COLUMN: "group_lasso",
}  # fmt: skip
STYLES = {GROUP: "C0o-", LASSO: "C3v-", SPARSE: "C1s-", COLUMN: "C2^-"}
GROUP_SIZE = 8
NOISE = 0.1  # its standard deviation, where the signal's is 1
TEST_ROWS = 2000


@dataclass(frozen=True)
class Model:
    """One panel: a model, and data that it can learn.

    Attributes
    ----------
    n_rows : int
        To train on, and as many to choose lam by.
    n_active : int
        Groups that hold the nonzero coefficients.
    """

    settings: dict[str, Any]
    solvers: tuple[str, ...]
    lams: tuple[float, ...]
    n_rows: int
    n_active: int
    nonlinear: bool


LINEAR = Model(
    # the polish that ends the training solves a model without hidden layers
    settings={"hidden_layer_sizes": (), "max_epochs": 1, "warmup_epochs": 0},
    solvers=(GROUP, LASSO, SPARSE),
    lams=(1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
    n_rows=100,
    n_active=4,
    nonlinear=False,
)
NETWORK = Model(
    settings={
        "hidden_layer_sizes": (32, 32),
        "regularize": ("input",),
        "batch_size": 100,
        "max_epochs": 100,
        "lr_schedule": 0.97,
        "algorithm": Proximal(polish_iter=50),
    },
    solvers=(GROUP, LASSO, SPARSE, COLUMN),
    lams=(2e-3, 5e-3, 1e-2),
    n_rows=700,
    n_active=2,
    nonlinear=True,
)


@dataclass(frozen=True)
class Size:
    """How much is tried: models with their numbers of seeds, and the shares of nonzeros."""

    models: dict[str, tuple[Model, int]]
    correctness: tuple[float, ...]
    n_groups: int = 40


SIZES = {
    "full": Size({"linear model": (LINEAR, 5), "network": (NETWORK, 3)}, (0.125, 0.25, 0.5, 1.0)),
    "quick": Size({"linear model": (LINEAR, 3), "network": (NETWORK, 1)}, (0.125, 1.0)),
    "tiny": Size({"linear model": (LINEAR, 1)}, (0.125, 1.0), n_groups=25),
}


def planted(model: Model, n_groups: int, correctness: float, seed: int) -> Data:
    """Training, validation and test rows of one draw of the coefficients."""
    made = make_strong_group_sparse(
        2 * model.n_rows + TEST_ROWS, n_groups, GROUP_SIZE, model.n_active, correctness,
        nonlinear=model.nonlinear, noise=NOISE, random_state=seed,
    )  # fmt: skip
    cuts = [model.n_rows, 2 * model.n_rows]
    (X, X_valid, X_test), (y, y_valid, y_test) = (
        np.split(part, cuts) for part in (made.data, made.target)
    )
    return Data(made.groups, X, y, X_valid, y_valid, X_test, y_test)


def solvers(model: Model, groups: np.ndarray, seed: int) -> Iterator[tuple[str, Any]]:
    """Every penalty at every lam."""
    for name in model.solvers:
        for lam in model.lams:
            yield (
                name,
                GroupLassoMLPRegressor(
                    None if name == COLUMN else groups,
                    lam=lam,
                    regularizer=PENALTIES[name],
                    standardize=False,
                    group_weights="sqrt_size",
                    random_state=seed,
                    **model.settings,
                ),
            )


def explained(estimator: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Share of the variance of y that the predictions explain."""
    return estimator.score(X, y)


@dataclass(frozen=True)
class Found:
    """A solver on one draw: the run with the best validation value, and the groups it reads."""

    model: str
    correctness: float
    solver: str
    run: Run
    kept: int

    @property
    def error(self) -> float:
        """Mean squared error on the test rows, in percent of the variance."""
        return 100 * (1 - self.run.test)


def found(runs: Sequence[Run], name: str, correctness: float, groups: np.ndarray) -> list[Found]:
    """The best run of each solver."""
    best = {}
    for run in sorted(runs, key=lambda run: run.valid):
        best[run.solver] = run
    return [
        Found(name, correctness, solver, run, kept(run, groups)) for solver, run in best.items()
    ]


def kept(run: Run, groups: np.ndarray) -> int:
    """Number of groups of which the model reads a column."""
    if run.solver == COLUMN:  # which names its groups by the numbers of their columns
        return len(set(np.delete(groups, [int(column) for column in run.removed])))
    return len(set(groups)) - len(run.removed)


def experiment(size: Size, cache: Path | None) -> tuple[list[Found], list[Run]]:
    """The best runs of every draw, and all runs."""
    best, runs = [], []
    for name, (model, seeds) in size.models.items():
        for correctness, seed in product(size.correctness, range(seeds)):
            data = planted(model, size.n_groups, correctness, seed)
            tried = measure_all(solvers(model, data.groups, seed), data, explained, cache)
            best += found(tried, name, correctness, data.groups)
            runs += tried
    return best, runs


# report ----------------------------------------------------------------------------------------


def mean_error(of: Sequence[Found]) -> tuple[float, float]:
    """Mean over the seeds, and its standard error."""
    errors = [one.error for one in of]
    return float(np.mean(errors)), float(np.std(errors) / np.sqrt(len(errors)))


def table_rows(best: Sequence[Found]) -> Iterator[list[str]]:
    """For every model and correctness the error of each solver, and the groups it keeps."""
    for row in dict.fromkeys((one.model, one.correctness) for one in best):
        here = [one for one in best if (one.model, one.correctness) == row]
        cells = [cell([one for one in here if one.solver == solver]) for solver in PENALTIES]
        yield [row[0], f"{row[1]:g}", *cells]


def cell(of: Sequence[Found]) -> str:
    """Such as "3.2 ± 0.1 (24)"; "-" for a solver that is not tried."""
    if not of:
        return "-"
    mean, spread = mean_error(of)
    return f"{mean:.1f} ± {spread:.1f} ({np.mean([one.kept for one in of]):.0f})"


def draw(best: Sequence[Found]) -> Figure:
    """Error against correctness, one panel for each model."""
    names = list(dict.fromkeys(one.model for one in best))
    figure = Figure(figsize=(4.6 * len(names), 4), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(names), sharey=True))
    for ax, name in zip(axes, names, strict=True):
        for solver, style in STYLES.items():
            mine = [one for one in best if (one.model, one.solver) == (name, solver)]
            if mine:
                at = sorted({one.correctness for one in mine})
                stats = [mean_error([one for one in mine if one.correctness == c]) for c in at]
                ax.errorbar(at, *np.transpose(stats), fmt=style, ms=5, capsize=2, label=solver)
        ax.axhline(100 * NOISE**2 / (1 + NOISE**2), color="k", ls=":", lw=1, label="noise")
        ax.set(title=name, xlabel="correctness, ||w||_0 / k", yscale="log")
        plain(ax.yaxis)
    axes[0].set_ylabel("test error (% of the variance)")
    handles, labels = axes[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)  # the networks are too small for more
    best, runs = experiment(SIZES[options.size], options.cache)

    report = Report("group-sparsity", "group_sparsity_strong", options.out)
    report.table(["model", "correctness", *PENALTIES], table_rows(best))
    report.figure(draw(best), "Figure 3: test error against correctness; bars are standard errors.")
    report.close(
        seeds={run.seed for run in runs}, fits=len(runs), seconds=sum(run.seconds for run in runs)
    )


if __name__ == "__main__":
    main()
