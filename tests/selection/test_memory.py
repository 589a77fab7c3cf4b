"""A memory keeps every finished fit: what was killed goes on where it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import sgnn
from sgnn import SGINClassifier
from sgnn.selection import LambdaSearchCV, StabilitySelector, lambda_path

from .counting import Counting, fits_in

LAMS = [0.05, 0.1, 0.2]


@pytest.fixture
def marks(tmp_path):
    """A folder for the marks of the fits."""
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


@pytest.fixture
def memory(tmp_path):
    """A folder for what is remembered."""
    return tmp_path / "memory"


def studies(made):
    """Every kind of study, and how many fits it makes."""
    X, y = made.data, made.target

    def path(estimator, **settings):
        return lambda_path(estimator, X, y, LAMS, **settings).support_

    def search(estimator, **settings):
        search = LambdaSearchCV(estimator, LAMS, cv=4, **settings).fit(X, y)
        return np.r_[search.cv_results_["mean_test_score"], search.best_estimator_.strengths_]

    def stability(estimator, **settings):
        selector = StabilitySelector(estimator, 5, lams=LAMS, random_state=0, **settings)
        return selector.fit(X, y).supports_

    return {"path": (path, 3), "search": (search, 3 * 4 + 1), "stability": (stability, 3 * 5)}


@pytest.mark.parametrize("kind", ["path", "search", "stability"])
@pytest.mark.parametrize("form", [str, Path, lambda folder: joblib.Memory(folder, verbose=0)])
def test_nothing_is_fitted_twice(numbers, marks, memory, kind, form):
    study, n_fits = studies(numbers)[kind]
    first = study(Counting(marks), memory=form(memory))
    assert len(fits_in(marks)) == n_fits
    np.testing.assert_array_equal(study(Counting(marks), memory=form(memory)), first)
    assert len(fits_in(marks)) == n_fits
    np.testing.assert_array_equal(study(Counting(marks)), first)


@pytest.mark.parametrize(
    "change",
    [
        lambda X, y: {"estimator": {"noise": 0.1}},
        lambda X, y: {"X": np.nextafter(X, 9)},
        lambda X, y: {"y": -y},
        lambda X, y: {"sample_weight": np.arange(1.0, 121)},
        lambda X, y: {"groups": 3},
        lambda X, y: {"scoring": "neg_mean_absolute_error"},
        lambda X, y: {"X_val": X, "y_val": y},
        lambda X, y: {"lams": [0.3, 0.4]},
    ],
)
def test_whatever_a_fit_depends_on_makes_it_another_one(numbers, marks, memory, change):
    X, y = numbers.data, numbers.target
    arguments = {"X": X, "y": y, "lams": [0.1, 0.2], "memory": memory}
    lambda_path(Counting(marks), **arguments)
    changed = change(X, y)
    model = Counting(marks).set_params(**changed.pop("estimator", {}))
    lambda_path(model, **arguments | changed)
    assert len(fits_in(marks)) == 4


def test_a_longer_study_makes_the_fits_that_are_new(numbers, marks, memory):
    X, y = numbers.data, numbers.target
    for n_bootstraps in (4, 7):
        selector = StabilitySelector(Counting(marks), n_bootstraps, memory=memory, random_state=0)
        selector.fit(X, y)
        assert len(fits_in(marks)) == n_bootstraps


PROGRAM = """
import sys
from sgnn.datasets import make_grouped_regression
from sgnn.selection import StabilitySelector
from tests.selection.counting import Counting, CountingTogether
marks, memory, kind, n_bootstraps = sys.argv[1:]
made = make_grouped_regression(60, 3, 2, 1, random_state=0)
model = {"alone": Counting, "together": CountingTogether}[kind](marks, noise=0.1)
selector = StabilitySelector(model, int(n_bootstraps), memory=memory, random_state=0)
print(selector.fit(made.data, made.target).selection_probabilities_.tolist())
"""


@pytest.mark.parametrize(
    ("kind", "n_bootstraps", "n_trainings"), [("alone", 9, 9), ("together", 100, 10)]
)
def test_a_study_that_was_killed_goes_on_where_it_was(
    marks, memory, kind, n_bootstraps, n_trainings
):
    def run(**environment):
        arguments = [sys.executable, "-c", PROGRAM, marks, memory, kind, str(n_bootstraps)]
        root = Path(sgnn.__file__).parents[1]
        return subprocess.run(
            arguments, cwd=root, env=os.environ | environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    assert run(STOP_AFTER="4").returncode == -signal.SIGKILL
    assert len(fits_in(marks)) == 4
    resumed = run()
    assert resumed.returncode == 0, resumed.stderr
    assert len(fits_in(marks)) == n_trainings
    for mark in fits_in(marks):
        mark.unlink()
    shutil.rmtree(memory)
    assert run().stdout == resumed.stdout
    assert len(fits_in(marks)) == n_trainings


def test_a_network_is_remembered_with_its_data_frame(classes, memory):
    frame = pd.DataFrame(classes.data).add_prefix(classes.groups[0][:5] + "__")
    model = SGINClassifier(2, max_epochs=3, warmup_epochs=1, hidden_layer_sizes=(4,))
    first, second = (
        LambdaSearchCV(model, [0.01], cv=2, memory=memory).fit(frame, classes.target)
        for _ in range(2)
    )
    # random_state=None would draw another network
    np.testing.assert_array_equal(first.predict_proba(frame), second.predict_proba(frame))


def test_what_cannot_be_hashed_is_refused(numbers, marks, memory):
    scoring = lambda *_: 1.0  # noqa: E731
    with pytest.raises(ValueError, match=r"memory can keep no fits .*replace lambdas by functions"):
        lambda_path(Counting(marks), numbers.data, numbers.target, LAMS, scoring=scoring,
                    memory=memory)  # fmt: skip
    assert fits_in(marks) == []


def test_one_progress_bar_counts_every_fit(numbers, marks, capsys):
    LambdaSearchCV(Counting(marks), 4, cv=3, verbose=1).fit(numbers.data, numbers.target)
    shown = capsys.readouterr().err
    n_fits = len(fits_in(marks))
    assert n_fits > 4 * 3 + 1
    assert shown.rstrip().split("\r")[-1].startswith("fits: 100%")
    assert f"{n_fits}/{n_fits}" in shown.split("\r")[-1]
    assert shown.count("\n") == 1
    LambdaSearchCV(Counting(), LAMS).fit(numbers.data, numbers.target)
    assert capsys.readouterr().err == ""
