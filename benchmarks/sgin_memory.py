"""Peak memory of an SGIN fit against the size of X and of the cached first-layer product.

    python benchmarks/sgin_memory.py

59,000 x 784 in 28 groups, float32, hidden layers [1000, 100, 50], batches of 1000: what the
process grows by during `fit`, beyond X itself, next to one n x q matrix.
"""

from __future__ import annotations

import resource
import sys

import numpy as np

from sgnn import SGINClassifier

N, P, Q = 59_000, 784, 1000
MB = 2**20


def peak() -> float:
    """The most memory this process has held so far, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def model(**settings):
    return SGINClassifier(
        groups=28, lam=1e-3, optimizer="sgd", learning_rate=0.1, batch_size=1000,
        random_state=0, warmup_epochs=0, **settings,
    )  # fmt: skip


def main() -> None:
    rng = np.random.default_rng(0)
    # the libraries' own memory, before anything is measured
    model(hidden_layer_sizes=(8,), max_epochs=1).fit(
        rng.random((64, P), dtype=np.float32), np.arange(64) % 10
    )
    X = rng.random((N, P), dtype=np.float32)
    y = rng.integers(10, size=N)
    before = peak()
    model(hidden_layer_sizes=(Q, 100, 50), max_epochs=1).fit(X, y)
    grown = peak() - before
    product = N * Q * 4 / MB
    print(
        f"X {X.nbytes / MB:.0f} MB, n x q {product:.0f} MB; fit grew by {grown:.0f} MB = "
        f"n x q + {grown - product:.0f} MB (its own copy of X, {X.nbytes / MB:.0f} MB, included)"
    )


if __name__ == "__main__":
    main()
