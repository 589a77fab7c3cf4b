"""The loop is the plain one, tells callbacks and the user what it does, and knows when to end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping

from sgnn.algorithms import Blockwise, Subgradient
from sgnn.optimizers import OPTIMIZERS
from sgnn.training import Run, Settings
from sgnn.training import train as train_runs

from .problems import sgin_network

N, GROUPS, EPOCHS = 60, 3, 4
BATCHES = 3  # of 20 rows
LR = 0.05


def network(**changes):
    """Rows of three groups of two columns; the first decides the class."""
    X = np.random.default_rng(0).normal(size=(N, 2 * GROUPS))
    y = (X[:, 0] + X[:, 1] > 0).astype(np.int64)
    return sgin_network(X, y, np.repeat(range(GROUPS), 2), **{"lam": 0.01, **changes})


def train(network, algorithm, settings):
    run = Run(network, settings)
    train_runs([run], algorithm)
    return run.net


def settings(**changes):
    plain = {"max_epochs": EPOCHS, "optimizer": torch.optim.SGD, "learning_rate": LR}
    return Settings(**{**plain, **changes})


def weights(trained):
    return torch.cat([p.detach().flatten() for p in trained.module.parameters()])


def callbacks_of(net, kind):
    return [callback for _, callback in net.callbacks_ if isinstance(callback, kind)]


class Epochs(Callback):
    """Counts the notices around epochs."""

    def initialize(self):
        self.begun, self.ended, self.rows = [], 0, []

    def on_train_begin(self, net, **kwargs):
        self.begun.append("training")

    def on_epoch_begin(self, net, **kwargs):
        self.begun.append("epoch")

    def on_epoch_end(self, net, **kwargs):
        self.ended += 1
        self.rows.append(dict(net.history[-1]))


class Batches(Callback):
    """Collects the notices around batches."""

    def initialize(self):
        self.begun, self.gradients, self.losses, self.outputs = 0, [], [], []

    def on_batch_begin(self, net, batch, training, **kwargs):
        assert training
        self.begun += 1
        self.X, self.y = batch

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.gradients.append({name: p.grad.clone() for name, p in named_parameters})

    def on_batch_end(self, net, loss, y_pred, **kwargs):
        self.losses.append(float(loss))
        self.outputs.append(y_pred.clone())


def test_callbacks_are_told_of_epochs():
    net = train(network(), Blockwise(), settings(callbacks=[Epochs()]))
    (seen,) = callbacks_of(net, Epochs)
    assert seen.begun == ["training"] + ["epoch"] * EPOCHS
    assert seen.ended == EPOCHS
    assert [row["epoch"] for row in seen.rows] == [1, 2, 3, 4]
    assert [row["train_loss"] for row in seen.rows] == [row["loss"] for row in net.history]


@pytest.mark.parametrize(("algorithm", "visits"), [(Blockwise, GROUPS), (Subgradient, 1)])
def test_callbacks_are_told_of_batches(algorithm, visits):
    net = train(network(lam=0.0), algorithm(), settings(callbacks=[Batches()], max_epochs=2))
    (seen,) = callbacks_of(net, Batches)
    steps = 2 * visits * BATCHES
    assert seen.begun == len(seen.gradients) == len(seen.losses) == len(seen.outputs) == steps
    assert (seen.X.shape, seen.y.shape) == ((20, 2 * GROUPS), (20,))
    assert np.mean(seen.losses[: visits * BATCHES]) == pytest.approx(net.history[0]["loss"])
    expected = {"theta", "weights.0", "biases.0"}
    assert all(set(gradients) == expected for gradients in seen.gradients)
    for out, loss in zip(seen.outputs, seen.losses, strict=True):
        assert out.shape == (20, 2)
        assert loss > 0
    last = torch.nn.functional.cross_entropy(seen.outputs[-1], seen.y)
    assert seen.losses[-1] == pytest.approx(last.item())


def test_watching_changes_nothing():
    alone, watched = network(), network()
    train(alone, Blockwise(), settings())
    train(watched, Blockwise(), settings(callbacks=[Epochs(), Batches()]))
    assert torch.equal(weights(alone), weights(watched))


def test_gradients_are_clipped():
    limit = 1e-3
    before, clipped = network(lam=0.0), network(lam=0.0)
    clipping = GradientNormClipping(gradient_clip_value=limit)
    train(clipped, Subgradient(), settings(callbacks=[clipping], max_epochs=2))
    # 2 x BATCHES steps of plain descent, each of length LR * limit and much the same direction
    moved = (weights(clipped) - weights(before)).norm() / (2 * BATCHES * LR * limit)
    assert 0.5 < moved <= 1


def test_skorchs_early_stopping_ends_the_training():
    stopping = EarlyStopping(monitor="train_loss", patience=3, threshold=10.0)
    net = train(network(), Blockwise(), settings(callbacks=[stopping], max_epochs=30))
    assert len(net.history) <= 4


@pytest.mark.parametrize(
    "given", [Epochs, Epochs(), ("mine", Epochs())], ids=["class", "instance", "named"]
)
def test_every_form_of_callback(given):
    net = train(network(), Blockwise(), settings(callbacks=[given]))
    assert callbacks_of(net, Epochs)[0].ended == EPOCHS


def test_the_users_callback_stays_unused():
    callback = Epochs()
    train(network(), Blockwise(), settings(callbacks=[callback]))
    assert vars(callback) == {}


def test_a_progress_bar_on_request(capfd):
    train(network(lam=0.0), Blockwise(), settings(verbose=1))
    out, err = capfd.readouterr()
    assert out == ""
    assert "100%" in err
    assert "loss=" in err
    assert f"groups={GROUPS}" in err
    assert f"{EPOCHS}/{EPOCHS}" in err
    assert "-00:00" not in err
    assert err.count("\r") < 8  # no terminal: the beginning, the end, and a line in ten seconds


def test_silence_by_default(capfd):
    train(network(), Blockwise(), settings())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("optimizer", "kind"), [("adam", "Adam"), ("rmsprop", "RMSprop")])
def test_optimizers_by_name(optimizer, kind):
    net = train(network(), Blockwise(), settings(optimizer=OPTIMIZERS.made(optimizer).kind))
    assert type(net.optimizer_).__name__ == kind


def test_patience_counts_epochs_without_progress():
    # no step to speak of: the first epoch is the best, and three more bring nothing
    still = settings(learning_rate=1e-12, max_epochs=20, tol=1e-3, n_iter_no_change=3)
    assert len(train(network(lam=0.0), Subgradient(), still).history) == 4
    endless = settings(learning_rate=1e-12, max_epochs=20, tol=1e-3, n_iter_no_change=None)
    assert len(train(network(lam=0.0), Subgradient(), endless).history) == 20


@pytest.mark.parametrize("algorithm", [Blockwise, Subgradient])
def test_divergence_in_the_first_epoch_is_an_error(algorithm):
    trained = network()
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        train(trained, algorithm(), settings(learning_rate=1e200))


@pytest.mark.parametrize("first", [np.nan, np.inf, 1.0])
@pytest.mark.parametrize("loss", [np.nan, np.inf, -np.inf, 3e4])
def test_a_loss_that_is_not_finite_is_a_divergence_whatever_the_first_was(first, loss):
    run = Run(network(), settings())
    run.first_loss = first
    if np.isfinite(loss) and np.isinf(first):
        assert not run.diverged(1.0, loss)
        return
    with pytest.raises(FloatingPointError, match="diverged to"):
        run.diverged(1.0, loss)
