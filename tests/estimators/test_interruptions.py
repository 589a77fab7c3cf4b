"""Divergence and Ctrl-C leave what the finished epochs learned, or say that there is nothing."""

from __future__ import annotations

import contextlib
import json
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from skorch.callbacks import Callback

from sgnn.algorithms import Proximal
from sgnn.checkpoints import Checkpoint

from .instances import CNN, MLPS, outputs


def ctrl_c(hook, epoch, *, training=1, call=2):
    """A callback that interrupts that epoch of that training, at that call of the hook."""

    class Interrupt(Callback):
        trainings = calls = 0

        def on_train_begin(self, net, **kwargs):
            type(self).trainings += 1

    def press(self, net, **kwargs):
        now = (len(net.history), self.trainings) == (epoch, training)
        self.calls += now
        if now and (self.calls == call or hook == "on_epoch_begin"):
            raise KeyboardInterrupt

    setattr(Interrupt, hook, press)
    return Interrupt()


# several batches a visit, and nothing that depends on how many epochs are to come
SHORT = {"batch_size": 40, "max_groups": None}
HOOKS = ["on_epoch_begin", "on_batch_begin", "on_grad_computed", "on_batch_end"]


def fit(estimator, case):
    """Fit; an interruption that is passed on fails this test, and does not end all tests."""
    try:
        estimator.fit(case.X, case.y)
    except KeyboardInterrupt:
        pytest.fail("the interruption was passed on")


def assert_same_fit(case, estimator, expected):
    np.testing.assert_array_equal(outputs(estimator, case.X), outputs(expected, case.X))
    assert estimator.selected_groups_ == expected.selected_groups_
    assert estimator.n_iter_ == expected.n_iter_
    losses = [[row["loss"] for row in fit.history_] for fit in (estimator, expected)]
    assert losses[0] == losses[1]


@pytest.mark.filterwarnings("ignore:.*could not remove a group")
@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_keeps_the_finished_epochs(variant, hook):
    estimator = variant(callbacks=[ctrl_c(hook, 3)], **SHORT)
    with pytest.warns(UserWarning, match="interrupted"):
        fit(estimator, variant)
    expected = variant(max_epochs=2, **SHORT).fit(variant.X, variant.y)
    assert_same_fit(variant, estimator, expected)


@pytest.mark.filterwarnings("ignore:.*could not remove a group")
@pytest.mark.parametrize("refit", [False, True])
def test_ctrl_c_at_the_end_of_an_epoch_keeps_it(variant, refit):
    estimator = variant(callbacks=[ctrl_c("on_epoch_end", 3, call=1)], refit=refit, **SHORT)
    with pytest.warns(UserWarning, match="interrupted: the network of epoch 3 was kept"):
        fit(estimator, variant)
    assert_same_fit(variant, estimator, variant(max_epochs=3, **SHORT).fit(variant.X, variant.y))


def test_ctrl_c_at_the_end_of_the_training_keeps_it(case):
    estimator = case(callbacks=[ctrl_c("on_train_end", 12, call=1)], refit=True, batch_size=40)
    with pytest.warns(UserWarning, match="interrupted: the network of epoch 12 was kept"):
        fit(estimator, case)
    assert_same_fit(case, estimator, case(batch_size=40).fit(case.X, case.y))


@pytest.mark.parametrize("hook", [*HOOKS, "on_epoch_end"])
def test_ctrl_c_ends_a_fit_that_would_refit(case, hook):
    estimator = case(callbacks=[ctrl_c(hook, 3, call=1)], refit=True, **SHORT)
    with pytest.warns(UserWarning, match="interrupted"):
        fit(estimator, case)
    assert estimator.n_iter_ == len(estimator.history_) == (3 if hook == "on_epoch_end" else 2)


def test_ctrl_c_while_polishing_ends_a_fit_that_would_refit(monkeypatch):
    case = MLPS[0]

    def press(self):
        yield 1.0
        raise KeyboardInterrupt

    monkeypatch.setattr(Proximal, "polish", press)
    with pytest.warns(UserWarning, match="polish was interrupted"):
        model = case(algorithm__polish_iter=100, refit=True).fit(case.X, case.y)
    assert model.n_iter_ == case.settings["max_epochs"]


def test_ctrl_c_while_a_checkpoint_is_written_keeps_the_epoch(monkeypatch, tmp_path):
    whole, saved = CNN(max_epochs=2, **SHORT).fit(CNN.X, CNN.y), Checkpoint.save

    def press(self, state):
        if len(json.loads(state["history"])) == 2:
            raise KeyboardInterrupt
        saved(self, state)

    monkeypatch.setattr(Checkpoint, "save", press)
    estimator = CNN(checkpoint=tmp_path / "cnn.pt", refit=True, **SHORT)
    with pytest.warns(UserWarning, match="interrupted: the network of epoch 2 was kept"):
        fit(estimator, CNN)
    assert_same_fit(CNN, estimator, whole)


def test_a_checkpoint_that_is_not_written_whole_leaves_no_file(monkeypatch, tmp_path):
    def press(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", press)
    with pytest.raises(KeyboardInterrupt):
        Checkpoint(tmp_path / "cnn.pt", "mine").save({"a": 1})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*could not remove a group")
def test_ctrl_c_takes_back_the_removals_of_its_epoch(sgin):
    case, settings = sgin, {"warmup_epochs": 2}
    removed = case(max_epochs=3, **settings).fit(case.X, case.y).history_[2]["removed"]
    assert len(removed) > 1
    # the visit of the last of the five groups
    estimator = case(callbacks=[ctrl_c("on_batch_end", 3, call=5)], **settings)
    with pytest.warns(UserWarning, match="interrupted"):
        fit(estimator, case)
    assert estimator.get_group_support().all()
    assert_same_fit(case, estimator, case(max_epochs=2, **settings).fit(case.X, case.y))


@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_in_the_first_epoch_is_passed_on(case, hook):
    estimator = case(callbacks=[ctrl_c(hook, 1)], **SHORT)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(case.X, case.y)
    with pytest.raises(NotFittedError):
        outputs(estimator, case.X)


@pytest.mark.parametrize("epoch", [1, 3])
def test_ctrl_c_while_refitting_keeps_the_selection(case, epoch):
    selected = case(batch_size=40).fit(case.X, case.y)
    callbacks = [ctrl_c("on_batch_end", epoch, training=2)]
    estimator = case(batch_size=40, refit=True, callbacks=callbacks)
    with pytest.warns(UserWarning, match="interrupted"):
        fit(estimator, case)
    assert estimator.selected_groups_ == selected.selected_groups_
    assert estimator.n_iter_ == len(estimator.history_) == selected.n_iter_ + epoch - 1
    if epoch == 1:
        assert_same_fit(case, estimator, selected)


def test_ctrl_c_at_once_leaves_a_warm_start_as_it_was(variant):
    settings = {"warm_start": True, "batch_size": 40}
    before, estimator = (variant(**settings).fit(variant.X, variant.y) for _ in range(2))
    estimator.set_params(callbacks=[ctrl_c("on_batch_end", 1)])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(variant.X, variant.y)
    assert_same_fit(variant, estimator, before)


@pytest.mark.parametrize("max_epochs", [1, 2, 12])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamax", "rmsprop"])
def test_far_too_large_steps_are_reported(variant, optimizer, max_epochs):
    case = variant
    estimator = case(learning_rate=1e6, optimizer=optimizer, max_epochs=max_epochs)
    reported = pytest.raises(
        (FloatingPointError, ConvergenceWarning), match=r"diverged.*lower learning_rate"
    )
    with warnings.catch_warnings(), reported:
        warnings.simplefilter("error")
        estimator.fit(case.X, case.y)
    with contextlib.suppress(FloatingPointError):
        # where there is but a warning there is a network, no worse than twice the variance
        estimator.fit(case.X, case.y)
        assert np.isfinite(outputs(estimator, case.X)).all()
        assert estimator.score(case.X, case.y) > -1


@pytest.mark.filterwarnings("ignore:.*could not remove a group")
def test_divergence_keeps_the_last_good_epoch(variant):
    def jump(epoch):
        return 1 if epoch < 2 else 1e9

    settings = {"lr_schedule": jump, "optimizer": "sgd", "max_groups": None}
    estimator = variant(**settings)
    with pytest.warns(ConvergenceWarning, match=r"diverged.*epoch 3.*was kept"):
        estimator.fit(variant.X, variant.y)
    expected = variant(max_epochs=2, **settings).fit(variant.X, variant.y)
    assert_same_fit(variant, estimator, expected)


def test_divergence_at_once_leaves_a_warm_start_as_it_was(case, fitted):
    estimator = case(warm_start=True).fit(case.X, case.y)
    estimator.set_params(optimizer="sgd", learning_rate=1e12)
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        estimator.fit(case.X, case.y)
    assert_same_fit(case, estimator, fitted)
