"""An arena of choosers of groups: how well a network predicts from the groups that each chose.

    python benchmarks/selection.py --out arena.jsonl [--data lin,xor] [--solvers budget,sgin]
        [--seeds 0,1]
    python benchmarks/selection.py --table arena.jsonl [the same]
    python benchmarks/selection.py --tiny

Every solver of SOLVERS chooses k groups of columns on the training rows of every data set of DATA
(selection_data.py), for each of its sizes k.  Networks of one recipe are then trained on the chosen
columns of the training rows; their mean balanced accuracy on the test rows is the score.  A seed
draws the problem or the split, and is that of the solver and of the networks, so that differences
are paired.  What --out holds is not computed again; another --alpha needs another file.  --table
prints the tables of docs/arena.md, of the seeds that all solvers of the table have.

Donor sites, hydraulics and MNIST are fetched, or read from $SGNN_DATA; LassoNet takes part if it is
installed.  A new solver is one function `Task -> {column of the tables: {k: sets}}` in SOLVERS.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
from selection_data import DATA, labels
from selection_tables import EVERY_SET, tables
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sgnn import BudgetSelector, GroupLassoClassifier, GroupLassoMLP, SGINClassifier
from sgnn.inspection import group_permutation_importance

RANDOM_SETS = 8
FEW_GROUPS = 10  # so many that every set can be tried
LARGEST_FORWARD = 500_000  # entries of X that forward selection can cope with
TINY = {"data": ["heart", "digits"], "seeds": [0], "rows": 100}


def every_group(task):
    """Choose all; its seconds are those of one dense fit."""
    task.network().fit(task.X, task.y)
    return {"all groups": {k: np.ones(task.n_groups, dtype=bool) for k in task.sizes}}


def random_sets(task):
    """k groups at random; the score is the mean of some sets."""
    rng = np.random.default_rng(task.seed)
    order = [rng.permutation(task.n_groups) for _ in range(RANDOM_SETS)]
    return {"random": {k: np.stack([ranks < k for ranks in order]) for k in task.sizes}}


def budget(task):
    """BudgetSelector, one search: exactly k groups, and k at most."""
    model = SGINClassifier(task.groups, max_epochs=1, standardize=task.standardize)
    selector = BudgetSelector(
        model, max_groups=max(task.sizes), evaluate=None, random_state=task.seed
    ).fit(task.X, task.y)

    def choose(exactly):
        selector.set_params(exactly=exactly)
        answers = {k: selector.choose(max_groups=k)["groups"] for k in task.sizes}
        return {k: np.isin(np.arange(task.n_groups), chosen) for k, chosen in answers.items()}

    return {"Budget, at most k": choose(False), "Budget, exactly k": choose(True)}


def by_max_groups(kind, task):
    """A fit for each k of an estimator that removes groups while it trains."""

    def support(k):
        model = kind(
            task.groups, max_groups=k, standardize=task.standardize, random_state=task.seed
        )
        return model.fit(task.X, task.y).get_group_support()

    return {k: support(k) for k in task.sizes}


def sgin(task):
    """SGINClassifier with max_groups."""
    return {"SGIN": by_max_groups(SGINClassifier, task)}


def group_lasso_mlp(task):
    """GroupLassoMLP with max_groups."""
    return {"GroupLassoMLP": by_max_groups(GroupLassoMLP, task)}


def largest(supports, sizes):
    """For each k the largest of the supports with at most k groups."""
    counts = supports.sum(1)
    return {k: supports[np.where(counts <= k, counts, -1).argmax()] for k in sizes}


def linear_path(task):
    """The linear group lasso, at 200 lams."""
    model = GroupLassoClassifier(task.groups, standardize=task.standardize)
    path = model.path(task.X, task.y, lams=200)
    return {"linear path": largest(path.group_norms > 0, task.sizes)}


def forward(task):
    """scikit-learn's SequentialFeatureSelector with logistic regression.

    Its columns are groups: entry (i, g) is i G + g, which says what row and group to look up.
    """
    if task.X.size > LARGEST_FORWARD:
        return {}
    n, G = len(task.X), task.n_groups

    def look_up(codes):
        return task.X[codes[:, 0] // G][:, np.isin(task.groups, codes[0] % G)]

    model = make_pipeline(FunctionTransformer(look_up), LogisticRegression())
    codes = np.arange(n * G).reshape(n, G)

    def support(k):
        selector = SequentialFeatureSelector(model, n_features_to_select=k, cv=4)
        return selector.fit(codes, task.y).get_support()

    return {"forward, logistic": {k: support(k) for k in task.sizes}}


def permutation(task):
    """Remove the group of least permutation importance on held-out rows, refit, and so on."""
    X, X_val, y, y_val = train_test_split(
        task.X, task.y, test_size=1 / 4, stratify=task.y, random_state=task.seed
    )
    left, found = np.arange(task.n_groups), {}
    while len(left) > min(task.sizes):
        columns = np.isin(task.groups, left)
        network = task.network().fit(X[:, columns], y)
        drops = group_permutation_importance(
            network, X_val[:, columns], y_val, groups=labels(task.groups[columns]),
            scoring="neg_log_loss", n_repeats=3, random_state=task.seed,
        )  # fmt: skip
        left = np.delete(left, drops.importances_mean.argmin())
        found[len(left)] = np.isin(np.arange(task.n_groups), left)
    return {"permutation": {k: found[k] for k in task.sizes}}


def lassonet(task):
    """LassoNet's path."""
    if not find_spec("lassonet"):
        return {}
    from lassonet import LassoNetClassifier

    columns = [np.flatnonzero(task.groups == g).tolist() for g in range(task.n_groups)]
    model = LassoNetClassifier(
        hidden_dims=(100,), groups=columns, verbose=0, random_state=task.seed, torch_seed=task.seed
    )
    path = model.path(task.X.astype(np.float32), labels(task.y), disable_lambda_warning=True)
    kept = np.stack([item.selected.numpy() for item in path]).astype(bool)
    supports = np.stack([kept[:, group].any(1) for group in columns], axis=1)
    return {"LassoNet": largest(supports, task.sizes)}


def every_set(task):
    """All sets of k groups, where there are few: what the others are ranked among."""
    if task.n_groups > FEW_GROUPS:
        return {}
    every = np.arange(task.n_groups)
    sets = {k: [np.isin(every, s) for s in combinations(every, k)] for k in task.sizes}
    return {EVERY_SET: {k: np.stack(found) for k, found in sets.items()}}


SOLVERS = {
    f.__name__: f
    for f in (
        every_group, random_sets, budget, sgin, group_lasso_mlp, linear_path, forward, permutation,
        lassonet, every_set,
    )
}  # fmt: skip


def read(path):
    """The records of a file: a dict for each data set, seed, solver, column of the table and k."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def records(task, name, solver):
    """Run a solver and judge its choices."""
    began = time.process_time()
    answers = SOLVERS[solver](task)
    seconds = time.process_time() - began
    for column, choices in answers.items():
        for k, supports in choices.items():
            sets = [np.flatnonzero(support).tolist() for support in np.atleast_2d(supports)]
            yield {
                "data": name, "seed": task.seed, "solver": solver, "column": column, "k": k,
                "sets": sets, "scores": [task.score(tuple(s)) for s in sets], "seconds": seconds,
            }  # fmt: skip


def run(path, options):
    """Append what is missing to the file."""
    for name in options.data:
        for seed in options.seeds:
            known = [r for r in read(path) if (r["data"], r["seed"]) == (name, seed)]
            missing = [s for s in options.solvers if s not in {r["solver"] for r in known}]
            if not missing:
                continue
            task = DATA[name](seed)
            task.alpha = options.alpha
            if options.tiny:
                n = TINY["rows"]
                task = replace(task, X=task.X[:n], y=task.y[:n], sizes=task.sizes[:1])
            for r in known:
                task.scores |= zip(map(tuple, r["sets"]), r["scores"], strict=True)
            for solver in missing:
                found = list(records(task, name, solver))
                with path.open("a") as file:  # all of a solver's lines at once
                    file.write("".join(json.dumps(r) + "\n" for r in found))
                shown = [f"{r['column']} {r['k']}: {np.mean(r['scores']):.3f}" for r in found]
                print(name, seed, solver, f"{found[0]['seconds']:.1f} s" if found else "skipped",
                      *shown, sep="; ", flush=True)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def names(text):
        return text.split(",")

    parser.add_argument("--out", type=Path, default=Path("arena.jsonl"))
    parser.add_argument("--table", type=Path)
    parser.add_argument("--data", type=names, default=[*DATA])
    parser.add_argument("--solvers", type=names, default=[*SOLVERS])
    parser.add_argument("--seeds", type=lambda s: [*map(int, names(s))], default=[*range(5)])
    parser.add_argument("--alpha", type=float, default=0.1, help="weight decay of the networks")
    parser.add_argument("--tiny", action="store_true", help="a smoke test of a minute")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # budgets met by force, short networks
    if options.tiny:
        options.data, options.seeds = TINY["data"], TINY["seeds"]
        options.solvers = [s for s in options.solvers if s != "lassonet"]  # takes minutes
    if not options.table:
        run(options.out, options)
    if options.table or options.tiny:
        asked = [
            r for r in read(options.table or options.out)
            if r["data"] in options.data and r["seed"] in options.seeds
            and r["solver"] in options.solvers
        ]  # fmt: skip
        tables(
            sorted(asked, key=lambda r: ([*DATA].index(r["data"]), [*SOLVERS].index(r["solver"])))
        )


if __name__ == "__main__":
    main()
