"""Both networks find groups that no linear model finds, by a search with default settings."""

from __future__ import annotations

import numpy as np
import pytest

from sgnn import GroupLassoMLP, LambdaSearchCV, SGINClassifier

from ..planted import planted_squares

KINDS = [SGINClassifier, GroupLassoMLP]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [10, 11])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_search_finds_exactly_the_four_groups(kind, seed):
    """`python benchmarks/planted_groups.py` runs ten seeds."""
    made = planted_squares(seed)
    model = kind(made.groups, random_state=seed)
    search = LambdaSearchCV(model, lams=8, cv=3, select="one_se").fit(made.data, made.target)
    np.testing.assert_array_equal(search.best_estimator_.group_support_, made.support)
    assert search.best_score_ > 0.87


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"max_groups": 4},
        {"max_groups": 4, "lam": 0.0, "optimizer": "sgd", "learning_rate": 0.3},
    ],
    ids=["lam", "max_groups", "sgd"],
)
def test_group_lasso_finds_them_in_one_fit(settings):
    made = planted_squares(3)
    model = GroupLassoMLP(made.groups, random_state=0, **settings).fit(made.data, made.target)
    np.testing.assert_array_equal(model.group_support_, made.support)


def test_sgin_finds_them_in_one_fit():
    made = planted_squares(3)
    model = SGINClassifier(made.groups, lam=0.1, random_state=0).fit(made.data, made.target)
    np.testing.assert_array_equal(model.group_support_, made.support)
