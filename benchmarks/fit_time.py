"""How long a fit takes: rows x groups x estimator, as docs/guide/time.md has it.

    OMP_NUM_THREADS=1 python benchmarks/fit_time.py [--limit 100]

Processor seconds of one fit, in one thread, to planted groups of five columns, a tenth of them
informative, with the defaults of each estimator.  "-": left out, since with a tenth of the rows it
took more than a tenth of the limit.
"""

from __future__ import annotations

import argparse
import itertools
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
    "GroupLassoClassifier": GroupLassoClassifier,
    "GroupLassoMLP": GroupLassoMLP,
    "SGINClassifier": SGINClassifier,
    "LambdaSearchCV(SGINClassifier, 10, cv=3)": lambda groups: LambdaSearchCV(
        SGINClassifier(groups), lams=10, cv=3
    ),
    "StabilitySelector(SGINClassifier, 20)": lambda groups: StabilitySelector(
        SGINClassifier(groups), n_bootstraps=20
    ),
    "BudgetSelector(GroupLassoClassifier)": lambda groups: BudgetSelector(
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
    cells = list(itertools.product(GROUPS, ROWS))
    print("| |" + "".join(f" {groups} groups, {rows} rows |" for groups, rows in cells))
    print("|---" * (len(cells) + 1) + "|")
    for name, make in ESTIMATORS.items():
        print(f"| `{name}` |", end="", flush=True)
        for groups in GROUPS:
            took = 0.0
            for rows in ROWS:
                took = seconds(make, rows, groups) if took <= limit / 10 else math.inf
                print(f" {took:.2g} |" if took < math.inf else " - |", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
