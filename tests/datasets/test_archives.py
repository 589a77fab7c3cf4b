"""Archives are unpacked up to a limit."""

from __future__ import annotations

import io
import tarfile
import zipfile

import numpy as np
import pytest

from sgnn.datasets import _cache, _donor_sites

BOMB = bytes(10**6)  # compressed to a thousandth


@pytest.fixture(autouse=True)
def limit(monkeypatch):
    """A limit of 1000 bytes."""
    monkeypatch.setattr(_cache, "LIMIT", 1000)


def zipped(path, content):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/data.txt", content)
    return path


def test_a_member_of_a_zip_archive(tmp_path):
    assert _cache.read_member(zipped(tmp_path / "a.zip", b"few"), "data.txt") == b"few"
    with pytest.raises(ValueError, match=r"a\.zip is damaged or is not the published file"):
        _cache.read_member(zipped(tmp_path / "a.zip", BOMB), "data.txt")


def test_the_arrays_of_an_npz_file(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(10))
    np.testing.assert_array_equal(_cache.read_npz(tmp_path / "a.npz", ["x"])["x"], np.arange(10))
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(10**6))
    with pytest.raises(ValueError, match=r"a\.npz is damaged or is not the published file"):
        _cache.read_npz(tmp_path / "a.npz", ["x"])


def test_a_member_of_a_tarball(tmp_path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for name in _donor_sites._MEMBERS:
            member = tarfile.TarInfo(name)
            member.size = len(BOMB)
            archive.addfile(member, io.BytesIO(BOMB))
    with pytest.raises(ValueError, match=r"a\.tar\.gz is damaged or is not the published file"):
        _donor_sites._read_tarball(tmp_path / "a.tar.gz")
