"""How often a search over lam finds exactly the groups that were planted, and how long it takes.

2000 rows of 100 columns in 20 groups; two classes, which depend on squares in four of the groups,
so that no linear model finds them.  LambdaSearchCV with one standard error over SGINClassifier
and over GroupLassoMLP, at their defaults, for each seed of the data and the estimator.

    python benchmarks/planted_groups.py [--seeds 10]
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sgnn import GroupLassoMLP, LambdaSearchCV, SGINClassifier
from sgnn.datasets import make_grouped_classification


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # the search looks for the end of the path
    for kind in (SGINClassifier, GroupLassoMLP):
        found, scores, began = 0, [], time.process_time()
        for seed in range(options.seeds):
            made = make_grouped_classification(
                2000, 20, 5, n_informative=4, nonlinear=True, random_state=seed
            )
            search = LambdaSearchCV(
                kind(made.groups, random_state=seed), lams=8, cv=3, select="one_se"
            ).fit(made.data, made.target)
            found += np.array_equal(search.best_estimator_.group_support_, made.support)
            scores.append(search.best_score_)
        seconds = (time.process_time() - began) / options.seeds
        print(
            f"{kind.__name__}: exactly the four groups for {found} of {options.seeds} seeds, "
            f"accuracy {np.mean(scores):.3f}, {seconds:.0f} s for a search",
            flush=True,
        )


if __name__ == "__main__":
    main()
