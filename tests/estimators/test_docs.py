"""The docstrings of estimators: in which order they tell of the arguments."""

from __future__ import annotations

import inspect
import pydoc
from itertools import pairwise

import pytest

import sgnn
from sgnn.estimators.docs import PARAMETERS

NETWORKS = [
    sgnn.SGINClassifier,
    sgnn.SGINRegressor,
    sgnn.GroupLassoMLP,
    sgnn.GroupLassoMLPRegressor,
    sgnn.SparseGroupCNN,
]
LINEAR = [sgnn.GroupLassoClassifier, sgnn.GroupLassoRegressor]
SCREEN = 60  # lines
# the last of those to set first, the first of those about the training, the first of the rest
LAST, EPOCHS, REST = "random_state", "max_epochs", "regularizer"


@pytest.mark.parametrize("estimator", NETWORKS + LINEAR)
def test_arguments_of_one_name_stand_in_one_order(estimator):
    shared = [name for name in inspect.signature(estimator).parameters if name in PARAMETERS]
    assert shared == [name for name in PARAMETERS if name in shared]


@pytest.mark.parametrize("estimator", NETWORKS)
def test_what_everybody_sets_comes_first_then_the_training_then_the_rest(estimator):
    arguments = list(inspect.signature(estimator).parameters)
    first, training, rest = (
        arguments[: arguments.index(EPOCHS)],
        arguments[arguments.index(EPOCHS) : arguments.index(REST)],
        arguments[arguments.index(REST) :],
    )
    assert first[-1] == LAST
    assert {"groups", "lam", "max_groups", "max_cost", "group_costs"} <= set(first)
    assert {"batch_size", "learning_rate", "optimizer", "early_stopping", "refit"} <= set(training)
    assert {"algorithm", "group_weights", "loss", "device", "dtype", "callbacks"} <= set(rest)
    text = " ".join(estimator.__doc__.split())
    said = [f"up to `{LAST}`", f"those from `{EPOCHS}` on", f"those from `{REST}` on"]
    assert all(before < after for before, after in pairwise([0, *map(text.index, said)]))


@pytest.mark.parametrize("estimator", NETWORKS)
def test_help_opens_with_what_a_newcomer_needs_on_one_screen(estimator):
    lines = pydoc.plain(pydoc.render_doc(estimator)).splitlines()
    (training,) = [n for n, line in enumerate(lines) if line.startswith(f" |  {EPOCHS} : ")]
    assert training < SCREEN
