"""The same random_state gives the same bits, and no global stream of random numbers moves."""

from __future__ import annotations

import random

import joblib
import numpy as np
import pytest
import torch
from sklearn.model_selection import cross_val_score

from .instances import CASES, outputs

# what a network that is drawn anew finds may be nothing
unseeded = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def drawn(case, seed, **settings):
    """What an estimator says whose network and order of groups depend on the seed."""
    return outputs(case(random_state=seed, **settings).fit(case.X, case.y), case.X)


@pytest.mark.parametrize(
    "settings",
    [{}, {"early_stopping": True}, {"batch_size": 16, "dtype": "float32"}],
    ids=str,
)
def test_same_seed_same_bits(variant, settings):
    first = drawn(variant, 3, **settings)
    np.testing.assert_array_equal(drawn(variant, 3, **settings), first)
    assert not np.array_equal(drawn(variant, 4, **settings), first)


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_generators_are_accepted(case, make):
    np.testing.assert_array_equal(drawn(case, make(3)), drawn(case, make(3)))
    one = make(3)
    assert not np.array_equal(drawn(case, one), drawn(case, one))


@unseeded
def test_no_seed_is_a_new_network_each_time(case):
    said = []
    for _ in range(2):
        np.random.seed(0)  # noqa: NPY002
        torch.manual_seed(0)
        said.append(drawn(case, None))
    assert not np.array_equal(*said)


@pytest.mark.parametrize(
    ("case", "backend"),
    [
        (CASES[0], "loky"),
        *(pytest.param(case, "loky", marks=pytest.mark.slow) for case in CASES[1:]),
        *((case, "threading") for case in CASES),
    ],
    ids=str,
)
@pytest.mark.xdist_group("processes")  # which are started once
def test_any_number_of_jobs_gives_the_same_bits(case, backend):
    alone = cross_val_score(case(), case.X, case.y, cv=4)
    with joblib.parallel_backend(backend):
        together = cross_val_score(case(), case.X, case.y, cv=4, n_jobs=2)
    np.testing.assert_array_equal(together, alone)


def streams():
    """The state of every global stream of random numbers."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return [random.getstate(), name, keys.tolist(), rest, torch.get_rng_state().tolist()]


@unseeded
@pytest.mark.parametrize("seed", [0, None])
@pytest.mark.parametrize(
    "settings",
    [{}, {"early_stopping": True}, {"batch_size": 16, "refit": True}],
    ids=str,
)
def test_global_streams_are_left_alone(variant, seed, settings):
    before = streams()
    drawn(variant, seed, **settings)
    assert streams() == before


@pytest.mark.parametrize("settings", [{}, {"dtype": "float32"}, {"refit": True}], ids=str)
def test_the_default_dtype_of_torch_changes_no_bit(variant, settings):
    expected = drawn(variant, 0, **settings)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        found = drawn(variant, 0, **settings)
    finally:
        torch.set_default_dtype(before)
    np.testing.assert_array_equal(found, expected)


def test_inference_mode_around_it_changes_no_bit(case):
    expected = drawn(case, 0)
    with torch.inference_mode():
        np.testing.assert_array_equal(drawn(case, 0), expected)
