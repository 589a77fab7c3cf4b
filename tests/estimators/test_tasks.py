"""Targets that are neither classes nor numbers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sgnn import BudgetSelector, GroupLassoMLPRegressor, LambdaSearchCV, SGINRegressor, losses
from sgnn.algorithms import Proximal
from sgnn.estimators.task import TASKS
from sgnn.losses import BatchLoss, Loss
from sgnn.losses.base import REGISTRY

from ..gaussian import Gaussian, Uncertain, uncertain
from ..intervals import Intervals, Outside, bounds
from ..survival import GROUPS, Pairs, PartialLikelihood, times
from ..test_batch_losses import BATCH_LOSSES
from ..test_losses import LOSSES

# by loss: X (n, 6), y whose predictions rise with X[:, 0] + X[:, 1], a y to refuse and, where the
# loss wants others than those of MODELS, {model: lam}
ROWS = {
    "partial_likelihood": (*times(), times()[1][:, 0]),
    "outside": (*bounds(), bounds()[1][:, ::-1]),
    "gaussian": (*uncertain(), bounds()[1], {"proximal": 0.03}),
}
MODELS = {
    "a": SGINRegressor(GROUPS, lam=0.05, random_state=0),
    "b": SGINRegressor(GROUPS, lam=0.05, algorithm="b", random_state=0),
    "proximal": GroupLassoMLPRegressor(
        GROUPS, lam=0.02, algorithm=Proximal(polish_iter=30), max_epochs=40, random_state=0
    ),
}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    own = {"partial_likelihood": PartialLikelihood, "outside": Outside, "gaussian": Gaussian}
    for name, kind in own.items():
        monkeypatch.setitem(REGISTRY, name, kind)
    for task in (Pairs, Intervals, Uncertain):
        monkeypatch.setitem(TASKS, task.of, task)


@pytest.fixture(params=ROWS)
def loss(request):
    """The name."""
    return request.param


@pytest.fixture
def data(loss):
    """X, y and a y to refuse."""
    return ROWS[loss][:3]


def made(kind, loss):
    """The model for the loss, with the lam of its row if there is one."""
    lams = dict(*ROWS[loss][3:])
    return clone(MODELS[kind]).set_params(loss=loss, lam=lams.get(kind, MODELS[kind].lam))


@pytest.fixture(params=MODELS)
def model(request, loss):
    return made(request.param, loss)


@pytest.fixture
def sgin(loss):
    return made("a", loss)


@pytest.mark.parametrize("jointly", [False, True])
def test_the_group_that_matters_is_found(model, data, jointly):
    X, y, _ = data
    fits = model.fit_replicas(X, y, [model.lam, 0.0]) if jointly else [model.fit(X, y)]
    assert fits[0].get_group_support().tolist() == [True, False, False]
    f = fits[0].predict(X)
    assert f.shape == (len(X),)
    assert np.corrcoef(f, X[:, 0] + X[:, 1])[0, 1] > 0.9


def mean_loss(loss, out, y):
    """Of outputs (n, n_outputs) and targets, by the formula in the table of its kind."""
    if loss in BATCH_LOSSES:
        return BATCH_LOSSES[loss][1](out[:, 0], y, np.ones(len(y)))
    return float(LOSSES[loss][3](torch.from_numpy(out), torch.from_numpy(y)).mean())


def test_the_score_is_minus_the_loss(model, loss, data):
    X, y, _ = data
    model.fit(X, y)
    _, targets = model._task.read(model, y, model._task)
    expected = -mean_loss(loss, model._outputs(X), targets)
    assert model.score(X, y) == pytest.approx(expected, rel=1e-6)
    weight = np.random.default_rng(2).integers(0, 3, len(X)).astype(float)
    part = weight > 0
    assert model.score(X, y, weight) == pytest.approx(model.score(X[part], y[part], weight[part]))


def spread(model, X, y):
    """A score of predictions (n,)."""
    f = model.predict(X)
    assert f.shape == (len(X),)
    return f.std()


@pytest.mark.parametrize("scoring", [None, spread])
def test_searches_score_what_is_predicted(sgin, data, scoring):
    X, y, _ = data
    search = LambdaSearchCV(sgin, [sgin.lam, sgin.lam / 3], cv=2, scoring=scoring)
    scores = search.fit(X, y).cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    if scoring is None:
        best = search.best_estimator_
        assert search.score(X, y) == best.score(X, y)
    else:
        assert (scores > 0).all()


def test_a_task_makes_targets_of_two_axes(monkeypatch):
    class Flat(Uncertain):
        @classmethod
        def read(cls, model, y, before):
            return cls(Gaussian(), 2, 1).with_loss(model.loss, y), y

    monkeypatch.setitem(TASKS, "uncertain", Flat)
    with pytest.raises(ValueError, match=r"Flat.read must make targets of shape \(n, k\), got"):
        SGINRegressor(GROUPS, loss="gaussian").fit(*uncertain())


@pytest.mark.parametrize("own", [{"scaling": "standardize"}, {"link": "log"}], ids=str)
def test_targets_of_another_kind_are_not_scaled(own):
    loss = type("Scaled", (Outside,), own)()
    with pytest.raises(ValueError, match=r"one of intervals, for which .*: leave both"):
        SGINRegressor(GROUPS, loss=loss).fit(*bounds())


class Plain(Loss):
    """Of numbers, and y is not scaled."""

    targets = "numbers"

    def gradient(self, out, y):
        return (out - y).square().sum(-1), 2 * (out - y)


def test_a_warm_start_from_other_targets_is_refused(model, loss, data):
    X, y, _ = data
    model.set_params(warm_start=True, max_epochs=1, lam=0.0)
    for first, second in ((loss, Plain()), (Plain(), loss)):
        fitted = clone(model).set_params(loss=first).fit(X, y)
        with pytest.raises(ValueError, match="warm_start=False"):
            fitted.set_params(loss=second).fit(X, y)


def test_same_bits_and_pickles(model, data):
    X, y, _ = data
    first, again = (clone(model).fit(X, y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    copied = pickle.loads(pickle.dumps(model.fit(X, y)))
    np.testing.assert_array_equal(copied.predict(X), first)


def test_replicas_equal_single_fits(sgin, data):
    X, y, _ = data
    sgin.set_params(dtype="float64")
    weights = [np.random.default_rng(2).integers(0, 3, len(X)).astype(float), None]
    lams = [sgin.lam / 3, sgin.lam]
    fits = sgin.fit_replicas(X, y, lams, weights)
    for fit, lam, w in zip(fits, lams, weights, strict=True):
        single = clone(sgin).set_params(lam=lam).fit(X, y, w)
        np.testing.assert_allclose(fit.predict(X), single.predict(X), atol=1e-8)


def test_a_search_for_sets_needs_losses_of_rows(sgin, loss, data):
    X, y, _ = data
    selector = BudgetSelector(sgin, max_groups=1, random_state=0)
    if isinstance(losses.get(loss), BatchLoss):
        with pytest.raises(ValueError, match=r"loss=.* is one of whole batches.*give search="):
            selector.fit(X, y)
    else:
        assert selector.fit(X, y).get_group_support().tolist() == [True, False, False]


def test_other_targets_are_refused_in_the_words_of_the_task(sgin, data):
    X, _, wrong = data
    with pytest.raises(ValueError, match=r"y must .*: give .*\.$"):
        sgin.fit(X, wrong)
