"""An experiment is data, an objective and solvers; a run is one solver measured on one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Memory

__all__ = ["Data", "Run", "accuracy", "best_by_removed", "measure", "measure_all"]

Objective = Callable[[Any, np.ndarray, np.ndarray], float]


@dataclass(frozen=True, eq=False)
class Data:
    """Rows to train on, to choose by, and to report.

    Attributes
    ----------
    groups : ndarray of shape (n_features,)
        The label of each column.
    weight : ndarray of shape (n_train,) or None
        Sample weights of the training rows.
    """

    groups: np.ndarray
    X: np.ndarray
    y: np.ndarray
    X_valid: np.ndarray
    y_valid: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    weight: np.ndarray | None = None


@dataclass(frozen=True)
class Run:
    """One fitted model: what it removed, and the objective on validation and test rows.

    Attributes
    ----------
    removed : tuple of str
        Names of the removed groups.
    seconds : float
        Processor time of the fit, which other programs on the machine do not lengthen.
    history : list of dict
        `history_` of the estimator, one entry an epoch.
    parameters, left : int
        Weights and biases of the network, and the nonzero ones of what the outputs depend on.
    units : tuple of int
        Inputs and hidden units that the outputs depend on, layer by layer.
    """

    solver: str
    lam: float
    seed: int
    removed: tuple[str, ...]
    valid: float
    test: float
    seconds: float
    history: list[dict]
    parameters: int = 0
    left: int = 0
    units: tuple[int, ...] = ()

    @property
    def hidden(self) -> int:
        """Hidden units that the outputs depend on."""
        return sum(self.units[1:])

    @property
    def neurons(self) -> int:
        """The same with the inputs."""
        return sum(self.units)


def accuracy(estimator: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Share of the rows that are classified right."""
    return estimator.score(X, y)


def measure(solver: str, estimator: Any, data: Data, objective: Objective) -> Run:
    """Fit the estimator and look at it."""
    start = time.process_time()
    estimator.fit(data.X, data.y, sample_weight=data.weight)
    seconds = time.process_time() - start
    kept, small = set(estimator.selected_groups_), estimator.compact()
    return Run(
        solver=solver,
        lam=estimator.lam,
        seed=estimator.random_state,
        removed=tuple(str(name) for name in estimator.groups_.names if name not in kept),
        valid=objective(estimator, data.X_valid, data.y_valid),
        test=objective(estimator, data.X_test, data.y_test),
        seconds=seconds,
        history=estimator.history_,
        parameters=sum(p.numel() for p in estimator.module_.parameters()),
        left=sum(int(p.count_nonzero()) for p in small.parameters()),
        units=tuple(W.shape[1] for W in (small.theta, *small.weights)),
    )


def measure_all(
    solvers: Iterable[tuple[str, Any]], data: Data, objective: Objective, cache: Path | None
) -> list[Run]:
    """Measure (name, estimator) pairs one after another, saying how each came out.

    With a `cache` folder, pairs that were measured on these data before are read from it; empty
    it when sgnn has changed.
    """
    remembered = Memory(cache, verbose=0).cache(measure)
    runs = []
    for name, estimator in solvers:
        run = remembered(name, estimator, data, objective)
        print(
            f"{run.solver}: lam={run.lam:g} seed={run.seed} removed {len(run.removed)}, "
            f"validation {run.valid:.4f}, {run.seconds:.1f} s",
            flush=True,
        )
        runs.append(run)
    return runs


def best_by_removed(runs: Sequence[Run], solver: str) -> dict[int, Run]:
    """For each number of removed groups the solver's run with the best validation objective."""
    best: dict[int, Run] = {}
    for run in runs:
        count = len(run.removed)
        if run.solver == solver and (count not in best or run.valid > best[count].valid):
            best[count] = run
    return dict(sorted(best.items()))
