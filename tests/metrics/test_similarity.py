"""The RV coefficient and the stability of similar groups: definitions, laws, cases by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from sgnn.groups import Groups
from sgnn.metrics import group_similarity, jaccard_stability, similarity_stability

from .runs import EVEN, RUNS, few, kernel, supports


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 7)) @ rng.standard_normal((7, 7)) + 5


def rv(A, B):
    """The cosine of the Gram matrices of two centered blocks of columns."""
    A, B = A - A.mean(axis=0), B - B.mean(axis=0)
    gram_a, gram_b = A @ A.T, B @ B.T
    return (gram_a * gram_b).sum() / np.linalg.norm(gram_a) / np.linalg.norm(gram_b)


def test_definition(X):
    blocks = [X[:, [0, 4]], X[:, [1, 2]], X[:, [3, 5, 6]]]
    expected = [[rv(A, B) for B in blocks] for A in blocks]
    np.testing.assert_allclose(group_similarity(X, [0, 1, 1, 2, 0, 2, 2]), expected, rtol=1e-10)


def test_single_columns_give_squared_correlations(X):
    np.testing.assert_allclose(
        group_similarity(X, range(7)), np.corrcoef(X.T) ** 2, rtol=1e-10, atol=1e-14
    )


def test_it_is_a_kernel(X):
    similarity = group_similarity(X[:, :6], range(6))
    np.testing.assert_allclose(similarity, similarity.T, rtol=1e-12)
    assert np.linalg.eigvalsh(similarity)[0] > 0
    assert similarity.min() >= 0
    assert similarity.max() == 1


def test_rotation_and_scale_change_nothing(X):
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    turned = np.column_stack([X[:, :3], 7 * X[:, :3] @ rotation])
    np.testing.assert_allclose(group_similarity(turned, [0] * 3 + [1] * 3), 1.0, rtol=1e-10)


def test_constant_groups_are_similar_to_none(X):
    X[:, 2:4] = 0.1  # whose mean in floating point is not 0.1
    np.testing.assert_allclose(group_similarity(X[:, 1:4], [0, 1, 2]), np.eye(3), atol=1e-12)


@pytest.mark.parametrize("labels", [["b", "a", "c", "a"], [5, 2, 5, 9], ["g10", "g9", "g1", "g9"]])
def test_the_order_is_that_of_groups(X, labels):
    expected = group_similarity(X[:, :4], Groups.of(labels, 4).labels)
    np.testing.assert_array_equal(group_similarity(X[:, :4], labels), expected)


@pytest.mark.parametrize(
    ("X", "labels", "message"),
    [
        (np.ones(3), [0, 1, 2], r"X has shape \(3,\)"),
        ([[1.0, np.nan]], [0, 1], r"X has shape \(1, 2\); give finite numbers"),
        (np.ones((4, 0)), [], r"X has shape \(4, 0\)"),
        (np.ones((4, 3)), [0, 1], r"labels has shape \(2,\) but X has \(4, 3\)"),
        (np.ones((4, 2)), [[0, 1]], r"labels has shape \(1, 2\)"),
    ],
)
def test_errors(X, labels, message):
    with pytest.raises(ValueError, match=message):
        group_similarity(X, labels)


@few
@given(supports)
def test_similarity_is_a_ratio_of_expected_distances(Z):
    """tr(C S) is half the mean squared distance of two runs, tr(C Sigma) that of random ones."""
    d = Z.shape[1]
    C = kernel(d)

    def squared_distance(a, b):
        difference = a.astype(float) - b
        return difference @ C @ difference

    observed = np.mean([squared_distance(a, b) for a, b in combinations(Z, 2)]) / 2
    # Around the common mean, over all subsets of each run's size.
    mean = Z.mean()
    expected = np.mean(
        [
            np.mean(
                [
                    squared_distance(np.isin(np.arange(d), subset), mean)
                    for subset in combinations(range(d), z.sum())
                ]
            )
            for z in Z
        ]
    )
    value = similarity_stability(Z, C)
    if observed < 1e-12:
        assert value == 1.0
    else:
        assert value == pytest.approx(1 - observed / expected, abs=1e-9)


def test_even_and_odd_rows():
    """The example of paper 1, section 4.4: neighboring rows are similar."""
    runs = [EVEN, ~EVEN]
    assert jaccard_stability(runs) == 0.0
    assert similarity_stability(runs, kernel(28)) > 0.9
    # The upper and the lower half are not similar.
    assert similarity_stability([np.arange(28) < 14, np.arange(28) >= 14], kernel(28)) < 0


def test_exchangeable_groups_by_hand():
    # Groups 0 and 1 are one and the same, 2 is another.
    C = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert similarity_stability([[1, 0, 0], [0, 1, 0]], C) == 1.0
    # Runs {0}, {2}: differences (1, 0, -1), tr(C S) = 1/2 (1 + 1) = 1; k/d = 1/3 and no pair is
    # ever chosen, so tr(C Sigma) = 3 * 1/3 * 2/3 + 2 (0 - 1/9) = 4/9
    assert similarity_stability([[1, 0, 0], [0, 0, 1]], C) == pytest.approx(1 - 9 / 4, rel=1e-12)
    assert similarity_stability([[0, 0, 0], [0, 0, 0]], C) == 1.0
    # Runs {} and {0}: tr(C S) = 1/2; k/d = 1/6, so tr(C Sigma) = 3 * 5/36 - 2/36 = 13/36
    value = similarity_stability([[0, 0, 0], [1, 0, 0]], C)
    assert value == pytest.approx(1 - 18 / 13, rel=1e-12)


def test_all_groups_are_one():
    same = np.ones((4, 4))
    assert similarity_stability([[1, 1, 0, 0], [0, 0, 1, 1]], same) == 1.0
    # Sizes 1 and 2 differ, as they would by chance: 1 - M / (M - 1)
    assert similarity_stability([[1, 0, 0, 0], [0, 0, 1, 1]], same) == pytest.approx(-1, rel=1e-12)


@pytest.mark.parametrize(
    ("similarity", "message"),
    [
        (np.eye(3), r"similarity has shape \(3, 3\); give \(4, 4\)"),
        (2 * np.eye(4), r"similarity has shape .* with 1 on the diagonal"),
        (np.eye(4) + np.diag([0.5] * 3, 1), "similarity is not symmetric"),
        (2 * np.eye(4) - 1, "similarity is not .* positive semidefinite; give a kernel"),
        (np.full((4, 4), np.nan), "similarity has shape"),
    ],
)
def test_invalid_similarity(similarity, message):
    with pytest.raises(ValueError, match=message):
        similarity_stability(RUNS, similarity)
