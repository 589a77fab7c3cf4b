"""Data whose columns come in groups: generators, embedded data and downloads.

Each function returns a :class:`sklearn.utils.Bunch` whose ``groups`` (one label per column) can be
given to an estimator as ``groups=`` as it is.
"""

from ..components import discover
from ._covertype import fetch_covertype
from ._donor_sites import fetch_donor_splice_sites
from ._embedded import load_digit_rows
from ._generators import make_grouped_classification, make_grouped_regression
from ._heart_costs import fetch_heart_costs, load_heart_costs
from ._hydraulic import fetch_hydraulic
from ._mnist import fetch_fashion_mnist_rows, fetch_mnist_rows
from ._parity import make_parity
from ._sensorless import fetch_sensorless_drive
from ._strong_group_sparse import make_strong_group_sparse
from ._wavelets import haar_groups, inverse_haar_groups

__all__ = [
    "fetch_covertype",
    "fetch_donor_splice_sites",
    "fetch_fashion_mnist_rows",
    "fetch_heart_costs",
    "fetch_hydraulic",
    "fetch_mnist_rows",
    "fetch_sensorless_drive",
    "haar_groups",
    "inverse_haar_groups",
    "load_digit_rows",
    "load_heart_costs",
    "make_grouped_classification",
    "make_grouped_regression",
    "make_parity",
    "make_strong_group_sparse",
]

# every function of a file here that fetches, loads or makes data, also one that is not listed
DATASETS = {
    name: found
    for module in discover(__name__)
    for name, found in vars(module).items()
    if name.startswith(("fetch_", "load_", "make_")) and found.__module__ == module.__name__
}
globals().update(DATASETS)
