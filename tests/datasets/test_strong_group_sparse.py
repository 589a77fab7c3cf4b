"""Strong group sparsity by its definition, and the target by its equation."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sgnn.datasets import make_strong_group_sparse


def smallest_cover(made):
    """Return the least (g, k) of groups that hold all nonzeros, by trying every set of groups."""
    names = np.unique(made.groups)
    nonzero = made.coef != 0
    for g in range(len(names) + 1):
        covers = [
            np.isin(made.groups, chosen)
            for chosen in combinations(names, g)
            if not (nonzero & ~np.isin(made.groups, chosen)).any()
        ]
        if covers:
            return g, min(int(cover.sum()) for cover in covers)
    raise AssertionError("all groups cover all columns")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_active", [1, 3, 6])
@pytest.mark.parametrize(("group_size", "correctness"), [(1, 1.0), (4, 0.25), (4, 0.6), (5, 1.0)])
def test_strong_group_sparsity(group_size, correctness, n_active, seed):
    made = make_strong_group_sparse(1, 6, group_size, n_active, correctness, random_state=seed)
    assert smallest_cover(made) == (n_active, n_active * group_size)
    k = n_active * group_size
    n_nonzero = np.count_nonzero(made.coef)
    assert abs(n_nonzero - correctness * k) <= 1 / 2
    assert made.correctness == n_nonzero / k
    covering = np.unique(made.groups[made.coef != 0])
    assert np.unique(made.groups)[made.support].tolist() == covering.tolist()


def test_any_number_of_nonzeros_is_possible():
    for n_nonzero in range(3, 13):
        made = make_strong_group_sparse(1, 5, 4, 3, n_nonzero / 12, random_state=0)
        assert np.count_nonzero(made.coef) == n_nonzero


def test_nonzeros_fall_everywhere():
    """Of 2 groups of 3 columns with 4 nonzeros, each of the 15 sets of columns occurs."""
    draws = np.array(
        [
            make_strong_group_sparse(1, 2, 3, 2, 4 / 6, random_state=seed).coef != 0
            for seed in range(3000)
        ]
    )
    assert len(np.unique(draws, axis=0)) == 15
    # One column of each group, then 2 of the 4 others: both in the second group with chance 1/6.
    lone = (draws[:, :3].sum(axis=1) == 1).mean()
    assert lone == pytest.approx(1 / 6, abs=4 * math.sqrt(1 / 6 * 5 / 6 / 3000))


@pytest.mark.parametrize("correctness", [0.2, 0.5, 1.0])
def test_coefficients(correctness):
    made = make_strong_group_sparse(1, correctness=correctness, random_state=0)
    assert np.linalg.norm(made.coef) == pytest.approx(1, rel=1e-12)
    magnitudes = np.abs(made.coef[made.coef != 0])
    assert magnitudes.max() <= 2 * magnitudes.min()
    assert len(set(np.sign(made.coef))) == 3


def test_linear_target():
    made = make_strong_group_sparse(50, correctness=0.4, noise=0, random_state=0)
    np.testing.assert_allclose(made.target, made.data @ made.coef, rtol=0, atol=1e-12)


def test_nonlinear_target():
    made = make_strong_group_sparse(50, correctness=0.4, nonlinear=True, noise=0, random_state=0)
    expected = np.zeros(50)
    for name in np.unique(made.groups)[made.support]:
        w = np.where(made.groups == name, made.coef, 0.0)
        expected += np.linalg.norm(w) * ((made.data @ w / np.linalg.norm(w)) ** 2 - 1) / 2**0.5
    np.testing.assert_allclose(made.target, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("nonlinear", [False, True])
def test_moments(nonlinear):
    made = make_strong_group_sparse(
        50_000, 5, 3, 3, 0.6, nonlinear=nonlinear, noise=0.5, random_state=0
    )
    np.testing.assert_allclose(np.cov(made.data.T), np.eye(15), atol=0.03)
    assert made.target.mean() == pytest.approx(0, abs=0.03)
    assert made.target.var() == pytest.approx(1 + 0.5**2, abs=0.05)


def test_squares_hide_from_linear_models():
    made = make_strong_group_sparse(2000, 5, 2, 2, 0.75, nonlinear=True, noise=0, random_state=0)
    linear = LinearRegression().fit(made.data[:1000], made.target[:1000])
    assert linear.score(made.data[1000:], made.target[1000:]) < 0.05
    active = made.data[:, made.coef != 0]
    quadratic = make_pipeline(PolynomialFeatures(2), LinearRegression())
    assert quadratic.fit(active, made.target).score(active, made.target) == pytest.approx(1)


def test_shapes_and_names():
    made = make_strong_group_sparse(7, 11, 2, random_state=0)
    assert made.data.shape == (7, 22)
    assert made.target.shape == (7,)
    assert made.groups[[0, 1, 2, 21]].tolist() == ["group 00", "group 00", "group 01", "group 10"]
    assert made.feature_names[21] == "group 10 column 1"
    assert made.group_costs is None


def test_random_state():
    first, again = (make_strong_group_sparse(5, random_state=7) for _ in range(2))
    for field in ("data", "target", "coef", "support"):
        np.testing.assert_array_equal(first[field], again[field])
    assert not np.array_equal(make_strong_group_sparse(5, random_state=8).coef, first.coef)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"n_samples": 0},
        {"n_groups": 0},
        {"group_size": 0},
        {"n_active": 0},
        {"n_active": 21},
        {"correctness": 0.19},
        {"correctness": 1.01},
        {"noise": -1.0},
    ],
)
def test_errors(kwargs):
    with pytest.raises(ValueError, match=next(iter(kwargs))):
        make_strong_group_sparse(**kwargs)


def test_invalid_types():
    with pytest.raises(TypeError, match="group_size"):
        make_strong_group_sparse(group_size=[1, 2])
