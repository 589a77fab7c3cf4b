"""Data whose columns come in groups: generators, embedded data and downloads.

Each function returns a :class:`sklearn.utils.Bunch` whose ``groups`` (one label per column) can be
given to an estimator as ``groups=`` as it is.
"""

from ._donor_sites import fetch_donor_splice_sites
from ._embedded import load_digit_rows
from ._generators import make_grouped_classification, make_grouped_regression
from ._mnist import fetch_mnist_rows
from ._parity import make_parity
from ._wavelets import haar_groups, inverse_haar_groups

__all__ = [
    "fetch_donor_splice_sites",
    "fetch_mnist_rows",
    "haar_groups",
    "inverse_haar_groups",
    "load_digit_rows",
    "make_grouped_classification",
    "make_grouped_regression",
    "make_parity",
]
