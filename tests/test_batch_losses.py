"""Losses of whole batches: by loops, by differences, and replicas as single calls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sgnn import losses
from sgnn.losses.base import REGISTRY

from .survival import PartialLikelihood, partial_likelihood, times

# by name: targets y, and the loss by loops of the outputs f (n,), y and weights w (n,)
BATCH_LOSSES = {
    "partial_likelihood": (times()[1], partial_likelihood),
}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(REGISTRY, "partial_likelihood", PartialLikelihood)


@pytest.fixture(params=BATCH_LOSSES)
def row(request):
    """(loss, formula, outputs (n,), targets, weights (n,) of which some are 0)."""
    y, formula = BATCH_LOSSES[request.param]
    rng = np.random.default_rng(1)
    f, w = rng.normal(size=len(y)), rng.integers(0, 3, size=len(y)).astype(float)
    return losses.get(request.param), formula, f, y, w


def mean_gradient(loss, f, y, w=None):
    """The loss and its slope, (n,)."""
    weight = None if w is None else torch.from_numpy(w)
    value, g = loss.mean_gradient(torch.from_numpy(f)[:, None], torch.from_numpy(y), weight)
    return float(value), g[:, 0].numpy()


def test_value_is_the_formula(row):
    loss, formula, f, y, w = row
    assert mean_gradient(loss, f, y)[0] == pytest.approx(formula(f, y, np.ones(len(y))), rel=1e-12)
    assert mean_gradient(loss, f, y, w)[0] == pytest.approx(formula(f, y, w), rel=1e-12)


def test_gradient_is_the_slope_of_the_formula(row):
    loss, formula, f, y, w = row
    _, g = mean_gradient(loss, f, y, w)
    assert np.isfinite(g).all()
    for i in range(0, len(f), 16):
        step = 1e-5 * (np.arange(len(f)) == i)
        slope = (formula(f + step, y, w) - formula(f - step, y, w)) / 2e-5
        assert g[i] == pytest.approx(slope, abs=1e-8)


def test_rows_of_weight_0_do_not_count(row):
    loss, _, f, y, w = row
    value, g = mean_gradient(loss, f, y, w)
    assert (g[w == 0] == 0).all()
    other, same = mean_gradient(loss, np.where(w == 0, 100.0, f), y, w)
    assert other == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(same, g, rtol=1e-9, atol=1e-15)


def test_replicas_are_single_calls(row):
    loss, _, f, y, w = row
    outputs = np.stack([f, f[::-1], 2 * f])
    weights = np.stack([w, np.ones(len(w)), w[::-1]])
    together, g = loss.mean_gradient(
        torch.from_numpy(outputs)[..., None], torch.from_numpy(y), torch.from_numpy(weights)
    )
    for r in range(3):
        value, slope = mean_gradient(loss, outputs[r].copy(), y, weights[r].copy())
        assert float(together[r]) == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(g[r, :, 0], slope, rtol=1e-12)


def test_a_row_has_no_loss_of_its_own(row):
    loss, _, f, y, _ = row
    with pytest.raises(TypeError, match="is a loss of the whole batch"):
        loss.gradient(torch.from_numpy(f)[:, None], torch.from_numpy(y))
