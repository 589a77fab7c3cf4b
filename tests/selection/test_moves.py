"""The search over sets of groups against looking at all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sgnn.selection import _moves
from sgnn.selection._front import points_of
from sgnn.selection._moves import LossTable, all_sets, search_sizes
from sgnn.selection._prices import Prices, pareto, search_prices

NONE = np.zeros(8, dtype=bool)


def losses_of(seed, interactions=True):
    """A loss of sets of eight groups, with interactions of pairs."""
    rng = np.random.default_rng(seed)
    gain, pairs = rng.exponential(size=8), np.triu(rng.normal(size=(8, 8)), 1) * interactions

    def loss(sets):
        sets = sets.astype(float)
        return 10 - sets @ gain - np.einsum("si,ij,sj->s", sets, 0.1 * pairs, sets)

    return loss


EVERY = np.array(list(product([False, True], repeat=8)))


def test_all_sets_are_each_set_once_and_one_group_apart():
    always = NONE.copy()
    always[3] = True
    sets = np.concatenate([part for _, part in all_sets(always)])
    assert len(np.unique(sets, axis=0)) == len(sets) == 2**7
    assert sets[:, 3].all()
    assert ((sets[1:] ^ sets[:-1]).sum(1) == 1).all()


def test_the_table_computes_each_loss_once():
    asked = []

    def loss(sets):
        asked.append(len(sets))
        return sets.sum(1).astype(float)

    table = LossTable(loss)
    assert_array_equal(table(EVERY[:4]), EVERY[:4].sum(1))
    assert_array_equal(table(EVERY[:6]), EVERY[:6].sum(1))
    assert asked == [4, 2]


@pytest.mark.parametrize("exhaustive", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_the_best_set_of_each_size_is_found(monkeypatch, seed, exhaustive):
    if not exhaustive:
        monkeypatch.setattr(_moves, "EXHAUSTIVE_SECONDS", 0)
    loss = losses_of(seed)
    table = LossTable(loss)
    search_sizes(table, NONE, 1e-3, lambda share: None, exchange=True)
    assert (len(table.known) == 2**8) == exhaustive
    for size in range(1, 9):
        best = loss(EVERY[EVERY.sum(1) == size]).min()
        assert table.losses[table.sets.sum(1) == size].min() == pytest.approx(best)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_set_at_each_price_is_found(monkeypatch, seed):
    monkeypatch.setattr(_moves, "EXHAUSTIVE_SECONDS", 0)
    loss, costs = losses_of(seed), np.random.default_rng(seed).integers(1, 100, 8).astype(float)
    table = LossTable(loss)
    search_sizes(table, NONE, 1e-3, lambda share: None, exchange=True)
    search_prices(table, Prices(range(8), costs), NONE, lambda share: None)
    efficient = pareto(np.stack([EVERY @ costs, loss(EVERY)], 1))
    missed = 0
    for i in efficient:
        affordable = table.sets @ costs <= EVERY[i] @ costs
        missed += table.losses[affordable].min() > loss(EVERY[i : i + 1])[0] + 1e-9
    assert missed <= len(efficient) / 20


def test_portions_reach_every_order_of_size():
    rng = np.random.default_rng(0)
    gain = rng.exponential(size=600)
    calls = []

    def loss(sets):
        calls.append(len(sets))
        return -(sets @ gain)

    table = LossTable(loss)
    search_sizes(table, np.zeros(600, dtype=bool), 1.0, lambda share: None, exchange=True)
    order = np.argsort(-gain)
    for size in (1, 10, 100):
        best = table.losses[table.sets.sum(1) == size].min()
        assert best == pytest.approx(-gain[order[:size]].sum(), rel=1e-6)
    assert sum(calls) < 30_000  # not the 180,000 of one after the other


def test_points_are_the_best_of_each_size_and_those_that_are_not_undercut():
    sets = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=bool)
    costs, losses = np.array([0.0, 5, 1, 6]), np.array([1.0, 0.5, 0.6, 0.7])
    assert_array_equal(points_of(sets, costs, losses), [0, 2, 1, 3])
    # a set is not undercut by that of no groups, which cannot be chosen
    losses[2] = 1.1
    assert_array_equal(points_of(sets, costs, losses), [0, 2, 1, 3])
    losses[2] = 0.4
    assert_array_equal(points_of(sets, costs, losses), [0, 2, 3])
