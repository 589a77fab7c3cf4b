"""The planted support carries the target, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sgnn.datasets import make_grouped_classification, make_grouped_regression, make_parity


def held_out_score(model, X, y):
    half = len(X) // 2
    return model.fit(X[:half], y[:half]).score(X[half:], y[half:])


def split_by_support(made):
    """Return the informative columns and the others."""
    names = np.unique(made.groups)[made.support]
    informative = np.isin(made.groups, names)
    return made.data[:, informative], made.data[:, ~informative]


@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("nonlinear", [False, True])
def test_classes_depend_on_the_support_alone(nonlinear, correlation):
    made = make_grouped_classification(
        2000, 6, 3, 2, nonlinear=nonlinear, correlation=correlation, random_state=0
    )
    informative, others = split_by_support(made)
    linear = LogisticRegression()
    quadratic = make_pipeline(PolynomialFeatures(2), LogisticRegression(max_iter=500))
    assert held_out_score(quadratic, informative, made.target) > 0.9
    assert held_out_score(quadratic, others, made.target) < 0.6
    if nonlinear:
        assert held_out_score(linear, made.data, made.target) < 0.6
    else:
        assert held_out_score(linear, informative, made.target) > 0.9


@pytest.mark.parametrize("nonlinear", [False, True])
def test_every_informative_group_is_needed(nonlinear):
    made = make_grouped_regression(2000, 5, 2, 2, nonlinear=nonlinear, noise=0, random_state=0)
    model = make_pipeline(PolynomialFeatures(2), LinearRegression())
    assert held_out_score(model, split_by_support(made)[0], made.target) == pytest.approx(1)
    for name in np.unique(made.groups)[made.support]:
        rest = made.data[:, made.groups != name]
        assert held_out_score(model, rest, made.target) < 0.7


def test_moments():
    made = make_grouped_regression(
        100_000, 3, [3, 1, 2], 2, 3, correlation=0.6, noise=0.5, random_state=0
    )
    same = made.groups[:, None] == made.groups[None, :]
    expected = np.where(same, 0.6, 0.0)
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(np.cov(made.data.T), expected, atol=0.02)
    np.testing.assert_allclose(made.target.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(made.target.var(axis=0), 1 + 0.5**2, atol=0.03)
    squares = make_grouped_regression(100_000, 3, 2, 2, nonlinear=True, noise=0, random_state=0)
    assert squares.target.mean() == pytest.approx(0, abs=0.02)
    assert squares.target.var() == pytest.approx(1, abs=0.05)


def test_shapes_and_names():
    made = make_grouped_regression(20, 11, range(1, 12), 4, n_targets=2, random_state=0)
    assert made.data.shape == (20, 66)
    assert made.target.shape == (20, 2)
    assert made.groups[[0, 1, 2, 65]].tolist() == ["group 00", "group 01", "group 01", "group 10"]
    assert made.feature_names[2] == "group 01 column 1"
    assert made.support.sum() == 4


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_classes_are_equally_frequent(n_classes):
    counts = np.bincount(
        make_grouped_classification(100, n_classes=n_classes, random_state=0).target
    )
    assert counts.size == n_classes
    assert np.ptp(counts) <= 1


@pytest.mark.parametrize("make", [make_grouped_classification, make_grouped_regression])
@pytest.mark.parametrize(
    ("kwargs", "name"),
    [
        ({"n_samples": 0}, "n_samples"),
        ({"n_groups": 0}, "n_groups"),
        ({"n_informative": 11}, "n_informative"),
        ({"n_informative": 0}, "n_informative"),
        ({"noise": -1.0}, "noise"),
        ({"correlation": 1.0}, "correlation"),
        ({"group_size": 0}, "group_size"),
        ({"group_size": 1.5}, "group_size"),
        ({"group_size": [1, 2]}, r"group_size=\[1, 2\] does not fit n_groups=10"),
    ],
)
def test_errors(make, kwargs, name):
    with pytest.raises(ValueError, match=name):
        make(**kwargs)


def test_invalid_numbers_of_one_maker():
    with pytest.raises(ValueError, match="n_classes"):
        make_grouped_classification(n_classes=1)
    with pytest.raises(TypeError, match="n_samples"):
        make_grouped_classification(n_samples=2.5)
    with pytest.raises(ValueError, match="n_targets"):
        make_grouped_regression(n_targets=0)


def test_parity_of_the_paper():
    made = make_parity(random_state=0)
    assert made.data.shape == (10_000, 10)
    assert set(np.unique(made.data)) == {-1, 1}
    names, sizes = np.unique(made.groups, return_counts=True)
    assert names.tolist() == ["bits 0", "bits 1", "bits 2", "bits 3", "noise"]
    assert sizes.tolist() == [2] * 5
    assert made.support.tolist() == [True] * 4 + [False]
    # The product of an even number of bits is +1 if the number of -1, and so of +1, is even.
    np.testing.assert_array_equal(made.target, made.data[:, :8].prod(axis=1) < 0)


def test_parity_without_one_bit_is_noise():
    made = make_parity(4096, n_bits=4, group_size=1, random_state=0)
    for left_out in range(4):
        product = np.delete(made.data[:, :4], left_out, axis=1).prod(axis=1)
        assert abs(np.corrcoef(product, made.target)[0, 1]) < 0.06


def test_parity_without_noise():
    made = make_parity(8, n_bits=6, noise_columns=0, group_size=3, random_state=0)
    assert made.groups.tolist() == ["bits 0"] * 3 + ["bits 1"] * 3
    assert made.support.tolist() == [True, True]


@pytest.mark.parametrize(
    "kwargs", [{"n_bits": 7}, {"n_bits": 0}, {"group_size": 0}, {"noise_columns": -1}]
)
def test_parity_refusals(kwargs):
    with pytest.raises(ValueError, match=next(iter(kwargs))):
        make_parity(10, **kwargs)
