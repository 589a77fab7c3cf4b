"""The data sets of benchmarks/selection.py, and the network by which all choices are judged.

A new data set is one function `seed -> Task` in DATA.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from sgnn.datasets import (
    fetch_donor_splice_sites,
    fetch_hydraulic,
    fetch_mnist_rows,
    load_digit_rows,
    load_heart_costs,
)

NETWORKS = 2  # of whose scores the mean is taken
TEST_ROWS = 4000  # of the planted problems


@dataclass(eq=False)
class Task:
    """Rows to choose on and rows to test on; the label of each column's group, 0 to G - 1."""

    sizes: tuple[int, ...]
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    groups: np.ndarray
    seed: int = 0
    standardize: bool = True
    alpha: float = 0.1  # weight decay of the networks that judge
    scores: dict[tuple, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.standardize:
            scaler = StandardScaler().fit(self.X)
            self.X, self.X_test = scaler.transform(self.X), scaler.transform(self.X_test)
        self.n_groups = int(self.groups.max()) + 1

    def network(self, seed: int = 0) -> MLPClassifier:
        """The recipe by which all choices are judged."""
        return MLPClassifier(
            (100,), alpha=self.alpha, batch_size=64, learning_rate_init=3e-3, max_iter=30,
            random_state=NETWORKS * self.seed + seed,
        )  # fmt: skip

    def score(self, chosen: tuple[int, ...]) -> float:
        """Mean balanced accuracy, on the test rows, of networks that see these groups alone."""
        if not chosen:
            return 1 / len(np.unique(self.y))
        if chosen not in self.scores:
            columns = np.isin(self.groups, chosen)
            X, X_test = self.X[:, columns], self.X_test[:, columns]
            networks = [self.network(seed).fit(X, self.y) for seed in range(NETWORKS)]
            self.scores[chosen] = float(
                np.mean([balanced_accuracy_score(self.y_test, n.predict(X_test)) for n in networks])
            )
        return self.scores[chosen]


def planted(seed, sizes, X, signal, groups, rows):
    """A Task with y = 1[signal > 0], of whose rows all but TEST_ROWS are for training."""
    y = (signal > 0).astype(int)
    return Task(sizes, X[:rows], y[:rows], X[rows:], y[rows:], groups, seed)


def projections(rng, X, groups, chosen):
    """<v_g, x_g> for each chosen g, with a random v_g of length 1; (n, n_chosen)."""
    found = []
    for g in chosen:
        v = rng.normal(size=(groups == g).sum())
        found.append(X[:, groups == g] @ (v / np.linalg.norm(v)))
    return np.stack(found, axis=1)


def lin(seed, rows=1000):
    """y = 1[sum_{g in S} <v_g, x_g> + .8 e > 0]; |S| = 4 of 20 groups of 5 columns."""
    rng, groups = np.random.default_rng(seed), np.repeat(np.arange(20), 5)
    X = rng.normal(size=(rows + TEST_ROWS, 100))
    signal = projections(rng, X, groups, rng.choice(20, 4, replace=False)).sum(1)
    signal += 0.8 * rng.normal(size=len(X))
    return planted(seed, (2, 4, 5, 10), X, signal, groups, rows)


def xor(seed, rows=2000):
    """y = 1[<v_a, x_a> <v_b, x_b> + .1 e > 0] for 2 of 20 groups of 5 columns."""
    rng, groups = np.random.default_rng(seed), np.repeat(np.arange(20), 5)
    X = rng.normal(size=(rows + TEST_ROWS, 100))
    signal = projections(rng, X, groups, rng.choice(20, 2, replace=False)).prod(1)
    return planted(seed, (2, 5, 10), X, signal + 0.1 * rng.normal(size=len(X)), groups, rows)


def copies(seed, rows=1000):
    """y = 1[sum_f <v_f, z_f> + .5 e > 0]; each of 5 z_f is seen in 4 groups x_g = z_f + .5 e_g."""
    rng, families = np.random.default_rng(seed), np.repeat(np.arange(5), 4)
    Z = rng.normal(size=(rows + TEST_ROWS, 5, 3))
    signal = projections(rng, Z.reshape(len(Z), 15), np.repeat(np.arange(5), 3), range(5)).sum(1)
    X = Z[:, rng.permutation(families)] + 0.5 * rng.normal(size=(len(Z), 20, 3))
    signal += 0.5 * rng.normal(size=len(Z))
    groups = np.repeat(np.arange(20), 3)
    return planted(seed, (2, 5, 10), X.reshape(len(Z), 60), signal, groups, rows)


def uneq(seed, rows=150):
    """y = 1[sum_{g in S} <v_g, x_g> + .3 e > 0]; |S| = 3 of 20 groups of 2 to 20 columns."""
    rng, groups = np.random.default_rng(seed), np.repeat(np.arange(20), [*range(2, 21), 11])
    X = rng.normal(size=(rows + TEST_ROWS, len(groups)))
    signal = projections(rng, X, groups, rng.choice(20, 3, replace=False)).sum(1)
    return planted(seed, (3, 8, 15), X, signal + 0.3 * rng.normal(size=len(X)), groups, rows)


def labels(groups):
    """0 to G - 1 in place of names."""
    return np.unique(groups, return_inverse=True)[1]


def shuffled(seed, sizes, bunch):
    """A Task of all rows, a third of them for the test."""
    X, X_test, y, y_test = train_test_split(
        bunch.data, bunch.target, test_size=1 / 3, stratify=bunch.target, random_state=seed
    )
    return Task(sizes, X, y, X_test, y_test, labels(bunch.groups), seed)


def digits(seed):
    """1797 digits, 8 rows of 8 pixels."""
    return shuffled(seed, (2, 4, 6), load_digit_rows())


def heart(seed):
    """303 patients, 13 tests of one column each."""
    return shuffled(seed, (2, 4, 7), load_heart_costs())


def donor(seed):
    """Seven positions of 4 columns, 3000 rows, half of them donor sites; the test part likewise."""
    sites, rng = fetch_donor_splice_sites(), np.random.default_rng(seed)

    def balanced(y, n):
        return np.concatenate([rng.permutation(np.flatnonzero(y == c))[:n] for c in (0, 1)])

    rows, test = balanced(sites.target, 1500), balanced(sites.test_target, 4000)
    return Task(
        (2, 3, 5), sites.data[rows], sites.target[rows], sites.test_data[test],
        sites.test_target[test], labels(sites.groups), seed,
    )  # fmt: skip


def hydraulic(seed):
    """Condition of the valve from 17 sensors of 60 columns; a third of 21 blocks is tested."""
    rig = fetch_hydraulic(target="valve")
    blocks = np.arange(len(rig.target)) * 21 // len(rig.target)
    test = np.isin(blocks, np.random.default_rng(seed).choice(21, 7, replace=False))
    X, y, groups = rig.data, rig.target, labels(rig.groups)
    return Task((2, 4, 8), X[~test], y[~test], X[test], y[test], groups, seed)


def mnist(seed):
    """5000 of the training images in 28 rows of 28 pixels as they are; the whole test part."""
    mnist = fetch_mnist_rows()
    rows = np.random.default_rng(seed).choice(len(mnist.target), 5000, replace=False)
    return Task(
        (8, 18), mnist.data[rows], mnist.target[rows], mnist.test_data, mnist.test_target,
        labels(mnist.groups), seed, standardize=False,
    )  # fmt: skip


DATA = {f.__name__: f for f in (lin, xor, copies, uneq, digits, heart, donor, hydraulic, mnist)}
