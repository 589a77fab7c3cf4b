"""The grid of lams reaches from all groups selected to one or none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.svm import l1_min_c

from sgnn import SGINClassifier
from sgnn.selection import lambda_path

from ..versions import L1
from .counting import Counting


def covariances(made):
    """The lams at which Counting loses one column after the other, ascending."""
    deviation = made.data - made.data.mean(axis=0)
    return np.sort(np.abs(deviation.T @ made.target) / len(made.target))


@pytest.mark.parametrize("start", [1e-3, 0.1, 50.0, 0.0])
def test_ends_are_within_a_factor_of_two(numbers, start):
    path = lambda_path(Counting(lam=start), numbers.data, numbers.target, 7)
    reach = covariances(numbers)
    assert reach[-2] <= path.lams_[-1] < 2 * reach[-2]  # one left at it, more at half of it
    lowest = path.lams_[-1] / 1000
    assert path.lams_[0] <= max(reach[0], lowest) < 2 * path.lams_[0]
    assert path.n_groups_[-1] <= 1 < path.n_groups_[-2]
    np.testing.assert_allclose(np.diff(np.log(path.lams_)), np.log(path.lams_[1] / path.lams_[0]))
    assert len(path.lams_) == 7


def test_the_grid_of_lasso_ends_near_its_lambda_max(numbers):
    X, y = numbers.data, numbers.target
    path = lambda_path(Lasso(), X, y, 5)
    lambda_max = np.abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(y)
    assert lambda_max / 2 < path.lams_[-1] < 2 * lambda_max


def test_c_is_one_over_n_lam(classes):
    X, y = classes.data, classes.target
    logistic = LogisticRegression(**L1, solver="liblinear", tol=1e-8)
    smallest = l1_min_c(X, y, loss="log")
    lams = np.array([0.99, 1.01]) / (len(y) * smallest)
    path = lambda_path(logistic, X, y, lams)
    assert path.n_groups_[0] > 0 == path.n_groups_[1]
    weights = np.full(len(y), 3.0)
    weighted = lambda_path(logistic, X, y, lams, sample_weight=weights)
    np.testing.assert_array_equal(weighted.n_groups_, path.n_groups_)


class Exact(Counting):
    """Counting with `lambda_max_`."""

    @property
    def lambda_max_(self):
        return self.strengths_.max()


def test_lambda_max_is_the_upper_end_if_available(numbers):
    path = lambda_path(Exact(), numbers.data, numbers.target, 5)
    assert path.lams_[-1] == pytest.approx(covariances(numbers)[-1])
    assert path.n_groups_[-1] == 0


def test_a_penalty_that_removes_nothing_warns(numbers):
    with pytest.warns(ConvergenceWarning, match=r"No lam up to .* fewer than 12 groups: give lams"):
        path = lambda_path(Ridge(), numbers.data, numbers.target, 3)
    assert (path.n_groups_ == 12).all()


def test_one_group_needs_no_search(numbers, tmp_path):
    path = lambda_path(Counting(tmp_path), numbers.data, numbers.target, 3, groups=12)
    assert len(list(tmp_path.iterdir())) == 1 + 3
    assert path.support_.shape == (3, 1)


def test_a_network(classes):
    model = SGINClassifier(
        classes.groups, max_epochs=12, warmup_epochs=4, hidden_layer_sizes=(8,), random_state=0,
        learning_rate=0.05,
    )  # fmt: skip
    path = lambda_path(model, classes.data, classes.target, 4)
    assert path.n_groups_[0] > path.n_groups_[-1] == 1
    assert path.groups_.names == tuple(dict.fromkeys(classes.groups))


@pytest.mark.parametrize("lams", [1, 0, True, "50", [], [0.1, -1.0], [np.inf], ["a"], None, [True]])
def test_invalid_lams_raise(numbers, lams, tmp_path):
    with pytest.raises(ValueError, match=r"^lams must be an int >= 2.*, got [^\n]*\.$"):
        lambda_path(Counting(tmp_path), numbers.data, numbers.target, lams)
    assert list(tmp_path.iterdir()) == []
