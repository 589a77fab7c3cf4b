"""OICSR as the group lasso of joined weights, against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sgnn.groups import Blocks
from sgnn.regularizers import GroupLasso, join_units, split_units

# weight of a layer, weight of the next one, inputs of the next per unit
PAIRS = {
    "dense, dense": ((4, 3), (2, 4), 1),
    "conv, conv": ((3, 2, 2, 2), (5, 3, 1, 2), 1),
    "conv, flattened, dense": ((3, 2, 2, 2), (5, 12), 4),
}


def draw(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("name", PAIRS)
def test_value_is_the_loop(name):
    below, above, m = PAIRS[name]
    lower, upper = draw(below, 0), draw(above, 1)
    expected = 0.0
    for u in range(below[0]):
        square = sum(float(lower[i]) ** 2 for i in np.ndindex(*below) if i[0] == u)
        square += sum(float(upper[i]) ** 2 for i in np.ndindex(*above) if i[1] // m == u)
        expected += math.sqrt(square)
    joined = join_units(lower, upper)
    rows = Blocks(joined.shape, (-2,), None, torch.ones(below[0], dtype=torch.float64))
    assert float(GroupLasso().value(joined, rows, 0.7)) == pytest.approx(0.7 * expected, rel=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_splitting_undoes_joining(name):
    lower, upper = (draw(shape, seed) for seed, shape in enumerate(PAIRS[name][:2]))
    back = split_units(join_units(lower, upper), lower, upper)
    assert torch.equal(back[0], lower)
    assert torch.equal(back[1], upper)


def test_a_removed_unit_has_no_weights():
    lower, upper = draw((4, 3), 0), draw((2, 4), 1)
    lower[2] *= 1e-3
    upper[:, 2] *= 1e-3
    joined = join_units(lower, upper)
    rows = Blocks(joined.shape, (-2,), None, torch.ones(4, dtype=torch.float64))
    lower, upper = split_units(GroupLasso().prox(joined, rows, 0.1, 1.0), lower, upper)
    assert (lower == 0).all(1).tolist() == [False, False, True, False]
    assert (upper == 0).all(0).tolist() == [False, False, True, False]


def test_layers_of_other_sizes_raise():
    with pytest.raises(ValueError, match="upper has 7 inputs for the 4 units of lower"):
        join_units(draw((4, 3), 0), draw((2, 7), 1))
