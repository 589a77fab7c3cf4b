"""SGIN's defaults against 50 epochs of every group: accuracy on five tables, time beside an MLP.

An epoch of SGIN is a pass over the rows for every group, so that `max_epochs="auto"` falls with
the number of groups.  Accuracies are means over random splits, each with a seed of its own; the
same splits and seeds for both.  Times are processor seconds of single fits to the same rows, one
after the other: of SGINClassifier on digits, 64 groups of one pixel, and of MLPClassifier.

    python benchmarks/default_epochs.py [--splits 10] [--rounds 5]
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from statistics import median

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sgnn import SGINClassifier
from sgnn.datasets import load_digit_rows, make_grouped_classification

# What the defaults were while every number of groups had as many epochs.
FIFTY = {"lam": 0.01, "max_epochs": 50, "warmup_epochs": 20, "batch_size": 200}
WORSE = 0.005  # by which an accuracy may fall
SLOWER = 5.0  # times MLPClassifier's time


def tables() -> Iterator[tuple[str, np.ndarray, np.ndarray, object]]:
    """Name, X, y and groups."""
    X, y = load_digits(return_X_y=True)
    yield "digits, 64 pixels", X, y, None
    rows = load_digit_rows()
    yield "digits, 8 rows", rows.data, rows.target, rows.groups
    X, y = load_breast_cancer(return_X_y=True)
    yield "breast cancer, 10 quantities", X, y, np.arange(30) % 10
    for nonlinear in (False, True):
        made = make_grouped_classification(
            2000, 20, 5, n_informative=4, nonlinear=nonlinear, random_state=0
        )
        signal = "squares" if nonlinear else "linear"
        yield f"planted, {signal}, 20 groups", made.data, made.target, made.groups


def accuracy(X, y, groups, splits: int, **settings) -> tuple[float, float]:
    """Mean accuracy over the splits, and seconds of a fit."""
    scores, began = [], time.process_time()
    for seed in range(splits):
        X1, X2, y1, y2 = train_test_split(X, y, stratify=y, random_state=seed)
        model = SGINClassifier(groups, random_state=seed, **settings).fit(X1, y1)
        scores.append(model.score(X2, y2))
    return float(np.mean(scores)), (time.process_time() - began) / splits


def seconds(model, X, y) -> float:
    began = time.process_time()
    model.fit(X, y)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of single splits
    for name, X, y, groups in tables():
        now, then = (accuracy(X, y, groups, options.splits, **s) for s in ({}, FIFTY))
        print(
            f"{name}: accuracy {now[0]:.4f} in {now[1]:.2f} s; 50 epochs {then[0]:.4f} in "
            f"{then[1]:.2f} s",
            flush=True,
        )
        assert now[0] >= then[0] - WORSE
    if options.rounds:
        compare_times(options.rounds)


def compare_times(rounds: int) -> None:
    """Of SGINClassifier and MLPClassifier on digits."""
    X, y = load_digits(return_X_y=True)
    ratios, accuracies = [], []
    for seed in range(rounds):
        X1, X2, y1, y2 = train_test_split(X, y, random_state=seed)
        ours, rival = SGINClassifier(random_state=seed), MLPClassifier(random_state=seed)
        ratios.append(seconds(ours, X1, y1) / seconds(rival, X1, y1))
        accuracies.append((ours.score(X2, y2), rival.score(X2, y2)))
    ours, rival = np.mean(accuracies, axis=0)
    print(
        f"digits, 64 pixels: {median(ratios):.1f} times MLPClassifier's time ({min(ratios):.1f} to "
        f"{max(ratios):.1f}), accuracy {ours:.4f} beside {rival:.4f}"
    )
    assert median(ratios) <= SLOWER


if __name__ == "__main__":
    main()
