"""skorch's callbacks: each does what it is for, or is refused with what does it instead."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    GradientNormClipping,
    Initializer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
    TrainEndCheckpoint,
    Unfreezer,
)

from sgnn.modules import LeNet5

from .instances import CASES, CNN, MLPS, SGIN, outputs

# several mini-batches, and validation data of their own
BATCHES = {"batch_size": 40, "max_epochs": 4, "max_groups": None}


class Seen(Callback):
    """Keeps what it is told of mini-batches, and how the module was when an epoch ended."""

    def initialize(self):
        self.batches, self.held_out, self.gradients, self.modules = [], [], [], []

    def on_batch_end(self, net, batch, y_pred, loss, training, **kwargs):
        kept = (batch[0].clone(), batch[1].clone(), y_pred.clone(), float(loss))
        (self.batches if training else self.held_out).append(kept)

    def on_grad_computed(self, net, named_parameters, X, y, **kwargs):
        self.gradients.append({name: p.grad.clone() for name, p in named_parameters})

    def on_epoch_end(self, net, **kwargs):
        self.modules.append(copy.deepcopy(net.module_.state_dict()))


def trained(case, *callbacks, **settings):
    """A fit to the first 80 rows, the others held out, and the callbacks as they were then."""
    estimator = case(callbacks=list(callbacks), **{**BATCHES, **settings})
    estimator.fit(case.X[:80], case.y[:80], X_val=case.X[80:], y_val=case.y[80:])
    return estimator, [c for _, c in estimator.net_.callbacks_[-len(callbacks) :]]


def test_batches_are_those_that_the_network_saw(variant):
    """The outputs that are told of belong to the rows and targets that are told of."""
    still = {"learning_rate": 1e-12, "max_epochs": 2, "lam": 0.0, "standardize": False}
    estimator, (seen,) = trained(variant, Seen(), **still)
    module = estimator.module_
    for x, y, out, loss in seen.batches:
        with torch.no_grad():
            again = module(x)
        torch.testing.assert_close(out, again, rtol=0, atol=1e-7)
        criterion = (
            torch.nn.functional.cross_entropy
            if is_classifier(estimator)
            else lambda out, y: torch.nn.functional.mse_loss(out, y) / 2
        )
        assert loss == pytest.approx(float(criterion(out, y)), abs=1e-9)
    n_visits = 5 if variant.settings.get("algorithm") in {"a", "b"} else 1
    assert len(seen.batches) == 2 * 2 * n_visits
    assert [len(x) for x, *_ in seen.held_out] == [40, 40]


def test_augmented_images_are_told_of_as_the_network_saw_them():
    still = {
        "learning_rate": 1e-12,
        "image_shape": (1, 10),
        "augment": "shift_flip",
        "groups": None,
        "standardize": False,
    }
    options = {"architecture": LeNet5(filters=(2,), units=())}
    estimator, (seen,) = trained(CNN, Seen(), **still, **options)
    whole = {tuple(row) for row in CNN.X[:80]}
    moved = 0
    for x, _, out, _ in seen.batches:
        with torch.no_grad():
            torch.testing.assert_close(out, estimator.module_(x), rtol=0, atol=1e-7)
        moved += sum(tuple(row) not in whole for row in x.tolist())
    assert moved > 80


def score_by_hand(estimator, y, out):
    if not is_classifier(estimator):
        return mean_absolute_error(y, out)
    return accuracy_score(y, out.argmax(1))


@pytest.mark.parametrize("on_train", [True, False])
def test_scores_are_those_that_one_computes_by_hand(case, on_train):
    name = "accuracy" if is_classifier(case()) else "neg_mean_absolute_error"
    sign = 1 if is_classifier(case()) else -1
    estimator, (epoch, _, seen) = trained(
        case,
        EpochScoring(name, on_train=on_train, lower_is_better=False),
        BatchScoring(name, on_train=on_train, name="by_batch", lower_is_better=False),
        Seen(),
    )
    told = seen.batches if on_train else seen.held_out
    history = estimator.net_.history
    n_epochs = len(history)
    size = [len(row["batches"]) - 1 for row in history] if on_train else [1] * n_epochs
    best = -np.inf
    for row, part in zip(
        history, np.split(np.arange(len(told)), np.cumsum(size)[:-1]), strict=True
    ):
        y, out = (torch.cat([told[i][k] for i in part]).numpy() for k in (1, 2))
        assert row[epoch.name_] == pytest.approx(sign * score_by_hand(estimator, y, out))
        each = [score_by_hand(estimator, told[i][1].numpy(), told[i][2].numpy()) for i in part]
        sizes = [len(told[i][1]) for i in part]
        assert row["by_batch"] == pytest.approx(sign * np.average(each, weights=sizes))
        assert row[f"{epoch.name_}_best"] == (row[epoch.name_] > best)
        best = max(best, row[epoch.name_])


def test_a_score_of_the_last_epoch_is_that_of_the_estimator(classifier):
    case = classifier
    scoring = [
        EpochScoring("accuracy"),
        EpochScoring("neg_log_loss"),
        EpochScoring(None, name="own"),
    ]
    estimator, _ = trained(case, *scoring, max_epochs=6)
    row = estimator.net_.history[-1]
    X, y = case.X[80:], case.y[80:]
    assert row["accuracy"] == row["own"] == estimator.score(X, y)
    assert row["neg_log_loss"] == pytest.approx(-log_loss(y, outputs(estimator, X)), rel=1e-5)


def test_passthrough_scores_are_the_mean_over_batches(case):
    class Half(Callback):
        def on_batch_end(self, net, loss, training, **kwargs):
            if training:
                net.history.record_batch("half", float(loss) / 2)

    estimator, _ = trained(case, Half(), PassthroughScoring("half", on_train=True))
    for row in estimator.net_.history:
        assert row["half"] == pytest.approx(row["train_loss"] / 2)


def test_clipped_gradients_are_clipped(variant):
    if variant.settings.get("algorithm") in {"rmda", "gates"}:
        pytest.skip("gradients are of other weights")
    settings = {"max_epochs": 2, "warmup_epochs": 0, "lam": 1e-4}
    _, (_, seen) = trained(variant, GradientNormClipping(1e-5), Seen(), **settings)
    norms = [torch.cat([g.flatten() for g in told.values()]).norm() for told in seen.gradients]
    assert max(norms) == pytest.approx(1e-5, rel=1e-3)
    _, (plain,) = trained(variant, Seen(), **settings)
    assert max(torch.cat([g.flatten() for g in t.values()]).norm() for t in plain.gradients) > 1e-4


FROZEN = [
    *[(case, name) for case in SGIN for name in ("theta", "weights.0", "biases.0")],
    *[(case, name) for case in MLPS for name in ("theta", "weights.0", "biases.1")],
    *[(CNN, name) for name in ("body.conv1.weight", "body.output.weight", "body.output.bias")],
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("case", "name"), FROZEN, ids=str)
def test_frozen_weights_stay(case, name):
    for algorithm in case.algorithms:
        if algorithm == "gates":
            continue
        settings = {"optimizer": "adamw", "algorithm__polish_iter": 20} if case in MLPS else {}
        _, (_, seen) = trained(case.by(algorithm), Freezer(name), Seen(), **settings)
        first, *later = [module[name] for module in seen.modules]
        assert all(torch.equal(value, first) for value in later)
        others = set(seen.modules[0]) - {name, "columns.kept"}
        assert any(not torch.equal(seen.modules[0][o], seen.modules[-1][o]) for o in others)
        model, _ = trained(case.by(algorithm), Freezer(name), Seen(), **settings)
        kept = dict(model.module_.named_parameters())[name]
        assert torch.equal(kept, first)


def test_everything_may_be_frozen(case):
    _, (_, seen) = trained(case, Freezer("*"), Seen())
    first, *later = seen.modules
    assert all(torch.equal(module[name], first[name]) for module in later for name in first)


def test_frozen_weights_go_on_where_they_are_unfrozen(case):
    name = "body.output.bias" if case is CNN else "biases.0"
    callbacks = [Freezer(name), Unfreezer(name, at=3), Seen()]
    _, (_, _, seen) = trained(case, *callbacks)
    one, two, three, _ = [module[name] for module in seen.modules]
    assert torch.equal(one, two)
    assert not torch.equal(two, three)


def test_a_users_network_may_come_with_frozen_layers():
    body = torch.nn.Sequential(
        torch.nn.Conv1d(10, 4, 1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4, 2)
    ).double()
    body[0].requires_grad_(False)
    model = CNN(architecture=body, max_groups=None, lam=1e-4)
    model.fit(CNN.X, CNN.y)
    assert torch.equal(model.module_.body[0].weight, body[0].weight)
    assert not torch.equal(model.module_.body[3].weight, body[3].weight)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_schedule_of_a_callback_is_used(case):
    schedule = LRScheduler(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.1)
    estimator, _ = trained(case, schedule, lr_schedule=None, learning_rate=0.01)
    rates = [row["lr"] for row in estimator.history_]
    np.testing.assert_allclose(rates, 0.01 * 0.1 ** np.arange(4))
    assert [row["event_lr"] for row in estimator.net_.history] == pytest.approx(rates)
    by_batch = LRScheduler(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5, step_every="batch")
    estimator, _ = trained(case, by_batch, lr_schedule=None, max_epochs=1, learning_rate=0.01)
    (row,) = estimator.net_.history
    rates = [batch["event_lr"] for batch in row["batches"] if "event_lr" in batch]
    np.testing.assert_allclose(rates, 0.01 * 0.5 ** np.arange(len(rates)))
    assert len(rates) >= 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_schedule_may_watch_a_loss(case):
    schedule = LRScheduler(
        torch.optim.lr_scheduler.ReduceLROnPlateau, monitor="valid_loss", patience=0, threshold=10.0
    )
    estimator, _ = trained(case, schedule, lr_schedule=None, learning_rate=0.01)
    rates = [row["lr"] for row in estimator.history_]
    np.testing.assert_allclose(rates, 0.01 * 0.1 ** np.arange(4))


def test_checkpoints_can_be_loaded(variant, tmp_path):
    settings = {} if variant.settings.get("algorithm") == "rmda" else {"optimizer": "adam"}
    kept = Checkpoint(monitor="train_loss_best", dirname=tmp_path / "best")
    ended = TrainEndCheckpoint(dirname=tmp_path / "end")
    estimator, (kept, ended, seen) = trained(variant, kept, ended, Seen(), **settings)
    best = max(i for i, row in enumerate(estimator.net_.history) if row["train_loss_best"])
    net = copy.deepcopy(estimator.net_)
    net.load_params(checkpoint=kept)
    for name, value in net.module_.state_dict().items():
        assert torch.equal(value, seen.modules[best][name])
    assert [row["loss"] for row in net.history] == [
        row["loss"] for row in estimator.history_[: best + 1]
    ]
    parameters = list(net.module_.parameters())
    states = [net.optimizer_.state[p] for p in parameters]
    if variant.settings.get("algorithm") != "gates" and settings:
        assert all(
            state["exp_avg"].shape == p.shape for state, p in zip(states, parameters, strict=True)
        )
        assert all(state["exp_avg"].abs().sum() > 0 for state in states)
    net.load_params(checkpoint=ended.checkpoint_)
    with torch.no_grad():  # the network that predicts
        X = torch.tensor(variant.X)
        torch.testing.assert_close(net.module_(X), estimator.module_(X), rtol=0, atol=1e-12)
    for folder in ("best", "end"):
        files = sorted(path.name for path in (tmp_path / folder).iterdir())
        names = ["criterion.pt", "history.json", "optimizer.pt", "params.pt"]
        assert files == [("train_end_" if folder == "end" else "") + name for name in names]


def test_skorchs_early_stopping_stops(case, recwarn):
    stopping = EarlyStopping(monitor="train_loss", patience=2, threshold=10.0)
    estimator, _ = trained(case, stopping, max_epochs=30)
    assert estimator.n_iter_ == 3
    assert not [w for w in recwarn if "interrupted" in str(w.message)]


def test_what_prints_prints(case, capsys):
    table = PrintLog()
    estimator, (bar, *_) = trained(case, ProgressBar(), EpochTimer(), table)
    out, err = capsys.readouterr()
    assert out.count("\n") == 2 + len(estimator.history_)
    assert f"{estimator.history_[0]['loss']:.4f}" in out
    n_batches = [len(row["batches"]) for row in estimator.net_.history]
    assert f"/{n_batches[0]} " in err
    assert bar.pbar_.n == bar.pbar_.total == n_batches[-1]
    assert all(row["dur"] > 0 for row in estimator.net_.history)


REFUSED = {
    "no validation data for a score": (EpochScoring("accuracy"), "EpochScoring.*on_train=True"),
    "nor for one of batches": (BatchScoring("accuracy"), "BatchScoring.*on_train=True"),
    "nor for a checkpoint": (Checkpoint(), "Checkpoint.*monitor='train_loss_best'"),
    "nor to stop by": (EarlyStopping(), "EarlyStopping.*monitor='train_loss'"),
    "an unknown monitor": (EarlyStopping("nope"), "EarlyStopping.*'nope'.*train_loss"),
    "an unknown score": (EpochScoring("beauty", on_train=True), "EpochScoring.*scoring='beauty'"),
    "several scores": (EpochScoring({"a": "accuracy"}, on_train=True), "EpochScoring.*several"),
    "a score without the cache": (
        EpochScoring("accuracy", on_train=True, use_caching=False),
        "use_caching=True",
    ),
    "the best checkpoint": (
        Checkpoint(monitor="train_loss_best", load_best=True),
        "load_best.*early_stopping=True",
    ),
    "the best epoch": (
        EarlyStopping(monitor="train_loss", load_best=True),
        "load_best.*early_stopping=True",
    ),
    "two schedules": (LRScheduler(), "LRScheduler.*lr_schedule=None"),
    "first weights": (Initializer("*"), "Initializer.*random_state"),
    "a shape": (InputShapeSetter(), "InputShapeSetter.*columns of X"),
    "a state to begin with": (LoadInitState(Checkpoint()), "LoadInitState.*warm_start=True"),
    "a class that needs arguments": (EpochScoring, "class EpochScoring.*instance"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_cannot_work_is_refused_before_training(case, wrong, monkeypatch):
    monkeypatch.setattr("sgnn.estimators.fit.train", lambda *_: pytest.fail("training began"))
    callback, message = REFUSED[wrong]
    with pytest.raises(ValueError, match=rf"^callbacks has .*{message}") as told:
        case(callbacks=[callback]).fit(case.X, case.y)
    assert "\n" not in str(told.value)


def test_the_users_callbacks_stay_as_they_are(case):
    given = [EpochScoring(None, on_train=True), EarlyStopping("train_loss"), EpochTimer()]
    before = [dict(vars(callback)) for callback in given]
    case(callbacks=given, max_epochs=3, max_groups=None).fit(case.X, case.y)
    assert [vars(callback) for callback in given] == before


def test_two_callbacks_of_one_name_are_refused(case):
    twice = [("mine", EpochTimer()), ("mine", EpochTimer())]
    with pytest.raises(ValueError, match="callbacks has the name 'mine' twice: give each its own"):
        case(callbacks=twice).fit(case.X, case.y)


def test_gates_cannot_be_frozen():
    case = CNN.by("gates")
    with pytest.raises(ValueError, match=r'Freezer, but algorithm="gates".*another algorithm'):
        case(callbacks=[Freezer("*")]).fit(case.X, case.y)


def test_every_case_is_tried():
    assert {case.kind for case, _ in FROZEN} == {case.kind for case in CASES}
