"""Heart disease and its costs: the published text, the published prices, the embedded table."""

from __future__ import annotations

import csv
import hashlib
import sys
import zipfile
from collections import Counter
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sgnn import GroupLassoClassifier, source_columns
from sgnn.datasets import _heart_costs, fetch_heart_costs, load_heart_costs
from sgnn.groups import Groups

ARCHIVE = "heart_cost/heart+disease.zip"
TESTS = [
    *("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg"),
    *("thalach", "exang", "oldpeak", "slope", "ca", "thal"),
]
# Two patients as the UCI repository writes them, the last column the severity.
PUBLISHED = """\
63.0,1.0,1.0,145.0,233.0,1.0,2.0,150.0,0.0,2.3,3.0,0.0,6.0,0
67.0,0.0,4.0,160.0,286.0,0.0,0.0,108.0,1.0,1.5,2.0,?,3.0,2
"""
# Three more, whole, as it writes them: the first of its file.
FIRST = """\
63.0,1.0,1.0,145.0,233.0,1.0,2.0,150.0,0.0,2.3,3.0,0.0,6.0,0
67.0,1.0,4.0,160.0,286.0,0.0,2.0,108.0,1.0,1.5,2.0,3.0,3.0,2
67.0,1.0,4.0,120.0,229.0,0.0,2.0,129.0,1.0,2.6,2.0,2.0,7.0,1
"""
# Meaning of the codes in the codebook of the archive, in the words of FFTrees.
WORDS = {
    "cp": ["ta", "aa", "np", "a"],
    "restecg": ["normal", "abnormal", "hypertrophy"],
    "slope": ["up", "flat", "down"],
    "thal": ["normal", "fd", "rd"],
}


@pytest.fixture
def tiny(offline, monkeypatch, tmp_path):
    """Return a data folder with two published patients, accepted in place of the published file."""
    path = tmp_path / ARCHIVE
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cleveland.data", "the raw records")
        archive.writestr("processed.cleveland.data", PUBLISHED)
    monkeypatch.setattr(_heart_costs, "_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
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


def test_the_edition_of_fftrees_is_embedded(offline, tmp_path):
    fetched = fetch_heart_costs(tmp_path, edition="fftrees", by="procedure")
    loaded = load_heart_costs(by="procedure")
    assert loaded.pop("frame") is None
    assert fetched.keys() == loaded.keys()
    np.testing.assert_array_equal(fetched.data, loaded.data)
    np.testing.assert_array_equal(fetched.target, loaded.target)
    np.testing.assert_array_equal(fetched.groups, loaded.groups)
    assert fetched.group_costs == loaded.group_costs
    assert not list(tmp_path.iterdir())


def test_the_embedded_table():
    heart = load_heart_costs()
    assert heart.data.shape == (303, 13)
    assert heart.data.dtype == np.float32
    assert heart.target.dtype == np.int64
    assert np.isfinite(heart.data).all()
    assert np.bincount(heart.target).tolist() == [164, 139]
    first = np.loadtxt(FIRST.splitlines(), delimiter=",")
    np.testing.assert_array_equal(heart.data[:3], first[:, :-1].astype(np.float32))
    assert heart.target[:3].tolist() == (first[:, -1] > 0).tolist()
    assert heart.feature_names == TESTS


def test_its_license_is_included():
    notice = resources.files("sgnn.datasets").joinpath("data/heart_costs.txt").read_text("utf-8")
    assert "CC0 1.0" in notice
    assert "FFTrees" in notice


def test_the_embedded_frame():
    heart, coded = load_heart_costs(as_frame=True), load_heart_costs()
    assert list(heart.data) == heart.feature_names == TESTS
    pd.testing.assert_frame_equal(heart.frame, heart.data.assign(target=heart.target))
    assert heart.target.name == "target"
    assert heart.target.tolist() == coded.target.tolist()
    for name, column in zip(TESTS, coded.data.T, strict=True):
        if name in WORDS:
            assert heart.data[name].cat.categories.tolist() == WORDS[name]
            codes = np.unique(column)[heart.data[name].cat.codes]
            np.testing.assert_array_equal(codes, column)
        else:
            assert heart.data[name].dtype == np.float64
            np.testing.assert_array_equal(heart.data[name].astype(np.float32), column)


@pytest.mark.parametrize("as_frame", [False, True])
def test_data_and_target_alone(as_frame):
    heart = load_heart_costs(as_frame=as_frame)
    X, y = load_heart_costs(return_X_y=True, as_frame=as_frame)
    assert type(X) is type(heart.data)
    assert type(y) is type(heart.target)
    np.testing.assert_array_equal(X, heart.data)
    np.testing.assert_array_equal(y, heart.target)


def test_a_frame_needs_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"as_frame=True needs pandas.*give as_frame=False"):
        load_heart_costs(as_frame=True)
    load_heart_costs()


@pytest.mark.parametrize("by", ["test", "procedure"])
def test_the_frame_in_a_pipeline(by):
    """Its words are encoded; the prices are those of the source columns."""
    heart = load_heart_costs(by=by, as_frame=True)
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), make_column_selector(dtype_include="category")),
        remainder="passthrough",
    ).set_output(transform="pandas")
    read, test_to_group = (
        source_columns(heart.data.columns),
        dict(zip(TESTS, heart.groups, strict=True)),
    )
    model = GroupLassoClassifier(
        lambda names, n: [str(test_to_group[test]) for test in read(names, n)],
        group_costs=heart.group_costs,
        standardize=True,
    )
    groups = make_pipeline(encode, model).fit(heart.data, heart.target)[-1].groups_
    assert dict(zip(groups.names, groups.costs, strict=True)) == heart.group_costs
    assert groups.sizes.sum() == 13 + sum(len(words) - 1 for words in WORDS.values())


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
def test_damaged_archive_raises(tiny, content):
    (tiny / ARCHIVE).write_bytes(content)
    with pytest.raises(ValueError, match=r"heart\+disease\.zip is damaged .* delete it"):
        fetch_heart_costs(tiny)


def test_what_needs_no_file_is_named(offline):
    with pytest.raises(
        ConnectionError, match='or give edition="fftrees", which needs no file'
    ) as e:
        fetch_heart_costs()
    assert e.value.__suppress_context__


def test_a_missing_file_raises(offline, tmp_path):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch_heart_costs(tmp_path, download_if_missing=False)


@pytest.mark.parametrize("argument", ["by", "edition"])
def test_invalid_choices(tiny, argument):
    with pytest.raises(ValueError, match=f"{argument}='row' is not understood; give one of"):
        fetch_heart_costs(tiny, **{argument: "row"})


def test_invalid_groups_of_the_embedded_table():
    with pytest.raises(ValueError, match="by='row' is not understood; give one of"):
        load_heart_costs(by="row")


def test_the_real_prices(real_data):
    with real_data("heart_cost/costs.csv").open() as file:
        known = {row["feature"]: row for row in csv.DictReader(file)}
    assert list(known) == TESTS
    for name, test in _heart_costs._TESTS.items():
        assert test.full == float(known[name]["full_cost_cad"])
        assert test.discount == float(known[name]["discount_cost_cad"])
