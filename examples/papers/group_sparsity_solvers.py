"""The solvers of paper 2, with its settings; not an experiment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch

from sgnn import GroupLassoMLP
from sgnn.algorithms import Subgradient

__all__ = [
    "DEEP", "LOGISTIC", "PAPER", "PENALTIES", "SUBGRADIENT", "Grid", "Solver", "Tenth",
    "by_subgradient", "deep", "logistic", "paper",
]  # fmt: skip

Solver = tuple[str, GroupLassoMLP]

LOGISTIC, DEEP, SUBGRADIENT = "logistic", "deep", "subgradient"
PENALTIES = ("group_lasso", "sparse_group_lasso", "l1")

# How the paper trains; whether it standardizes it does not say.
PAPER = {
    "hidden_layer_sizes": (32, 32),
    "batch_size": 32,
    "max_epochs": 20,
    "lr_schedule": None,
    "n_iter_no_change": None,
    "warmup_epochs": 0,
    "standardize": True,
    "group_weights": "sqrt_size",
    "random_state": 0,
}


class Tenth(torch.optim.Adam):
    """Adam at a tenth of the rate that it is told.

    Dual averaging takes steps of its own at that rate, ten times what suits Adam, which trains on
    what is left (refit=True).
    """

    def step(self, closure: Any = None) -> None:
        (group,) = self.param_groups
        told, group["lr"] = group["lr"], group["lr"] / 10
        super().step(closure)
        group["lr"] = told


def by_subgradient(training: dict[str, Any], **changes: Any) -> GroupLassoMLP:
    """Section 3.4: the penalty by its subgradient, and weights up to `zero_tol` set to zero.

    Entry by entry, as Scardapane et al. (2017) count them.
    """
    return GroupLassoMLP(**training | {"algorithm": "subgradient"} | changes)


def logistic(training: dict[str, Any], **changes: Any) -> GroupLassoMLP:
    """Section 3.2: no hidden layer, 10 epochs."""
    return by_subgradient(training, **{"hidden_layer_sizes": (), "max_epochs": 10} | changes)


def deep(training: dict[str, Any], **changes: Any) -> GroupLassoMLP:
    """Section 3.3: the weight decay lam ||w||^2, and nothing set to zero."""
    decay = {"regularizer": "l2", "regularize": ("input", "hidden")}
    decay["algorithm"] = Subgradient(zero_tol=0.0)
    return by_subgradient(training, **decay | changes)


@dataclass(frozen=True)
class Grid:
    """What is tried of sections 3.2 to 3.4; by default all (the lams of 3.2 are not printed).

    Attributes
    ----------
    penalties, rates, lams : tuple
        Of the sparse networks.
    """

    optimizers: tuple[str, ...] = ("adam", "adamax", "rmsprop", "sgd")
    logistic_rates: tuple[float, ...] = (1e-3, 1e-4, 1e-5)
    logistic_lams: tuple[float, ...] = (1e-1, 1e-2, 1e-3, 1e-4)
    deep_rates: tuple[float, ...] = (5e-3, 1e-3, 3e-4, 1e-4)
    decays: tuple[float, ...] = (0.0, 1e-2, 1e-3, 1e-4, 1e-5)
    penalties: tuple[str, ...] = PENALTIES
    rates: tuple[float, ...] = (5e-3, 1e-3, 1e-4)
    lams: tuple[float, ...] = (1e-3, 1e-4, 1e-5)


def paper(training: dict[str, Any], grid: Grid) -> Iterator[Solver]:
    """Everything of the grid, named."""
    for penalty, lr, lam in product(("l1", "l2"), grid.logistic_rates, grid.logistic_lams):
        yield LOGISTIC, logistic(training, regularizer=penalty, learning_rate=lr, lam=lam)
    for optimizer, lr, lam in product(grid.optimizers, grid.deep_rates, grid.decays):
        yield DEEP, deep(training, optimizer=optimizer, learning_rate=lr, lam=lam)
    for penalty, optimizer, lr, lam in product(
        grid.penalties, grid.optimizers, grid.rates, grid.lams
    ):
        steps = {"optimizer": optimizer, "learning_rate": lr}
        yield SUBGRADIENT, by_subgradient(training, regularizer=penalty, lam=lam, **steps)
