"""Agreement of selections: by hand, by their definitions, and at chance."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from sgnn.metrics import (
    jaccard_stability,
    nogueira_interval,
    nogueira_stability,
    similarity_stability,
)

from .runs import EVEN, RUNS, few, kernel, supports


def measures(d):
    """Return each measure, the last with a similarity of its own for d groups."""
    return [
        jaccard_stability,
        nogueira_stability,
        lambda Z: similarity_stability(Z, kernel(d)),
    ]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        # Pairs: {0, 1} & {0, 1} 1, {0, 1} & {0, 2} 1/3; three pairs of each kind.
        (RUNS, (3 * 1 + 3 * (1 / 3)) / 6),
        ([EVEN, ~EVEN], 0.0),
        ([[0, 0], [0, 0]], 1.0),
        ([[0, 0], [1, 0]], 0.0),
        ([[0, 0], [0, 0], [1, 0]], 1 / 3),
        ([[1, 1], [1, 1]], 1.0),
    ],
)
def test_jaccard_by_hand(runs, expected):
    assert jaccard_stability(runs) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        # p = 1, 3/4, 1/4, 0: sum p (1 - p) = 3/8; 1 - (1/4 * 4/3 * 3/8) / (1/2 * 1/2)
        (RUNS, 1 / 2),
        # p = 1/2 everywhere, M / (M - 1) = 2: the lowest value of two runs
        ([EVEN, ~EVEN], -1.0),
        ([[0, 0], [0, 0]], 1.0),
        ([[1, 1], [1, 1]], 1.0),
        # p = 1/2, 0 and k/d = 1/4: 1 - (1/2 * 2 * 1/4) / (1/4 * 3/4)
        ([[0, 0], [1, 0]], -1 / 3),
    ],
)
def test_nogueira_by_hand(runs, expected):
    assert nogueira_stability(runs) == pytest.approx(expected, abs=1e-15)
    d = np.shape(runs)[1]
    assert similarity_stability(runs, np.eye(d)) == pytest.approx(expected, abs=1e-12)


def test_interval_by_hand():
    # phi = 5/4, 5/4, 3/4, 5/4, of mean 9/8; v = 4/16 (3 (1/8)^2 + (3/8)^2) = 3/64
    low, high = nogueira_interval(RUNS)
    assert low == pytest.approx(1 / 2 - norm.ppf(0.975) * np.sqrt(3 / 64), rel=1e-12)
    assert high == pytest.approx(1 / 2 + norm.ppf(0.975) * np.sqrt(3 / 64), rel=1e-12)
    # Runs of different sizes: Phi = -1/3, phi = 2/9, -2/3, of mean -2/9; v = 4/4 (2 (4/9)^2)
    low, high = nogueira_interval([[1, 0], [1, 1]])
    assert (low + high) / 2 == pytest.approx(-1 / 3, rel=1e-12)
    assert (high - low) / 2 == pytest.approx(norm.ppf(0.975) * np.sqrt(32 / 81), rel=1e-12)
    low, high = nogueira_interval(RUNS, confidence_level=0.5)
    assert high - low == pytest.approx(2 * norm.ppf(0.75) * np.sqrt(3 / 64), rel=1e-12)


def test_interval_of_agreement_is_a_point():
    for runs in ([[0, 0], [0, 0]], [[1, 1], [1, 1]]):
        assert nogueira_interval(runs) == (1.0, 1.0)
    assert nogueira_interval([[1, 0], [1, 0]]) == pytest.approx((1.0, 1.0), abs=1e-12)


def test_interval_covers():
    """Over many repetitions of a known procedure, 95 % of the intervals hold its stability."""
    rng = np.random.default_rng(0)
    p = np.array([0.9, 0.8, 0.3, 0.1, 0.05])
    # Of independent choices with probabilities p, in the limit of many runs.
    truth = 1 - (p * (1 - p)).mean() / (p.mean() * (1 - p.mean()))
    intervals = [nogueira_interval(rng.random((100, 5)) < p) for _ in range(400)]
    covered = np.mean([low <= truth <= high for low, high in intervals])
    assert 0.91 < covered < 0.98


def jaccard_of_sets(Z):
    sets = [set(np.flatnonzero(z)) for z in Z]
    pairs = list(combinations(sets, 2))
    return sum(len(a & b) / len(a | b) if a | b else 1.0 for a, b in pairs) / len(pairs)


@few
@given(supports)
def test_jaccard_equals_the_loop_over_sets(Z):
    assert jaccard_stability(Z) == pytest.approx(jaccard_of_sets(Z), abs=1e-12)


@few
@given(supports)
def test_nogueira_is_the_chance_corrected_variance(Z):
    M, d = Z.shape
    p, k = Z.mean(axis=0), Z.sum(axis=1).mean()
    if k in (0, d):
        assert nogueira_stability(Z) == 1.0
    else:
        spread = sum(M / (M - 1) * p[f] * (1 - p[f]) for f in range(d)) / d
        expected = 1 - spread / (k / d * (1 - k / d))
        assert nogueira_stability(Z) == pytest.approx(expected, abs=1e-12)


@few
@given(supports, st.randoms(use_true_random=False))
def test_invariances(Z, random):
    order = list(range(len(Z)))
    random.shuffle(order)
    for measure in measures(Z.shape[1]):
        value = measure(Z)
        assert value <= 1.0 + 1e-12
        assert measure(Z[order]) == pytest.approx(value, abs=1e-9)
        assert measure(np.repeat(Z[:1], 3, axis=0)) == 1.0
    assert nogueira_stability(~Z) == pytest.approx(nogueira_stability(Z), abs=1e-12)


def test_chance_scores_zero():
    rng = np.random.default_rng(0)
    repetitions = [np.array([rng.permutation(EVEN) for _ in range(20)]) for _ in range(200)]
    for measure in measures(28)[1:]:
        values = [measure(Z) for Z in repetitions]
        assert np.mean(values) == pytest.approx(0, abs=4 * np.std(values) / np.sqrt(200))


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([1, 0, 1], r"supports has shape \(3,\)"),
        ([[1, 0, 1]], r"supports has shape \(1, 3\).*at least two runs"),
        (np.ones((3, 0)), r"supports has shape \(3, 0\)"),
        ([[1, 0], [2, 0]], "supports has entries other than 0 and 1"),
        ([[1, 0], [np.nan, 0]], "supports has entries other than 0 and 1"),
    ],
)
def test_invalid_supports(runs, message):
    d = np.shape(runs)[-1]
    for measure in (*measures(d), nogueira_interval):
        with pytest.raises(ValueError, match=message):
            measure(runs)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_invalid_level(level):
    with pytest.raises(ValueError, match=f"confidence_level={level} is no probability"):
        nogueira_interval(RUNS, confidence_level=level)
