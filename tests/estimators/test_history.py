"""What is recorded of the training, when it ends, and how it goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_squared_error
from skorch.callbacks import Callback
from torch import nn

from sgnn import GroupLassoMLP, SGINClassifier, SparseGroupCNN
from sgnn.algorithms import Proximal
from sgnn.losses import Huber

from .instances import outputs

# one epoch that leaves the network as it was drawn
STILL = {"learning_rate": 1e-12, "max_epochs": 1, "lam": 0.0, "max_groups": None}
KEYS = {"loss", "regularization", "n_groups", "lr", "seconds", "removed"}


def loss_of(estimator, X, y, trained_on=None):
    """The mean loss as the docstrings state it, from the predictions alone.

    That of numbers is of y with variance 1 in the rows that were trained on.
    """
    said = outputs(estimator, X)
    if is_classifier(estimator):
        return log_loss(y, said)
    variance = np.var(y if trained_on is None else trained_on) if estimator.standardize else 1.0
    return mean_squared_error(y, said) / 2 / variance


def penalty_of(case, estimator):
    """lam * sum of sqrt(p_g) ||theta_g||, from the weights alone."""
    theta = estimator.module_.theta.detach().numpy()
    groups = [case.made.groups == name for name in set(case.made.groups)]
    return estimator.lam * sum(np.sqrt(g.sum()) * np.linalg.norm(theta[:, g]) for g in groups)


def test_one_row_an_epoch(case, fitted):
    assert fitted.n_iter_ == len(fitted.history_) == case.settings["max_epochs"]
    assert all(set(row) == KEYS for row in fitted.history_)
    assert all(row["seconds"] > 0 for row in fitted.history_)
    assert json.loads(json.dumps(fitted.history_)) == fitted.history_
    assert fitted.history_[-1]["loss"] < fitted.history_[0]["loss"]


def test_removals_are_recorded_when_they_happen(case, fitted):
    left = 5 - np.cumsum([len(row["removed"]) for row in fitted.history_])
    assert [row["n_groups"] for row in fitted.history_] == left.tolist()
    assert left[-1] == 2
    removed = [name for row in fitted.history_ for name in row["removed"]]
    assert sorted([*removed, *case.planted]) == sorted(set(case.made.groups))


def test_nothing_is_removed_in_the_warm_up(sgin):
    history = sgin(warmup_epochs=7).fit(sgin.X, sgin.y).history_
    assert not any(row["removed"] for row in history[:7])
    assert any(row["removed"] for row in history[7:])


def test_the_regularization_is_that_of_the_epochs_end(sgin):
    fitted = sgin().fit(sgin.X, sgin.y)
    assert fitted.history_[-1]["regularization"] == pytest.approx(penalty_of(sgin, fitted))


def test_the_loss_is_that_before_the_steps(variant):
    X, y = variant.X, variant.y
    estimator = variant(**STILL).fit(X, y)
    assert estimator.history_[0]["loss"] == pytest.approx(loss_of(estimator, X, y))


def test_what_was_removed_is_gone_from_the_next_epoch_on(variant):
    case, still = variant, {"learning_rate": 1e-12, "max_epochs": 8}
    estimator = case(lam=0.0, max_groups=2, **still).fit(case.X, case.y)
    last_removal = max(i for i, row in enumerate(estimator.history_) if row["removed"])
    after = [row["loss"] for row in estimator.history_[last_removal + 1 :]]
    assert after == pytest.approx([loss_of(estimator, case.X, case.y)] * (7 - last_removal))
    assert estimator.history_[0]["loss"] != pytest.approx(after[0], rel=1e-3)


def assert_trained_by(loss, case, target):
    """The loss is recorded as torch itself computes it, and serves as well as the default."""
    estimator = case(loss=loss).fit(case.X, case.y)
    assert estimator.score(case.X, case.y) > 0.9
    assert estimator.selected_groups_ == case.planted
    still = case(loss=loss, **STILL).fit(case.X, case.y)
    out = still.module_.outputs(torch.tensor(case.X)).detach()
    assert still.history_[0]["loss"] == pytest.approx(loss()(out, target).item())


def test_a_loss_for_classes_may_be_torchs(classifier):
    assert_trained_by(nn.MultiMarginLoss, classifier, torch.tensor(classifier.y))


def test_a_loss_for_numbers_may_be_torchs(regressor):
    y = (regressor.y - regressor.y.mean()) / regressor.y.std()
    assert_trained_by(nn.HuberLoss, regressor, torch.tensor(y)[:, None])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_huber_is_the_squared_error_of_small_residuals(regressor):
    X, y, losses = regressor.X, regressor.y, (None, nn.HuberLoss(delta=100.0), Huber(delta=100.0))
    small, *hubers = (regressor(loss=loss).fit(X, y).predict(X) for loss in losses)
    for huber in hubers:
        np.testing.assert_allclose(huber, small, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("lr_schedule", "factors"),
    [
        (None, [1, 1, 1, 1]),
        (0.5, [1, 1 / 2, 1 / 4, 1 / 8]),
        (lambda epoch: 1 / (1 + epoch), [1, 1 / 2, 1 / 3, 1 / 4]),
    ],
    ids=["constant", "factor", "callable"],
)
def test_the_learning_rate_follows_its_schedule(case, lr_schedule, factors):
    estimator = case(lr_schedule=lr_schedule, learning_rate=0.08, max_epochs=4)
    rates = [row["lr"] for row in estimator.fit(case.X, case.y).history_]
    np.testing.assert_allclose(rates, 0.08 * np.array(factors))


def test_a_schedule_needs_a_multiple_for_each_epoch_and_no_more(case):
    multiples = np.float32([1.0, 0.5, 0.25])
    estimator = case(lr_schedule=multiples.__getitem__, max_epochs=3).fit(case.X, case.y)
    rates = [row["lr"] for row in estimator.history_]
    np.testing.assert_allclose(rates, case.settings["learning_rate"] * multiples)
    assert {type(rate) for rate in rates} == {float}


def split(case):
    return case.X[:80], case.y[:80], case.X[80:], case.y[80:]


def test_validation_data_are_recorded(case):
    X, y, X_val, y_val = split(case)
    estimator = case(max_groups=None).fit(X, y, X_val=X_val, y_val=y_val)
    assert set(estimator.history_[0]) == KEYS | {"valid_loss"}
    assert estimator.n_iter_ == case.settings["max_epochs"]
    assert estimator.history_[-1]["valid_loss"] == pytest.approx(
        loss_of(estimator, X_val, y_val, y)
    )
    alone = case(max_groups=None).fit(X, y)
    np.testing.assert_array_equal(outputs(estimator, X_val), outputs(alone, X_val))


@pytest.mark.parametrize("settings", [{}, {"standardize": False}], ids=str)
def test_early_stopping_returns_to_the_best_epoch(sgin, settings):
    X, y, X_val, y_val = split(sgin)
    overfit = {"lam": 0.0, "max_epochs": 300, "hidden_layer_sizes": (40,), "warmup_epochs": 0}
    settings = {**overfit, "early_stopping": True, "n_iter_no_change": 7, **settings}
    estimator = sgin(**settings).fit(X, y, X_val=X_val, y_val=y_val)
    losses = [row["valid_loss"] for row in estimator.history_]
    best = int(np.argmin(losses))
    assert 0 < best < len(losses) - 1 < 200
    assert loss_of(estimator, X_val, y_val, y) == pytest.approx(losses[best])


def test_early_stopping_keeps_the_removals_of_the_best_epoch(case):
    X, y, X_val, y_val = split(case)
    estimator = case(early_stopping=True, max_epochs=40).fit(X, y, X_val=X_val, y_val=y_val)
    assert estimator.selected_groups_ == case.planted
    last_removal = max(i for i, row in enumerate(estimator.history_) if row["removed"])
    losses = [row["valid_loss"] for row in estimator.history_[last_removal:]]
    assert loss_of(estimator, X_val, y_val, y) == pytest.approx(min(losses), rel=1e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_early_stopping_does_not_take_removals_back(sgin):
    X, y, X_val, y_val = split(sgin)
    settings = {"early_stopping": True, "max_epochs": 40}
    estimator = sgin(lam=100.0, **settings).fit(X, y, X_val=X_val, y_val=y_val)
    before = [row["valid_loss"] for row in estimator.history_ if row["n_groups"] == 5]
    assert loss_of(estimator, X_val, y_val, y) > min(before)
    assert estimator.get_group_support().sum() == 1


def test_early_stopping_holds_out_the_fraction_asked_for(case):
    held_out = {"early_stopping": True, "validation_fraction": 0.25, "standardize": False}
    estimator = case(**held_out, **STILL).fit(case.X, case.y)
    row = estimator.history_[0]
    whole = 0.75 * row["loss"] + 0.25 * row["valid_loss"]
    assert whole == pytest.approx(loss_of(estimator, case.X, case.y))


def test_training_ends_when_nothing_improves(case, monkeypatch):
    monkeypatch.setattr("sgnn.estimators.fit.TOL", 0.5)
    settings = {"lam": 0.0, "max_groups": None}
    estimator = case(max_epochs=2000, n_iter_no_change=3, **settings)
    assert estimator.fit(case.X, case.y).n_iter_ < 30
    patient = case(max_epochs=60, n_iter_no_change=None, **settings)
    assert patient.fit(case.X, case.y).n_iter_ == 60


def test_patience_begins_after_the_warm_up(sgin, monkeypatch):
    monkeypatch.setattr("sgnn.estimators.fit.TOL", 0.9)
    settings = {"warmup_epochs": 15, "max_epochs": 40, "n_iter_no_change": 2}
    estimator = sgin(lam=0.1, **settings).fit(sgin.X, sgin.y)
    assert 15 < estimator.n_iter_ < 40
    assert estimator.selected_groups_ == sgin.planted


def test_warm_start_goes_on_where_the_fit_ended(case, fitted):
    estimator = case(warm_start=True).fit(case.X, case.y)
    np.testing.assert_array_equal(outputs(estimator, case.X), outputs(fitted, case.X))
    estimator.set_params(learning_rate=1e-12, max_epochs=1, lam=0.0).fit(case.X, case.y)
    np.testing.assert_allclose(outputs(estimator, case.X), outputs(fitted, case.X), atol=1e-9)
    assert estimator.history_[0]["loss"] == pytest.approx(loss_of(fitted, case.X, case.y))
    assert estimator.n_iter_ == 1
    assert estimator.selected_groups_ == case.planted


def test_without_warm_start_a_fit_begins_anew(case, fitted):
    estimator = case().fit(case.X[::2], case.y[::2]).fit(case.X, case.y)
    np.testing.assert_array_equal(outputs(estimator, case.X), outputs(fitted, case.X))


def test_refit_is_recorded_too(case, fitted):
    estimator = case(refit=True).fit(case.X, case.y)
    assert estimator.n_iter_ == len(estimator.history_) > fitted.n_iter_
    first, second = np.split(np.array(estimator.history_), [fitted.n_iter_])
    timeless = [{**row, "seconds": None} for row in fitted.history_]
    assert [{**row, "seconds": None} for row in first] == timeless
    assert all(row["regularization"] == 0 for row in second)
    assert {row["n_groups"] for row in second} == {2}


@pytest.mark.parametrize("verbose", [0, 1])
def test_a_progress_bar_on_request(case, capfd, verbose):
    case(verbose=verbose).fit(case.X, case.y)
    out, err = capfd.readouterr()
    assert out == ""
    assert ("100%" in err) == bool(verbose)
    assert bool(err) == bool(verbose)
    # no terminal: lines, and no frames that overwrite each other
    assert "\r" not in err
    assert all(line.startswith(("epochs: ", "polish: ")) for line in err.splitlines())
    assert len(err.splitlines()) <= 6


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (SGINClassifier, {"max_epochs": 10, "warmup_epochs": 10}),
        (SGINClassifier, {"max_epochs": 2, "warmup_epochs": 20, "algorithm": "b"}),
        (GroupLassoMLP, {"max_epochs": 1, "warmup_epochs": 3, "early_stopping": True}),
        (
            GroupLassoMLP,
            {"max_epochs": 1, "warmup_epochs": 3, "algorithm": Proximal(polish_iter=0)},
        ),
        (SparseGroupCNN, {"max_epochs": 1, "warmup_epochs": 3}),
    ],
)
def test_a_lam_that_cannot_act_is_said(classifier, kind, settings):
    if classifier.kind is not kind:
        pytest.skip("is another estimator")
    settings = settings | {"max_groups": None}
    with pytest.warns(
        ConvergenceWarning,
        match=r"could not remove a group, as the fit ended after \d+ epochs, within warmup_epochs=",
    ):
        classifier(lam=1.0, **settings).fit(classifier.X, classifier.y)
    classifier(lam=0.0, **settings).fit(classifier.X, classifier.y)


@pytest.mark.parametrize("max_epochs", [1, 2, 3, 5, 100])
def test_the_warm_up_leaves_time_for_removals(sgin, max_epochs):
    settings = {"max_epochs": max_epochs, "warmup_epochs": "auto", "n_iter_no_change": None}
    # a group's share of the loss is below such a bar at once, but for the last one's
    with pytest.warns(ConvergenceWarning, match="left by rule alone"):
        history = sgin(lam=1e3, **settings).fit(sgin.X, sgin.y).history_
    first = next(i for i, row in enumerate(history) if row["removed"])
    assert first == min(20, int(0.4 * max_epochs))


@pytest.mark.parametrize(("n_groups", "epochs"), [(1, 50), (22, 50), (24, 45), (64, 17), (120, 10)])
def test_epochs_fall_with_the_number_of_groups(n_groups, epochs):
    X = np.random.default_rng(0).normal(size=(12, 120))
    settings = {"lam": 0.0, "n_iter_no_change": None, "hidden_layer_sizes": (2,)}
    labels, y = np.arange(120) % n_groups, np.arange(12) % 2
    assert SGINClassifier(labels, **settings).fit(X, y).n_iter_ == epochs
    by_passes = SGINClassifier(labels, algorithm="sgd", **settings).fit(X, y)
    assert by_passes.n_iter_ == 50


@pytest.mark.parametrize(
    ("n", "steps"), [(256, 1), (257, 2), (400, 2), (1000, 4), (2001, 4), (5000, 5)]
)
def test_a_visit_takes_few_steps(n, steps):
    X = np.random.default_rng(0).normal(size=(n, 3))
    settings = {"lam": 0.0, "max_epochs": 1, "hidden_layer_sizes": (2,)}
    SGINClassifier(3, callbacks=[Counted()], **settings).fit(X, np.arange(n) % 2)
    assert Counted.steps == steps


class Counted(Callback):
    """How many mini-batches the last training had."""

    steps = 0

    def on_train_begin(self, net, **kwargs):
        Counted.steps = 0

    def on_batch_end(self, net, training, **kwargs):
        Counted.steps += training
