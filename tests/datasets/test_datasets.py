"""What every data set has in common."""

from __future__ import annotations

import random

import numpy as np
import pytest

from sgnn import datasets
from sgnn.groups import Groups

from ..programs import printed

CACHED = {"download_if_missing": False}  # where they are not, the laws are skipped

# the arguments of each for a quick call
ROWS = {
    "fetch_covertype": CACHED,
    "fetch_donor_splice_sites": CACHED,
    "fetch_fashion_mnist_rows": CACHED,
    "fetch_heart_costs": CACHED,
    "fetch_hydraulic": CACHED,
    "fetch_mnist_rows": CACHED,
    "fetch_sensorless_drive": CACHED,
    "load_digit_rows": {},
    "load_heart_costs": {},
    "make_grouped_classification": {"n_samples": 30},
    "make_grouped_regression": {"n_samples": 30},
    "make_parity": {"n_samples": 30},
    "make_strong_group_sparse": {"n_samples": 30},
}
MAKERS = [name for name in ROWS if name.startswith("make_")]


def called(name, **arguments):
    try:
        return getattr(datasets, name)(**ROWS[name], **arguments)
    except (FileNotFoundError, ImportError) as error:
        assert name.startswith("fetch_")
        pytest.skip(str(error))


@pytest.fixture(params=MAKERS)
def make(request):
    """A function of random_state."""
    return lambda seed: called(request.param, random_state=seed)


@pytest.mark.parametrize("name", ROWS)
def test_fields(name):
    bunch = called(name)
    n_samples, n_features = bunch.data.shape
    assert n_samples > 1
    assert bunch.data.dtype.kind in "fiu"
    assert np.isfinite(bunch.data).all()
    assert len(bunch.target) == n_samples
    assert bunch.groups.shape == (n_features,)
    assert bunch.groups.dtype.kind == "U"
    assert len(set(bunch.feature_names)) == n_features
    assert bunch.DESCR.endswith("."), "DESCR is one sentence on one line"
    assert "\n" not in bunch.DESCR, "DESCR is one sentence on one line"


@pytest.mark.parametrize("name", ROWS)
def test_groups_and_costs_are_those_that_estimators_take(name):
    bunch = called(name)
    groups = Groups.of(bunch.groups, bunch.data.shape[1], costs=bunch.group_costs)
    assert 1 < len(groups) <= bunch.data.shape[1]
    assert list(groups.names) == list(dict.fromkeys(bunch.groups))
    if bunch.group_costs is not None:
        assert bunch.group_costs.keys() == set(bunch.groups)
        assert (groups.costs == [bunch.group_costs[name] for name in groups.names]).all()


def test_the_support_is_that_of_the_groups_by_name(make):
    made = make(0)
    assert list(dict.fromkeys(made.groups)) == sorted(set(made.groups))
    assert made.support.shape == np.unique(made.groups).shape
    assert made.support.dtype == bool
    assert made.support.any()


@pytest.mark.parametrize("name", ROWS)
def test_it_is_explained(name):
    words = getattr(datasets, name).__doc__
    assert all(f"{title}\n    ---" in words for title in ("Returns", "Examples"))


def test_random_state(make):
    seeds = [7, 7, np.random.default_rng(7), np.random.RandomState(7), np.random.RandomState(7)]
    first, again, generator, legacy, legacy_again = (make(seed) for seed in seeds)
    np.testing.assert_array_equal(first.data, again.data)
    np.testing.assert_array_equal(first.target, again.target)
    np.testing.assert_array_equal(first.data, generator.data)
    np.testing.assert_array_equal(legacy.data, legacy_again.data)
    assert not np.array_equal(make(8).data, first.data)
    assert not np.array_equal(make(None).data, make(None).data)


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
