"""Selections of several runs, and a similarity of groups."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

EVEN = np.arange(28) % 2 == 0
# Three runs {0, 1} and one {0, 2} of four groups.
RUNS = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]])

supports = arrays(bool, st.tuples(st.integers(2, 6), st.integers(1, 7)))
# No database of failing examples on disk.
few = settings(max_examples=100, deadline=None, database=None)


def kernel(n_groups, width=2.0):
    """Return a Gaussian of the distance of two rows."""
    row = np.arange(n_groups)
    return np.exp(-(np.subtract.outer(row, row) ** 2) / (2 * width**2))
