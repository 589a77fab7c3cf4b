"""The solvers of paper 1: SGIN, and its ablations NN and NN + tau."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sgnn import SGINClassifier

__all__ = ["Setting", "Staircase", "nn_tau", "sgin"]


@dataclass(frozen=True)
class Setting:
    """How the paper trains on one data set (table 1 and appendix B), with learning rate 0.1.

    Attributes
    ----------
    decay : float
        Factor of the learning rate after each of SGIN's epochs.
    """

    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    decay: float

    def arguments(self) -> dict[str, Any]:
        """What all three solvers have in common."""
        return {
            "hidden_layer_sizes": self.hidden,
            "batch_size": self.batch_size,
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "n_iter_no_change": None,
            "standardize": False,
        }


@dataclass(frozen=True)
class Staircase:
    """epoch -> decay ** (epoch // every): the learning rate falls after every so many epochs."""

    decay: float
    every: int

    def __call__(self, epoch: int) -> float:
        return self.decay ** (epoch // self.every)


def sgin(
    setting: Setting, groups: Sequence, lam: float, seed: int, **changes: Any
) -> SGINClassifier:
    """SGIN as the paper trains it: Algorithm 1, groups removed from the first epoch on."""
    return SGINClassifier(
        groups,
        lam=lam,
        random_state=seed,
        **setting.arguments()
        | {"max_epochs": setting.epochs, "lr_schedule": setting.decay, "warmup_epochs": 0}
        | changes,
    )


def nn_tau(
    setting: Setting, groups: Sequence, lam: float, seed: int, *, factor: int, **changes: Any
) -> SGINClassifier:
    """NN + tau: the whole penalty by plain SGD, `factor` times the epochs; NN with lam = 0.

    The paper's factor is the number of groups, for as many steps as SGIN's visits make.
    """
    return SGINClassifier(
        groups,
        lam=lam,
        algorithm="sgd",
        random_state=seed,
        **setting.arguments()
        | {
            "max_epochs": factor * setting.epochs,
            "lr_schedule": Staircase(setting.decay, factor),
        }
        | changes,
    )
