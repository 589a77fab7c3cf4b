"""On donor splice sites the positions are removed in the order of their importance."""

from __future__ import annotations

import os
from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sgnn.datasets import fetch_donor_splice_sites
from sgnn.metrics import max_correlation_coefficient
from sgnn.selection import lambda_path

from ..versions import L1


@pytest.fixture(scope="module")
def sites():
    """The distinct sites and their counts."""
    if "SGNN_DATA" not in os.environ:
        pytest.skip("SGNN_DATA is not set")
    try:
        return fetch_donor_splice_sites(counts=True, download_if_missing=False)
    except FileNotFoundError as error:
        pytest.skip(str(error))


def table_score(sites, positions):
    """Max CC on the test rows of the share of donors among training rows alike at the positions.

    The best that any function of these positions could learn, but for sampling.
    """
    place = 4 ** np.arange(len(positions))
    code, test = (X.reshape(-1, 7, 4).argmax(axis=2)[:, positions] @ place
                  for X in (sites.data, sites.test_data))  # fmt: skip
    weight = sites.sample_weight
    rows, donors = (np.bincount(code, w, 4**7) for w in (weight, weight * sites.target))
    share = (donors + weight @ sites.target / weight.sum()) / (rows + 1)
    return max_correlation_coefficient(sites.test_target, share[test])


def test_removed_positions_are_those_of_least_loss_of_max_cc(sites):
    best = {
        n: set(max(combinations(range(7), 7 - n), key=lambda kept: table_score(sites, list(kept))))
        for n in (1, 2, 3)
    }
    model = LogisticRegression(**L1, solver="liblinear")
    path = lambda_path(
        model, sites.data, sites.target, 12, groups=sites.groups, sample_weight=sites.sample_weight
    )
    found = {7 - support.sum(): set(np.flatnonzero(support)) for support in path.support_}
    assert {n: found[n] for n in best} == best
