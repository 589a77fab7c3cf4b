"""Which groups are kept: the planted ones, the cheap ones, as many as asked, in any notation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.metrics import log_loss, mean_squared_error

from sgnn.datasets import make_grouped_classification, make_grouped_regression, make_parity
from sgnn.groups import Groups

from .instances import SGIN, first_layer, outputs


@pytest.mark.parametrize("seed", range(3))
def test_the_planted_groups_are_found(case, seed):
    estimator = case(random_state=seed).fit(case.X, case.y)
    assert estimator.selected_groups_ == [g for g in estimator.groups_.names if g in case.planted]
    assert estimator.score(case.X, case.y) > 0.9


def test_algorithm_2_finds_them_too(sgin):
    estimator = sgin(algorithm="b").fit(sgin.X, sgin.y)
    assert estimator.selected_groups_ == sgin.planted


def test_squares_are_found_where_linear_models_see_nothing(sgin):
    make = make_grouped_classification if is_classifier(sgin()) else make_grouped_regression
    made = make(250, 4, 1, 2, nonlinear=True, noise=0, random_state=0)
    settings = {"hidden_layer_sizes": (20,), "warmup_epochs": 40, "max_epochs": 60, "lam": 0.2}
    estimator = sgin(groups=made.groups, **settings).fit(made.data, made.target)
    np.testing.assert_array_equal(estimator.group_support_, made.support)


def test_parity_needs_every_group_of_its_bits():
    made = make_parity(256, n_bits=4, random_state=0)
    settings = {"hidden_layer_sizes": (16,), "warmup_epochs": 40, "max_epochs": 50}
    estimator = SGIN[0](groups=made.groups, **settings).fit(made.data, made.target)
    assert estimator.selected_groups_ == ["bits 0", "bits 1"]
    assert estimator.score(made.data, made.target) == 1


def test_without_a_penalty_nothing_is_removed(case):
    estimator = case(lam=0.0, max_groups=None).fit(case.X, case.y)
    assert estimator.get_group_support().all()


def test_plain_descent_removes_nothing(sgin):
    estimator = sgin(lam=1.0, algorithm="sgd").fit(sgin.X, sgin.y)
    assert estimator.get_group_support().all()
    assert [row["removed"] for row in estimator.history_] == [[]] * estimator.n_iter_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("algorithm", ["a", "b"])
def test_the_last_group_stays(sgin, algorithm):
    estimator = sgin(lam=1e3, algorithm=algorithm).fit(sgin.X, sgin.y)
    assert estimator.get_group_support().sum() == 1


@pytest.mark.parametrize("argument", ["group_costs", "group_weights"])
def test_a_group_that_costs_nothing_is_kept(sgin, argument):
    case = sgin
    free = next(name for name in columns(case) if name not in case.planted)
    price = [float(name != free) for name in columns(case)]
    estimator = case(**{argument: price}).fit(case.X, case.y)
    assert set(estimator.selected_groups_) == {free, *case.planted}


@pytest.mark.parametrize("max_groups", [1, 2, 3])
def test_max_groups_is_reached_and_keeps_the_best(variant, max_groups):
    estimator = variant(lam=0.0, max_groups=max_groups).fit(variant.X, variant.y)
    kept, planted = set(estimator.selected_groups_), set(variant.planted)
    assert len(kept) == max_groups
    assert kept <= planted or kept >= planted


@pytest.mark.parametrize(
    "settings",
    [
        {"max_epochs": 1},
        {"max_epochs": 200},
        {"refit": True},
        {"early_stopping": True, "max_epochs": 60},
    ],
    ids=str,
)
def test_max_groups_is_reached_in_every_training(variant, settings):
    estimator = variant(**{"lam": 0.0, "max_groups": 2, **settings})
    assert estimator.fit(variant.X, variant.y).get_group_support().sum() == 2


def twins(case):
    """The informative groups of the case, twice: each could do without its twin."""
    half = case.X[:, case.informative]
    labels = case.made.groups[case.informative]
    names = [*np.char.add(labels, " A"), *np.char.add(labels, " B")]
    return np.hstack([half, half]), np.array(names)


def favoring(letter, names):
    """1 for the groups of that letter, 9 for their twins: {name: number}."""
    return {name: 1.0 if name.endswith(letter) else 9.0 for name in dict.fromkeys(names.tolist())}


@pytest.mark.parametrize("letter", "AB")
@pytest.mark.parametrize("argument", ["group_costs", "group_weights"])
def test_of_twins_the_cheaper_is_kept(sgin, letter, argument):
    case, (X, names) = sgin, twins(sgin)
    price = favoring(letter, names)
    value = price if argument == "group_costs" else list(price.values())
    estimator = case(groups=names, lam=0.02, max_epochs=30, **{argument: value}).fit(X, case.y)
    assert {name[-1] for name in estimator.selected_groups_} == {letter}
    assert len(estimator.selected_groups_) == 2


def test_the_penalty_is_lam_times_weight_times_cost(sgin):
    case = sgin
    sizes = np.bincount(np.unique(case.made.groups, return_inverse=True)[1])
    order = [sorted(set(case.made.groups)).index(g) for g in dict.fromkeys(case.made.groups)]
    root = np.sqrt(sizes[order])
    lam = case.settings["lam"]
    same = [
        case(),
        case(group_weights=root),
        case(group_weights="none", group_costs=root),
        case(lam=lam / 4, group_costs=np.full(5, 4.0)),
        case(lam=2 * lam, group_weights=root / 4, group_costs=np.full(5, 2.0)),
    ]
    said = [outputs(estimator.fit(case.X, case.y), case.X) for estimator in same]
    for other in said[1:]:
        np.testing.assert_allclose(other, said[0], rtol=0, atol=1e-9)
    unweighted = outputs(case(group_weights="none").fit(case.X, case.y), case.X)
    assert np.abs(unweighted - said[0]).max() > 1e-4


def columns(case):
    """The columns of each group, in the order in which the groups first appear."""
    labels = case.made.groups
    return {name: np.flatnonzero(labels == name) for name in dict.fromkeys(labels.tolist())}


NOTATIONS = {
    "list of lists": lambda case: [c.tolist() for c in columns(case).values()],
    "list of masks": lambda case: [case.made.groups == name for name in columns(case)],
    "dict": columns,
    "dict of names": lambda case: {g: case.frame.columns[c] for g, c in columns(case).items()},
    "list of labels": lambda case: case.made.groups.tolist(),
    "numbers": lambda case: [list(columns(case)).index(name) for name in case.made.groups],
    "prefix": lambda case: "prefix",
    "prefix with separator": lambda case: "prefix:__col",
    "callable": lambda case: lambda names, n: [name.split("__")[0] for name in names],
    "Groups": lambda case: Groups.of(case.made.groups, 10),
}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_notation_of_the_groups_is_the_same_fit(case, fitted, notation):
    estimator = case(groups=NOTATIONS[notation](case)).fit(case.frame, case.y)
    np.testing.assert_array_equal(outputs(estimator, case.frame), outputs(fitted, case.X))
    assert estimator.groups_.labels.tolist() == fitted.groups_.labels.tolist()


def test_blocks_of_equal_size(case):
    by_size = case(groups=2).fit(case.X, case.y)
    by_hand = case(groups=[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]).fit(case.X, case.y)
    np.testing.assert_array_equal(outputs(by_size, case.X), outputs(by_hand, case.X))
    alone = case(groups=None).fit(case.X, case.y)
    assert alone.groups_.sizes.tolist() == [1] * 10


def test_what_is_said_of_the_groups_agrees(case, fitted):
    assert fitted.groups_.names == tuple(columns(case))
    kept = [name in case.planted for name in fitted.groups_.names]
    assert fitted.get_group_support().tolist() == kept
    assert fitted.group_support_.dtype == bool
    assert fitted.get_group_support(names=True) == fitted.selected_groups_ == case.planted
    theta = first_layer(fitted).numpy()
    norms = [np.linalg.norm(theta[:, c]) for c in columns(case).values()]
    np.testing.assert_allclose(fitted.group_norms_, norms)
    fitted.get_group_support()[:] = True
    assert fitted.get_group_support().tolist() == kept


def test_importances_are_those_of_the_groups(case, fitted):
    importances = fitted.feature_importances_
    assert importances.shape == (10,)
    assert (importances[~case.informative] == 0).all()
    assert (importances[case.informative] > 0).all()
    by_group = {name: set(importances[c]) for name, c in columns(case).items()}
    assert all(len(values) == 1 for values in by_group.values())
    largest = max(by_group, key=lambda name: max(by_group[name]))
    assert largest == fitted.groups_.names[np.argmax(fitted.group_norms_)]


def training_loss(case, estimator):
    said = outputs(estimator, case.X)
    return log_loss(case.y, said) if is_classifier(estimator) else mean_squared_error(case.y, said)


def test_refit_undoes_the_shrinkage_and_keeps_the_groups(sgin):
    case = sgin
    shrunken, freed = (case(refit=refit).fit(case.X, case.y) for refit in (False, True))
    assert freed.selected_groups_ == shrunken.selected_groups_ == case.planted
    assert training_loss(case, freed) < 0.9 * training_loss(case, shrunken)
    assert freed.group_norms_.sum() > shrunken.group_norms_.sum()
