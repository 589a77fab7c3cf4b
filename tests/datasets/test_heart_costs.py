"""Heart disease and its costs: the published text, the published prices, two editions."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections import Counter

import numpy as np
import pytest

from sgnn.datasets import _heart_costs, fetch_heart_costs
from sgnn.groups import Groups

ARCHIVE = "heart_cost/heart+disease.zip"
FFTREES = "heart_cost/heartdisease_fftrees.csv"
TESTS = [
    *("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg"),
    *("thalach", "exang", "oldpeak", "slope", "ca", "thal"),
]
# Two patients as the UCI repository writes them, the last column the severity.
PUBLISHED = """\
63.0,1.0,1.0,145.0,233.0,1.0,2.0,150.0,0.0,2.3,3.0,0.0,6.0,0
67.0,0.0,4.0,160.0,286.0,0.0,0.0,108.0,1.0,1.5,2.0,?,3.0,2
"""
# The same as R's write.csv writes those of FFTrees, but for what was missing.
EDITED = """\
"diagnosis","age","sex","cp","trestbps","chol","fbs","restecg","thalach","exang","oldpeak",\
"slope","ca","thal"
FALSE,63,1,"ta",145,233,1,"hypertrophy",150,0,2.3,"down",0,"fd"
TRUE,67,0,"a",160,286,0,"normal",108,1,1.5,"flat",1,"normal"
"""


@pytest.fixture
def tiny(offline, monkeypatch, tmp_path):
    """Return a data folder with both editions of two patients, the hash taken for the known one."""
    path = tmp_path / ARCHIVE
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cleveland.data", "the raw records")
        archive.writestr("processed.cleveland.data", PUBLISHED)
    monkeypatch.setattr(_heart_costs, "_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    (tmp_path / FFTREES).write_text(EDITED)
    return tmp_path


def test_parser(tiny):
    heart = fetch_heart_costs(tiny, download_if_missing=False)
    expected = [
        [63, 1, 1, 145, 233, 1, 2, 150, 0, 2.3, 3, 0, 6],
        [67, 0, 4, 160, 286, 0, 0, 108, 1, 1.5, 2, np.nan, 3],
    ]
    np.testing.assert_array_equal(heart.data, np.array(expected, dtype=np.float32))
    assert heart.data.dtype == np.float32
    assert heart.target.tolist() == [0, 1]
    assert heart.target.dtype == np.int64
    assert heart.feature_names == TESTS


def test_the_edition_of_fftrees(tiny):
    heart = fetch_heart_costs(tiny, edition="fftrees")
    published = fetch_heart_costs(tiny)
    missing = np.isnan(published.data)
    np.testing.assert_array_equal(heart.data[~missing], published.data[~missing])
    assert heart.data[missing].tolist() == [1]
    assert heart.target.tolist() == [0, 1]


def test_tests_are_groups(tiny):
    heart = fetch_heart_costs(tiny)
    assert heart.groups.tolist() == TESTS
    assert list(heart.group_costs) == TESTS


def test_procedures_are_groups(tiny):
    heart = fetch_heart_costs(tiny, by="procedure")
    members = {
        name: [TESTS[i] for i in np.flatnonzero(heart.groups == name)] for name in heart.group_costs
    }
    shared = {name: tests for name, tests in members.items() if len(tests) > 1}
    assert shared == {
        "blood": ["chol", "fbs"],
        "thallium": ["thalach", "thal"],
        "exercise ECG": ["exang", "oldpeak", "slope"],
    }
    assert len(members) == 9
    # Full price of the first, discounted prices of the others.
    expected = {"blood": 7.27 + 3.10, "thallium": 102.90 + 1.00, "exercise ECG": 87.30 + 2 * 1.00}
    for name, cost in expected.items():
        assert heart.group_costs[name] == pytest.approx(cost, rel=1e-12)


@pytest.mark.parametrize("by", ["test", "procedure"])
def test_prices_are_read_as_costs(tiny, by):
    heart = fetch_heart_costs(tiny, by=by)
    groups = Groups.of(heart.groups, 13, costs=heart.group_costs)
    assert dict(zip(groups.names, groups.costs.tolist(), strict=True)) == heart.group_costs


def test_the_order_of_tests_changes_no_price():
    """What a group shares is the same for all of its tests."""
    shared = Counter(
        (test.procedure, round(test.full - test.discount, 2))
        for test in _heart_costs._TESTS.values()
    )
    assert sorted(shared.values()) == [1] * 6 + [2, 2, 3]


def test_the_prices_are_the_published_ones():
    """Written in the format of Turney's files, the table is those files, byte for byte."""
    tests = _heart_costs._TESTS
    letters = {"blood": "A", "thallium": "B", "exercise ECG": "C"}
    prices = "".join(
        _tabbed(f"{name}:", 24) + _tabbed(f"{test.full:.2f},", 16) + f"{test.discount:.2f}\n"
        for name, test in tests.items()
    )
    groups = "A, B, C.\n\n" + "".join(
        _tabbed(f"{name}:", 24) + f"{letters[test.procedure]}.\n"
        for name, test in tests.items()
        if test.procedure in letters
    )
    # SHA-256 of heart-disease.expense and heart-disease.group in the archive
    assert hashlib.sha256(f"{prices}\n\n".encode()).hexdigest() == (
        "1a760067be382086895a6fe3bc6a4c1f532d5f06b4c201c6654fce28af73dafe"
    )
    assert hashlib.sha256(f"{groups}\n\n".encode()).hexdigest() == (
        "5304099521b34ba089857a8e1550221fc32f16d537cae080848a6a958aa37770"
    )


def _tabbed(word, width):
    """Fill with tabs, eight columns each, up to a width."""
    return word + "\t" * -(-(width - len(word)) // 8)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>"])
def test_damaged_archive_is_refused(tiny, content):
    (tiny / ARCHIVE).write_bytes(content)
    with pytest.raises(ValueError, match=r"heart\+disease\.zip is damaged .* delete it"):
        fetch_heart_costs(tiny)


@pytest.mark.parametrize(
    ("old", "new"),
    [("diagnosis", "sick"), ("thal", "thallium"), ('"ta"', '"typical"'), ("2.3", "high")],
)
def test_damaged_edition_is_refused(tiny, old, new):
    (tiny / FFTREES).write_text(EDITED.replace(old, new))
    with pytest.raises(ValueError, match=r"fftrees\.csv is damaged"):
        fetch_heart_costs(tiny, edition="fftrees")


def test_missing_files_are_refused(offline, tmp_path):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch_heart_costs(tmp_path, download_if_missing=False)
    with pytest.raises(FileNotFoundError, match=r"write\.csv\(FFTrees::heartdisease"):
        fetch_heart_costs(tmp_path, edition="fftrees")


@pytest.mark.parametrize("argument", ["by", "edition"])
def test_refused_choices(tiny, argument):
    with pytest.raises(ValueError, match=f"{argument}='row' is not understood; give one of"):
        fetch_heart_costs(tiny, **{argument: "row"})


def test_the_real_table(real_data):
    real_data(FFTREES)
    heart = fetch_heart_costs(edition="fftrees")
    assert heart.data.shape == (303, 13)
    assert np.isfinite(heart.data).all()
    assert np.bincount(heart.target).tolist() == [164, 139]
    # The first patient of the published file.
    first = np.array([63, 1, 1, 145, 233, 1, 2, 150, 0, 2.3, 3, 0, 6], dtype=np.float32)
    np.testing.assert_array_equal(heart.data[0], first)


def test_the_real_prices(real_data):
    with real_data("heart_cost/costs.csv").open() as file:
        known = {row["feature"]: row for row in csv.DictReader(file)}
    assert list(known) == TESTS
    for name, test in _heart_costs._TESTS.items():
        assert test.full == float(known[name]["full_cost_cad"])
        assert test.discount == float(known[name]["discount_cost_cad"])
