"""How many functions, in how many files, whoever reads a fit comes through until its first step."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator

from sgnn import GroupLassoRegressor, SGINClassifier

from .hops import CASES, n_files, route, route_of

BOUNDS = {  # functions, files
    "SGINClassifier": (75, 16),
    "GroupLassoMLP": (85, 20),
    "SparseGroupCNN": (105, 24),
    "LambdaSearchCV": (105, 26),
}
X = np.random.default_rng(0).normal(size=(60, 6))
Y = np.arange(60) % 2


class Fails(BaseEstimator):
    def fit(self, X, y):
        raise ValueError("a fit that fails")


@pytest.fixture
def profile():
    """A profile function that is set for the test, and the one before it afterwards."""
    before = sys.getprofile()

    def ours(frame, event, arg):
        pass

    sys.setprofile(ours)
    yield ours
    sys.setprofile(before)


@pytest.mark.parametrize("name", CASES)
def test_the_way_to_the_first_step_is_short(name):
    functions, files = BOUNDS[name]
    hops = route_of(name)
    assert len(hops) <= functions
    assert n_files(hops) <= files


def test_each_function_is_counted_once_from_fit_on():
    hops = route(SGINClassifier(random_state=0), X, Y)
    functions = [function for _, function in hops]
    assert functions[0].endswith(".fit")
    assert "SGINClassifier.__init__" not in functions
    assert len(set(hops)) == len(hops)
    assert not any(function.endswith(">") for function in functions)


@pytest.mark.parametrize(
    ("estimator", "error"),
    [
        (SGINClassifier(random_state=0), None),
        (GroupLassoRegressor(), RuntimeError),  # has no torch optimizer
        (Fails(), ValueError),
    ],
)
def test_nothing_stays_behind(estimator, error, profile):
    if error is None:
        route(estimator, X, Y)
    else:
        with pytest.raises(error):
            route(estimator, X, Y)
    assert sys.getprofile() is profile
    assert not hasattr(estimator, "n_features_in_")
    parameter = torch.ones(1, requires_grad=True)
    parameter.grad = torch.ones(1)
    torch.optim.SGD([parameter], lr=1.0).step()
    assert parameter.item() == 0
