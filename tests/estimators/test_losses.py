"""What a loss is to an estimator: its constant model, its predictions, its refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import nn

from sgnn import GroupLassoMLPRegressor, SGINClassifier, SGINRegressor
from sgnn.losses import Loss, Quantile

from .instances import MLPS, NUMBERS, SGIN

REGRESSORS = [SGIN[1], MLPS[1]]
COUNTS = (
    np.random.default_rng(0).poisson(np.exp(NUMBERS.target / NUMBERS.target.std())).astype(float)
)


def huber_center(y, delta):
    """Where the clipped residuals sum to 0."""
    return optimize.brentq(lambda c: np.clip(y - c, -delta, delta).sum(), y.min(), y.max())


def scaled_huber_center(y):
    return y.mean() + y.std() * huber_center((y - y.mean()) / y.std(), 1.0)


CENTERS = {
    "squared_error": np.mean,
    "absolute_error": lambda y: np.quantile(y, 0.5, method="inverted_cdf"),
    "huber": scaled_huber_center,
    "quantile": lambda y: np.quantile(y, 0.5, method="inverted_cdf"),
    "poisson": np.mean,
    "gamma": np.mean,
    Quantile(0.9): lambda y: np.quantile(y, 0.9, method="inverted_cdf"),
    nn.L1Loss: lambda y: np.quantile(y, 0.5, method="inverted_cdf"),
    nn.PoissonNLLLoss: np.mean,
    nn.SmoothL1Loss(beta=3.0): None,
}


@pytest.mark.filterwarnings("ignore:The predictions are the same")
@pytest.mark.parametrize("loss", CENTERS, ids=str)
@pytest.mark.parametrize("kind", [SGINRegressor, GroupLassoMLPRegressor])
def test_the_constant_model_is_the_losss_own(kind, loss):
    """Of columns that do not vary nothing can be learned; nor is anything unlearned."""
    y = 0.5 + COUNTS if loss == "gamma" else COUNTS
    settings = {"learning_rate": 1e-12, "max_epochs": 1, "lam": 0.0, "random_state": 0}
    model = kind(loss=loss, **settings).fit(np.zeros((120, 2)), y)
    said = model.predict(np.zeros((3, 2)))
    if CENTERS[loss] is None:
        residuals = (y - said[0]) / y.std()
        assert abs(np.clip(residuals / 3.0, -1, 1).sum()) < 1e-4
    else:
        np.testing.assert_allclose(said, CENTERS[loss](y), rtol=1e-6)


@pytest.mark.parametrize(
    "loss", ["poisson", nn.PoissonNLLLoss, nn.PoissonNLLLoss(full=True)], ids=str
)
@pytest.mark.parametrize("case", REGRESSORS, ids=str)
@pytest.mark.parametrize("standardize", [True, False])
def test_counts_are_predicted_by_their_mean(case, loss, standardize):
    settings = {"loss": loss, "standardize": standardize, "max_groups": 2, "lam": 0.003}
    model = case(**settings, max_epochs=30).fit(case.X, COUNTS)
    said = model.predict(case.X)
    assert (said > 0).all()
    assert said.mean() == pytest.approx(COUNTS.mean(), rel=0.15)
    assert model.selected_groups_ == case.planted
    assert np.corrcoef(said, COUNTS)[0, 1] > 0.7


@pytest.mark.parametrize("loss", ["poisson", "huber", "squared_error"])
@pytest.mark.parametrize("case", REGRESSORS, ids=str)
def test_the_module_and_its_compact_form_speak_in_the_unit_of_y(case, loss):
    model = case(loss=loss, lam=0.003, max_groups=2).fit(case.X, 1000.0 * COUNTS)
    said = model.predict(case.X)
    with torch.no_grad():
        whole = model.module_(torch.tensor(case.X))[:, 0]
        small = model.compact()(torch.tensor(model.transform(case.X)))[:, 0]
    np.testing.assert_allclose(whole, said, rtol=1e-9)
    np.testing.assert_allclose(small, said, rtol=1e-9)
    assert said.max() > 1000


def test_a_quantile_is_exceeded_as_often_as_it_says():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3))
    y = X[:, 0] + (1 + (X[:, 1] > 0)) * rng.exponential(size=2000)
    for q in (0.2, 0.9):
        model = GroupLassoMLPRegressor(loss=Quantile(q), lam=1e-4, random_state=0).fit(X, y)
        assert np.mean(y <= model.predict(X)) == pytest.approx(q, abs=0.03)


def test_an_instances_parameters_count():
    X, y = NUMBERS.data, NUMBERS.target.copy()
    y[:3] += 1e3
    robust, plain = (
        SGINRegressor(NUMBERS.groups, loss=loss, lam=0.0, random_state=0).fit(X, y).predict(X[3:])
        for loss in (nn.HuberLoss(delta=0.01), None)
    )
    errors = [np.abs(said - y[3:]).mean() for said in (robust, plain)]
    assert errors[0] < 0.2 * errors[1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_with_weights_of_its_own(dtype):
    case = SGIN[0]
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 20.0]))
    model = case(loss=loss, dtype=dtype, lam=0.0).fit(case.X, case.y)
    plain = case(dtype=dtype, lam=0.0).fit(case.X, case.y)
    assert model.predict_proba(case.X)[:, 1].mean() > plain.predict_proba(case.X)[:, 1].mean()
    assert loss.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("y", "loss", "message"),
    [
        (COUNTS - 1, "poisson", "y has the value -1, and the Poisson loss is one of counts"),
        (COUNTS - 1, nn.PoissonNLLLoss, "y has the value -1, and the Poisson loss"),
        (COUNTS, "gamma", "y has the value 0, and the gamma loss is one of positive numbers"),
        (0 * COUNTS, "poisson", "y is 0 in every row that is trained on"),
        (COUNTS, "log_loss", "loss='log_loss' is one of classes, and y holds numbers"),
        (COUNTS, nn.PoissonNLLLoss(log_input=False), "log_input=True"),
    ],
    ids=["negative", "torch's", "zero", "nothing", "classes", "rates"],
)
def test_targets_that_a_loss_is_not_made_for_are_refused(y, loss, message):
    with pytest.raises(ValueError, match=message):
        SGINRegressor(loss=loss).fit(NUMBERS.data, y)


def test_validation_targets_are_checked_too():
    with pytest.raises(ValueError, match="y_val has the value -1, and the Poisson loss"):
        SGINRegressor(loss="poisson").fit(
            NUMBERS.data, COUNTS, X_val=NUMBERS.data, y_val=COUNTS - 1
        )


def test_a_loss_of_numbers_is_none_of_classes():
    with pytest.raises(ValueError, match="loss='huber' is one of numbers, and y holds classes"):
        SGINClassifier(loss="huber").fit(NUMBERS.data, COUNTS > 1)


def test_a_warm_start_by_another_link_is_refused():
    model = SGINRegressor(warm_start=True, max_epochs=1, lam=0.0).fit(NUMBERS.data, COUNTS)
    with pytest.raises(ValueError, match=r"loss='poisson' has another link.*warm_start=False"):
        model.set_params(loss="poisson").fit(NUMBERS.data, COUNTS)


class OneNumber(Loss):
    """A mean loss, where one of each row is asked for."""

    def gradient(self, out, y):
        return (out - y).square().mean(), 2 * (out - y) / len(y)


def test_a_loss_of_ones_own_must_be_one_a_row():
    with pytest.raises(ValueError, match=r"loss=OneNumber\(\) returns losses of shape \(\)"):
        SGINRegressor(loss=OneNumber()).fit(NUMBERS.data, COUNTS)


class Rows(nn.Module):
    """A loss of one's own, without a reduction to leave out."""

    def forward(self, out, y):
        return (out - y).abs().sum(-1)


def test_a_module_of_ones_own_is_as_good_as_torchs():
    settings = {"lam": 0.0, "max_epochs": 3, "random_state": 0, "standardize": False}
    own, torchs = (
        SGINRegressor(loss=loss, **settings).fit(NUMBERS.data, COUNTS).predict(NUMBERS.data)
        for loss in (Rows(), nn.L1Loss)
    )
    # they start differently, the one at a median that was searched for
    np.testing.assert_allclose(own, torchs, atol=0.2)


def test_a_warm_start_by_another_scale_of_y_is_refused():
    y = np.sign(COUNTS - 1.5)
    model = SGINRegressor(warm_start=True, max_epochs=1, lam=0.0).fit(NUMBERS.data, 100 * y + 300)
    with pytest.raises(ValueError, match=r"another link or scale of y.*warm_start=False"):
        model.set_params(loss=nn.SoftMarginLoss()).fit(NUMBERS.data, y)


@pytest.mark.parametrize("loss", ["", nn.Sequential(), nn.CrossEntropyLoss], ids=str)
def test_what_is_no_loss_of_numbers_is_refused(loss):
    with pytest.raises(ValueError, match=r"loss.* is unknown|loss must be|does not change with"):
        SGINRegressor(loss=loss).fit(NUMBERS.data, COUNTS)


@pytest.mark.parametrize(
    ("y", "loss", "settings"),
    [
        (np.where(np.arange(120) == 0, 1e-60, 1 + COUNTS), "gamma", {}),
        (1e60 * COUNTS, None, {"standardize": False}),
    ],
    ids=["tiny", "huge"],
)
def test_targets_beyond_the_dtype_are_refused(y, loss, settings):
    model = SGINRegressor(loss=loss, dtype="float32", lam=0.0, **settings)
    with pytest.raises(ValueError, match=r"y contains values beyond.*dtype='float64'"):
        model.fit(NUMBERS.data, y)
    with pytest.raises(ValueError, match=r"y_val contains values beyond.*dtype='float64'"):
        model.fit(NUMBERS.data, 1 + COUNTS, X_val=NUMBERS.data, y_val=y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_target_of_weight_zero_may_be_anything(dtype):
    weight = (np.arange(120) > 0).astype(float)
    spoilt = np.where(weight > 0, COUNTS, 1e300)
    settings = {"dtype": dtype, "lam": 0.0, "max_epochs": 3, "random_state": 0}
    one, other = (
        SGINRegressor(**settings).fit(NUMBERS.data, y, weight).predict(NUMBERS.data)
        for y in (COUNTS, spoilt)
    )
    np.testing.assert_array_equal(one, other)
