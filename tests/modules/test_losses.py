"""The losses against torch, by hand, and their gradients against autograd and differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sgnn.modules import CrossEntropy, SquaredError, TorchLoss

# no entry lies on a kink of a loss: no residual of 1, no margin of 1
OUT = torch.tensor([[2.0, -1.3, 0.5], [0.1, 0.0, -0.2], [-3.0, 4.0, 1.5]], dtype=torch.float64)
CLASSES = torch.tensor([0, 2, 1])
NUMBERS = torch.tensor([[1.4, 0.0, 0.3], [0.0, 2.0, -2.0], [9.0, 4.5, 0.0]], dtype=torch.float64)

LOSSES = {
    "cross entropy": (CrossEntropy(), CLASSES),
    "squared error": (SquaredError(), NUMBERS),
    "Huber": (TorchLoss(nn.HuberLoss), NUMBERS),
    "multi-margin": (TorchLoss(nn.MultiMarginLoss), CLASSES),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_equals_central_differences(name):
    loss, y = LOSSES[name]
    h = 1e-5
    value, g = loss.gradient(OUT.clone(), y)
    assert torch.equal(loss(OUT.clone(), y), value)
    for j in range(OUT.shape[1]):
        step = torch.zeros_like(OUT)
        step[:, j] = h
        difference = (loss(OUT + step, y) - loss(OUT - step, y)) / (2 * h)
        torch.testing.assert_close(g[:, j], difference, rtol=0, atol=1e-7)


def test_cross_entropy_equals_torch():
    value, g = CrossEntropy().gradient(OUT.clone(), CLASSES)
    leaf = OUT.clone().requires_grad_()
    expected = nn.functional.cross_entropy(leaf, CLASSES, reduction="none")
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(g, torch.autograd.grad(expected.sum(), leaf)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cross_entropy_survives_large_logits(dtype):
    out = torch.tensor([[1e4, 0.0], [1e4, 0.0], [-1e4, -1e4]], dtype=dtype)
    value, g = CrossEntropy().gradient(out, torch.tensor([0, 1, 0]))
    torch.testing.assert_close(value, torch.tensor([0.0, 1e4, np.log(2)], dtype=dtype))
    expected = torch.tensor([[0.0, 0.0], [1.0, -1.0], [-0.5, 0.5]], dtype=dtype)
    torch.testing.assert_close(g, expected)


def test_squared_error_by_hand():
    value, g = SquaredError().gradient(torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 2.0]]))
    assert value.tolist() == [(2**2 + 1**2) / 2]
    assert g.tolist() == [[2.0, -1.0]]


def test_a_torch_loss_is_summed_over_the_outputs():
    # Huber with delta 1: r^2 / 2 up to 1, |r| - 1/2 beyond
    out, y = torch.tensor([[0.5, 3.0], [0.0, -1.0]]), torch.zeros(2, 2)
    value, g = TorchLoss(nn.HuberLoss).gradient(out, y)
    assert value.tolist() == [0.125 + 2.5, 0.5]
    assert g.tolist() == [[0.5, 1.0], [0.0, -1.0]]


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_come_without_autograd_switched_on(name):
    loss, y = LOSSES[name]
    with torch.no_grad():
        value, g = loss.gradient(OUT.clone(), y)
    assert not value.requires_grad
    assert not g.requires_grad
    torch.testing.assert_close(g, loss.gradient(OUT.clone(), y)[1])
