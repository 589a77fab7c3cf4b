"""A training that is killed goes on from its last epoch and ends with the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

import sgnn

from .instances import CNN, outputs

# several batches, momentum, a schedule, shifts, dropout and batch norm: all that has a state
SETTINGS = {
    "image_shape": (10, 1),
    "architecture": "cnn4",
    "architecture_options": {"filters": (8,), "units": (8,), "dropout": 0.2},
    "batch_size": 40,
    "dtype": "float32",
    "lr_schedule": 0.9,
    "max_epochs": 6,
}


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


@pytest.mark.parametrize(
    "changes",
    [{}, {"max_groups": 3}, {"early_stopping": True, "max_epochs": 12}, {"optimizer": "sgd"}],
    ids=str,
)
@pytest.mark.parametrize(
    "algorithm",
    [
        {"algorithm": "splitting"},
        {"algorithm": "proximal"},
        {"algorithm": "subgradient"},
        {"algorithm": "gates", "regularizer": "group_l0"},
    ],
    ids=lambda arguments: arguments["algorithm"],
)
@pytest.mark.parametrize("epoch", [1, 4])
def test_the_same_fit_goes_on(algorithm, changes, epoch, tmp_path):
    settings = {**SETTINGS, **algorithm, **changes}
    whole = CNN(**settings).fit(CNN.X, CNN.y)
    settings["checkpoint"] = tmp_path / "kept" / "cnn.pt"
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


def test_an_unknown_seed_is_refused(tmp_path):
    with pytest.raises(ValueError, match="random_state=None does not give: give an int"):
        CNN(checkpoint=tmp_path / "cnn.pt", random_state=None).fit(CNN.X, CNN.y)


PROGRAM = """
    import os, signal, sys
    import numpy as np
    from skorch.callbacks import Callback
    from sgnn import SparseGroupCNN

    class Kill(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 36)), np.arange(90) % 2
    model = SparseGroupCNN(
        image_shape=(1, 6, 6), architecture_options={"filters": (4,), "units": (5,)},
        batch_size=30, max_epochs=5, checkpoint=sys.argv[1], random_state=0, callbacks=[Kill()],
    ).fit(X, y)
    print(repr(model.predict_proba(X).sum(0).tolist()))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system with SIGKILL")
def test_kill_minus_nine(tmp_path):
    def run(name, epoch):
        program = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path / name), str(epoch)]
        root = str(Path(sgnn.__file__).parents[1])
        environment = os.environ | {"PYTHONPATH": root}
        return subprocess.run(program, capture_output=True, text=True, env=environment, check=False)

    whole = run("whole.pt", 99)
    assert whole.returncode == 0
    for epoch in (2, 4):
        assert run("killed.pt", epoch).returncode == -signal.SIGKILL
    kept = torch.load(tmp_path / "killed.pt", weights_only=True)
    assert kept["state"]["algorithm"]["epoch"] == 3
    assert run("killed.pt", 99).stdout == whole.stdout
