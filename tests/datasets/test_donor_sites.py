"""Donor splice sites: parsed, checked, cached, counted."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import tarfile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sgnn.datasets import _donor_sites, fetch_donor_splice_sites
from sgnn.metrics import max_correlation_coefficient

MEMBERS = {
    "train5_hs": "> 5\nacgtacg\n> 5\nACGTACG\n",
    "train0_5_hs": "> 0\ntttttta\n> 0\nacgtacg\n> 0\ntttttta\n",
    "testfile5_hs": "> 0\nggggggg\n\n> 5\naaaaaac\n",
}
SITE, DECOY = [0, 1, 2, 3, 0, 1, 2], [3, 3, 3, 3, 3, 3, 0]
PARSED = {
    "X_train": np.array([SITE, SITE, DECOY, SITE, DECOY], dtype=np.uint8),
    "y_train": np.array([1, 1, 0, 0, 0], dtype=np.uint8),
    "X_test": np.array([[2] * 7, [0, 0, 0, 0, 0, 0, 1]], dtype=np.uint8),
    "y_test": np.array([0, 1], dtype=np.uint8),
}


def write_tarball(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"._train5_hs": "\xff", **members}.items():
            info = tarfile.TarInfo(f"MEMset/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def tiny(offline, monkeypatch, tmp_path):
    """Return a data folder with a tiny tarball, which is accepted in place of the published one."""
    content = b"".join(array.tobytes() for array in PARSED.values())
    monkeypatch.setattr(_donor_sites, "_SHA256", hashlib.sha256(content).hexdigest())
    write_tarball(tmp_path / "data" / "memset" / "MEMset.tar.gz", MEMBERS)
    return tmp_path / "data"


def test_parser(tmp_path):
    arrays = _donor_sites._read_tarball(write_tarball(tmp_path / "tiny.tar.gz", MEMBERS))
    for name, expected in PARSED.items():
        np.testing.assert_array_equal(arrays[name], expected, strict=True)


def test_one_hot(tiny):
    sites = fetch_donor_splice_sites(tiny)
    assert sites.data.shape == (5, 28)
    assert sites.data.dtype == np.float32
    assert sites.data[0].reshape(7, 4).argmax(axis=1).tolist() == SITE
    assert (sites.data.sum(axis=1) == 7).all()
    assert sites.target.tolist() == [1, 1, 0, 0, 0]
    assert sites.test_target.tolist() == [0, 1]
    assert "sample_weight" not in sites
    assert sites.groups[[0, 3, 4, 12, 27]].tolist() == [
        "position -3",
        "position -3",
        "position -2",
        "position +3",
        "position +6",
    ]
    assert sites.feature_names[:2] == ["position -3 a", "position -3 c"]


def test_counts(tiny):
    sites = fetch_donor_splice_sites(tiny, counts=True)
    codes = sites.data.reshape(-1, 7, 4).argmax(axis=2).tolist()
    rows = zip(codes, sites.target.tolist(), sites.sample_weight.tolist(), strict=True)
    assert sorted(rows) == [(SITE, 0, 1.0), (SITE, 1, 2.0), (DECOY, 0, 2.0)]
    assert sites.test_data.shape == (2, 28)


def test_second_call_reads_the_parsed_arrays(tiny, monkeypatch, tmp_path):
    import pooch

    urls = []

    def retrieve(url, known_hash, fname, path, progressbar):
        urls.append(url)
        shutil.copy(tiny / "memset" / fname, path / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    home = tmp_path / "home"
    first = fetch_donor_splice_sites(home)
    (home / "memset" / "MEMset.tar.gz").unlink()
    second = fetch_donor_splice_sites(home, download_if_missing=False)
    np.testing.assert_array_equal(first.data, second.data)
    assert urls == ["https://github.com/mkomod/p3/raw/b0d3b85d/data/memset/MEMset.tar.gz"]
    assert [path.name for path in (home / "memset").iterdir()] == ["memset_donor5.npz"]


def test_offline(offline, tmp_path):
    with pytest.raises(ConnectionError, match=r"set SGNN_DATA or data_home .*/MEMset\.tar\.gz"):
        fetch_donor_splice_sites(tmp_path)


def test_download_forbidden(offline, tmp_path):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch_donor_splice_sites(tmp_path, download_if_missing=False)


def test_without_pooch(offline, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'pip install "sgnn\[datasets\]"'):
        fetch_donor_splice_sites()


@pytest.mark.parametrize(
    "changed",
    [
        {"train5_hs": "> 5\nacgtacg\n> 5\nacgtaca\n"},
        {"train5_hs": "> 5\nacgtacn\n"},
        {"train5_hs": "> 5\nacgtacgt\n"},
        {"train5_hs": "acgtacg\n> 5\n"},
        {"testfile5_hs": ""},
    ],
    ids=["other sequence", "other letter", "other length", "no header", "empty"],
)
def test_other_sequences_raise(tiny, changed):
    write_tarball(tiny / "memset" / "MEMset.tar.gz", MEMBERS | changed)
    with pytest.raises(ValueError, match=r"MEMset\.tar\.gz is damaged .* delete it"):
        fetch_donor_splice_sites(tiny)
    assert not (tiny / "memset" / "memset_donor5.npz").exists()


def test_missing_member_raises(tiny):
    write_tarball(tiny / "memset" / "MEMset.tar.gz", {"train5_hs": MEMBERS["train5_hs"]})
    with pytest.raises(ValueError, match=r"MEMset\.tar\.gz is damaged"):
        fetch_donor_splice_sites(tiny)


@pytest.mark.parametrize("name", ["MEMset.tar.gz", "memset_donor5.npz"])
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut"])
def test_damaged_file_raises(tiny, name, content):
    (tiny / "memset" / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        fetch_donor_splice_sites(tiny)


def test_other_arrays_raise(tiny):
    path = tiny / "memset" / "memset_donor5.npz"
    np.savez(path, **PARSED | {"y_test": 1 - PARSED["y_test"]})
    with pytest.raises(ValueError, match=r"memset_donor5\.npz is damaged"):
        fetch_donor_splice_sites(tiny)


def test_cut_tarball_raises(tiny):
    path = tiny / "memset" / "MEMset.tar.gz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"MEMset\.tar\.gz is damaged"):
        fetch_donor_splice_sites(tiny)


@pytest.fixture
def published(real_data):
    real_data("memset/memset_donor5.npz")
    return fetch_donor_splice_sites(download_if_missing=False)


def test_the_published_numbers(published):
    assert published.data.shape == (187_853, 28)
    assert np.bincount(published.target).tolist() == [179_438, 8_415]
    assert np.bincount(published.test_target).tolist() == [89_717, 4_208]


def test_counts_sum_to_the_published_rows(published):
    distinct = fetch_donor_splice_sites(counts=True)
    assert distinct.sample_weight.sum() == len(published.data)
    assert len(distinct.data) == len(np.unique(np.c_[distinct.data, distinct.target], axis=0))
    assert len(distinct.data) < 17_000
    for label in (0, 1):
        weights = distinct.sample_weight * (distinct.target == label)
        rows = published.data[published.target == label].astype(np.float64)
        np.testing.assert_array_equal(weights @ distinct.data, rows.sum(axis=0))
        # Pairs of columns too: the joint counts of every two positions.
        np.testing.assert_array_equal(
            (distinct.data * weights[:, None]).T @ distinct.data, rows.T @ rows
        )
    np.testing.assert_array_equal(distinct.test_data, published.test_data)


def test_main_effects_reach_the_known_max_cc(published):
    train = fetch_donor_splice_sites(counts=True)
    model = LogisticRegression(C=100.0, max_iter=500)
    model.fit(train.data, train.target, sample_weight=train.sample_weight)
    scores = model.predict_proba(published.test_data)[:, 1]
    value = max_correlation_coefficient(published.test_target, scores)
    assert value == pytest.approx(0.627, abs=0.002)
