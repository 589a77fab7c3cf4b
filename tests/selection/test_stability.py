"""StabilitySelector: samples, selection probabilities, and stability."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import Lasso
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC, l1_min_c

from sgnn import SGINClassifier, metrics
from sgnn.datasets import make_grouped_regression
from sgnn.selection import StabilitySelector

from .counting import Counting

QUICK = {"max_epochs": 6, "warmup_epochs": 2, "hidden_layer_sizes": (8,), "learning_rate": 0.05}


class Recording(Counting):
    """Counting that records the weights and the seed of each fit."""

    recorded: list = []  # noqa: RUF012

    def fit(self, X, y, sample_weight):
        self.recorded.append((sample_weight, self.random_state))
        return super().fit(X, y, sample_weight)


class RecordingClassifier(Recording):
    """The same for classes."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        return tags


class RecordingLabels(RecordingClassifier):
    """The same for several labels of a row."""

    def fit(self, X, y, sample_weight):
        return super().fit(X, y[:, 0], sample_weight)


class WithoutWeights(Recording):
    """The same without support for weights; the first column is the index of the row."""

    def fit(self, X, y):
        self.recorded.append((np.bincount(X[:, 0].astype(int), minlength=120), self.random_state))
        return Counting.fit(self, X, y)


@pytest.fixture
def recorded(monkeypatch):
    """The samples that were fitted, in their order."""
    notes = []
    monkeypatch.setattr(Recording, "recorded", notes)
    return notes


def fit(estimator, made, n_bootstraps=30, **settings):
    selector = StabilitySelector(estimator, n_bootstraps, random_state=0, **settings)
    return selector.fit(made.data, made.target)


def test_planted_groups_are_selected(numbers):
    selector = fit(Lasso(0.2), numbers, groups=numbers.groups)
    assert selector.get_group_support().tolist() == numbers.support.tolist()
    columns = np.isin(numbers.groups, selector.get_group_support(names=True))
    np.testing.assert_array_equal(selector.transform(numbers.data), numbers.data[:, columns])


def test_every_fit_is_that_of_its_sample(numbers, recorded):
    X, y, lams = numbers.data, numbers.target, [0.1, 0.4]
    selector = fit(Recording(noise=0.1), numbers, lams=lams)
    for b, (weight, seed) in enumerate(recorded[:30]):
        reach = Counting(noise=0.1, random_state=seed).fit(X, y, weight).strengths_
        np.testing.assert_array_equal(selector.supports_[:, b], [reach > lam for lam in lams])
    # the same samples at every lam
    np.testing.assert_array_equal([w for w, _ in recorded[:30]], [w for w, _ in recorded[30:]])
    assert [seed for _, seed in recorded[:30]] == [seed for _, seed in recorded[30:]]


def test_probabilities_are_shares_of_the_samples(numbers):
    selector = fit(Counting(noise=0.1), numbers, lams=[0.05, 0.4], threshold=0.75)
    assert selector.supports_.shape == (2, 30, 12)
    shares = selector.supports_.sum(axis=1) / 30
    np.testing.assert_array_equal(selector.selection_probabilities_, shares)
    expected = (shares[0] >= 0.75) | (shares[1] >= 0.75)
    np.testing.assert_array_equal(selector.group_support_, expected)
    assert 0 < expected.sum() < 12


def test_bootstraps_are_multinomial_counts(numbers, recorded):
    fit(Recording(), numbers, 200)
    counts = np.array([weight for weight, _ in recorded])
    assert (counts.sum(axis=1) == 120).all()
    # a row's count is Binomial(n, 1/n): 200 x 120 of them
    assert counts.var() == pytest.approx(1 - 1 / 120, abs=0.05)
    assert (counts == 0).mean() == pytest.approx((1 - 1 / 120) ** 120, abs=0.02)
    assert len({seed for _, seed in recorded}) == 200


def test_of_several_labels_each_combination_is_drawn_from(numbers, recorded):
    y = (numbers.data[:, :2] > 0).astype(int)
    StabilitySelector(RecordingLabels(), 5, random_state=0).fit(numbers.data, y)
    combination = 2 * y[:, 0] + y[:, 1]
    for weight, _ in recorded:
        np.testing.assert_array_equal(np.bincount(combination, weight), np.bincount(combination))


@pytest.mark.parametrize("routing", [False, True])
def test_weights_multiply_the_counts(numbers, recorded, routing):
    X, y = numbers.data, numbers.target
    weights = np.random.default_rng(0).uniform(size=len(y))
    fit(Recording(), numbers, 5)
    counts = [weight for weight, _ in recorded]
    recorded.clear()
    with config_context(enable_metadata_routing=routing):
        model = Recording()
        if routing:
            model.set_fit_request(sample_weight=True)
        selector = StabilitySelector(model, 5, random_state=0)
        selector.fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal([w for w, _ in recorded], np.multiply(counts, weights))


def test_weights_of_networks_are_those_of_repeated_rows(classes):
    X, y = classes.data, classes.target
    twice = np.repeat([1.0, 2.0], [len(y) - 20, 20])
    model = SGINClassifier(classes.groups, lam=0.05, **QUICK)
    weighted, plain = (
        StabilitySelector(model, 8, random_state=0).fit(X, y, **params)
        for params in ({"sample_weight": twice}, {})
    )
    scaled = StabilitySelector(model, 8, random_state=0).fit(X, y, sample_weight=2 * twice)
    np.testing.assert_array_equal(weighted.supports_, scaled.supports_)
    assert weighted.supports_.shape == plain.supports_.shape


@pytest.mark.parametrize("weights", [np.ones(3), [-1.0] * 120, ["a"] * 120])
def test_weights_that_will_not_do(numbers, recorded, weights):
    with pytest.raises(ValueError, match="sample_weight"):
        StabilitySelector(Recording(), 5).fit(numbers.data, numbers.target, sample_weight=weights)
    assert recorded == []


def test_halves_are_without_replacement(numbers, recorded):
    fit(Recording(), numbers, 200, subsample="half")
    counts = np.array([weight for weight, _ in recorded])
    assert set(counts.ravel()) == {0, 1}
    assert (counts.sum(axis=1) == 60).all()
    assert np.abs(counts.mean(axis=0) - 0.5).max() < 5 * np.sqrt(0.25 / 200)


@pytest.mark.parametrize(("subsample", "share"), [("bootstrap", 1), ("half", 1 / 2)])
def test_classes_keep_their_proportions(numbers, recorded, subsample, share):
    X, y = numbers.data, np.repeat([0, 1, 2], [90, 28, 2])
    StabilitySelector(RecordingClassifier(), 20, subsample=subsample).fit(X, y)
    for weight, _ in recorded:
        assert (np.bincount(y, weight) == share * np.array([90, 28, 2])).all()


def test_rows_are_drawn_without_support_for_weights(numbers, recorded):
    X = np.c_[np.arange(120.0), numbers.data]
    selector = StabilitySelector(WithoutWeights(), 20, random_state=0).fit(X, numbers.target)
    weighed = StabilitySelector(Recording(), 20, random_state=0).fit(X, numbers.target)
    np.testing.assert_array_equal([w for w, _ in recorded[:20]], [w for w, _ in recorded[20:]])
    np.testing.assert_array_equal(selector.supports_, weighed.supports_)


def test_c_depends_on_the_number_of_rows(classes):
    X, y = classes.data, classes.target
    model = LinearSVC(penalty="l1", dual=False, fit_intercept=False)
    above = 3 / (len(y) * l1_min_c(X, y, fit_intercept=False))
    selector = StabilitySelector(model, 5, lams=[above], subsample="half", random_state=0)
    assert not selector.fit(X, y).supports_.any()


def test_stability_is_that_of_the_metrics():
    made = make_grouped_regression(100, 4, 2, 2, noise=2.0, random_state=1)
    made.data[:, 0] = made.data[:, 2]
    selector = fit(Counting(noise=0.2), made, groups=made.groups, lams=[0.1, 0.5])
    similarity = metrics.group_similarity(made.data, made.groups)
    for i, runs in enumerate(selector.supports_):
        at_lam = {name: values[i] for name, values in selector.stability_.items()}
        assert at_lam["jaccard"] == metrics.jaccard_stability(runs)
        assert at_lam["nogueira"] == metrics.nogueira_stability(runs)
        assert tuple(at_lam["nogueira_interval"]) == metrics.nogueira_interval(runs)
        assert at_lam["similarity"] == metrics.similarity_stability(runs, similarity)
    assert (selector.stability_["nogueira"] < 1).all()


def test_the_lam_of_the_estimator_by_default(numbers):
    selector = fit(Counting(lam=0.25), numbers)
    assert selector.lams_.tolist() == [0.25]
    grid = fit(Counting(lam=0.25), numbers, lams=5)
    assert len(grid.lams_) == 5
    assert grid.selection_probabilities_[0].min() > grid.selection_probabilities_[-1].max()


def test_a_pipeline(numbers):
    X = numbers.data * np.geomspace(1, 100, 12)
    pipe = make_pipeline(StandardScaler(), Lasso(0.2))
    selector = StabilitySelector(pipe, 10, groups=numbers.groups, random_state=0)
    selector.fit(X, numbers.target)
    assert selector.get_group_support().tolist() == numbers.support.tolist()


def test_values_that_are_missing(classes):
    X = classes.data.copy()
    X[::7, 3] = np.nan
    model = SGINClassifier(classes.groups, missing="mean", **QUICK)
    selector = StabilitySelector(model, 3, random_state=0).fit(X, classes.target)
    assert np.isfinite(selector.stability_["similarity"]).all()


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_any_number_of_jobs_gives_the_same_bits(classes, backend):
    model = SGINClassifier(classes.groups, lam=0.05, **QUICK)
    alone = fit(model, classes, 6)
    with joblib.parallel_backend(backend):
        in_parallel = fit(model, classes, 6, n_jobs=2)
    np.testing.assert_array_equal(in_parallel.supports_, alone.supports_)
    assert 0 < alone.supports_.mean() < 1


def test_the_seed_draws_samples_and_networks(numbers):
    X, y = numbers.data, numbers.target
    one, two, other = (
        StabilitySelector(Counting(noise=0.3), 10, random_state=seed).fit(X, y).supports_
        for seed in (3, np.random.default_rng(3), 4)
    )
    assert not np.array_equal(one, other)
    assert two.shape == one.shape
    again = StabilitySelector(Counting(noise=0.3), 10, random_state=3).fit(X, y).supports_
    np.testing.assert_array_equal(again, one)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_bootstraps": 1}, "n_bootstraps must be an int >= 2, got 1"),
        ({"threshold": 0}, "threshold must be a finite number > 0 and <= 1, got 0"),
        ({"subsample": "third"}, "subsample must be one of 'bootstrap', 'half', got 'third'"),
        ({"lams": []}, "lams must be None or an int >= 2"),
        ({"random_state": "x"}, "random_state must be"),
    ],
)
def test_invalid_arguments_raise(numbers, monkeypatch, change, words):
    monkeypatch.setattr(Counting, "fit", lambda *_: pytest.fail("a fit was made"))
    with pytest.raises(ValueError, match=words):
        StabilitySelector(Counting()).set_params(**change).fit(numbers.data, numbers.target)
