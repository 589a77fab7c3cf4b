"""Whatever is registered has a row in the table over which the laws of its kind run."""

from __future__ import annotations

import pytest

import sgnn.estimators
from sgnn import datasets, losses
from sgnn.algorithms import ALGORITHMS
from sgnn.estimators.task import TASKS
from sgnn.losses import BatchLoss
from sgnn.modules import ARCHITECTURES
from sgnn.optimizers import OPTIMIZERS
from sgnn.regularizers import REGULARIZERS

from . import battery, test_batch_losses, test_losses
from .datasets import test_datasets
from .estimators import instances, test_linear, test_tasks, test_zeros
from .modules import test_cnn


def of_batches(name: str) -> bool:
    return isinstance(losses.get(name), BatchLoss)


def named(name: str) -> type:
    """What the name stands for; two may stand for one."""
    return type(REGULARIZERS.made(name))


# kind -> what is registered, and what has a row
TABLES = {
    "regularizer in tests/battery.py": (
        set(map(named, REGULARIZERS)),
        {type(case.regularizer) for case in battery.CASES},
    ),
    "algorithm in tests/estimators/instances.py": (
        set(ALGORITHMS),
        {name for case in instances.CASES for name in case.algorithms},
    ),
    "optimizer in tests/estimators/test_zeros.py": (set(OPTIMIZERS), set(test_zeros.OPTIMIZERS)),
    "architecture in tests/modules/test_cnn.py": (set(ARCHITECTURES), set(test_cnn.ROWS)),
    "loss in tests/test_losses.py": (
        {name for name in losses.names() if not of_batches(name)},
        set(test_losses.LOSSES),
    ),
    "loss in tests/test_batch_losses.py": (
        set(filter(of_batches, losses.names())),
        set(test_batch_losses.BATCH_LOSSES),
    ),
    "estimator in tests/estimators": (
        {getattr(sgnn.estimators, name) for name in sgnn.estimators.__all__},
        {case.kind for case in instances.CASES} | {kind for kind, *_ in test_linear.DATA.values()},
    ),
    "kind of y in tests/estimators/test_tasks.py": (
        set(TASKS),
        {losses.get(name).targets for name in test_tasks.ROWS.keys() & set(losses.names())},
    ),
    "data set in tests/datasets/test_datasets.py": (
        set(datasets.DATASETS),
        set(test_datasets.ROWS),
    ),
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_registered_has_a_row(kind):
    registered, rows = TABLES[kind]
    missing = registered - rows
    assert not missing, f"give {missing} a row as {kind}"


@pytest.mark.parametrize(
    ("registry", "name"),
    [
        pytest.param(registry, name, id=f"{registry.argument}-{name}")
        for registry in (ALGORITHMS, ARCHITECTURES, OPTIMIZERS, REGULARIZERS)
        for name in registry.names()
    ],
)
def test_a_parameter_that_cannot_be_is_refused_by_its_name(registry, name):
    for parameter in registry.made(name).get_params(deep=False):
        with pytest.raises((TypeError, ValueError), match=parameter):
            registry.made(name, **{parameter: {"no": "value"}}).fresh()


def test_a_name_of_the_public_data_sets_is_found_in_a_file():
    public = {name for name in datasets.__all__ if not name.endswith("haar_groups")}
    assert public <= set(datasets.DATASETS)
