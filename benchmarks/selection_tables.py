"""The tables of benchmarks/selection.py, from its records."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

EVERY_SET, REFERENCE = "every set", "SGIN"
NO_RIVALS = ("all groups", "random", EVERY_SET)  # columns that are never the best solver
FREE = ("random_sets", "every_set")  # solvers whose seconds say nothing


def table(header, rows):
    """Print a table in Markdown."""
    print("\n| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    print("".join("| " + " | ".join(map(str, row)) + " |\n" for row in rows), end="")


def mean_se(values):
    """Mean and its standard error, NaN of a single value."""
    se = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(np.mean(values)), float(se)


def cells(found):
    """{(data, k): {column: (scores, sizes) by seed}} of the seeds that all columns have."""
    seeds = defaultdict(lambda: defaultdict(set))
    for r in found:
        seeds[r["data"]][r["column"]].add(r["seed"])
    common = {data: set.intersection(*of.values()) for data, of in seeds.items()}
    cell = defaultdict(lambda: defaultdict(list))
    for r in sorted(found, key=lambda r: r["seed"]):
        if r["seed"] in common[r["data"]]:
            size = np.mean([len(s) for s in r["sets"]])
            cell[r["data"], r["k"]][r["column"]].append((np.mean(r["scores"]), size))
    return {key: {c: np.array(v).T for c, v in of.items()} for key, of in cell.items()}


def score_table(cell, columns):
    """Mean score (its standard error) [groups, if fewer than k]; the best solver in bold."""

    def entry(of, column, k):
        if column not in of:
            return "-"
        scores, sizes = of[column]
        mean, se = mean_se(scores)
        best = max(of[c][0].mean() for c in of if c not in NO_RIVALS)
        shown = f"**{mean:.3f}**" if column not in NO_RIVALS and mean == best else f"{mean:.3f}"
        fewer = f" [{sizes.mean():.1f}]" if sizes.mean() < k else ""
        return shown + (f" ({se:.3f})" if len(scores) > 1 else "") + fewer

    rows = [
        [d, k, len(next(iter(of.values()))[0]), *(entry(of, c, k) for c in columns)]
        for (d, k), of in cell.items()
    ]
    table(["data", "k", "seeds", *columns], rows)


def summary_table(cell, columns):
    """Over cells: the mean difference to the best solver of each, and to SGIN's max_groups."""
    rows = []
    for column in columns:
        of_column = [of for of in cell.values() if column in of and REFERENCE in of]
        gaps = [
            of[column][0].mean() - max(of[c][0].mean() for c in of if c not in NO_RIVALS)
            for of in of_column
        ]
        pairs = [mean_se(of[column][0] - of[REFERENCE][0]) for of in of_column]
        worse = sum(d < -2 * se for d, se in pairs)
        better = sum(d > 2 * se for d, se in pairs)
        rows.append([
            column, len(gaps), f"{np.mean(gaps):+.4f}", f"{np.min(gaps):+.3f}",
            f"{np.mean([d for d, _ in pairs]):+.4f}", worse, better,
        ])  # fmt: skip
    header = ["", "cells", "to the best", "at worst", f"to {REFERENCE}"]
    table([*header, "worse by 2 s.e.", "better by 2 s.e."], rows)


def seconds_table(found):
    """Seconds of a solver for all k, and multiples of one dense fit."""
    seconds = defaultdict(lambda: defaultdict(list))
    for r in found:
        seconds[r["data"]][r["solver"]].append(r["seconds"])
    solvers = [s for s in dict.fromkeys(r["solver"] for r in found) if s not in FREE]

    def entry(of, solver):
        if solver not in of:
            return "-"
        mean = np.mean(of[solver])
        return f"{mean:.1f}" + (
            f" ({mean / np.mean(of['every_group']):.0f})" if "every_group" in of else ""
        )

    rows = [[data, *(entry(of, s) for s in solvers)] for data, of in seconds.items()]
    table(["seconds (dense fits)", *solvers], rows)


def rank_table(found, columns):
    """Mean rank of each choice among all sets of k groups, 1 the best."""
    every = {(r["data"], r["seed"], r["k"]): r["scores"] for r in found if r["column"] == EVERY_SET}
    ranks = defaultdict(lambda: defaultdict(list))
    for r in found:
        rivals = every.get((r["data"], r["seed"], r["k"]))
        if rivals and r["column"] not in NO_RIVALS:
            rank = 1 + sum(score > r["scores"][0] for score in rivals)
            ranks[r["data"], r["k"], len(rivals)][r["column"]].append(rank)
    rows = [
        [*key, *(f"{np.mean(of[c]):.1f}" if c in of else "-" for c in columns)]
        for key, of in ranks.items()
    ]
    if rows:
        table(["rank on", "k", "of", *columns], rows)


def tables(found):
    """Print all tables of these records, with columns in their order."""
    columns = list(dict.fromkeys(r["column"] for r in found))
    cell = cells([r for r in found if r["column"] != EVERY_SET])
    score_table(cell, [c for c in columns if c != EVERY_SET])
    summary_table(cell, [c for c in columns if c != EVERY_SET])
    rank_table(found, [c for c in columns if c not in NO_RIVALS])
    seconds_table(found)
