"""What every data set has in common."""

from __future__ import annotations

import random

import numpy as np
import pytest

from sgnn import datasets

from ..programs import printed

MAKERS = {
    "classification": lambda seed: datasets.make_grouped_classification(30, random_state=seed),
    "regression": lambda seed: datasets.make_grouped_regression(30, random_state=seed),
    "parity": lambda seed: datasets.make_parity(30, random_state=seed),
    "strong": lambda seed: datasets.make_strong_group_sparse(30, random_state=seed),
}
LOADERS = MAKERS | {"digits": lambda seed: datasets.load_digit_rows()}


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_fields(load):
    bunch = load(0)
    n_samples, n_features = bunch.data.shape
    assert bunch.data.dtype in (np.float32, np.float64)
    assert len(bunch.target) == n_samples
    assert bunch.groups.shape == (n_features,)
    assert bunch.groups.dtype.kind == "U"
    assert bunch.group_costs is None
    assert len(set(bunch.feature_names)) == n_features
    assert isinstance(bunch.DESCR, str)
    if "support" in bunch:
        assert bunch.support.shape == np.unique(bunch.groups).shape
        assert bunch.support.dtype == bool


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_groups_appear_in_the_order_of_their_names(load):
    groups = load(0).groups
    assert list(dict.fromkeys(groups)) == sorted(set(groups))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_random_state(make):
    seeds = [7, 7, np.random.default_rng(7), np.random.RandomState(7), np.random.RandomState(7)]
    first, again, generator, legacy, legacy_again = (make(seed) for seed in seeds)
    np.testing.assert_array_equal(first.data, again.data)
    np.testing.assert_array_equal(first.target, again.target)
    np.testing.assert_array_equal(first.data, generator.data)
    np.testing.assert_array_equal(legacy.data, legacy_again.data)
    assert not np.array_equal(make(8).data, first.data)
    assert not np.array_equal(make(None).data, make(None).data)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("seed", [None, 0])
def test_global_random_streams_are_untouched(make, seed):
    before, numpy_before = random.getstate(), np.random.get_state()  # noqa: NPY002
    make(seed)
    assert random.getstate() == before
    for ours, theirs in zip(np.random.get_state(), numpy_before, strict=True):  # noqa: NPY002
        np.testing.assert_array_equal(ours, theirs)


def test_random_state_of_another_kind():
    with pytest.raises(ValueError, match="cannot be used to seed"):
        datasets.make_parity(random_state="seven")


def test_import_is_light():
    code = (
        "import sys, sgnn.datasets;"
        "print(*{'torch', 'matplotlib', 'pooch', 'pywt'}.intersection(sys.modules))"
    )
    assert printed(code).split() == []


def test_digit_rows():
    digits = datasets.load_digit_rows()
    assert digits.data.shape == (1797, 64)
    assert (digits.data.min(), digits.data.max()) == (0, 1)
    assert digits.groups[[0, 7, 8, 63]].tolist() == ["row 0", "row 0", "row 1", "row 7"]
    assert digits.feature_names[10] == "row 1 column 2"
    assert np.unique(digits.target).tolist() == list(range(10))
    # The first digit is a zero: its left border is black, its third row starts 0, 3, 15.
    assert (digits.data[0, 16:19] * 16).tolist() == [0, 3, 15]
