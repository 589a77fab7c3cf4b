"""How long a fit takes: rows x groups x estimator, as docs/guide/time.md has it.

    OMP_NUM_THREADS=1 python benchmarks/fit_time.py [--limit 100]

Processor seconds of one fit, in one thread, to planted groups of five columns, a tenth of them
informative, with the defaults of each estimator.  "-": left out, since with a tenth of the rows it
took more than a tenth of the limit.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from sgnn import (
    BudgetSelector,
    GroupLassoClassifier,
    GroupLassoMLP,
    LambdaSearchCV,
    SGINClassifier,
    StabilitySelector,
)
from sgnn.datasets import make_grouped_classification

ROWS, GROUPS, GROUP_SIZE = (300, 3000, 30_000), (10, 50, 200), 5

ESTIMATORS: dict[str, Callable[[Any], Any]] = {
    "linear": GroupLassoClassifier,
    "MLP": GroupLassoMLP,
    "SGIN": SGINClassifier,
    "lam of SGIN": lambda groups: LambdaSearchCV(SGINClassifier(groups), lams=10, cv=3),
    "bootstraps of SGIN": lambda groups: StabilitySelector(SGINClassifier(groups), n_bootstraps=20),
    "budget, linear": lambda groups: BudgetSelector(
        GroupLassoClassifier(groups), max_groups=5, evaluate=None
    ),
}


def seconds(make: Callable[[Any], Any], n_rows: int, n_groups: int) -> float:
    """Processor seconds of one fit."""
    data = make_grouped_classification(
        n_rows, n_groups, GROUP_SIZE, n_informative=n_groups // 10, random_state=0
    )
    model = make(data.groups)
    if "random_state" in model.get_params():
        model.set_params(random_state=0)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of lams at which nothing is left
        model.fit(data.data, data.target)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the table of docs/guide/time.md.")
    parser.add_argument("--limit", type=float, default=100, help="seconds a fit may take (100)")
    limit = parser.parse_args().limit
    seconds(GroupLassoMLP, 300, 10)  # what is imported and compiled once
    print("| groups | rows |" + "".join(f" {name} |" for name in ESTIMATORS))
    print("|---" * (2 + len(ESTIMATORS)) + "|")
    for n_groups in GROUPS:
        took = dict.fromkeys(ESTIMATORS, 0.0)  # with a tenth of the rows
        for n_rows in ROWS:
            print(f"| {n_groups} | {n_rows} |", end="", flush=True)
            for name, make in ESTIMATORS.items():
                slow = took[name] > limit / 10
                took[name] = math.inf if slow else seconds(make, n_rows, n_groups)
                print(" - |" if slow else f" {took[name]:.2g} |", end="", flush=True)
            print()


if __name__ == "__main__":
    main()
