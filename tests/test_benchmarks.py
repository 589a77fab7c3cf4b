"""The scripts of benchmarks/ run, and find that both sides computed the same, on a small scale."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
# arguments that make each script short, and leave out bounds on times
SCRIPTS = {
    "cnn_step": ["--batch", "4", "--rounds", "1"],
    "compaction": ["--rows", "50", "--rounds", "1"],
    "default_epochs": ["--splits", "3", "--rounds", "0"],
    "fit_overhead": ["--rounds", "1", "--threads", "1"],
    "fit_time": ["--limit", "0.5"],
    "joint": ["stability", "--part", "50"],
    "linear_path": ["--rounds", "1"],
    "lines": [],
    "peak_memory": ["--rows", "2000", "--only", "SGINClassifier"],
    "planted_groups": ["--seeds", "1"],
    "proximal_step": ["--seconds", "0.001", "--rounds", "1"],
    "selection": ["--tiny"],
    "sgin_epoch": ["--visits", "1", "--rounds", "1"],
}
PARTS = {"selection_data", "selection_tables"}  # of benchmarks/selection.py
NEEDS = {"linear_path": ["celer", "skglm"]}


def test_every_script_has_a_row():
    assert {path.stem for path in FOLDER.glob("*.py")} == SCRIPTS.keys() | PARTS


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs(name, tmp_path):
    for package in NEEDS.get(name, ()):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    command = [sys.executable, str(FOLDER / f"{name}.py"), *SCRIPTS[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
