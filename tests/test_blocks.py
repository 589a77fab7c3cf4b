"""Blocks against plain loops over the index tuples of the battery's cuts."""

from __future__ import annotations

import math

import pytest
import torch

from sgnn.groups import Blocks

from .battery import CUTS, Cut

over = pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
replicas = pytest.mark.parametrize("replicas", [(), (3,), (2, 3)])


def draw(cut, replicas=()):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*replicas, *cut.shape, generator=generator, dtype=torch.float64)


def gathered(cut, w):
    """The entries of each block, (..., size of the block)."""
    return [torch.stack([w[(..., *index)] for index in block], -1) for block in cut.indices()]


def assert_per_block(result, cut, w, reduce):
    expected = torch.stack([reduce(entries) for entries in gathered(cut, w)], -1)
    assert result.shape == (*w.shape[: w.dim() - len(cut.shape)], len(cut.indices()))
    torch.testing.assert_close(result, expected, rtol=1e-13, atol=0)


@over
@replicas
def test_sum_max_and_norm_are_the_loops(cut, replicas):
    w, blocks = draw(cut, replicas), cut.blocks
    assert_per_block(blocks.sum(w.square()), cut, w, lambda entries: entries.square().sum(-1))
    assert_per_block(blocks.max(w.abs()), cut, w, lambda entries: entries.abs().amax(-1))
    assert_per_block(blocks.norm(w), cut, w, lambda entries: entries.square().sum(-1).sqrt())
    assert_per_block(blocks.norm(w, 1), cut, w, lambda entries: entries.abs().sum(-1))


@over
@replicas
def test_spread_gives_every_entry_the_number_of_its_block(cut, replicas):
    blocks = cut.blocks
    v = torch.arange(math.prod(replicas) * blocks.n_blocks).reshape(*replicas, -1).double()
    spread = blocks.spread(v).expand(*replicas, *cut.shape)
    for g, entries in enumerate(gathered(cut, spread)):
        assert (entries == v[..., g, None]).all()


@over
def test_sizes_and_default_weights_count_the_entries(cut):
    labels = None if cut.labels is None else torch.tensor(cut.labels)
    blocks = Blocks(cut.shape, cut.dims, labels)
    sizes = [len(block) for block in cut.indices()]
    assert blocks.n_blocks == len(sizes)
    assert blocks.sizes.tolist() == sizes
    torch.testing.assert_close(blocks.weights, torch.tensor(sizes).double().sqrt())


@over
def test_gradient_of_the_norm_is_zero_at_a_zero_block(cut):
    w = draw(cut)
    for index in cut.indices()[0]:
        w[index] = 0
    leaf = w.clone().requires_grad_()
    cut.blocks.norm(leaf).sum().backward()
    for block in cut.indices():
        norm = math.sqrt(sum(float(w[index]) ** 2 for index in block))
        for index in block:
            slope = float(w[index]) / norm if norm else 0.0
            assert float(leaf.grad[index]) == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize(
    ("made", "cut"),
    [
        (Blocks.whole((3, 2), 1.3), Cut("", (3, 2), (-1,), (0, 0), (1.3,))),
        (Blocks.columns((2, 3), torch.tensor([1, 0, 1])), Cut("", (2, 3), (-1,), (1, 0, 1))),
        (Blocks.neurons((3, 2)), Cut("", (3, 2), (-2,))),
        (Blocks.channels((3, 2)), Cut("", (3, 2), (-1,))),
        (Blocks.neurons((2, 3, 2, 2)), Cut("", (2, 3, 2, 2), (-4,))),
        (Blocks.channels((2, 3, 2, 2)), Cut("", (2, 3, 2, 2), (-3,))),
        (Blocks.filters((2, 3, 2, 2)), Cut("", (2, 3, 2, 2), (-4, -3))),
    ],
    ids=["whole", "columns", "units", "inputs", "out-channels", "in-channels", "filters"],
)
def test_named_partitions(made, cut):
    w = draw(cut)
    assert_per_block(made.norm(w), cut, w, lambda entries: entries.square().sum(-1).sqrt())
    torch.testing.assert_close(made.weights, torch.tensor(cut.factors, dtype=torch.float64))


def test_to_takes_the_dtype_of_a_tensor():
    blocks = Blocks.neurons((3, 2)).to(torch.zeros(1, dtype=torch.float32))
    assert blocks.weights.dtype == torch.float32
    assert blocks.norm(torch.ones(3, 2)).dtype == torch.float32
