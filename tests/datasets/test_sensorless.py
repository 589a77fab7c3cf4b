"""Sensorless drive: the published text, its hash, its groups, and the real rows at hand."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections import Counter

import numpy as np
import pytest

from sgnn.datasets import _sensorless, fetch_sensorless_drive

ARCHIVE = "sensorless/dataset+for+sensorless+drive+diagnosis.zip"
SUBSET = "sensorless/sensorless_subset2200.npz"
ROWS = np.arange(3 * 48).reshape(3, 48) / 1000
CLASSES = [1, 2, 11]


def published(rows, classes):
    """Write features and classes as the UCI repository does: five digits, blanks between."""
    lines = (
        " ".join([*(f"{value:.5g}" for value in row), str(label)])
        for row, label in zip(rows, classes, strict=True)
    )
    return "".join(f"{line}\n" for line in lines).encode()


def put(folder, text, name="Sensorless_drive_diagnosis.txt"):
    """Write the archive of the text into a data folder, and return the folder."""
    (folder / ARCHIVE).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return folder


def accept(monkeypatch, text):
    """Take the text for the published one: `git hash-object` gives this hash."""
    blob = hashlib.sha1(f"blob {len(text)}\0".encode() + text).hexdigest()
    monkeypatch.setattr(_sensorless, "_GIT_BLOB", blob)


@pytest.fixture
def tiny(offline, monkeypatch, tmp_path):
    """Return a data folder with three rows, which is accepted in place of the published one."""
    text = published(ROWS, CLASSES)
    accept(monkeypatch, text)
    return put(tmp_path / "data", text)


def test_parser(tiny):
    drive = fetch_sensorless_drive(tiny, download_if_missing=False)
    np.testing.assert_array_equal(drive.data, ROWS.astype(np.float32))
    assert drive.data.dtype == np.float32
    assert drive.target.tolist() == CLASSES
    assert drive.target.dtype == np.int64
    assert drive.group_costs is None
    assert "all rows" in drive.DESCR


def test_windows_line_ends(tiny):
    put(
        tiny,
        published(ROWS, CLASSES).replace(b"\n", b"\r\n"),
        "folder/Sensorless_drive_diagnosis.txt",
    )
    assert fetch_sensorless_drive(tiny).target.tolist() == CLASSES


@pytest.mark.parametrize(
    ("by", "sizes", "first"),
    [
        ("component", [4] * 12, "IMF1 phase A"),
        ("phase", [24] * 2, "phase A"),
        ("statistic", [12] * 4, "mean"),
    ],
)
def test_groups(tiny, by, sizes, first):
    drive = fetch_sensorless_drive(tiny, by=by)
    assert [*Counter(drive.groups.tolist()).values()] == sizes
    assert drive.groups[0] == first
    assert len(set(drive.feature_names)) == 48
    for name, group in zip(drive.feature_names, drive.groups, strict=True):
        assert group in name


def test_download_happens_once(tiny, monkeypatch, tmp_path):
    import pooch

    urls = []

    def retrieve(url, known_hash, fname, path, progressbar):
        urls.append(url)
        shutil.copy(tiny / ARCHIVE, path / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    for _ in range(2):
        assert fetch_sensorless_drive(tmp_path / "home").target.tolist() == CLASSES
    assert urls == [
        "https://archive.ics.uci.edu/static/public/325/dataset+for+sensorless+drive+diagnosis.zip"
    ]


@pytest.mark.parametrize(
    "content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut"], ids=["empty", "html", "cut"]
)
def test_damaged_archive_raises(tiny, content):
    (tiny / ARCHIVE).write_bytes(content)
    with pytest.raises(ValueError, match=r"diagnosis\.zip is damaged .* delete it"):
        fetch_sensorless_drive(tiny)


def test_other_content_raises(tiny):
    put(tiny, published(ROWS + 1, CLASSES))
    with pytest.raises(ValueError, match=r"diagnosis\.zip is damaged"):
        fetch_sensorless_drive(tiny)
    put(tiny, published(ROWS, CLASSES), "other.txt")
    with pytest.raises(ValueError, match=r"diagnosis\.zip is damaged"):
        fetch_sensorless_drive(tiny)


def test_missing_files_raise(offline, tmp_path):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch_sensorless_drive(tmp_path, download_if_missing=False)
    with pytest.raises(ConnectionError, match="set SGNN_DATA or data_home"):
        fetch_sensorless_drive(tmp_path)
    with pytest.raises(FileNotFoundError, match="is no download; give subset='all'"):
        fetch_sensorless_drive(tmp_path, subset="2200")


@pytest.mark.parametrize("argument", ["subset", "by"])
def test_invalid_choices(tiny, argument):
    with pytest.raises(ValueError, match=f"{argument}='row' is not understood; give one of"):
        fetch_sensorless_drive(tiny, **{argument: "row"})


def test_damaged_subset_raises(tiny):
    (tiny / SUBSET).write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(ValueError, match=r"subset2200\.npz is damaged"):
        fetch_sensorless_drive(tiny, subset="2200")


def test_the_subset(real_data):
    with np.load(real_data(SUBSET)) as known:
        known = dict(known)
    drive = fetch_sensorless_drive(subset="2200")
    assert drive.data.shape == (2200, 48)
    assert np.unique(drive.target).tolist() == list(range(1, 12))
    assert np.bincount(drive.target)[1:].tolist() == [200] * 11
    assert "200 rows" in drive.DESCR
    component, phase = known["component"], [f"phase {phase}" for phase in known["phase"]]
    expected = {
        "component": [" ".join(pair) for pair in zip(component, phase, strict=True)],
        "phase": phase,
        "statistic": known["statistic"],
    }
    for by, groups in expected.items():
        np.testing.assert_array_equal(fetch_sensorless_drive(subset="2200", by=by).groups, groups)


def test_rows_of_the_published_file(real_data, monkeypatch, tmp_path):
    """The first 5748 rows, written as published, are read as they were, the subset's among them."""
    with np.load(real_data("sensorless/sensorless_raw_prefix_class1_2.npz")) as known:
        rows, classes = known["X"], known["y"]
    with np.load(real_data(SUBSET)) as known:
        position, some = known["raw_prefix_row"], known["X"]
    monkeypatch.delenv("SGNN_DATA")
    text = published(rows, classes)
    accept(monkeypatch, text)
    drive = fetch_sensorless_drive(put(tmp_path, text))
    np.testing.assert_array_equal(drive.data, rows.astype(np.float32))
    np.testing.assert_array_equal(drive.target, classes)
    found = position >= 0
    np.testing.assert_array_equal(drive.data[position[found]], some[found].astype(np.float32))
