"""A training that is killed goes on from its last epoch and ends with the same bits."""

from __future__ import annotations

import copy
import functools
import io
import os
import signal
import types

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sgnn.algorithms import ALGORITHMS
from sgnn.checkpoints import Checkpoint
from sgnn.estimators.identity import identity
from sgnn.losses import CrossEntropy, Huber, Quantile, TorchLoss
from sgnn.modules import CNN4

from ..killing import end_of
from .instances import CNN, outputs

# several batches, momentum, a schedule, shifts, dropout and batch norm: all that has a state
SETTINGS = {
    "image_shape": (10, 1),
    "architecture": CNN4(filters=(8,), units=(8,), dropout=0.2),
    "batch_size": 40,
    "dtype": "float32",
    "lr_schedule": 0.9,
    "max_epochs": 6,
}
NEEDS = {"gates": {"regularizer": "group_l0"}}


class Killed(Callback):
    """Ends the training by an error, in the middle of an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise RuntimeError("killed")


def assert_same(one, other):
    np.testing.assert_array_equal(outputs(one, CNN.X), outputs(other, CNN.X))
    assert one.selected_groups_ == other.selected_groups_
    timeless = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in fit.history_]
        for fit in (one, other)
    ]
    assert timeless[0] == timeless[1]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "changes",
    [{}, {"max_groups": 3}, {"early_stopping": True, "max_epochs": 12}, {"optimizer": "sgd"}],
    ids=str,
)
@pytest.mark.parametrize("algorithm", [n for n, kind in ALGORITHMS.items() if not kind.inputs_only])
@pytest.mark.parametrize("epoch", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_the_same_fit_goes_on(algorithm, changes, epoch, tmp_path):
    settings = {**SETTINGS, "algorithm": algorithm, **NEEDS.get(algorithm, {}), **changes}
    whole = CNN(**settings).fit(CNN.X, CNN.y)
    settings["checkpoint"] = tmp_path / "kept" / "cnn.pt"
    settings["checkpoint"].parent.mkdir()
    with pytest.raises(RuntimeError, match="killed"):
        CNN(**settings, callbacks=[Killed(epoch)]).fit(CNN.X, CNN.y)
    assert settings["checkpoint"].exists() == (epoch > 1)
    seen = []

    class Count(Callback):
        def on_epoch_begin(self, net, **kwargs):
            seen.append(len(net.history))

    resumed = CNN(**settings, callbacks=[Count()]).fit(CNN.X, CNN.y)
    assert seen[0] == epoch
    assert_same(resumed, whole)
    assert [path.name for path in settings["checkpoint"].parent.iterdir()] == ["cnn.pt"]


def test_a_fit_that_was_killed_in_its_first_epoch_begins_anew(tmp_path):
    settings = {**SETTINGS, "checkpoint": tmp_path / "cnn.pt"}
    with pytest.raises(RuntimeError, match="killed"):
        CNN(**settings, callbacks=[Killed(1)]).fit(CNN.X, CNN.y)
    assert_same(CNN(**settings).fit(CNN.X, CNN.y), CNN(**SETTINGS).fit(CNN.X, CNN.y))


@pytest.mark.parametrize("epoch", [2, 8])
def test_a_refit_goes_on_too(epoch, tmp_path):
    settings = {**SETTINGS, "refit": True}
    whole = CNN(**settings).fit(CNN.X, CNN.y)
    settings["checkpoint"] = str(tmp_path / "cnn.pt")

    class Later(Callback):
        trainings = 0

        def on_train_begin(self, net, **kwargs):
            type(self).trainings += 1

        def on_batch_end(self, net, **kwargs):
            if len(net.history) + 6 * (self.trainings - 1) == epoch:
                raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        CNN(**settings, callbacks=[Later]).fit(CNN.X, CNN.y)
    assert_same(CNN(**settings).fit(CNN.X, CNN.y), whole)


def test_a_finished_training_is_not_repeated(tmp_path):
    settings = {**SETTINGS, "checkpoint": tmp_path / "cnn.pt"}
    first = CNN(**settings).fit(CNN.X, CNN.y)
    assert_same(CNN(**settings, callbacks=[Killed(1)]).fit(CNN.X, CNN.y), first)


@pytest.mark.parametrize("change", ["lam", "data", "rubbish"])
def test_another_trainings_checkpoint_is_refused(change, tmp_path):
    settings, X = {**SETTINGS, "checkpoint": tmp_path / "cnn.pt"}, CNN.X
    CNN(**settings).fit(X, CNN.y)
    if change == "lam":
        settings["lam"] = 0.5
    elif change == "data":
        X = X + 1e-9
    else:
        settings["checkpoint"].write_bytes(b"rubbish")
    with pytest.raises(ValueError, match=r"checkpoint='.*cnn.pt'.*delete it, or name another"):
        CNN(**settings).fit(X, CNN.y)


@pytest.mark.parametrize("share", np.linspace(0, 0.999, 25))
def test_any_flipped_byte_is_refused(share, finished, tmp_path):
    settings = {**SETTINGS, "checkpoint": tmp_path / "cnn.pt"}
    content = bytearray(finished)
    content[int(share * len(content))] ^= 1 << int(1000 * share) % 8
    settings["checkpoint"].write_bytes(content)
    with pytest.raises(
        ValueError, match=r"^checkpoint=.* damaged: delete it, or name another file"
    ):
        CNN(**settings).fit(CNN.X, CNN.y)


@pytest.mark.parametrize("length", [0, 10, 1000, -1])
def test_a_part_of_a_file_is_refused(length, finished, tmp_path):
    settings = {**SETTINGS, "checkpoint": tmp_path / "cnn.pt"}
    settings["checkpoint"].write_bytes(finished[:length])
    with pytest.raises(ValueError, match="damaged: delete it"):
        CNN(**settings).fit(CNN.X, CNN.y)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The content of the checkpoint of a training that has ended."""
    path = tmp_path_factory.mktemp("finished") / "cnn.pt"
    CNN(**SETTINGS, checkpoint=path).fit(CNN.X, CNN.y)
    return path.read_bytes()


def without(name):
    return lambda state: {key: value for key, value in state.items() if key != name}


def with_module(change):
    def changed(state):
        weight = {
            k: change(v) if k == "body.conv1.weight" else v for k, v in state["module"].items()
        }
        return state | {"module": weight}

    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("module"), "does not hold the state of this network"),
        (without("optimizer"), "does not hold the state of this network"),
        (with_module(lambda w: w[:, :2]), "does not hold the state of this network"),
        (lambda state: state | {"history": "[{"}, "does not hold the state of this network"),
        (lambda state: state | {"active": [True]}, "does not hold the state of this network"),
        (with_module(lambda w: w * torch.nan), "holds weights that are not finite"),
    ],
)
def test_a_state_that_is_not_of_this_network_is_refused(change, words, tmp_path):
    settings = {**SETTINGS, "image_shape": (10, 1), "checkpoint": tmp_path / "cnn.pt"}
    CNN(**settings).fit(CNN.X, CNN.y)
    content = settings["checkpoint"].read_bytes().split(b"\n", 2)[2]
    kept = torch.load(io.BytesIO(content), weights_only=True)
    Checkpoint(settings["checkpoint"], kept["belongs_to"]).save(change(kept["state"]))
    with pytest.raises(ValueError, match=f"^checkpoint=.* {words}: delete it") as told:
        CNN(**settings).fit(CNN.X, CNN.y)
    assert "\n" not in str(told.value)


def schedule(factor):
    return lambda epoch: factor**epoch


class Falling:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, epoch):
        return self.factor**epoch


def power(factor, epoch, *, more=0):
    return factor ** (epoch + more)


def with_default(factor):
    def falling(epoch, factor=factor):
        return factor**epoch

    return falling


DECAY = 0.9


def reading_a_global(decay):
    """A function whose DECAY is another."""
    function = types.FunctionType(_falling.__code__, {"DECAY": decay})
    return function


def _falling(epoch):
    return DECAY**epoch


SCHEDULES = {
    "global": (reading_a_global(0.9), reading_a_global(0.5)),
    "of numpy": (lambda e: np.exp(-e / 10), lambda e: np.exp(-e / 5)),
    "partial of numpy": (functools.partial(np.power, 0.9), functools.partial(np.power, 0.5)),
    "state of numpy": (Falling(np.array(0.9)), Falling(np.array(0.5))),
    "closure": (schedule(0.9), schedule(0.5)),
    "code": (lambda epoch: 0.9**epoch, lambda epoch: 0.5**epoch),
    "default": (with_default(0.9), with_default(0.5)),
    "partial": (functools.partial(power, 0.9), functools.partial(power, 0.5)),
    "keyword": (functools.partial(power, 0.9, more=1), functools.partial(power, 0.9, more=2)),
    "instance": (Falling(0.9), Falling(0.5)),
    "method": (Falling(0.9).__call__, Falling(0.5).__call__),
    "constant": (lambda epoch: 0.9, lambda epoch: 0.8),
}


@pytest.mark.parametrize("kind", SCHEDULES)
def test_callables_are_told_apart_by_what_they_do(kind, tmp_path):
    one, other = SCHEDULES[kind]
    settings = {**SETTINGS, "max_epochs": 2, "checkpoint": tmp_path / "cnn.pt"}
    first = CNN(**settings | {"lr_schedule": one}).fit(CNN.X, CNN.y)
    same = copy.deepcopy(one) if kind in {"instance", "method"} else one
    assert_same(CNN(**settings | {"lr_schedule": same}).fit(CNN.X, CNN.y), first)
    with pytest.raises(ValueError, match="belongs to a training with other arguments"):
        CNN(**settings | {"lr_schedule": other}).fit(CNN.X, CNN.y)


def test_networks_and_optimizers_are_told_apart():
    def network(width, scale=1.0):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            body = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(10, width))
            with torch.no_grad():
                body[1].weight.mul_(scale)
        return body

    def optimizer(momentum):
        class SGD(torch.optim.SGD):
            def __init__(self, params, lr):
                super().__init__(params, lr, momentum=momentum)

        return SGD

    class Scaled(torch.nn.Module):
        def __init__(self, scale):
            super().__init__()
            self.scale = scale

    assert identity({"thing": Scaled(1.0)}) != identity({"thing": Scaled(5.0)})
    things = [
        network(2),
        network(2, 2.0),
        network(3),
        optimizer(0.9),
        optimizer(0.5),
        print,
        np.exp,
    ]
    hashes = [identity({"thing": thing}) for thing in things]
    assert len(set(hashes)) == len(things)
    assert identity({"thing": network(2)}) == hashes[0]
    assert identity({"thing": optimizer(0.9)}) == hashes[3]


def test_what_cannot_be_told_apart_is_refused(tmp_path):
    class Odd:
        __slots__ = ("factor",)

        def __call__(self, epoch):
            return 1.0

    with pytest.raises(ValueError, match=r"checkpoint cannot be kept with lr_schedule=.*leave out"):
        CNN(checkpoint=tmp_path / "cnn.pt", lr_schedule=Odd()).fit(CNN.X, CNN.y)


@pytest.mark.parametrize("place", ["", "folder", "nowhere/cnn.pt"])
def test_a_place_for_no_file_is_refused(place, tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sgnn.estimators.fit.train", lambda *_: pytest.fail("training began"))
    with pytest.raises(ValueError, match=rf"checkpoint='{place}' must be a file in a folder that"):
        CNN(checkpoint=place).fit(CNN.X, CNN.y)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_unknown_seed_is_refused(tmp_path):
    with pytest.raises(ValueError, match="random_state=None does not give: give an int"):
        CNN(checkpoint=tmp_path / "cnn.pt", random_state=None).fit(CNN.X, CNN.y)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork and SIGKILL")
def test_kill_minus_nine(tmp_path):
    class Kill(Callback):
        def __init__(self, epoch):
            self.epoch = epoch

        def on_batch_end(self, net, **kwargs):
            if len(net.history) == self.epoch:
                os.kill(os.getpid(), signal.SIGKILL)

    settings = {**SETTINGS, "checkpoint": tmp_path / "killed.pt"}
    whole = CNN(**SETTINGS).fit(CNN.X, CNN.y)
    for epoch in (2, 4):
        killed = CNN(**settings, callbacks=[Kill(epoch)])
        assert end_of(lambda model=killed: model.fit(CNN.X, CNN.y)) == -signal.SIGKILL
    content = (tmp_path / "killed.pt").read_bytes().split(b"\n", 2)[2]
    kept = torch.load(io.BytesIO(content), weights_only=True)
    assert kept["state"]["algorithm"]["epoch"] == 3
    assert_same(CNN(**settings).fit(CNN.X, CNN.y), whole)


class Times(torch.nn.Module):
    """A loss whose factor is no buffer."""

    def __init__(self, factor):
        super().__init__()
        self._factor = factor

    def forward(self, out, y):
        return self._factor * torch.nn.functional.cross_entropy(out, y, reduction="none")


def test_losses_are_told_apart():
    losses = [
        Times(torch.tensor(1.0)), Times(torch.tensor(2.0)), Times(np.ones(1)), Times(1.0),
        CrossEntropy(), CrossEntropy, Huber(1.0), Huber(2.0), Quantile(0.5), Quantile(0.9),
        TorchLoss(torch.nn.HuberLoss(delta=3.0)), torch.nn.HuberLoss(delta=3.0),
        torch.nn.CrossEntropyLoss(weight=torch.ones(2)),
        torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0])),
    ]  # fmt: skip
    hashes = [identity({"loss": loss}) for loss in losses]
    assert len(set(hashes)) == len(losses)
    copies = [identity({"loss": copy.deepcopy(loss)}) for loss in losses]
    assert copies == hashes
