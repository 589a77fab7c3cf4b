"""A loss of the whole batch, with targets of its own: the Cox partial likelihood."""

import numpy as np
import pytest
import torch

from sgnn import BudgetSelector, GroupLassoMLPRegressor, SGINRegressor
from sgnn.algorithms import Proximal
from sgnn.estimators.task import TASKS, Numbers
from sgnn.losses import BatchLoss
from sgnn.losses.base import REGISTRY
from sgnn.modules import TargetScale


class Cox(BatchLoss):
    """-mean of w_i d_i (f_i - log sum over t_j >= t_i of w_j exp f_j)."""

    targets = "survival"

    def of_batch(self, out, y, weight):
        order = y[:, 0].argsort(descending=True, stable=True)
        f, d, w = out[order, 0], y[order, 1], weight[order]
        return -(w * d * (f - (f + w.log()).logcumsumexp(0))).mean()


class Survival(Numbers):
    """Pairs of a time and whether there was an event then; the output is the log risk."""

    of = "survival"

    @classmethod
    def read(cls, model, y, before):
        targets = np.asarray(y, dtype=np.float64)
        if targets.ndim != 2 or targets.shape[1] != 2:
            raise ValueError("y must hold pairs (time, event): give an array of two columns.")
        return cls(Cox(), 1, 1).with_loss(model.loss, targets), targets

    def scale_and_start(self, targets, weight, *, standardize):
        return TargetScale(), torch.zeros(1, dtype=torch.float64)

    def tensor(self, targets, weight, scale, like, name="y"):
        return torch.tensor(targets, dtype=like.dtype, device=like.device)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(TASKS, "survival", Survival)
    monkeypatch.setitem(REGISTRY, "cox", Cox)


@pytest.fixture(scope="module")
def data():
    """Times that fall with the first two columns of six, some censored: no two are equal."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 6))
    time = rng.exponential(np.exp(-2 * X[:, 0] - 2 * X[:, 1]))
    censored = rng.exponential(3.0, size=240)
    return X, np.column_stack([np.minimum(time, censored), time <= censored])


def by_loops(f, y):
    total = 0.0
    for i in range(len(f)):
        if y[i, 1]:
            at_risk = [j for j in range(len(f)) if y[j, 0] >= y[i, 0]]
            total -= f[i] - np.log(np.sum(np.exp(f[at_risk])))
    return total / len(f)


def test_the_loss_is_the_partial_likelihood(data):
    _, y = data
    f = np.random.default_rng(1).normal(size=len(y))
    value, g = Cox().mean_gradient(torch.from_numpy(f)[:, None], torch.from_numpy(y))
    assert float(value) == pytest.approx(by_loops(f, y), rel=1e-12)
    step = 1e-6
    for i in (0, 7):
        moved = f.copy()
        moved[i] += step
        slope = (by_loops(moved, y) - by_loops(f, y)) / step
        assert float(g[i, 0]) == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("jointly", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        SGINRegressor([0, 0, 1, 1, 2, 2], loss="cox", lam=0.05, random_state=0),
        SGINRegressor([0, 0, 1, 1, 2, 2], loss="cox", lam=0.05, algorithm="b", random_state=0),
        GroupLassoMLPRegressor(
            [0, 0, 1, 1, 2, 2], loss="cox", lam=0.02, algorithm=Proximal(polish_iter=30),
            max_epochs=40, random_state=0,
        ),
    ],
    ids=["a", "b", "mlp"],
)  # fmt: skip
def test_the_group_that_matters_is_found(data, model, jointly):
    X, y = data
    fits = model.fit_replicas(X, y, [model.lam, 0.0]) if jointly else [model.fit(X, y)]
    assert fits[0].get_group_support().tolist() == [True, False, False]
    f = fits[0].predict(X)
    assert f.shape == (240,)
    assert np.corrcoef(f, X[:, 0] + X[:, 1])[0, 1] > 0.9


def test_replicas_equal_single_fits(data):
    X, y = data
    model = SGINRegressor([0, 0, 1, 1, 2, 2], loss=Cox(), dtype="float64", random_state=0)
    weight = np.random.default_rng(2).integers(1, 3, len(X)).astype(float)
    fits = model.fit_replicas(X, y, [0.02, 0.05], [weight, None])
    for fit, lam, w in zip(fits, [0.02, 0.05], [weight, None], strict=True):
        single = SGINRegressor(
            [0, 0, 1, 1, 2, 2], loss=Cox(), dtype="float64", random_state=0, lam=lam
        ).fit(X, y, w)
        np.testing.assert_allclose(fit.predict(X), single.predict(X), atol=1e-8)


def test_what_needs_losses_of_rows_refuses_it(data):
    X, y = data
    model = SGINRegressor([0, 0, 1, 1, 2, 2], loss="cox")
    with pytest.raises(ValueError, match=r"loss=Cox.* is one of whole batches.*give search="):
        BudgetSelector(model, max_groups=1).fit(X, y)
    with pytest.raises(TypeError, match="Cox is a loss of the whole batch"):
        Cox().gradient(torch.zeros(2, 1), torch.zeros(2, 2))


def test_bad_targets_are_refused_in_the_words_of_the_task(data):
    X, y = data
    with pytest.raises(ValueError, match="y must hold pairs"):
        SGINRegressor(loss="cox").fit(X, y[:, 0])
