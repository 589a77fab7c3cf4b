"""Losses agree with scikit-learn's and with differences of their own values."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_squared_error

from sgnn.linear import LeastSquares, LogLoss, MultinomialLoss

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 8)
Y3 = np.arange(8) % 3
NUMBERS = RNG.normal(size=(8, 2))
LOSSES = {
    "squared": (LeastSquares(NUMBERS), RNG.normal(size=(8, 2))),
    "logistic": (LogLoss(Y), 3 * RNG.normal(size=(8, 1))),
    "softmax": (MultinomialLoss(Y3, 3), 3 * RNG.normal(size=(8, 3))),
}


@pytest.fixture(params=LOSSES)
def case(request):
    return LOSSES[request.param]


def test_values():
    loss, z = LOSSES["squared"]
    # scikit-learn averages over the outputs where the loss is half the sum of two
    assert loss.value(z).mean() == pytest.approx(mean_squared_error(NUMBERS, z))
    loss, z = LOSSES["logistic"]
    probability = 1 / (1 + np.exp(-z[:, 0]))
    assert loss.value(z).mean() == pytest.approx(log_loss(Y, probability))
    loss, z = LOSSES["softmax"]
    probability = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    assert loss.value(z).mean() == pytest.approx(log_loss(Y3, probability))


def test_gradient_is_the_slope_of_the_value(case):
    loss, z = case
    d, h = np.random.default_rng(1).normal(size=z.shape), 1e-5
    slope = (loss.value(z + h * d) - loss.value(z - h * d)) / (2 * h)
    np.testing.assert_allclose((loss.gradient(z) * d).sum(1), slope, atol=1e-8)


def test_hessian_is_the_slope_of_the_gradient(case):
    loss, z = case
    d, h = np.random.default_rng(1).normal(size=z.shape), 1e-5
    slope = (loss.gradient(z + h * d) - loss.gradient(z - h * d)) / (2 * h)
    np.testing.assert_allclose(loss.hessian_product(z)(d), slope, atol=1e-8)


def test_the_best_constant_has_no_slope(case):
    loss, z = case
    weight = np.random.default_rng(1).dirichlet(np.ones(8))
    constant = np.broadcast_to(loss.constant(weight), z.shape)
    np.testing.assert_allclose(weight @ loss.gradient(constant), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "z"), [(LogLoss(Y), [1e4]), (MultinomialLoss(Y3, 3), [1e4, 0, -1e4])]
)
def test_large_outputs_do_not_overflow(loss, z):
    outputs = np.tile(z, (8, 1))
    for numbers in (
        loss.value(outputs),
        loss.gradient(outputs),
        loss.hessian_product(outputs)(outputs),
    ):
        assert np.isfinite(numbers).all()


def test_a_class_without_rows_has_a_finite_constant():
    weight = np.array([0.5, 0.5, 0.0])
    assert np.isfinite(MultinomialLoss(np.arange(3), 3).constant(weight)).all()
    assert np.isfinite(LogLoss(np.array([0, 0, 1])).constant(weight)).all()
