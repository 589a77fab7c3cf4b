"""The experiments of the papers run, and write the page they say they write."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from sgnn import SparseGroupCNN
from sgnn.modules import LeNet5
from sgnn.regularizers import OnLayers

from .versions import needs_l1_ratio

PAPERS = Path(__file__).parents[1] / "examples" / "papers"
PNG = b"\x89PNG"

pytest.importorskip("matplotlib")
# the scripts try lams at which little is left
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def needs_data(test):
    """A script that reads $SGNN_DATA, left to `make slow`."""
    missing = pytest.mark.skipif("SGNN_DATA" not in os.environ, reason="SGNN_DATA is not set")
    return pytest.mark.slow(missing(test))


@pytest.fixture
def script(monkeypatch):
    """Return a function that imports a script, or a helper, of examples/papers by its name."""
    monkeypatch.syspath_prepend(PAPERS)
    return importlib.import_module


@pytest.fixture
def section(script, tmp_path):
    """Return a function that runs a script --tiny and gives its section of the page."""

    def run(name: str, page: str = "sgin") -> str:
        script(name).main(["--tiny", "--out", str(tmp_path)])
        assert (tmp_path / "figures" / f"{name}.png").read_bytes().startswith(PNG)
        page = (tmp_path / f"{page}.md").read_text()
        assert page.startswith(f"<!-- begin {name} -->")
        assert page.endswith(f"<!-- end {name} -->\n")
        assert f"](figures/{name}.png)" in page
        return page

    return run


def table(page: str) -> list[list[str]]:
    """The cells of the page's table, header first, without the rule."""
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    assert len({len(row) for row in rows}) == 1
    return [rows[0], *rows[2:]]


def column(page: str, name: str, solver: str) -> list[float]:
    """The numbers that stand in a column beside the solver."""
    header, *rows = table(page)
    return [float(row[header.index(name)]) for row in rows if row[0] == f"**{solver}**"]


# without a download ----------------------------------------------------------------------------


def test_parity(section):
    page = section("sgin_parity")
    assert column(page, "test %", "SGIN, this package") == [100.0]
    assert len(column(page, "test %", "SGIN, printed bar")) == 1
    assert "| noise (epoch " in page


@needs_l1_ratio
def test_eye_tracking(section):
    page = section("sgin_eye_tracking")
    _, *rows = table(page)
    assert len({row[0] for row in rows}) == 5
    assert all(0 < value < 8 for value in column(page, "removed (mean)", "SGIN, narrow, refit"))
    assert column(page, "removed (mean)", "NN") == [0.0]
    assert all(50 < value <= 100 for value in column(page, "AUC %", "logistic lasso"))


def test_planted_signal_is_in_the_planted_groups(script):
    module = script("sgin_eye_tracking")
    data = module.planted(np.repeat(range(30), 40), 5)
    assert data.support.sum() == 5
    sign = 2 * data.target - 1
    shift = np.bincount(data.groups, sign @ data.data / len(sign)) / 40
    # the mean of a group moves by at most a few standard errors of its shared part
    error = np.sqrt(module.SHARED / len(sign))
    assert np.abs(shift[data.support] - module.SHIFT).max() < 4 * error
    assert np.abs(shift[~data.support]).max() < 4 * error


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_algorithms(section):
    _, *rows = table(section("sgin_algorithms"))
    assert [row[0] for row in rows] == ["digits, accuracy"]
    assert all(float(value) > 0.2 for value in rows[0][4:6])  # of ten digits


# with $SGNN_DATA -------------------------------------------------------------------------------


@needs_data
@pytest.mark.parametrize("name", ["sgin_mnist_rows", "sgin_mnist_wavelets"])
def test_mnist(section, name):
    page = section(name)
    # of ten digits, after an epoch or two on a few hundred images
    assert all(value > 20 for value in column(page, "test %", "SGIN, this package"))
    assert len(column(page, "test %", "SGIN, paper's settings")) > 0


@needs_data
def test_rna(section):
    page = section("sgin_rna")
    header, *rows = table(page)
    assert [row[1] for row in rows].count("**SGIN, this package**") == 2
    # the oracle is of all sites, whatever share is trained on
    assert rows[-1][1] == "**oracle, chosen on test sites**"
    assert rows[-1][header.index("1 removed")].endswith("(-3)")


@needs_data
def test_stability(script, tmp_path):
    script("stability").main(["--tiny", "--out", str(tmp_path)])
    page = (tmp_path / "stability.md").read_text()
    for name in ("stability_donor_sites", "stability_eye_tracking", "stability_mnist_rows"):
        assert (tmp_path / "figures" / f"{name}.png").read_bytes().startswith(PNG)
        _, section = page.split(f"<!-- begin {name} -->")
        section = section.split(f"<!-- end {name} -->")[0]
        header, *rows = table(section.split("\n\n")[0])
        assert {row[0] for row in rows} == {"**SGIN**", "**lasso**", "**group lasso**", "**GLLR**"}
        jaccard = {row[0]: float(row[header.index("Jaccard")]) for row in rows}
        assert jaccard["**lasso**"] > 0.5  # a convex fit finds much the same again
        assert min(jaccard.values()) < max(jaccard.values()) <= 1
        assert "Measured by `examples/papers/stability.py`" in section


# the networks of papers 3 and 4 ------------------------------------------------------------------


@needs_data
@pytest.mark.parametrize(
    ("name", "tables", "rows"),
    [
        ("cnn_lenet", 2, 4 + 4),
        ("cnn_fashion", 1, 5),
        ("cnn_nonconvex", 2, 16),
        ("cnn_algorithms", 1, 6),
        ("cnn_hierarchical", 1, 17),
        ("cnn_criteria", 1, None),
    ],
)
def test_convolutions(section, script, name, tables, rows):
    page = section(name, "cnn")
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    assert sum(row[0] == "---" for row in cells) == tables
    if rows is None:
        rows = len(script(name).NAMES) + len(script(name).GATED)
    assert len(cells) == 2 * tables + rows
    header, _, first, *_ = cells
    assert len(first) == len(header)
    assert any("zero weights" in title for title in header)


@needs_data
def test_cifar(section):
    pytest.importorskip("PIL", reason="needs Pillow")
    _, *rows = table(section("cnn_cifar", "cnn"))
    assert len(rows) == 17


def test_lam_makes_the_first_penalty_what_was_asked_for(script):
    cnn, data = script("_cnn"), script("_runs").Data
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 1, 8, 8)).astype(np.float32), np.arange(40) % 2
    model = SparseGroupCNN(
        architecture=LeNet5(filters=(3,), units=()), regularizer=OnLayers("l1", "all"),
        algorithm="subgradient", random_state=0, learning_rate=1e-9, max_epochs=1,
    )  # fmt: skip
    parts = data(np.arange(1), X, y, X, y, X, y)
    model.set_params(lam=cnn.lam_of(2.5, model, parts)).fit(X, y)
    weights = sum(float(p.detach().abs().sum()) for p in model.module_.parameters() if p.ndim > 1)
    assert model.lam * weights == pytest.approx(2.5, rel=1e-4)


# what they share -------------------------------------------------------------------------------


def test_a_section_is_replaced_and_the_rest_of_the_page_is_kept(script, tmp_path):
    report = script("_report")
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n<!-- begin a -->\nold\n<!-- end a -->\n\nprose\n")
    report.replace_section(page, "a", r"new \1")
    report.replace_section(page, "b", "first")
    report.replace_section(page, "b", "second")
    assert page.read_text() == (
        "# Title\n\n<!-- begin a -->\nnew \\1\n<!-- end a -->\n\nprose\n"
        "\n<!-- begin b -->\nsecond\n<!-- end b -->\n"
    )


def test_only_a_full_run_writes_into_the_documentation(script):
    report = script("_report")
    assert report.arguments("doc", ["--quick"]).out is None
    full = report.arguments("doc", ["--full"])
    assert full == report.arguments("doc", [])
    assert full.out == PAPERS.parents[1] / "docs" / "papers"


def test_the_model_is_chosen_on_validation_data(script):
    runs = script("_runs")

    def run(solver, removed, valid, test):
        return runs.Run(solver, 1.0, 0, removed, valid, test, 0.0, [])

    good = run("s", ("a",), valid=0.9, test=0.1)
    other = run("s", ("b", "c"), valid=0.2, test=0.2)
    tried = [run("s", ("b",), 0.8, 0.99), good, other, run("t", ("a",), 1.0, 1.0)]
    assert runs.best_by_removed(tried, "s") == {1: good, 2: other}


def test_oracle_drops_the_position_that_says_nothing(script):
    rna = script("sgin_rna")
    rng = np.random.default_rng(0)
    codes = rng.integers(4, size=(30_000, rna.POSITIONS))
    # every position but the fourth has its say
    score = np.delete(codes, 3, axis=1) @ [3, 5, 7, 11, 13, 17]
    y = (score > np.median(score)).astype(int)
    data = np.eye(4)[codes].reshape(len(codes), -1)
    sites = Bunch(
        data=data[:20_000],
        target=y[:20_000],
        sample_weight=np.ones(20_000),
        test_data=data[20_000:],
        test_target=y[20_000:],
        groups=np.repeat([f"position {i}" for i in range(rna.POSITIONS)], 4),
    )
    tables = list(rna.count_tables(sites))
    for part in ("training", "test"):
        best = rna.best_tables(tables, part)
        assert best[1].removed == ("position 3",)
        assert best[1].test > best[2].test


def test_nn_takes_as_many_steps_as_sgin_and_its_rate_falls_as_fast(script):
    solvers = script("_solvers")
    setting = solvers.Setting(hidden=(4,), batch_size=10, epochs=3, decay=0.5)
    X = np.random.default_rng(0).normal(size=(40, 6))
    y = (X[:, 0] > 0).astype(int)
    sgin = solvers.sgin(setting, [0, 0, 1, 1, 2, 2], 0.0, 0).fit(X, y)
    nn = solvers.nn_tau(setting, [0, 0, 1, 1, 2, 2], 0.0, 0, factor=3).fit(X, y)
    rates = [row["lr"] for row in sgin.history_]
    assert rates == pytest.approx([0.1, 0.05, 0.025])
    assert [row["lr"] for row in nn.history_] == pytest.approx(np.repeat(rates, 3))


# paper 2 ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_groups_that_fit_are_worth_more_than_those_that_do_not(section):
    header, scattered, filled = table(section("group_sparsity_strong", "group-sparsity"))
    assert [row[:2] for row in (scattered, filled)] == [["linear model", c] for c in ("0.125", "1")]
    errors = [
        [float(row[header.index(name)].split()[0]) for name in ("group lasso", "lasso")]
        for row in (scattered, filled)
    ]
    assert errors[0][0] > errors[0][1]
    assert errors[1][0] < errors[1][1]


@needs_data
def test_what_is_left_of_48_32_32_11(section, script):
    header, *rows = table(section("group_sparsity_tradeoff", "group-sparsity"))
    solver, left = header.index("solver"), header.index("parameters left")
    found = {row[solver].strip("*"): int(row[left]) for row in rows if row[left] != "-"}
    whole = 48 * 32 + 32 + 32 * 32 + 32 + 32 * 11 + 11
    assert found.keys() >= set(script("group_sparsity_tradeoff").STYLES)
    assert found["deep"] == found["deep, longer"] == whole
    assert 0 < min(found.values()) < whole / 2


@needs_data
def test_pixels_that_are_chosen(section):
    page = section("group_sparsity_mnist", "group-sparsity")
    whole, share = re.search(r"40 % of the (\d+) parameters .*: ([\d.]+) % of the", page).groups()
    assert int(whole) == 784 * 32 + 32 + 32 * 32 + 32 + 32 * 10 + 10
    assert 0 < float(share) <= 40


@needs_data
def test_compact_networks_cost_less(section):
    page = section("group_sparsity_compact", "group-sparsity")
    _, before, after = table(page)
    assert all(int(after[column]) < int(before[column]) for column in (3, 4))
    assert "the same for 440 of 440 test rows" in page


# the first examples ------------------------------------------------------------------------------


@pytest.fixture
def example(monkeypatch, tmp_path):
    """Return a function that runs a script of examples/ in an empty folder, which it returns."""
    monkeypatch.syspath_prepend(PAPERS.parent)
    monkeypatch.chdir(tmp_path)

    def run(name: str) -> Path:
        importlib.import_module(name).main()
        return tmp_path

    return run


@pytest.mark.slow
def test_quickstart(example, capsys):
    assert (example("quickstart") / "front.png").read_bytes().startswith(PNG)
    said = capsys.readouterr().out
    assert float(re.search(r"together +([\d.]+)", said)[1]) <= 150
    chosen, honest = (float(re.search(rf"{name}: ([\d.]+)", said)[1])
                      for name in ("optimistic", "honest"))  # fmt: skip
    assert 0.7 < honest < 0.85
    assert 0.7 < chosen < 0.85


@pytest.mark.slow
def test_digit_rows(example, capsys):
    assert (example("digit_rows") / "digit_rows.png").read_bytes().startswith(PNG)
    rows = re.findall(r"^ +([\d.]+) +(0\.\d+)  (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert rows[0][2] == "none"
    assert rows[-1][2].count("row") >= 3
    assert all(float(accuracy) > 0.85 for lam, accuracy, gone in rows)
