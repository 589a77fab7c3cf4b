"""The estimators under test: a new one joins every test of this folder by one line in CASES."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import Bunch

from sgnn import (
    GroupLassoMLP,
    GroupLassoMLPRegressor,
    SGINClassifier,
    SGINRegressor,
    SparseGroupCNN,
)
from sgnn.algorithms import ALGORITHMS
from sgnn.datasets import make_grouped_classification, make_grouped_regression
from sgnn.modules import LeNet5

__all__ = ["CASES", "CNN", "MLPS", "NUMBERS", "SGIN", "VARIANTS", "Case", "first_layer", "outputs"]


@dataclass(frozen=True, repr=False)
class Case:
    """An estimator with data and settings under which it keeps exactly the planted groups.

    A fit takes a fraction of a second, and removes three groups of five before its last epoch.
    Whatever its `algorithm=` may be is in `algorithms`, the default first, with the settings
    that it needs besides.
    """

    kind: type
    made: Bunch
    algorithms: dict[str, dict[str, Any]]
    settings: dict[str, Any]
    without_hidden_layer: dict[str, Any] = field(default_factory=lambda: {"hidden_layer_sizes": ()})
    of_six_columns: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *, hidden: bool = True, **changes: Any) -> Any:
        """A new estimator, its settings changed by these.

        "algorithm__x" is the parameter x of its algorithm, where that has one.
        """
        changes |= {} if hidden else self.without_hidden_layer
        settings = {"groups": self.made.groups, **self.settings, **changes}
        names = [name for name in settings if name.startswith("algorithm__")]
        own = {name.removeprefix("algorithm__"): settings.pop(name) for name in names}
        if own:
            algorithm = ALGORITHMS.made(settings.get("algorithm", next(iter(self.algorithms))))
            known = {name: own[name] for name in own.keys() & algorithm.get_params().keys()}
            settings["algorithm"] = algorithm.fresh().set_params(**known)
        return self.kind(**settings)

    def by_default(self, *groups: Any, **changes: Any) -> Any:
        """A new estimator with its own defaults, for a table of six columns."""
        return self.kind(*groups, **{**self.of_six_columns, **changes})

    def takes(self, names: Iterable[str]) -> bool:
        """Whether the constructor has all of these arguments."""
        return set(names) <= self.kind().get_params().keys()

    def __repr__(self) -> str:
        return "-".join([self.kind.__name__, *filter(None, [self.settings.get("algorithm")])])

    def by(self, algorithm: str) -> Case:
        """The same case under another algorithm, by which perhaps nothing is removed."""
        changes = {"algorithm": algorithm, **self.algorithms[algorithm]}
        return replace(self, settings=self.settings | changes)

    @property
    def by_first_algorithm(self) -> bool:
        """Whether it is trained by the default of its `algorithm=`."""
        return self.settings.get("algorithm", next(iter(self.algorithms))) in [*self.algorithms][:1]

    @property
    def shares_its_code(self) -> bool:
        """Whether a classifier is trained by the same code, but for the loss."""
        return is_regressor(self.kind())

    @property
    def X(self) -> np.ndarray:
        """The rows, (120, 10); read-only, as nothing may write to them."""
        return self.made.data

    @property
    def y(self) -> np.ndarray:
        """The targets, (120,)."""
        return self.made.target

    @property
    def informative(self) -> np.ndarray:
        """Which columns carry the target, (10,)."""
        return np.isin(self.made.groups, np.array(self.planted))

    @property
    def planted(self) -> list[str]:
        """Names of the groups that carry the target, in the order of the columns."""
        return [name for name in dict.fromkeys(self.made.groups) if name in self.made.planted]

    @property
    def frame(self) -> pd.DataFrame:
        """The rows with columns called after their group: "group 3__column 7"."""
        names = [f"{group}__column {j}" for j, group in enumerate(self.made.groups)]
        return pd.DataFrame(self.X, columns=names)


def outputs(estimator: Any, X: Any) -> np.ndarray:
    """What the estimator says about X, as numbers."""
    return estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X)


def first_layer(estimator: Any) -> torch.Tensor:
    """The weights that read the columns, (q, 10)."""
    module = estimator.module_
    theta = module.theta if hasattr(module, "theta") else module.body.conv1.weight.squeeze(2)
    return theta.detach().clone()


def scattered(made: Bunch) -> Bunch:
    """The same data, the columns of its groups mixed up and nothing writeable."""
    made.planted = np.unique(made.groups)[made.support].tolist()
    order = np.random.default_rng(1).permutation(len(made.groups))
    made.data, made.groups = made.data[:, order], made.groups[order]
    for array in (made.data, made.target, made.groups):
        array.setflags(write=False)
    return made


FIVE_GROUPS = {
    "n_samples": 120,
    "n_groups": 5,
    "group_size": [2, 1, 3, 2, 2],
    "n_informative": 2,
    "random_state": 0,
}
CLASSES = scattered(make_grouped_classification(**FIVE_GROUPS))
NUMBERS = scattered(make_grouped_regression(**FIVE_GROUPS))
QUICK = {
    "device": "cpu",  # where the same bits are promised
    "hidden_layer_sizes": (8,),
    "learning_rate": 0.05,
    "max_epochs": 12,
    "random_state": 0,
}

SGINS = {"a": {}, "b": {}, "sgd": {}}
SGIN = (
    Case(SGINClassifier, CLASSES, SGINS, QUICK | {"lam": 0.06, "warmup_epochs": 2}),
    Case(SGINRegressor, NUMBERS, SGINS, QUICK | {"lam": 0.03, "warmup_epochs": 2}),
)
PAPER_2 = {
    "proximal": {},
    "rmda": {"learning_rate": 0.5},
    "subgradient": {},
}
RAW = {"max_groups": 2, "algorithm__polish_iter": 0, "warmup_epochs": 0}
MLPS = (
    Case(GroupLassoMLP, CLASSES, PAPER_2, QUICK | RAW | {"lam": 0.005}),
    Case(
        GroupLassoMLPRegressor, NUMBERS, PAPER_2, QUICK | RAW | {"lam": 0.001, "learning_rate": 0.1}
    ),
)
# every column a channel of one position, so that the same groups of columns serve
PAPER_3 = {
    "splitting": {},
    "proximal": {},
    "subgradient": {},
    "gates": {"regularizer": "group_lasso"},
}
CNN = Case(
    SparseGroupCNN,
    CLASSES,
    PAPER_3,
    {
        "image_shape": (-1, 1),
        "architecture": LeNet5(filters=(16,), units=()),
        "device": "cpu",
        "learning_rate": 0.07,
        "max_epochs": 12,
        "max_groups": 2,
        "lam": 0.001,
        "algorithm__sigma": 1.0,
        "random_state": 0,
    },
    {"architecture": LeNet5(filters=(3,), units=())},
    {"image_shape": (-1, 1)},
)
CASES = (*SGIN, *MLPS, CNN)
VARIANTS = tuple(case.by(algorithm) for case in CASES for algorithm in case.algorithms)
