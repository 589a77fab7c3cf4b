"""A table whose groups no linear model finds: the target depends on squares alone."""

from __future__ import annotations

from sklearn.utils import Bunch

from sgnn.datasets import make_grouped_classification


def planted_squares(random_state: int) -> Bunch:
    """2000 rows of 20 groups of 5 columns; two classes by the squares of a direction in 4 groups.

    Returns
    -------
    Bunch
        data, target, groups and support, as `make_grouped_classification` returns them.
    """
    return make_grouped_classification(
        2000, 20, 5, n_informative=4, nonlinear=True, random_state=random_state
    )
