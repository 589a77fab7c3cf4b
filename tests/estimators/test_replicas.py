"""Replica r of a joint fit is the single fit with the same lam, sample weights and seed."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sgnn import GroupLassoMLP, GroupLassoMLPRegressor, SGINClassifier, SGINRegressor
from sgnn.algorithms import ALGORITHMS, RMDA, Blockwise, Proximal, RescaledRows, Subgradient
from sgnn.algorithms.full_gradient import FullGradient
from sgnn.algorithms.replicas import StackedNetwork
from sgnn.components import Component
from sgnn.estimators import fit as fitting
from sgnn.optimizers import SGD, Adam
from sgnn.selection import LambdaSearchCV, StabilitySelector
from sgnn.training import Run

from ..problems import sgin_network

N, R = 150, 5
LABELS = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 4]  # unequal groups
LAMS = np.geomspace(1e-3, 0.3, R)
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


RAW = {"algorithm": Proximal(polish_iter=0)}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, len(LABELS)))
    f = X[:, 0] + X[:, 3] * X[:, 4]
    weights = [rng.multinomial(N, np.full(N, 1 / N)).astype(float) for _ in range(R)]
    return X, f, (f > 0).astype(int), weights


@pytest.fixture(autouse=True)
def joint_trainings(monkeypatch):
    """How many replicas each joint training had."""
    sizes = []
    train = fitting.train

    def counted(runs, *args, **kwargs):
        sizes.extend([len(runs)] * (len(runs) > 1))
        return train(runs, *args, **kwargs)

    monkeypatch.setattr(fitting, "train", counted)
    return sizes


def stackable(kind):
    """Whether the class itself says so, and not only its base."""
    return vars(kind).get("stackable", False)


def network(cls, **changes):
    small = {"hidden_layer_sizes": (8, 5), "max_epochs": 8, "warmup_epochs": 2, "batch_size": 40}
    return cls(LABELS, **small | changes)


def given(model):
    """Its arguments, those that have parameters of their own in words."""
    arguments = model.get_params(deep=False)
    return {k: repr(v) if isinstance(v, Component) else v for k, v in arguments.items()}


def assert_equal_to_single_fits(model, X, y, weights, seeds=range(R), lams=LAMS, atol=None):
    atol = TOLERANCE[model.dtype] if atol is None else atol
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        fits = model.fit_replicas(X, y, lams, weights, seeds)
        for r, fit in enumerate(fits):
            single = clone(model).set_params(lam=lams[r], random_state=seeds[r])
            single.fit(X, y, None if weights is None else weights[r])
            np.testing.assert_array_equal(fit.group_support_, single.group_support_)
            assert [e["removed"] for e in fit.history_] == [e["removed"] for e in single.history_]
            for ours, theirs in zip(
                fit.module_.parameters(), single.module_.parameters(), strict=True
            ):
                torch.testing.assert_close(ours, theirs, rtol=0, atol=atol)
            assert given(fit) == given(single)
            np.testing.assert_allclose(fit.predict(X), single.predict(X), atol=1e-5)
    return fits


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("cls", "settings"),
    [
        (SGINClassifier, {"algorithm": "a"}),
        (SGINClassifier, {"algorithm": "a", "bar": "lam", "optimizer": "sgd"}),
        (SGINClassifier, {"algorithm": "b", "optimizer": "rmsprop"}),
        (SGINClassifier, {"algorithm": "sgd"}),
        (SGINRegressor, {"algorithm": "a", "refit": True, "max_groups": 3}),
        (SGINRegressor, {"algorithm": "b", "loss": torch.nn.HuberLoss}),
        (SGINClassifier, {"algorithm": "b", "max_cost": 5.5, "group_costs": [1, 2, 3, 4, 5]}),
        (
            GroupLassoMLP,
            {
                "algorithm": RMDA(polish_iter=5),
                "max_cost": 5.5,
                "group_costs": [1, 2, 3, 4, 5],
            },
        ),
        (GroupLassoMLP, {"algorithm": Proximal(polish_iter=10)}),
        (
            GroupLassoMLP,
            {"algorithm": RMDA(polish_iter=5), "regularizer": "sparse_group_lasso"},
        ),
        (GroupLassoMLP, {"algorithm": "subgradient", "class_weight": "balanced"}),
        (
            GroupLassoMLPRegressor,
            {"algorithm": Proximal(polish_iter=5), "optimizer": SGD(momentum=0.9)},
        ),
        (SGINClassifier, {"algorithm": "a", "optimizer": SGD(momentum=0.9, weight_decay=0.01)}),
        (SGINClassifier, {"algorithm": "b", "optimizer": Adam(amsgrad=True)}),
    ],
    ids=lambda v: v.__name__ if isinstance(v, type) else "-".join(map(str, v.values())),
)
def test_every_algorithm(data, joint_trainings, cls, settings, dtype):
    X, f, y, weights = data
    model = network(cls, dtype=dtype, **settings)
    target = f if cls in (SGINRegressor, GroupLassoMLPRegressor) else y
    fits = assert_equal_to_single_fits(model, X, target, weights)
    assert set(joint_trainings) == {R}
    if settings["algorithm"] in ("a", "b"):  # groups die at different times
        lives = [tuple(epoch["n_groups"] for epoch in fit.history_) for fit in fits]
        assert len(set(lives)) > 1


@pytest.mark.parametrize("name", [name for name, kind in ALGORITHMS.items() if stackable(kind)])
def test_whatever_says_that_it_is_stackable(data, joint_trainings, monkeypatch, name):
    X, _, y, weights = data
    cls = SGINClassifier if ALGORITHMS[name].inputs_only else GroupLassoMLP
    model = network(cls, dtype="float64", algorithm=name)
    assert_equal_to_single_fits(model, X, y, weights)
    # some end before others, which go on without them
    monkeypatch.setattr("sgnn.estimators.fit.TOL", 0.03)
    model.set_params(max_epochs=24, n_iter_no_change=2)
    fits = assert_equal_to_single_fits(model, X, y, weights)
    assert len({fit.n_iter_ for fit in fits}) > 1
    assert set(joint_trainings) == {R}


@pytest.mark.parametrize(
    "cls", [SGINClassifier, pytest.param(GroupLassoMLP, marks=pytest.mark.slow)]
)
def test_columns_scaled_by_weights_of_their_own(data, joint_trainings, cls):
    X, _, y, weights = data
    model = network(cls, dtype="float64")
    assert_equal_to_single_fits(model, 100 + 3 * X, y, weights)
    assert joint_trainings == [R]


@pytest.mark.parametrize("cls", [SGINClassifier, GroupLassoMLP])
def test_groups_that_max_groups_removes_where_columns_are_scaled(data, joint_trainings, cls):
    """What a removal costs is measured on each replica's own scaling of the rows."""
    X, _, y, weights = data
    polish = {} if cls is SGINClassifier else {"algorithm": Proximal(polish_iter=5)}
    model = network(cls, dtype="float64", max_groups=2, **polish)
    skewed = X * (1 + 50 * (np.arange(len(X)) % 7 == 0)[:, None]) + 5
    assert_equal_to_single_fits(model, skewed, y, weights)
    assert joint_trainings == [R]


def test_a_polish_that_converges_ends_as_near_as_its_tolerance(data, joint_trainings):
    X, f, _, weights = data
    model = network(GroupLassoMLPRegressor, hidden_layer_sizes=(), dtype="float64")
    assert_equal_to_single_fits(model, X, f, weights, atol=1e-7)
    assert joint_trainings == [R]


def test_replicas_that_lose_patience_leave_the_others(data, monkeypatch):
    monkeypatch.setattr("sgnn.estimators.fit.TOL", 0.03)
    X, _, y, weights = data
    model = network(GroupLassoMLP, dtype="float64", max_epochs=40, n_iter_no_change=2)
    model.set_params(algorithm=Proximal(polish_iter=5))
    fits = assert_equal_to_single_fits(model, X, y, weights)
    assert len({fit.n_iter_ for fit in fits}) > 1


def test_without_weights_and_seeds(data):
    X, _, y, _ = data
    model = network(SGINClassifier, dtype="float64", random_state=3)
    first, second = model.fit_replicas(X, y, [1e-3, 1e-3])
    torch.testing.assert_close(first.module_.theta, second.module_.theta, rtol=0, atol=1e-14)
    torch.testing.assert_close(
        first.module_.theta, clone(model).set_params(lam=1e-3).fit(X, y).module_.theta,
        rtol=0, atol=1e-10,
    )  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        {"early_stopping": True},
        {"optimizer": torch.optim.SGD},
        {"hidden_layer_sizes": (3000, 500)},
        {"missing": "mean"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_what_cannot_share_a_training_is_fitted_alone(data, joint_trainings, settings):
    X, _, y, weights = data
    model = network(SGINClassifier, max_epochs=2, dtype="float64")
    assert_equal_to_single_fits(
        model.set_params(**settings), X, y, weights[:2], seeds=[0, 1], lams=LAMS[:2]
    )
    assert joint_trainings == []


def test_a_divergence_is_told_and_spares_the_others(data):
    X, f, _, _ = data
    model = network(
        SGINRegressor,
        optimizer="sgd",
        learning_rate=0.3,
        dtype="float64",
        max_epochs=6,
        standardize=False,
    )
    weights = [np.ones(N), np.where(np.arange(N) < 3, 1e3, 0.0)]
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        model.fit_replicas(1e3 * X, f, [1e-3, 1e-3], weights, [0, 1])


def test_columns_that_the_first_replica_stretches_are_not_shared(joint_trainings):
    """In float32 the rows in its scale have no digits left for the other."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    X[:150, 2] *= 1e8
    part = np.arange(300) >= 150
    y = X[:, 0] + X[:, 2] / np.where(part, 1, 1e8)
    model = SGINRegressor(lam=0.0, max_epochs=3, random_state=0)
    joint = model.fit_replicas(X, y, [0.0, 0.0], [np.ones(300), part.astype(float)])[1]
    single = clone(model).fit(X, y, part.astype(float))
    np.testing.assert_allclose(joint.predict(X[part]), single.predict(X[part]), atol=1e-5)
    assert joint_trainings == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, -1],), "lam must be a finite number >= 0, got -1"),
        (([0.1, np.nan],), "lam must be a finite number >= 0, got nan"),
        (([0.1, 0.2], [np.ones(40)]), "2 lams, 1 sample_weights, 2 seeds and 2 supports"),
    ],
    ids=["negative", "nan", "short"],
)
def test_what_the_replicas_are_given_is_checked(arguments, message):
    X = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(ValueError, match=message):
        SGINRegressor().fit_replicas(X, X[:, 0], *arguments)


def test_replicas_take_arrays():
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = SGINRegressor(max_epochs=2, lam=0.0)
    fits = model.fit_replicas(X, X[:, 0], np.zeros(2), np.ones((2, 40)), np.array([1, 2]))
    assert [fit.random_state for fit in fits] == [1, 2]


class HardThresholding(FullGradient):
    """An algorithm of a user's, which is written for one network: lam is a number to it."""

    def objective(self, batch):
        loss = super().objective(batch)
        for term in self.terms:
            term.tensor.grad += self.lam * term.tensor
        return loss

    def end_epoch(self):
        super().end_epoch()
        for group in self.problem.active_groups:
            span = self.problem.rows.span(group)
            if self.network.theta[:, span].norm() < float(self.lam):
                self.network.remove(group)


class Restarted(Subgradient):
    """One that derives from a stackable algorithm, and does not say that it is one too."""


class Thresholded(GroupLassoMLP):
    own = HardThresholding

    def _algorithm(self):
        return self.own()


class WithRestarts(Thresholded):
    own = Restarted


@pytest.mark.parametrize("cls", [Thresholded, WithRestarts])
def test_an_algorithm_that_is_not_stackable_is_trained_run_by_run(data, joint_trainings, cls):
    X, _, y, weights = data
    model = network(cls, dtype="float64", max_epochs=3, random_state=0)
    assert model.replicas_at_once(X.shape) == 1
    assert_equal_to_single_fits(model, X, y, weights[:2], seeds=[0, 1], lams=LAMS[:2])
    lams = [0.01, 0.1]
    search = LambdaSearchCV(model, lams, cv=2).fit(X, y)
    grid = GridSearchCV(model, {"lam": lams}, cv=2).fit(X, y)
    scores = [s.cv_results_["mean_test_score"].tolist() for s in (search, grid)]
    assert scores[0] == scores[1]
    StabilitySelector(model, 3, random_state=0).fit(X, y)
    assert joint_trainings == []


@pytest.mark.parametrize("cls", [SGINClassifier, GroupLassoMLP])
@pytest.mark.parametrize("jointly", [True, False])
def test_replicas_that_start_with_groups_removed(data, joint_trainings, cls, jointly):
    X, _, y, _ = data
    n_groups = len(set(LABELS))
    supports = [np.arange(n_groups) != 0, np.arange(n_groups) > 1, None]
    own = {} if jointly else {"optimizer": torch.optim.SGD}
    model = network(cls, dtype="float64", random_state=0, max_epochs=3, **own)
    fits = model.fit_replicas(X, y, [1e-4] * 3, supports=supports)
    assert len(joint_trainings) == jointly
    for fit, support in zip(fits, supports, strict=True):
        expected = np.ones(n_groups, dtype=bool) if support is None else support
        assert (fit.get_group_support() <= expected).all()
        removed = ~expected[fit.groups_.labels]
        assert (fit.module_.theta[:, removed] == 0).all()
        other = X.copy()
        other[:, removed] = np.nan
        np.testing.assert_array_equal(fit.predict(other), fit.predict(X))
    whole = model.fit_replicas(X, y, [1e-4] * 2, supports=[None, None])[0]
    torch.testing.assert_close(fits[2].module_.theta, whole.module_.theta)


@pytest.mark.parametrize("cls", [SGINClassifier, GroupLassoMLP])
def test_ctrl_c_keeps_the_finished_epochs_of_every_replica(data, monkeypatch, cls):
    X, _, y, weights = data
    own = {"warmup_epochs": 0} | ({} if cls is SGINClassifier else RAW)
    model = network(cls, dtype="float64", lam=0.0, **own)
    lams, seeds = [1e-4] * 3, [0, 1, 2]
    expected = model.set_params(max_epochs=2).fit_replicas(X, y, lams, weights[:3], seeds)
    record, recorded = Run.record, []

    def press(self, *args, **kwargs):
        recorded.append(record(self, *args, **kwargs))
        if len(recorded) == 7:  # the first of three replicas, in the third epoch
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "record", press)
    with pytest.warns(UserWarning, match="interrupted: the network of epoch"):
        fits = model.set_params(max_epochs=8).fit_replicas(X, y, lams, weights[:3], seeds)
    assert [fit.n_iter_ for fit in fits] == [3, 2, 2]
    for fit, other in list(zip(fits, expected, strict=True))[1:]:
        torch.testing.assert_close(fit.module_.theta, other.module_.theta, rtol=0, atol=0)


def test_a_stack_reads_rows_as_each_of_its_members():
    """Also where the network whose rows the others are scaled from is not among them."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.integers(0, 2, 30)
    members = [sgin_network(X, y, [0, 0, 1, 2], lam=0.1, seed=seed) for seed in range(3)]
    base = members[0].problem.rows
    for member in members[1:]:
        scale, shift = (torch.from_numpy(rng.uniform(0.5, 2, 4)) for _ in range(2))
        member.problem.rows = RescaledRows(base, scale, shift)
    batch = base.batches[0]
    for part in (members, members[1:]):
        with torch.no_grad():
            alone = torch.stack([member.outputs(batch) for member in part])
            stacked = StackedNetwork(part)
            torch.testing.assert_close(stacked.outputs(batch), alone)
            stacked.store()


@pytest.mark.parametrize(
    "support", [[False] * 3, [True] * 2, [[True] * 3]], ids=["none", "too short", "two axes"]
)
def test_a_support_that_will_not_do_is_refused(support):
    X = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(ValueError, match="supports must have, for each replica, 3 bools"):
        SGINRegressor().fit_replicas(X, X[:, 0], [0.1, 0.2], supports=[support, None])


@pytest.mark.parametrize(("kind", "jointly"), [(Blockwise, False), (Proximal, True)])
def test_the_overrides_of_a_subclass_are_used(joint_trainings, kind, jointly):
    ends = []

    class Own(kind):
        stackable = jointly

        def end_epoch(self):
            super().end_epoch()
            ends.append(self.epoch)

    class Owned(SGINClassifier):
        def _algorithm(self):
            return Own()

    X = np.random.default_rng(0).normal(size=(40, 3))
    Owned(random_state=0, max_epochs=2).fit_replicas(X, X[:, 0] > 0, [0.0, 0.0])
    assert ends == ([1, 2] if jointly else [1, 2, 1, 2])
    assert len(joint_trainings) == jointly


def test_inference_mode_around_the_call_is_left_outside():
    X = np.random.default_rng(0).normal(size=(40, 3))
    with torch.inference_mode():
        fits = SGINRegressor(max_epochs=2, lam=0.0).fit_replicas(X, X[:, 0], [0.0, 0.0])
    assert not any(fit.module_.theta.is_inference() for fit in fits)
