"""Gates: the probabilities of hard-concrete gates, and the factors of D-gating."""

from __future__ import annotations

import math

import pytest
import torch

from sgnn.groups import Blocks
from sgnn.regularizers import DGating, HardConcrete

from ..battery import CUTS

LOG_ALPHA = torch.tensor([-3.0, -1.0, 0.0, 2.0, 5.0], dtype=torch.float64)


def test_probability_is_the_formula():
    for log_alpha, p in zip(LOG_ALPHA.tolist(), HardConcrete().probability(LOG_ALPHA), strict=True):
        x = log_alpha - 2 / 3 * math.log(0.1 / 1.1)
        assert float(p) == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-12)


def test_probability_is_the_frequency_of_open_gates():
    generator = torch.Generator().manual_seed(0)
    n = 40_000
    z = HardConcrete().sample(LOG_ALPHA.expand(n, -1), generator)
    assert ((z >= 0) & (z <= 1)).all()
    assert (z == 0).any()
    assert (z == 1).any()
    p = HardConcrete().probability(LOG_ALPHA)
    deviation = (p * (1 - p) / n).sqrt()
    assert (((z > 0).double().mean(0) - p).abs() < 4 * deviation).all()


def test_deterministic_gates_are_exactly_0_or_1():
    z = HardConcrete().at_test_time(torch.tensor([-20.0, 0.0, 20.0]))
    torch.testing.assert_close(z, torch.tensor([0.0, 0.5, 1.0]))
    assert z[0] == 0
    assert z[2] == 1


def test_the_same_generator_draws_the_same_gates():
    draws = [HardConcrete().sample(LOG_ALPHA, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*draws)


@pytest.mark.parametrize("bad", [{"temperature": 0.0}, {"low": 0.0}, {"high": 1.0}])
def test_gates_without_exact_zeros_raise(bad):
    with pytest.raises(ValueError, match=r"low < 0 and high > 1"):
        HardConcrete(**bad)


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
def test_balanced_factors_and_their_penalty(cut, depth):
    generator = torch.Generator().manual_seed(0)
    w = torch.randn(2, *cut.shape, generator=generator, dtype=torch.float64)
    for index in cut.indices()[0]:
        w[(0, *index)] = 0
    gating, blocks = DGating(depth), cut.blocks
    omega, gamma = gating.split(w, blocks)
    assert gamma.shape == (2, depth - 1, blocks.n_blocks)
    torch.testing.assert_close(gating.fold(omega, gamma, blocks), w, rtol=1e-12, atol=1e-15)
    penalty = gating.penalty(omega, gamma, blocks)
    for r in range(2):
        for g, block in enumerate(cut.entries(w[r])):
            norm = math.sqrt(sum(v * v for v in block.values()))
            assert float(penalty[r, g]) == pytest.approx(norm ** (2 / depth), rel=1e-12)


@pytest.mark.parametrize("depth", [2, 3])
def test_balanced_factors_have_the_smallest_penalty(depth):
    """Unbalanced factors of the same weight have a larger penalty."""
    w = torch.tensor([[3.0], [4.0]], dtype=torch.float64)
    blocks = Blocks.channels(w.shape)
    gating = DGating(depth)
    omega, gamma = gating.split(w, blocks)
    least = gating.penalty(omega, gamma, blocks)
    for factor in (0.5, 0.9, 1.1, 2.0):
        other = gamma.clone()
        other[0] *= factor
        torch.testing.assert_close(gating.fold(omega / factor, other, blocks), w)
        assert gating.penalty(omega / factor, other, blocks) > least


@pytest.mark.parametrize("gating", [DGating(2), DGating(3), HardConcrete()], ids=repr)
@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
def test_the_slope_is_that_of_the_penalty(cut, gating):
    generator = torch.Generator().manual_seed(1)
    w = torch.randn(2, *cut.shape, generator=generator, dtype=torch.float64)
    leaves = [part.requires_grad_() for part in gating.split(w, cut.blocks)]
    lam = torch.tensor([0.3, 2.0], dtype=torch.float64)
    per_block_penalty = gating.penalty(*leaves, cut.blocks) * cut.blocks.weights
    (lam.unsqueeze(-1) * per_block_penalty).sum().backward()
    expected = [0 if part.grad is None else part.grad.clone() for part in leaves]
    for part in leaves:
        part.grad = torch.ones_like(part)
    with torch.no_grad():
        gating.add_slope(*leaves, cut.blocks, lam)
    for part, slope in zip(leaves, expected, strict=True):
        torch.testing.assert_close(part.grad, 1 + slope * torch.ones_like(part))


def test_a_single_factor_raises():
    with pytest.raises(ValueError, match="depth=1 must be at least 2"):
        DGating(1)
