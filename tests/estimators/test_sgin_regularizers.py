"""SGIN with other regularizers than the group lasso: what is a sum over groups."""

import copy

import numpy as np
import pytest
import torch

from sgnn import SGINClassifier
from sgnn.datasets import make_grouped_classification
from sgnn.regularizers import Adaptive, GroupLasso, SparseGroupLasso

DATA = make_grouped_classification(
    240, n_groups=6, group_size=4, n_informative=2, noise=0.05, random_state=0
)
QUICK = {"hidden_layer_sizes": (8,), "max_epochs": 30, "random_state": 0, "device": "cpu"}


@pytest.mark.parametrize(
    ("name", "lam"),
    [("sparse_group_lasso", 0.015), ("elastic_net", 0.08), ("group_mcp", 0.08), ("group_l0", 0.03)],
)
@pytest.mark.parametrize("algorithm", ["a", "b"])
def test_the_planted_groups_are_found(name, lam, algorithm):
    model = SGINClassifier(DATA.groups, lam=lam, regularizer=name, algorithm=algorithm, **QUICK)
    model.fit(DATA.data, DATA.target)
    assert model.get_group_support().tolist() == DATA.support.tolist()


def test_the_objective_is_that_of_the_regularizer():
    model = SGINClassifier(
        DATA.groups, lam=0.01, regularizer=SparseGroupLasso(alpha=0.3), **QUICK | {"max_epochs": 3}
    ).fit(DATA.data, DATA.target)
    theta = model.module_.theta.detach().double().numpy()
    by_hand = 0.0
    for g, name in enumerate(model.groups_.names):
        columns = theta[:, np.asarray(DATA.groups) == name]
        factor = model.groups_.weights[g]
        by_hand += 0.3 * factor * np.sqrt((columns**2).sum()) + 0.7 * np.abs(columns).sum()
    assert model.history_[-1]["regularization"] == pytest.approx(0.01 * by_hand, rel=1e-6)


def test_single_weights_are_small_beside_those_of_the_group_lasso():
    """The share of weights below a hundredth of the largest, in the groups that are left."""

    def small(regularizer):
        model = SGINClassifier(DATA.groups, lam=0.03, regularizer=regularizer, **QUICK)
        model.fit(DATA.data, DATA.target)
        w = model.module_.theta.detach().abs()
        w = w[:, w.any(0)]
        return float((w < 0.01 * w.max()).double().mean())

    assert small("group_lasso") == 0 < small(SparseGroupLasso(alpha=0.1))


def test_replicas_equal_single_fits():
    model = SGINClassifier(
        DATA.groups, regularizer="sparse_group_lasso", dtype="float64", **QUICK | {"max_epochs": 8}
    )
    lams = [0.001, 0.01]
    for fit, lam in zip(model.fit_replicas(DATA.data, DATA.target, lams), lams, strict=True):
        single = copy.deepcopy(model).set_params(lam=lam).fit(DATA.data, DATA.target)
        assert fit.get_group_support().tolist() == single.get_group_support().tolist()
        np.testing.assert_allclose(
            fit.predict_proba(DATA.data), single.predict_proba(DATA.data), atol=1e-8
        )


@pytest.mark.parametrize(
    "regularizer", ["l1l2", "sgl_l1l2", Adaptive(GroupLasso(), torch.ones(6))], ids=str
)
def test_what_is_no_sum_over_groups_is_refused(regularizer):
    with pytest.raises(ValueError, match=r"regularizer=.* is no sum over groups.*: give another"):
        SGINClassifier(DATA.groups, regularizer=regularizer).fit(DATA.data, DATA.target)
