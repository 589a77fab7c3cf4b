"""The losses of sets of groups against networks that are evaluated set by set."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sgnn.losses import CrossEntropy, SquaredError
from sgnn.selection import _scorer
from sgnn.selection._finalists import refit_losses
from sgnn.selection._masked import MaskedData, NetworkStack, Training, masked, random_masks
from sgnn.selection._scorer import SubsetScorer

SIZES = [2, 1, 3, 1]
EVERY = np.array(list(product([False, True], repeat=4)))


def made(loss, n_outputs, *, present=None, n=60):
    rng = torch.Generator().manual_seed(0)
    X = torch.randn(n, sum(SIZES), generator=rng)
    y = torch.arange(n) % n_outputs if n_outputs > 1 else torch.randn(n, 1, generator=rng)
    folds = np.array_split(np.arange(n), 3)
    train = torch.ones(3, n)
    for k, fold in enumerate(folds):
        train[k, fold] = 0
    data = MaskedData(
        X, SIZES, y, loss, torch.zeros(n_outputs), train, [torch.from_numpy(f) for f in folds],
        torch.rand(n, generator=rng), torch.ones(n, 4) if present is None else present,
        torch.zeros(4, dtype=torch.bool),
    )  # fmt: skip
    stack = NetworkStack.drawn(3, [sum(SIZES), 5, 4, n_outputs], 4, data.start, rng)
    stack.first.normal_(generator=rng)
    return data, stack


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("gaps", [True, False])
@pytest.mark.parametrize(("loss", "n_outputs"), [(CrossEntropy(), 3), (SquaredError(), 1)])
def test_losses_are_those_of_the_networks(monkeypatch, loss, n_outputs, gaps, cached):
    monkeypatch.setattr(_scorer, "CACHE_BYTES", 2**28 if cached else 0)
    present = (torch.rand(60, 4, generator=torch.Generator().manual_seed(1)) < 0.7).float()
    data, stack = made(loss, n_outputs, present=present if gaps else None)
    scorer = SubsetScorer(stack, data, 1000)
    order = np.random.default_rng(0).permutation(np.tile(np.arange(16), 10))
    losses, rows = scorer(EVERY[order]), scorer.row_losses(EVERY[order])
    assert_allclose(losses, (rows * scorer.share).sum((1, 2)), rtol=1e-5)
    for i, at in enumerate(order):
        total = weight = 0.0
        for k, held_out in enumerate(data.held_out):
            masks = torch.from_numpy(EVERY[at]).float() * data.present[held_out]
            inputs = masked(data.X[held_out], masks, data.labels)
            each = loss(stack.outputs(inputs, slice(k, k + 1)), data.y[held_out])[0]
            total += float(each @ data.weight[held_out])
            weight += float(data.weight[held_out].sum())
        assert losses[i] == pytest.approx(total / weight, rel=2e-5)


def test_gradients_are_those_of_autograd():
    data, stack = made(CrossEntropy(), 3)
    weight = torch.rand(3, 60, generator=torch.Generator().manual_seed(2))
    stack.set_gradients(data_in := masked(data.X, torch.ones(60, 4), data.labels), data.y, weight,
                        data.loss)  # fmt: skip
    ours = [w.grad.clone() for w in stack.parameters]
    for w in stack.parameters:
        w.grad = None
        w.requires_grad_(True)
    total = 0
    for k in range(3):
        z = data_in @ stack.first[k].T + stack.biases[0][k]
        for W, b in zip(stack.weights, stack.biases[1:], strict=True):
            z = z.relu() @ W[k].T + b[k]
        losses = torch.nn.functional.cross_entropy(z, data.y, reduction="none")
        total = total + losses @ weight[k] / weight[k].sum()
    total.backward()
    for w, grad in zip(stack.parameters, ours, strict=True):
        assert_allclose(w.grad, grad, atol=1e-6)


def test_masks_have_every_size_equally_often_and_keep_what_is_always_there():
    always = torch.tensor([False, True, False, False, False])
    masks = random_masks(20_000, always, torch.Generator().manual_seed(0)).numpy()
    assert masks[:, 1].all()
    assert_allclose(masks[:, [0, 2, 3, 4]].mean(0), 0.5, atol=0.02)
    free = random_masks(20_000, torch.zeros(5, dtype=torch.bool), torch.Generator().manual_seed(0))
    assert_allclose(np.bincount(free.sum(1).int().numpy()) / 20_000, np.full(6, 1 / 6), atol=0.01)


def test_refits_start_from_the_masked_networks_and_never_end_worse():
    data, stack = made(CrossEntropy(), 3)
    held_out = torch.cat([data.weight[rows] for rows in data.held_out])
    none = Training([5, 4], 1e-9, 0.0, 1, 1, 1, 0)
    some = Training([5, 4], 1e-2, 0.0, 60, 2, 5, 0)
    scorer = SubsetScorer(stack, data, 1000)
    before, after = (
        refit_losses(stack, data, EVERY, training, torch.Generator().manual_seed(0), lambda _: None)
        @ held_out / held_out.sum() for training in (none, some)
    )  # fmt: skip
    # but for the set of no groups, whose loss is that of the best constant
    assert_allclose(before[1:], scorer(EVERY[1:]), rtol=1e-5)
    assert before[0] == pytest.approx(np.log(3), rel=1e-5)
    assert (after <= before + 1e-6).all()
    assert (after[1:] < before[1:] - 1e-3).sum() > 10
    alone = refit_losses(stack, data, EVERY[:1], none, torch.Generator(), lambda _: None)
    assert_allclose(alone @ held_out / held_out.sum(), before[:1], rtol=1e-5)
