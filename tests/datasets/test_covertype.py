"""Cover types: the columns of scikit-learn's download, and the balanced head of the rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import sklearn.datasets

from sgnn.datasets import fetch_covertype

HEAD = "covertype/covertype_first20000.npz"
N_ROWS = 15_200


@pytest.fixture
def cached(offline, monkeypatch):
    """Replace fetch_covtype by random rows, and return the arguments of its calls."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 4000, (N_ROWS, 54)).astype(np.float64)
    classes = rng.integers(1, 8, N_ROWS).astype(np.int32)
    calls = []

    def fetch_covtype(**kwargs):
        calls.append(kwargs)
        return rows, classes

    monkeypatch.setattr(sklearn.datasets, "fetch_covtype", fetch_covtype)
    return rows, classes, calls


def test_all_rows(cached, tmp_path):
    rows, classes, calls = cached
    covertype = fetch_covertype(tmp_path, False)
    np.testing.assert_array_equal(covertype.data, rows)
    assert covertype.data.dtype == np.float32
    np.testing.assert_array_equal(covertype.target, classes)
    assert covertype.target.dtype == np.int64
    assert Counter(covertype.split.tolist()) == {"train": 11_340, "valid": 3780, "test": 80}
    assert covertype.split[[0, 11_339, 11_340, 15_119, 15_120]].tolist() == [
        *("train", "train", "valid", "valid", "test")
    ]
    assert calls == [{"data_home": tmp_path, "download_if_missing": False, "return_X_y": True}]


def test_groups(cached):
    covertype = fetch_covertype()
    sizes = Counter(covertype.groups.tolist())
    assert [*sizes.values()] == [1] * 10 + [4, 40]
    assert [*sizes][-2:] == ["Wilderness_Area", "Soil_Type"]
    for name, group in zip(covertype.feature_names, covertype.groups, strict=True):
        assert name.removeprefix(group).strip("_0123456789") == ""
    assert len(set(covertype.feature_names)) == 54
    assert covertype.group_costs is None


def test_balanced_rows_without_their_file(cached):
    covertype = fetch_covertype(subset="balanced")
    np.testing.assert_array_equal(covertype.data, cached[0][:15_120])
    assert Counter(covertype.split.tolist()) == {"train": 11_340, "valid": 3780}


def test_missing_data_raise(offline, tmp_path):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False forbids"):
        fetch_covertype(tmp_path, download_if_missing=False)


def test_offline(offline, monkeypatch):
    def fetch_covtype(**kwargs):
        raise OSError("no network")

    monkeypatch.setattr(sklearn.datasets, "fetch_covtype", fetch_covtype)
    with pytest.raises(ConnectionError, match="go online, or set data_home"):
        fetch_covertype()


def test_damaged_head_raises(offline, tmp_path):
    (tmp_path / HEAD).parent.mkdir()
    (tmp_path / HEAD).write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(ValueError, match=r"first20000\.npz is damaged"):
        fetch_covertype(tmp_path, subset="balanced")


def test_invalid_choice(cached):
    with pytest.raises(ValueError, match="subset='head' is not understood; give one of"):
        fetch_covertype(subset="head")


def test_the_published_head(real_data):
    with np.load(real_data(HEAD)) as known:
        split, names, groups = known["split"], known["feature_names"], known["group12"]
    covertype = fetch_covertype(subset="balanced")
    assert covertype.data.shape == (15_120, 54)
    np.testing.assert_array_equal(covertype.split, split[:15_120])
    for part, count in [("train", 1620), ("valid", 540)]:
        rows = covertype.target[covertype.split == part]
        assert np.bincount(rows)[1:].tolist() == [count] * 7
    # The same names but for their numbers, which start from 1 there.
    bare = [name.rstrip("0123456789") for name in names]
    assert [name.rstrip("_0123456789") for name in covertype.feature_names] == bare
    for group in range(12):
        assert len(set(covertype.groups[groups == group])) == 1
    # One wilderness area and one soil type each.
    for name in ("Wilderness_Area", "Soil_Type"):
        assert (covertype.data[:, covertype.groups == name].sum(axis=1) == 1).all()
