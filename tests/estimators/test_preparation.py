"""What happens to the columns before training equals what a user would do by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import config_context
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sgnn.algorithms.problem

from .instances import NUMBERS, outputs

WEIGHTS = {"uniform": lambda n: None, "weighted": lambda n: np.linspace(0, 3, n)}


def with_holes(X):
    """A copy in which every seventh entry is missing."""
    X = X.copy()
    X.flat[::7] = np.nan
    return X


def weighted_mean(X, weight):
    """Mean of each column over the rows where it has a value."""
    weight = np.ones(len(X)) if weight is None else weight
    return np.ma.average(np.ma.masked_invalid(X), axis=0, weights=weight).data


def imputed(X, mean):
    return np.where(np.isnan(X), mean, X)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_missing_values_are_the_weighted_mean(case, weights):
    weight = WEIGHTS[weights](len(case.X))
    X = with_holes(case.X)
    filled = imputed(X, weighted_mean(X, weight))
    raw = {"standardize": False}
    inside = case(missing="mean", **raw).fit(X, case.y, sample_weight=weight)
    by_hand = case(**raw).fit(filled, case.y, sample_weight=weight)
    np.testing.assert_allclose(outputs(inside, X), outputs(by_hand, filled), rtol=0, atol=1e-9)
    assert inside.selected_groups_ == by_hand.selected_groups_
    np.testing.assert_array_equal(inside.transform(X), X[:, inside.get_support()])


def scales_of(case, weight):
    """Mean and deviation of y as the network is to be trained on it: 0 and 1 for classes."""
    if case.y.dtype.kind == "i":
        return 0.0, 1.0
    mean = weighted_mean(case.y, weight)
    return mean, np.sqrt(weighted_mean((case.y - mean) ** 2, weight))


def scaled(case):
    """The rows of the case in units and offsets that a network cannot work with."""
    return 10.0 ** np.linspace(-3, 3, 10) * (case.X + np.linspace(-5, 5, 10))


@pytest.mark.parametrize("weights", WEIGHTS)
def test_standardizing_inside_is_standardizing_first(case, weights):
    X, weight = scaled(case), WEIGHTS[weights](len(case.X))
    mean = weighted_mean(X, weight)
    deviation = np.sqrt(weighted_mean((X - mean) ** 2, weight))
    inside = case().fit(X, case.y, sample_weight=weight)
    Z = (X - mean) / deviation
    center, unit = scales_of(case, weight)
    y = case.y if unit == 1.0 else (case.y - center) / unit
    by_hand = case(standardize=False).fit(Z, y, sample_weight=weight)
    expected = center + unit * outputs(by_hand, Z)
    np.testing.assert_allclose(outputs(inside, X), expected, rtol=0, atol=1e-8)
    assert inside.selected_groups_ == by_hand.selected_groups_


def test_filling_in_comes_before_scaling(case):
    X = with_holes(scaled(case))
    filled = imputed(X, weighted_mean(X, None))
    inside = case(missing="mean").fit(X, case.y)
    # the deviation is that of the values there are, so that filling in does not shrink it
    deviation = np.nanstd(X, axis=0)
    Z = (filled - weighted_mean(X, None)) / deviation
    center, unit = scales_of(case, None)
    y = case.y if unit == 1.0 else (case.y - center) / unit
    expected = center + unit * outputs(case(standardize=False).fit(Z, y), Z)
    np.testing.assert_allclose(outputs(inside, X), expected, rtol=0, atol=1e-8)


def test_the_scale_of_the_columns_does_not_matter(case):
    X = scaled(case)
    one, other = (case().fit(Z, case.y) for Z in (case.X, X))
    np.testing.assert_allclose(outputs(other, X), outputs(one, case.X), rtol=0, atol=1e-6)
    assert other.selected_groups_ == case.planted


def test_a_constant_column_is_no_hardship(case):
    X = np.column_stack([case.X, np.full(len(case.X), 1e6)])
    groups = [*case.made.groups, "constant"]
    estimator = case(groups=groups, learning_rate=0.07).fit(X, case.y)
    assert estimator.selected_groups_ == case.planted
    assert estimator.score(X, case.y) > 0.9


@pytest.mark.filterwarnings("ignore:X_val lies far from X")
def test_means_are_those_of_the_training_rows_alone(case):
    X = scaled(case)
    X_val = X + 1e4
    with_val = case(max_groups=None).fit(X, case.y, X_val=X_val, y_val=case.y)
    without = case(max_groups=None).fit(X, case.y)
    np.testing.assert_array_equal(outputs(with_val, X), outputs(without, X))


@pytest.fixture
def on_disk(tmp_path):
    """The rows of every case in a read-only memory map."""
    np.save(tmp_path / "X.npy", NUMBERS.data)
    return np.load(tmp_path / "X.npy", mmap_mode="r")


@pytest.fixture
def streamed(monkeypatch):
    """The sizes of the reads of every stream that is opened."""
    reads = []

    class Watched(sgnn.algorithms.problem.StreamedRows):
        def read(self, batch, columns=slice(None)):
            part = super().read(batch, columns)
            reads.append(part.shape)
            return part

    monkeypatch.setattr(sgnn.algorithms.problem, "StreamedRows", Watched)
    return reads


@pytest.mark.parametrize("settings", [{}, {"standardize": False}, {"missing": "mean"}], ids=str)
def test_a_large_memory_map_is_streamed(variant, on_disk, streamed, settings):
    case, settings = variant, {"batch_size": 50, **settings}
    with sgnn.config_context(cache_size=0):
        from_disk = case(**settings).fit(on_disk, case.y)
    assert streamed
    assert not on_disk.flags.writeable
    reads = len(streamed)
    in_memory = case(**settings).fit(np.array(on_disk), case.y)
    assert len(streamed) == reads
    np.testing.assert_allclose(
        outputs(from_disk, on_disk), outputs(in_memory, case.X), rtol=0, atol=1e-5
    )
    assert from_disk.selected_groups_ == in_memory.selected_groups_


def test_a_small_memory_map_is_loaded(case, on_disk, streamed, fitted):
    estimator = case().fit(on_disk, case.y)
    assert not streamed
    np.testing.assert_array_equal(outputs(estimator, on_disk), outputs(fitted, case.X))


def test_the_budget_for_cached_products_changes_nothing(case):
    cached = case(batch_size=50).fit(case.X, case.y)
    with sgnn.config_context(cache_size=0):
        recomputed = case(batch_size=50).fit(case.X, case.y)
    np.testing.assert_allclose(
        outputs(cached, case.X), outputs(recomputed, case.X), rtol=0, atol=1e-9
    )


def test_validation_data_pass_the_steps_of_a_pipeline(case):
    X, y = 1000 * case.X + 5000, case.y
    settings = {"max_epochs": 3, "lam": 0.0}
    alone = case(**settings)
    scaler = StandardScaler().fit(X[:80])
    alone.fit(scaler.transform(X[:80]), y[:80], X_val=scaler.transform(X[80:]), y_val=y[80:])
    with config_context(enable_metadata_routing=True):
        model = case(**settings).set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(StandardScaler(), model, transform_input=["X_val"])
        pipeline.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    losses, expected = (
        [row["valid_loss"] for row in fitted.history_] for fitted in (pipeline[-1], alone)
    )
    np.testing.assert_allclose(losses, expected)


@pytest.mark.parametrize("change", [lambda X: 1000 * X + 5000, lambda X: X + 50, lambda X: X / 100])
def test_validation_data_in_another_scale_are_warned_of(case, change):
    model = case(max_epochs=2, lam=0.0)
    with pytest.warns(UserWarning, match=r"X_val lies far from X .*transform_input=\['X_val'\]"):
        model.fit(case.X[:80], case.y[:80], X_val=change(case.X[80:]), y_val=case.y[80:])


def test_a_few_rows_or_an_odd_column_are_no_other_scale(case):
    X_val = case.X[80:].copy()
    X_val[:, 0] += 1e4
    case(max_epochs=2, lam=0.0).fit(case.X[:80], case.y[:80], X_val=X_val, y_val=case.y[80:])
    rows = [80, 81]
    case(max_epochs=2, lam=0.0).fit(
        case.X[:80], case.y[:80], X_val=case.X[rows], y_val=case.y[rows]
    )
