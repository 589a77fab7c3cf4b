"""Peak memory of fits to float32 rows, beside X and in multiples of X.

    python benchmarks/peak_memory.py [--rows 100000] [--only NAME ...]

Rows x 300 in 30 groups, three of which y depends on, in C and in Fortran order.  Networks train for
three epochs, one of them a warm-up; the linear estimators are fitted at one lam, and along a path
of ten.  "SGIN, wide" is 784 columns in 28 groups and hidden layers [1000, 100, 50]: there the
product of the first layer with X, which is cached, is larger than X.

Every row of the table is a process of its own, in which a fit to a few rows has loaded the
libraries; what is counted is by how much the largest resident memory of that process grows during
the fit, so that what was there before, X and y included, is not.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

sys.path.insert(0, str(Path(__file__).parents[1]))
import sgnn

MB = 2**20
FEW = 300  # rows of the fit that loads the libraries
EPOCHS = {"max_epochs": 3, "warmup_epochs": 1, "random_state": 0}
LAMS = 10


def fit(name: str, **settings: Any) -> Callable:
    return lambda groups, X, y: getattr(sgnn, name)(groups, **settings).fit(X, y)


def path(name: str) -> Callable:
    return lambda groups, X, y: getattr(sgnn, name)(groups).path(X, y, lams=LAMS)


class Case(NamedTuple):
    """What is fitted, and to what: y has n_classes, or is numbers."""

    run: Callable
    n_classes: int | None = None
    n_groups: int = 30
    size: int = 10  # columns of a group


CASES = {
    "SGINClassifier": Case(fit("SGINClassifier", **EPOCHS), 2),
    "SGINRegressor": Case(fit("SGINRegressor", **EPOCHS)),
    "SGIN, wide": Case(
        fit("SGINClassifier", hidden_layer_sizes=(1000, 100, 50), max_epochs=1, random_state=0),
        10, 28, 28,
    ),
    "GroupLassoMLP": Case(fit("GroupLassoMLP", **EPOCHS), 2),
    "GroupLassoMLPRegressor": Case(fit("GroupLassoMLPRegressor", **EPOCHS)),
    "GroupLassoClassifier": Case(fit("GroupLassoClassifier"), 2),
    "GroupLassoClassifier, path": Case(path("GroupLassoClassifier"), 2),
    "GroupLassoClassifier, 5 classes": Case(fit("GroupLassoClassifier"), 5),
    "GroupLassoRegressor": Case(fit("GroupLassoRegressor")),
    "GroupLassoRegressor, path": Case(path("GroupLassoRegressor")),
}  # fmt: skip


def peak() -> int:
    """The most bytes that this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def table(case: Case, n: int, order: str) -> tuple[np.ndarray, np.ndarray]:
    """X, filled where it lies, so that nothing larger has been there before; and y."""
    rng, p = np.random.default_rng(0), case.n_groups * case.size
    X = np.empty((n, p) if order == "C" else (p, n), dtype=np.float32)
    rng.standard_normal(out=X, dtype=np.float32)
    X = X if order == "C" else X.T
    y = X[:, : 3 * case.size : case.size].sum(1) + rng.standard_normal(n)
    if case.n_classes is None:
        return X, y
    return X, np.digitize(y, np.quantile(y, np.linspace(0, 1, case.n_classes + 1)[1:-1]))


def grown(case: Case, n: int, order: str) -> tuple[float, int]:
    """What the fit holds beside X at its peak, over the bytes of X, and these."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # of three epochs, and of lambda_max
    groups = np.repeat(np.arange(case.n_groups), case.size)
    case.run(groups, *table(case, FEW, order))
    X, y = table(case, n, order)
    before = peak()
    case.run(groups, X, y)
    return (peak() - before) / X.nbytes, X.nbytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), metavar="NAME")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)  # in a process of its own
    arguments = parser.parse_args()
    if arguments.one is not None:
        name, order = arguments.one
        times, size = grown(CASES[name], arguments.rows, order)
        print(f"{name:32}{order:>6}{size / MB:10.0f}{times * size / MB:10.0f}{times:10.2f}")
        return
    print(f"{'':32}{'order':>6}{'X, MB':>10}{'beside, MB':>12}{'over X':>8}")
    for name in arguments.only:
        for order in "CF":
            command = [__file__, "--rows", str(arguments.rows), "--one", name, order]
            subprocess.run([sys.executable, *command], check=True)


if __name__ == "__main__":
    main()
