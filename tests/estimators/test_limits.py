"""max_groups: which groups go first, and by which rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import is_classifier

from .instances import CNN, MLPS, SGIN

# by whose algorithms and lam the penalty alone makes the weights of noise worth removing
PENALIZED = [
    (SGIN[0].by("sgd"), 0.03),
    (MLPS[0].by("subgradient"), 0.03),
    (MLPS[1].by("subgradient"), 0.03),
    (CNN.by("splitting"), 0.01),
    (CNN.by("subgradient"), 0.01),
    (CNN.by("gates"), 0.01),
]


@pytest.mark.parametrize(("case", "lam"), PENALIZED, ids=str)
def test_an_empty_group_goes_first(case, lam):
    X = np.column_stack([np.zeros((len(case.X), 2)), case.X])
    groups = ["empty"] * 2 + list(case.made.groups)
    model = case(groups=groups, lam=lam, max_groups=5, max_epochs=40).fit(X, case.y)
    assert [name for row in model.history_ for name in row["removed"]] == ["empty"]


def memorized(case):
    """Rows whose labels are partly noise: one column tells of them, 60 tell the rows apart."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 61))
    y = X[:, 0] + rng.normal(size=240)
    return X, (y > 0).astype(int) if is_classifier(case()) else y


@pytest.mark.parametrize("held_out", ["nothing", "early_stopping", "X_val"])
def test_groups_are_judged_by_validation_rows(variant, held_out):
    """A network learns its rows by heart from what tells them apart; others say what is true."""
    X, y = memorized(variant)
    settings = {"groups": ["true"] + ["wide"] * 60, "lam": 0.0, "max_groups": 1, "max_epochs": 40}
    more = {"early_stopping": True, "validation_fraction": 0.3}
    model = variant(**settings, warmup_epochs=10, **more if held_out == "early_stopping" else {})
    validation = {"X_val": X[120:], "y_val": y[120:]} if held_out == "X_val" else {}
    model.fit(X[:120], y[:120], **validation)
    assert model.selected_groups_ == ["wide" if held_out == "nothing" else "true"]
