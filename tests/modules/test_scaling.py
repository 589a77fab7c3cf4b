"""Columns are filled in and scaled as worked by hand, whichever of them are asked for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from sgnn.modules import InputTransform

FILL = {"fill": [9, 7, 5]}
SCALE = {"shift": [1, 2, 3], "scale": [2, 4, 6]}


@pytest.mark.parametrize(
    ("parts", "prepared"),
    [
        ({}, [1.0, np.nan, 6.0]),
        (FILL, [1.0, 7.0, 6.0]),
        (SCALE, [0.0, np.nan, 0.5]),
        # filled in first, then scaled: (7 - 2) / 4
        (FILL | SCALE, [0.0, 1.25, 0.5]),
    ],
    ids=["as they are", "filled", "scaled", "both"],
)
def test_filled_in_then_scaled(parts, prepared):
    columns = InputTransform(3, **{name: np.array(values, float) for name, values in parts.items()})
    x, expected = torch.tensor([[1.0, np.nan, 6.0]]), torch.tensor([prepared])
    result = columns.prepare(x, slice(None), torch.float32)
    torch.testing.assert_close(result, expected, equal_nan=True)
    for some in itertools.combinations(range(3), 2):
        part = columns.prepare(x[:, some], torch.tensor(some), torch.float32)
        torch.testing.assert_close(part, expected[:, some], equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.float16])
def test_coarse_types_are_scaled_in_full_precision(dtype):
    columns = InputTransform(1, shift=np.array([0.25]), scale=np.array([0.3]))
    result = columns.prepare(torch.tensor([[1], [2]], dtype=dtype), slice(None), torch.float64)
    expected = torch.tensor([[0.75 / 0.3], [1.75 / 0.3]], dtype=torch.float64)
    torch.testing.assert_close(result, expected)


def test_kept_columns():
    columns = InputTransform(4)
    assert columns.kept.tolist() == [0, 1, 2, 3]
    columns.keep(torch.tensor([True, False, False, True]))
    assert columns.kept.tolist() == [0, 3]
