"""The losses against torch, by hand, and their gradients against autograd and differences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import special
from torch import nn

from sgnn import losses
from sgnn.losses import CrossEntropy, Loss, Poisson, Quantile, SquaredError, TorchLoss

from .gaussian import Gaussian, log_likelihood
from .intervals import BOUNDS, Outside, outside

# no entry lies on a kink of a loss: no residual of 1, no margin of 1
OUT = torch.tensor([[2.0, -1.3, 0.5], [0.1, 0.0, -0.2], [-3.0, 4.0, 1.5]], dtype=torch.float64)
CLASSES = torch.tensor([0, 2, 1])
NUMBERS = torch.tensor([[1.4, 0.0, 0.3], [0.0, 2.0, -2.0], [9.0, 4.5, 0.0]], dtype=torch.float64)
POSITIVE = NUMBERS.abs() + 0.2


def mse_loss(out, y):
    return nn.functional.mse_loss(out, y, reduction="none") / 2


def kl_div(out, y):
    return torch.from_numpy(special.kl_div(y.numpy(), out.exp().numpy()))


# by name: the loss, outputs and y of three rows, and the value by torch or scipy, which is summed
# over the outputs of a row where it is not (n,)
LOSSES = {
    "log_loss": (CrossEntropy(), OUT, CLASSES, nn.CrossEntropyLoss(reduction="none")),
    "squared_error": (SquaredError(), OUT, NUMBERS, mse_loss),
    "absolute_error": (losses.AbsoluteError(), OUT, NUMBERS, nn.L1Loss(reduction="none")),
    "huber": (losses.Huber(0.7), OUT, NUMBERS, nn.HuberLoss(reduction="none", delta=0.7)),
    "quantile": (
        Quantile(0.8), OUT, NUMBERS, lambda out, y: torch.maximum(0.8 * (y - out), 0.2 * (out - y))
    ),
    "poisson": (Poisson(), OUT, NUMBERS.abs(), kl_div),
    "gamma": (
        losses.Gamma(), OUT, POSITIVE, lambda out, y: y / out.exp() - torch.log(y / out.exp()) - 1
    ),
    "outside": (Outside(), OUT[:, :1], BOUNDS, outside),
    "gaussian": (Gaussian(), OUT[:, :2], NUMBERS[:, :1], log_likelihood),
    "torch's Huber": (TorchLoss(nn.HuberLoss), OUT, NUMBERS, nn.HuberLoss(reduction="none")),
    "torch's multi-margin": (
        TorchLoss(nn.MultiMarginLoss), OUT, CLASSES, nn.MultiMarginLoss(reduction="none")
    ),
    "torch's Poisson": (
        TorchLoss(nn.PoissonNLLLoss), OUT, NUMBERS.abs(), nn.PoissonNLLLoss(reduction="none")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_equals_central_differences(name):
    loss, out, y, _ = LOSSES[name]
    h = 1e-5
    value, g = loss.gradient(out.clone(), y)
    assert torch.equal(loss(out.clone(), y), value)
    for j in range(out.shape[1]):
        step = torch.zeros_like(out)
        step[:, j] = h
        difference = (loss(out + step, y) - loss(out - step, y)) / (2 * h)
        torch.testing.assert_close(g[:, j], difference, rtol=0, atol=1e-7)


def test_cross_entropy_equals_torch():
    value, g = CrossEntropy().gradient(OUT.clone(), CLASSES)
    leaf = OUT.clone().requires_grad_()
    expected = nn.functional.cross_entropy(leaf, CLASSES, reduction="none")
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(g, torch.autograd.grad(expected.sum(), leaf)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cross_entropy_of_large_logits_is_finite(dtype):
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
def test_gradients_do_not_need_autograd_enabled(name):
    loss, out, y, _ = LOSSES[name]
    with torch.no_grad():
        value, g = loss.gradient(out.clone(), y)
    assert not value.requires_grad
    assert not g.requires_grad
    torch.testing.assert_close(g, loss.gradient(out.clone(), y)[1])


@pytest.mark.parametrize("name", LOSSES)
def test_values_are_those_of_others(name):
    loss, out, y, formula = LOSSES[name]
    expected = formula(out, y)
    torch.testing.assert_close(loss(out.clone(), y), expected.reshape(len(out), -1).sum(-1))


@pytest.mark.parametrize("name", LOSSES)
def test_replicas_may_have_targets_of_their_own(name):
    loss, out, y, _ = LOSSES[name]
    if not y.is_floating_point():
        pytest.skip("classes have no scale")
    outs, ys = torch.stack([out, 0.3 * out]), torch.stack([y, y[[1, 2, 0]]])
    value, g = loss.gradient(outs.clone(), ys)
    for r in range(2):
        alone, slope = loss.gradient(outs[r].clone(), ys[r])
        torch.testing.assert_close(value[r], alone)
        torch.testing.assert_close(g[r], slope)


# the best constant ------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
DRAWN = RNG.integers(3, size=40)
WEIGHT = torch.from_numpy(RNG.integers(0, 4, size=40).astype(float))


@pytest.mark.parametrize("weight", [torch.ones(40, dtype=torch.float64), WEIGHT], ids=["1", "w"])
@pytest.mark.parametrize("name", LOSSES)
def test_the_start_is_the_best_constant(name, weight):
    loss, out, y, _ = LOSSES[name]
    y, n_outputs = y[DRAWN], out.shape[1]

    def mean_loss(constant):
        return float(loss(constant.expand(40, n_outputs).contiguous(), y) @ weight)

    start = loss.start(y, weight, n_outputs)
    assert start.shape == (n_outputs,)
    best = mean_loss(start)
    for step in (1e-2, 0.1, 1.0):
        for j, sign in itertools.product(range(n_outputs), (-1, 1)):
            moved = start.clone()
            moved[j] += sign * step
            # every class has a small additional share
            assert best <= mean_loss(moved) + 1e-4 * (name == "log_loss")


@pytest.mark.parametrize("name", LOSSES)
def test_integer_weights_equal_repeated_rows(name):
    loss, out, y, _ = LOSSES[name]
    y, n_outputs = y[DRAWN], out.shape[1]
    weighted = loss.start(y, WEIGHT, n_outputs)
    repeated = y.repeat_interleave(WEIGHT.long(), dim=0)
    expected = loss.start(repeated, torch.ones(len(repeated), dtype=torch.float64), n_outputs)
    torch.testing.assert_close(weighted, expected, rtol=0, atol=1e-6)


def test_quantiles_by_hand():
    y = torch.tensor([[1.0], [2.0], [3.0], [10.0]], dtype=torch.float64)
    ones = torch.ones(4, dtype=torch.float64)
    found = [float(Quantile(q).start(y, ones, 1)) for q in (0.1, 0.25, 0.5, 0.6, 0.9)]
    assert found == [1.0, 1.0, 2.0, 3.0, 10.0]


# losses.get ------------------------------------------------------------------------------------


def test_get_accepts_every_form():
    forms = [
        ("quantile", Quantile),
        (Quantile, Quantile),
        (Quantile(0.9), Quantile),
        (nn.HuberLoss, TorchLoss),
        (nn.HuberLoss(delta=2.0, reduction="sum"), TorchLoss),
    ]
    for given, kind in forms:
        assert isinstance(losses.get(given, "numbers"), kind)
    given = nn.HuberLoss(delta=2.0)
    value = losses.get(given)(torch.zeros(2, 1), torch.tensor([[1.0], [3.0]]))
    assert value.tolist() == [0.5, 2 * (3 - 1)]
    assert given.reduction == "mean"
    mine = Quantile(0.9)
    assert losses.get(mine) is not mine


@pytest.mark.parametrize(
    ("given", "targets", "message"),
    [
        ("hinge", "classes", "loss='hinge' is unknown: give one of 'log_loss', or a torch loss."),
        ("log_loss", "numbers", "loss='log_loss' is one of classes.*'poisson'.*torch loss"),
        (Quantile(0.9), "classes", "loss=Quantile.*is one of numbers.*give one of 'log_loss'"),
        (nn.PoissonNLLLoss(log_input=False), "numbers", 'log_input=False.*"poisson"'),
        (nn.Softmax, "numbers", "loss must be.*takes reduction='none', got.*Softmax"),
    ],
    ids=["unknown", "classes", "numbers", "rates", "no loss"],
)
def test_losses_of_other_targets_raise(given, targets, message):
    with pytest.raises(ValueError, match=message):
        losses.get(given, targets)


@pytest.mark.parametrize("quantile", [0.0, 1.0, -1, float("nan"), "median"])
def test_a_quantile_lies_between_0_and_1(quantile):
    with pytest.raises(ValueError, match="quantile must be a number between 0 and 1, got"):
        Quantile(quantile)


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan"), float("inf"), "1"])
def test_delta_is_positive(delta):
    with pytest.raises(ValueError, match="delta must be a number > 0, got"):
        losses.Huber(delta)


def test_the_abstract_loss_raises():
    with pytest.raises(TypeError, match=r"Loss is abstract: define.*sgnn.losses.names"):
        Loss()(OUT, NUMBERS)
