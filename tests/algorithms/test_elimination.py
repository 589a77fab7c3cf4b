"""Backward elimination: what the loss grows by without each group, and which group goes next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from sgnn.algorithms import InputWeight, Limits, ModuleNetwork, StoredRows, Subgradient
from sgnn.algorithms.replicas import StackedNetwork
from sgnn.groups import Blocks, Groups
from sgnn.losses import SquaredError
from sgnn.modules import ChannelNet, InputTransform, couple

from ..problems import begin, sgin_network, with_limits

LABELS = [1, 0, 1, 2]
X = np.random.default_rng(0).normal(size=(50, 4))
Y = X @ [1.0, 0.5, -1.0, 0.0]
WEIGHT = np.random.default_rng(1).uniform(0.5, 1.5, size=50)


def dense():
    """f(x) = w x, of which group 0 helps, group 1 does harm and group 2 is not read."""
    network = sgin_network(
        X, Y[:, None], LABELS, lam=0.1, hidden=(), loss=SquaredError(), n_outputs=1,
        weight=WEIGHT / WEIGHT.mean(),
    )  # fmt: skip
    network.theta.data[:] = W[:, network.order]
    return network


W = torch.tensor([[-1.0, 0.5, 1.0, 0.0]], dtype=torch.float64)


def module():
    """The same, by autograd: each column a channel of one position."""
    like, body = dense().problem, torch.nn.Conv1d(4, 1, 1).double()
    body.weight.data[:], body.bias.data[:] = W[..., None], 0.0
    body = torch.nn.Sequential(body, torch.nn.Flatten())
    groups = Groups.of(LABELS, 4)
    rows = StoredRows(Groups.of([0] * 4, 4), 50, 20, torch.as_tensor(X))
    labels = torch.tensor(groups.labels)
    blocks = Blocks((1, 4, 1), (-2,), labels, torch.ones(3, dtype=torch.float64))
    return ModuleNetwork(
        replace(like, rows=rows, groups=groups),
        ChannelNet(InputTransform(4), (4, 1), body),
        couple(body, (4, 1)),
        [InputWeight(body[0].weight, blocks)],
    )


def stacked_member():
    return StackedNetwork([dense(), dense()]).members[1]


NETWORKS = (dense, module, stacked_member)


def increases(X, Y, weight):
    """Mean loss without each group less mean loss, by hand."""
    w = W.numpy()[0]
    kept = [w * (np.array(LABELS) != g) for g in range(3)]
    losses = [np.average((Y - X @ v) ** 2 / 2, weights=weight) for v in (w, *kept)]
    return np.array(losses[1:]) - losses[0]


@pytest.mark.parametrize("make", NETWORKS)
def test_the_increase_is_that_of_the_loss_alone(make):
    network = make()
    with torch.no_grad():
        found = network.loss_increase(network.problem)
    np.testing.assert_allclose(found, increases(X, Y, WEIGHT), rtol=1e-10)
    assert found[1] < found[2] == 0 < found[0]
    with torch.no_grad():
        network.remove(1)
        np.testing.assert_array_equal(
            np.isnan(network.loss_increase(network.problem)), [False, True, False]
        )


@pytest.mark.parametrize("make", NETWORKS)
def test_the_increase_on_other_rows(make):
    network, rng = make(), np.random.default_rng(2)
    other, y = rng.normal(size=(33, 4)), rng.normal(size=33)
    rows = network.problem.rows
    held_out = replace(
        network.problem,
        rows=StoredRows(rows.groups, 33, 10, torch.as_tensor(other[:, rows.order])),
        y=torch.as_tensor(y)[:, None],
        weight=None,
    )
    with torch.no_grad():
        found = network.loss_increase(held_out)
    np.testing.assert_allclose(found, increases(other, y, None), rtol=1e-10)


@pytest.mark.parametrize("make", NETWORKS)
def test_the_increase_is_measured_on_the_first_rows(make, monkeypatch):
    monkeypatch.setattr(f"{make().__class__.__module__}.ENOUGH", 21)
    network = make()
    with torch.no_grad():  # two batches of 20 hold 21 rows
        found = network.loss_increase(replace(network.problem, weight=None))
    np.testing.assert_allclose(found, increases(X[:40], Y[:40], None), rtol=1e-10)


@pytest.mark.parametrize("make", NETWORKS)
def test_a_group_of_weight_zero_goes_before_one_that_does_harm(make):
    network, removed = make(), []
    for room in (2, 1):
        algorithm = with_limits(Subgradient(), room)
        begin(algorithm, network, torch.optim.SGD(network.parameters, lr=0.0), 1)
        with torch.no_grad():
            algorithm.end_epoch()
        removed.append(np.flatnonzero(~network.problem.active).tolist())
    assert removed == [[2], [1, 2]]


# costs, weights, increases, limits -> which groups go, in this order
ORDERS = {
    "the least increase": ([1, 1, 1], [1, 1, 1], [3, 1, 2], Limits(1), [1, 2]),
    "whatever it costs": ([1, 9, 1], [1, 1, 1], [1, 2, 3], Limits(2), [0]),
    "of equal ones the first": ([1, 1, 1], [1, 1, 1], [1, 0, 0], Limits(1), [1, 2]),
    "per unit of cost": ([1, 4, 2, 9], [1] * 4, [1, 2, 3, 18], Limits(None, 11), [1, 0]),
    "as little as is enough": ([10, 2, 1], [1] * 3, [2, 1, 0.9], Limits(None, 12), [2]),
    "no more than is enough": ([10, 2, 1], [1] * 3, [2, 1, 0.9], Limits(None, 11), [1]),
    "what is too dear alone": ([1, 10], [1, 1], [0.1, 5], Limits(None, 5), [1]),
    "too dear beside what is kept": ([3, 2, 1], [0, 1, 1], [0, 9, 1], Limits(None, 4), [1]),
    "both limits": ([1, 1, 5], [1] * 3, [2, 1, 9], Limits(1, 2), [2, 1]),
    "within both": ([1, 1, 5], [1] * 3, [2, 1, 9], Limits(3, 7), []),
    "weight 0 stays": ([1, 1, 1], [0, 1, 1], [0, 2, 1], Limits(1), [2, 1]),
    "cost 0 stays": ([0, 2, 2], [1] * 3, [0, 2, 1], Limits(None, 2), [2]),
    "sums of 0.1": ([0.1, 0.1, 0.1, 1], [1] * 4, [1, 2, 3, 99], Limits(None, 0.3), [3]),
    "enough but for rounding": ([0.1] * 6, [1] * 6, [9, 8, 1, 7, 6, 5], Limits(None, 0.5), [2]),
    "no number is no reason": ([1, 1, 1], [1] * 3, [np.nan, np.inf, 2], Limits(2), [2]),
    "what is not read": ([1, 5, 1], [1] * 3, [-9, -1, -np.inf], Limits(None, 6), [2]),
}


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_of_removals(name):
    costs, weights, increase, limits, order = ORDERS[name]
    groups = Groups.of(list(range(len(costs))), len(costs), weights=weights, costs=costs)
    problem = replace(dense().problem, groups=groups, active=np.ones(len(costs), dtype=bool))
    removed = []
    while not limits.hold(problem):
        removed.append(limits.next_removal(problem, np.array(increase, dtype=float)))
        problem.active[removed[-1]] = False
    assert removed == order


def test_the_limits_are_neared_evenly():
    groups = Groups.of([0, 1, 2, 3], 4, costs=[1, 2, 3, 4])
    halfway, over = (Limits(2, 4).eased(groups, done) for done in (0.5, 1.0))
    assert (halfway.max_groups, halfway.max_cost) == (3, 7 + 2.5 / 2)
    assert over == Limits(2, 4)
    assert Limits().eased(groups, 0.5) == Limits()
    assert Limits(9, 99).eased(groups, 0.5) == Limits(9, 99)
