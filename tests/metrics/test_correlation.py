"""Max CC: by hand, against a loop over thresholds, and as a scorer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, matthews_corrcoef
from sklearn.model_selection import GridSearchCV

from sgnn.metrics import max_correlation_coefficient


def brute_force(labels, scores, weights=None):
    """Try every threshold, including those with all samples on one side."""
    thresholds = [-np.inf, *np.unique(scores)]
    return max(
        matthews_corrcoef(labels, (scores > t).astype(int), sample_weight=weights)
        for t in thresholds
    )


@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9], 1.0),
        # TP = 1, FP = 0 above 0.3: (1 * 2 - 0 * 2) / sqrt(2 * 2 * 1 * 3)
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.9], 1 / np.sqrt(3)),
        # The two at 0.5 are tied, so TP = 2, FP = 1 or TP = 1, FP = 0.
        ([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.9], 1 / np.sqrt(3)),
        # Reversed: no threshold is better than one with all samples on one side.
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.9], 0.0),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 0.0),
    ],
)
def test_by_hand(labels, scores, expected):
    assert max_correlation_coefficient(labels, scores) == pytest.approx(expected, abs=1e-15)


def test_weights_by_hand():
    # Weights 3 | 2, 1 | 4 at falling scores; labels 1 | 0, 1 | 0.  Cuts: TP, FP = 3, 0 and 4, 2.
    expected = max(
        (3 * 6 - 0 * 4) / np.sqrt(4 * 6 * 3 * 7), (4 * 6 - 2 * 4) / np.sqrt(4 * 6 * 6 * 4)
    )
    value = max_correlation_coefficient([1, 0, 1, 0], [9, 5, 5, 1], sample_weight=[3, 2, 1, 4])
    assert value == pytest.approx(expected, rel=1e-14)


rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(0, 4)), min_size=2, max_size=30
).filter(lambda rows: {label for label, _, weight in rows if weight} == {0, 1})


# No database of failing examples on disk.
@settings(max_examples=100, deadline=None, database=None)
@given(rows)
def test_equals_the_loop_over_thresholds(rows):
    labels, scores, weights = np.array(rows).T
    value = max_correlation_coefficient(labels, scores, sample_weight=weights)
    assert value == pytest.approx(brute_force(labels, scores, weights), abs=1e-12)
    repeated = max_correlation_coefficient(np.repeat(labels, weights), np.repeat(scores, weights))
    assert value == pytest.approx(repeated, abs=1e-12)


def test_equals_the_loop_on_continuous_scores():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=300)
    scores = labels + rng.standard_normal(300)
    weights = rng.random(300)
    assert max_correlation_coefficient(labels, scores) == pytest.approx(brute_force(labels, scores))
    assert max_correlation_coefficient(labels, scores, sample_weight=weights) == pytest.approx(
        brute_force(labels, scores, weights)
    )


def test_only_the_order_of_the_scores_counts():
    rng = np.random.default_rng(1)
    labels, scores = rng.integers(2, size=100), rng.standard_normal(100)
    value = max_correlation_coefficient(labels, scores)
    assert max_correlation_coefficient(labels, np.exp(scores)) == value


def test_large_counts_do_not_overflow():
    labels = np.array([0, 1, 0, 1], dtype=np.int8)
    weights = np.full(4, 2**31 - 1, dtype=np.int32)
    value = max_correlation_coefficient(labels, [0.1, 0.2, 0.3, 0.9], sample_weight=weights)
    assert value == pytest.approx(1 / np.sqrt(3), rel=1e-14)


def test_rows_of_weight_0_are_ignored():
    labels, scores = [0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.9, 0.0]
    value = max_correlation_coefficient(labels, scores, sample_weight=[1, 1, 1, 1, 0])
    assert value == max_correlation_coefficient(labels[:4], scores[:4])


def test_positive_label():
    labels, scores = ["a", "a", "b", "b"], [0.1, 0.2, 0.3, 0.9]
    assert max_correlation_coefficient(labels, scores) == 1.0
    assert max_correlation_coefficient(labels, scores, pos_label="b") == 1.0
    assert max_correlation_coefficient(labels, scores, pos_label="a") == 0.0
    assert max_correlation_coefficient(labels, -np.array(scores), pos_label="a") == 1.0


def test_as_a_scorer():
    scorer = make_scorer(max_correlation_coefficient, response_method="predict_proba")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2))
    y = np.where(X[:, 0] + 0.5 * rng.standard_normal(60) > 0, "yes", "no")
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, scoring=scorer, cv=3).fit(X, y)
    expected = max_correlation_coefficient(y == "yes", search.predict_proba(X)[:, 1])
    assert scorer(search.best_estimator_, X, y) == expected
    assert 0.5 < search.best_score_ <= 1


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"y_true": [1, 1, 1]}, "y_true has 1 distinct labels"),
        ({"y_true": [0, 1, 2]}, "y_true has 3 distinct labels"),
        ({"sample_weight": [1, 0, 1]}, "y_true has 1 distinct labels"),
        ({"y_true": [[0], [1], [0]]}, r"y_true has shape \(3, 1\)"),
        ({"y_score": [[0.5, 0.5]] * 3}, r"y_score has shape \(3, 2\).*\[:, 1\]"),
        ({"y_score": [0.1, np.nan, 0.2]}, "y_score has 1 NaN"),
        ({"sample_weight": [1, 1]}, r"sample_weight has shape \(2,\)"),
        ({"sample_weight": [1, -1, 1]}, "sample_weight has negative"),
        ({"sample_weight": [1, np.inf, 1]}, "sample_weight has negative or non-finite"),
        ({"pos_label": 7}, "pos_label=7 is not in y_true"),
    ],
)
def test_errors(kwargs, message):
    arguments = {"y_true": [0, 1, 0], "y_score": [0.1, 0.2, 0.3]} | kwargs
    with pytest.raises(ValueError, match=message):
        max_correlation_coefficient(**arguments)
