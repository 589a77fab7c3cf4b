"""The hydraulic rig: sensors of three rates, parsed, cached, validated."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections import Counter

import numpy as np
import pytest

from sgnn.datasets import _hydraulic, fetch_hydraulic

ARCHIVE = "hydraulic/condition+monitoring+of+hydraulic+systems.zip"
PARSED = "hydraulic/hydraulic_1hz.npz"
RATES = dict.fromkeys(["PS1", "PS2", "PS3", "PS4", "PS5", "PS6", "EPS1"], 100)
RATES |= dict.fromkeys(["FS1", "FS2"], 10)
RATES |= dict.fromkeys(["TS1", "TS2", "TS3", "TS4", "VS1", "CE", "CP", "SE"], 1)
PROFILE = [[3, 100, 0, 130, 1], [100, 73, 2, 90, 0]]


def samples(sensor):
    """Return two cycles of a sensor's samples, which count up by 1 from second to second."""
    rate = RATES[sensor]
    start = 1000 * list(RATES).index(sensor)
    # Within a second they alternate around the second's number by 1/4.
    wiggle = np.where(np.arange(rate) % 2, 0.25, -0.25) if rate > 1 else np.zeros(1)
    cycle = (start + np.arange(60)[:, None] + wiggle).ravel()
    return np.stack([cycle, -cycle])


def table(rows):
    return "".join("\t".join(f"{value:g}" for value in row) + "\n" for row in rows)


@pytest.fixture
def tiny(offline, monkeypatch, tmp_path):
    """Return a data folder with two cycles, which is accepted in place of the published one."""
    path = tmp_path / "data" / ARCHIVE
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("description.txt", "not a table")
        for sensor in sorted(RATES):
            archive.writestr(f"{sensor}.txt", table(samples(sensor)))
        archive.writestr("profile.txt", table(PROFILE))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(_hydraulic, "_SHA256", digest)
    return tmp_path / "data"


def test_means_of_seconds(tiny):
    rig = fetch_hydraulic(tiny, download_if_missing=False)
    assert rig.data.shape == (2, 1020)
    assert rig.data.dtype == np.float32
    for position, sensor in enumerate(RATES):
        expected = 1000 * position + np.arange(60)
        block = rig.data[:, rig.groups == sensor]
        np.testing.assert_array_equal(block, [expected, -expected])
    assert rig.groups[[0, 59, 60, 1019]].tolist() == ["PS1", "PS1", "PS2", "SE"]
    assert [*Counter(rig.groups.tolist()).values()] == [60] * 17
    assert rig.feature_names[60 * 9 + 7] == "TS1 second 07"
    assert rig.group_costs is None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("cooler", [3, 100]),
        ("valve", [100, 73]),
        ("pump_leak", [0, 2]),
        ("accumulator", [130, 90]),
        ("stable", [1, 0]),
    ],
)
def test_targets(tiny, target, expected):
    rig = fetch_hydraulic(tiny, target=target)
    assert rig.target.tolist() == expected
    assert rig.target.dtype == np.int64
    assert rig.targets.tolist() == PROFILE
    assert rig.targets[:, rig.target_names.index(target)].tolist() == expected


def test_second_call_reads_the_parsed_arrays(tiny, monkeypatch, tmp_path):
    import pooch

    urls = []

    def retrieve(url, known_hash, fname, path, progressbar):
        urls.append(url)
        assert known_hash == "sha256:" + _hydraulic._SHA256
        shutil.copy(tiny / ARCHIVE, path / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    home = tmp_path / "home"
    first = fetch_hydraulic(home)
    (home / ARCHIVE).unlink()
    second = fetch_hydraulic(home, download_if_missing=False)
    np.testing.assert_array_equal(first.data, second.data)
    np.testing.assert_array_equal(first.targets, second.targets)
    assert urls == [
        "https://archive.ics.uci.edu/static/public/447/"
        "condition+monitoring+of+hydraulic+systems.zip"
    ]
    assert [path.name for path in (home / "hydraulic").iterdir()] == ["hydraulic_1hz.npz"]


def test_damaged_archive_raises(tiny):
    content = (tiny / ARCHIVE).read_bytes()
    (tiny / ARCHIVE).write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"systems\.zip is damaged .* delete it"):
        fetch_hydraulic(tiny)
    assert not (tiny / PARSED).exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut"])
def test_damaged_arrays_raise(tiny, content):
    (tiny / PARSED).write_bytes(content)
    with pytest.raises(ValueError, match=r"hydraulic_1hz\.npz is damaged"):
        fetch_hydraulic(tiny)


def test_missing_file_raises(offline, tmp_path):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch_hydraulic(tmp_path, download_if_missing=False)


def test_invalid_choice(tiny):
    with pytest.raises(ValueError, match="target='pump' is not understood; give one of"):
        fetch_hydraulic(tiny, target="pump")


def test_the_published_numbers(real_data):
    with np.load(real_data(PARSED)) as known:
        names, group = known["group_names"], known["group"]
        target_names = known["target_names"].tolist()
    rig = fetch_hydraulic(download_if_missing=False)
    assert rig.data.shape == (2205, 1020)
    np.testing.assert_array_equal(rig.groups, names[group])
    assert rig.target_names == target_names
    # The counts that the data set's documentation gives.
    counts = {
        "cooler": {3: 732, 20: 732, 100: 741},
        "valve": {100: 1125, 90: 360, 80: 360, 73: 360},
        "pump_leak": {0: 1221, 1: 492, 2: 492},
        "accumulator": {130: 599, 115: 399, 100: 399, 90: 808},
        "stable": {0: 1449, 1: 756},
    }
    for name, column in zip(rig.target_names, rig.targets.T, strict=True):
        assert Counter(column.tolist()) == counts[name]
