"""memory caches every finished fit, so that a killed search resumes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError

from sgnn import SGINClassifier
from sgnn.algorithms import Blockwise
from sgnn.algorithms.replicas import StackedBlockwise
from sgnn.datasets import make_grouped_regression
from sgnn.selection import LambdaSearchCV, StabilitySelector, lambda_path

from ..killing import end_of
from .counting import Counting, CountingReplicas, fits_in

LAMS = [0.05, 0.1, 0.2]


@pytest.fixture
def fit_files(tmp_path):
    """A folder for the files of the fits."""
    folder = tmp_path / "fits"
    folder.mkdir()
    return folder


@pytest.fixture
def memory(tmp_path):
    """A folder for the cache."""
    return tmp_path / "memory"


def searches(made):
    """Every kind of search, and its number of fits."""
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
def test_nothing_is_fitted_twice(numbers, fit_files, memory, kind, form):
    run_search, n_fits = searches(numbers)[kind]
    first = run_search(Counting(fit_files), memory=form(memory))
    assert len(fits_in(fit_files)) == n_fits
    np.testing.assert_array_equal(run_search(Counting(fit_files), memory=form(memory)), first)
    assert len(fits_in(fit_files)) == n_fits
    np.testing.assert_array_equal(run_search(Counting(fit_files)), first)


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
def test_the_cache_key_covers_everything_a_fit_depends_on(numbers, fit_files, memory, change):
    X, y = numbers.data, numbers.target
    arguments = {"X": X, "y": y, "lams": [0.1, 0.2], "memory": memory}
    lambda_path(Counting(fit_files), **arguments)
    changed = change(X, y)
    model = Counting(fit_files).set_params(**changed.pop("estimator", {}))
    lambda_path(model, **arguments | changed)
    assert len(fits_in(fit_files)) == 4


def test_a_longer_selection_runs_only_the_new_fits(numbers, fit_files, memory):
    X, y = numbers.data, numbers.target
    for n_bootstraps in (4, 7):
        selector = StabilitySelector(
            Counting(fit_files), n_bootstraps, memory=memory, random_state=0
        )
        selector.fit(X, y)
        assert len(fits_in(fit_files)) == n_bootstraps


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork and SIGKILL")
@pytest.mark.parametrize(
    ("kind", "n_bootstraps", "n_trainings"), [(Counting, 9, 9), (CountingReplicas, 100, 10)]
)
def test_a_killed_search_resumes(fit_files, memory, monkeypatch, kind, n_bootstraps, n_trainings):
    made = make_grouped_regression(60, 3, 2, 1, random_state=0)

    def run():
        search = StabilitySelector(
            kind(fit_files, noise=0.1), n_bootstraps, memory=memory, random_state=0
        )
        return search.fit(made.data, made.target).supports_

    monkeypatch.setenv("STOP_AFTER", "4")
    assert end_of(run) == -signal.SIGKILL
    assert len(fits_in(fit_files)) == 4
    monkeypatch.delenv("STOP_AFTER")
    resumed = run()
    assert len(fits_in(fit_files)) == n_trainings
    for fit_file in fits_in(fit_files):
        fit_file.unlink()
    shutil.rmtree(memory)
    np.testing.assert_array_equal(run(), resumed)
    assert len(fits_in(fit_files)) == n_trainings


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork and SIGKILL")
def test_a_resumed_search_of_networks_has_the_same_bits(classes, memory, monkeypatch):
    # no joint training, so that the process can be killed between fits
    monkeypatch.setattr(SGINClassifier, "replicas_at_once", lambda *_: 1)
    fit, n_fits = SGINClassifier.fit, []

    def until_the_fourth(self, *arguments, **params):
        n_fits.append(1)
        if len(n_fits) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return fit(self, *arguments, **params)

    def run(**settings):
        model = SGINClassifier(classes.groups, max_epochs=4, hidden_layer_sizes=(4,))
        search = LambdaSearchCV(model, [0.01, 0.1], cv=3, random_state=0, **settings)
        return search.fit(classes.data, classes.target)

    whole = run()
    monkeypatch.setattr(SGINClassifier, "fit", until_the_fourth)
    assert end_of(lambda: run(memory=memory)) == -signal.SIGKILL
    n_fits += [1] * 10
    resumed = run(memory=memory)
    assert len(n_fits) == 10 + 7 - 3
    np.testing.assert_array_equal(
        resumed.predict_proba(classes.data), whole.predict_proba(classes.data)
    )
    for name in ("mean_test_score", "mean_group_counts"):
        np.testing.assert_array_equal(resumed.cv_results_[name], whole.cv_results_[name])


@pytest.mark.parametrize("joint", [False, True])
def test_ctrl_c_ends_the_search_and_not_only_a_fit(classes, memory, monkeypatch, joint):
    """Without memory nothing is kept; with it, finished fits are read from the cache."""
    if not joint:
        monkeypatch.setattr(SGINClassifier, "replicas_at_once", lambda *_: 1)
    X, y, epochs, pressed = classes.data, classes.target, [], []
    end_epoch, n_before = Blockwise.end_epoch, 3 * 4 + 2

    def press(self):
        epochs.append(1)
        if pressed and len(epochs) == pressed[0]:
            raise KeyboardInterrupt
        return end_epoch(self)

    def press_jointly(self):
        epochs.append(1)
        if pressed and len(epochs) == pressed[0]:
            raise KeyboardInterrupt
        return end_jointly(self)

    end_jointly = StackedBlockwise.end_epoch
    monkeypatch.setattr(Blockwise, "end_epoch", press)
    monkeypatch.setattr(StackedBlockwise, "end_epoch", press_jointly)
    model = SGINClassifier(classes.groups, max_epochs=4, hidden_layer_sizes=(4,), random_state=0)
    for search in (
        LambdaSearchCV(model, [0.01, 0.1], cv=3),
        StabilitySelector(model, 5, random_state=0),
    ):
        pressed[:], epochs[:] = [3 if joint else n_before], []
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, y)
        for method in (
            search.get_support,
            search.get_group_support,
            lambda s=search: s.transform(X),
        ):
            with pytest.raises(NotFittedError):
                method()
        pressed[:], epochs[:] = [n_before], []
        search.set_params(memory=memory)
        if joint:
            continue
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, y)
        pressed[:], epochs[:] = [], []
        search.fit(X, y)
        made = len(epochs)
        epochs[:] = []
        search.set_params(memory=None).fit(X, y)
        assert made == len(epochs) - 3 * 4


def test_a_cache_with_other_content_raises(numbers, fit_files, memory):
    X, y = numbers.data, numbers.target
    lambda_path(Counting(fit_files), X, y, LAMS, memory=memory)
    (kept, *_) = Path(memory).rglob("output.pkl")
    joblib.dump(["something", "else"], kept)
    with pytest.raises(ValueError, match=r"^memory holds something else .*: empty its folder"):
        lambda_path(Counting(fit_files), X, y, LAMS, memory=memory)


def test_the_cache_key_has_the_versions(numbers, fit_files, memory, monkeypatch):
    X, y = numbers.data, numbers.target
    for name in ("sgnn.selection._fits.__version__", "torch.__version__"):
        lambda_path(Counting(fit_files), X, y, LAMS, memory=memory)
        n_fits = len(fits_in(fit_files))
        lambda_path(Counting(fit_files), X, y, LAMS, memory=memory)
        assert len(fits_in(fit_files)) == n_fits
        monkeypatch.setattr(name, "another")
        lambda_path(Counting(fit_files), X, y, LAMS, memory=memory)
        assert len(fits_in(fit_files)) == n_fits + 3


def test_a_file_as_memory_raises(numbers, tmp_path):
    (tmp_path / "file").touch()
    for cls in (LambdaSearchCV, StabilitySelector):
        with pytest.raises(ValueError, match=r"^memory must be None or a folder, not a file"):
            cls(Counting(), memory=tmp_path / "file").fit(numbers.data, numbers.target)
    with pytest.raises(ValueError, match=r"^memory must be None or a folder, not a file"):
        lambda_path(Counting(), numbers.data, numbers.target, memory=str(tmp_path / "file"))


@pytest.mark.parametrize(
    "loss",
    [None, torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))],
    ids=["none", "torch"],
)
def test_networks_and_data_frames_are_cached(classes, memory, loss):
    frame = pd.DataFrame(classes.data).add_prefix(classes.groups[0][:5] + "__")
    model = SGINClassifier(2, max_epochs=3, warmup_epochs=1, hidden_layer_sizes=(4,), loss=loss)
    first, second = (
        LambdaSearchCV(model, [0.01], cv=2, memory=memory).fit(frame, classes.target)
        for _ in range(2)
    )
    # random_state=None would draw another network
    np.testing.assert_array_equal(first.predict_proba(frame), second.predict_proba(frame))


def test_what_cannot_be_hashed_raises(numbers, fit_files, memory):
    scoring = lambda *_: 1.0  # noqa: E731
    with pytest.raises(ValueError, match=r"memory can keep no fits .*replace lambdas by functions"):
        lambda_path(Counting(fit_files), numbers.data, numbers.target, LAMS, scoring=scoring,
                    memory=memory)  # fmt: skip
    assert fits_in(fit_files) == []


def test_one_progress_bar_counts_every_fit(numbers, fit_files, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    LambdaSearchCV(Counting(fit_files), 4, cv=3, verbose=1).fit(numbers.data, numbers.target)
    shown = capsys.readouterr().err
    n_fits = len(fits_in(fit_files))
    assert n_fits > 4 * 3 + 1
    assert shown.rstrip().split("\r")[-1].startswith("fits: 100%")
    assert f"{n_fits}/{n_fits}" in shown.split("\r")[-1]
    assert shown.count("\n") == 1
    LambdaSearchCV(Counting(), LAMS).fit(numbers.data, numbers.target)
    assert capsys.readouterr().err == ""
