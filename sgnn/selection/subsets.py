"""SubsetSearch: how BudgetSelector looks for sets of groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator

from ..estimators.task import Classes, Task
from ..modules import TargetScale
from ..persistence.packed import Packed
from ..rules import Rule, check_parameters, either, flag, integer, number
from ..typing import LossLike
from ._constraints import Constraints
from ._finalists import refit_losses
from ._front import Front, points_of
from ._masked import NetworkStack, Training, labels_of, masked
from ._masked_training import train_masked
from ._moves import LossTable, few_sets, search_sizes
from ._prices import search_prices
from ._reading import Reading, masked_data
from ._scorer import SubsetScorer, seconds_per_row
from ._table import NumericTable

__all__ = ["MaskedNetworks", "SubsetSearch"]

# Steps of the masked networks, at least: products of columns are learned after a plateau, where
# rows are enough for that
MIN_STEPS, MOST_MIN_STEPS, ROWS_PER_STEP = 100, 300, 5
# and at most: later steps lower the losses of all sets alike
LEAST_MAX_STEPS, MAX_STEPS, ROWS_PER_LAST_STEP = 300, 3000, 5
WEIGHT_DECAY, MOST_DECAY = 0.3, 50.0  # where rows are more than columns, and at most
# units of a layer, at most: one for so many rows, and between these two
ROWS_PER_UNIT, LEAST_UNITS, MOST_UNITS = 20, 16, 64
REFIT_STEPS, REFIT_SHARE = 60, 0.5  # steps of refits, at least; multiplications, see below
SEARCH_ROWS = 8192  # held-out rows by which sets are searched that are many

RULES = {
    "hidden_layer_sizes": either(
        None,
        Rule(
            lambda v: (
                isinstance(v, list | tuple) and all(map(integer(1).accepts, v)) and len(v) > 0
            ),
            "a sequence of ints >= 1, such as (100,)",
        ),
    ),
    "learning_rate": number(0, open_low=True),
    "weight_decay": either(None, number(0)),
    "max_steps": either(None, integer(1)),
    "patience": integer(1),
    "most_rows": either(None, integer(1)),
    "most_refits": integer(1),
    "exchange": flag,
}


@dataclass(frozen=True)
class MaskedNetworks(Packed):
    """Networks that predict from whatever groups are there.

    Attributes
    ----------
    stack : NetworkStack
    table : NumericTable
        Of the rows that they take.
    scale : TargetScale
    task : Task
    """

    stack: NetworkStack
    table: NumericTable
    scale: TargetScale
    task: Task

    def outputs(self, X: Any) -> np.ndarray:
        """Mean prediction of the networks: probabilities of classes, or numbers, (n, n_outputs)."""
        values, present = self.table(X)
        masks, labels = torch.from_numpy(present).float(), labels_of(self.table.sizes)
        inputs = masked(torch.from_numpy(values), masks, labels)
        out = self.stack.outputs(inputs)
        if isinstance(self.task, Classes):
            return out.softmax(-1).mean(0).double().numpy()
        return self.scale(out.double()).mean(0).numpy()


class SubsetSearch(BaseEstimator):
    """Find the best sets of groups by networks that were trained with random groups missing.

    L(S) = mean held-out loss of f(sum_{g in S} X_g theta_g + sum_{g not in S} v_g)

    Networks f, one for each split, are trained together on mini-batches in which every row lacks
    other groups, and learn a vector v_g for the absence of each.  They score any set S by a sum
    of products that were computed once.  Sets are searched by removing and adding groups one after
    the other and by exchanges, or all of them looked at if there are few; over unequal costs along
    the price of a unit of cost.  The best set of each size and price then gets networks of its own,
    that go on from the masked ones.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=None
        By default those of the estimator, or (100,), but no more units in a layer than n / 20,
        which counts from 16 to 64.
    loss : str, Loss or torch loss, default=None
        That of the estimator, or the log loss for classes and the squared error for numbers.
    learning_rate : float, default=4e-3
        Of AdamW.
    weight_decay : float, default=None
        Of AdamW, per unit of learning rate and step; by default 0.3, times columns per row where
        there are more columns than rows, but at most 50.
    max_steps : int, default=None
        The most mini-batches of 256 rows, by default n / 5 but from 300 to 3000; held-out rows end
        the training earlier.
    patience : int, default=2
        Looks at the held-out rows without a gain that end it.
    most_rows : int, default=None
        Held-out rows by which sets are searched: all if all sets are looked at, else 8192.
    most_refits : int, default=100
        Sets that get networks of their own.
    exchange : bool, default=True
        Exchange groups at each size where not all sets are looked at.

    Examples
    --------
    >>> from sgnn.selection import SubsetSearch
    >>> SubsetSearch(max_steps=300)
    SubsetSearch(max_steps=300)
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | None = None,
        *,
        loss: LossLike | None = None,
        learning_rate: float = 4e-3,
        weight_decay: float | None = None,
        max_steps: int | None = None,
        patience: int = 2,
        most_rows: int | None = None,
        most_refits: int = 100,
        exchange: bool = True,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.loss = loss
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_steps = max_steps
        self.patience = patience
        self.most_rows = most_rows
        self.most_refits = most_refits
        self.exchange = exchange

    def check(self) -> None:
        """Raise a ValueError for arguments that will not do."""
        check_parameters(self, RULES)

    def looks_at_all_sets(self, reading: Reading, constraints: Constraints, n: int) -> bool:
        """Whether there are so few sets that all are looked at, each by n held-out rows."""
        each = n * seconds_per_row(self._hidden_layer_sizes(reading), reading.task.n_outputs)
        return few_sets(constraints.always, each)

    def _hidden_layer_sizes(self, reading: Reading) -> Sequence[int]:
        most = min(max(LEAST_UNITS, len(reading.weight) // ROWS_PER_UNIT), MOST_UNITS)
        return self.hidden_layer_sizes or [min(q, most) for q in reading.hidden_layer_sizes]

    def run(
        self,
        reading: Reading,
        X: Any,
        splits: Sequence[tuple],
        clusters: np.ndarray,
        constraints: Constraints,
        seed: int,
        progress: Callable[[float, float], Callable[[float], None]],
    ) -> tuple[Front, MaskedNetworks]:
        """The front, and the networks that serve all sets.

        Parameters
        ----------
        reading : Reading
            What was read of X, y and the groups.
        X : array-like
            The rows.
        splits : sequence of (train, test)
            Indices of rows.
        clusters : ndarray of shape (n,)
            Labels of rows that may depend on each other.
        constraints : Constraints
            Which sets may be had.
        seed : int
            Of the networks.
        progress : callable
            (low, high), percentages of all work -> what to call with the share done of that
            between.

        Returns
        -------
        front : Front
            The best set of each size and price.
        networks : MaskedNetworks
            What they were scored by.
        """
        rng = torch.Generator().manual_seed(seed)
        data, table, scale = masked_data(reading, X, splits, constraints)
        n, p = data.X.shape
        decay = min(WEIGHT_DECAY * max(1.0, p / n), MOST_DECAY)
        training = Training(
            self._hidden_layer_sizes(reading), self.learning_rate,
            decay if self.weight_decay is None else self.weight_decay,
            self.max_steps or min(max(LEAST_MAX_STEPS, n // ROWS_PER_LAST_STEP), MAX_STEPS),
            self.patience, first_check=30,
            min_steps=min(max(MIN_STEPS, n // ROWS_PER_STEP), MOST_MIN_STEPS),
        )  # fmt: skip
        stack, n_steps = train_masked(data, training, rng, progress(0, 25))
        n_held_out = sum(map(len, data.held_out))
        every_row = self.looks_at_all_sets(reading, constraints, n_held_out)
        most_rows = self.most_rows or (n_held_out if every_row else SEARCH_ROWS)
        scorer = SubsetScorer(stack, data, most_rows)
        sets, partial = self._best_sets(scorer, constraints, progress)
        chosen = contenders(partial, constraints.affords(sets), self.most_refits)
        # Refits begin near their end, and take half the multiplications of the masked networks; all
        # as many steps, else a set that gains late is not compared with its like.
        dense = float((sets[chosen] @ np.array(data.sizes)).sum()) / sum(data.sizes)
        most = max(REFIT_STEPS, int(REFIT_SHARE * n_steps / max(dense, 1.0)))
        refit = replace(training, first_check=8, min_steps=most, max_steps=most)
        held_out = torch.cat(data.held_out).numpy()
        row_losses = np.full((len(sets), len(held_out)), np.nan, dtype=np.float32)
        row_losses[chosen] = refit_losses(
            stack, data, sets[chosen], refit, rng, progress(50, 65)
        ).numpy()
        of_all = np.zeros((len(sets), len(constraints.available)), dtype=bool)
        of_all[:, constraints.available] = sets
        front = Front(
            reading.layout.groups, of_all, constraints.prices(sets), partial, row_losses,
            reading.weight[held_out], clusters[held_out], np.full((len(sets), 2), np.nan),
        )  # fmt: skip
        return front, MaskedNetworks(stack, table, scale, reading.task)

    @torch.no_grad()
    def _best_sets(
        self, scorer: SubsetScorer, constraints: Constraints, progress: Callable
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best sets of each size and price, and their losses."""
        always, prices, table = constraints.always, constraints.prices, LossTable(scorer)
        table(np.stack([always, np.ones_like(always)]))
        search_sizes(table, always, scorer.seconds, progress(25, 45), exchange=self.exchange)
        if not prices.equal:
            search_prices(table, prices, always, progress(45, 50))
        sets, losses = table.sets, table.losses
        points = points_of(sets, prices(sets), losses)
        return sets[points], losses[points]


def contenders(losses: np.ndarray, affordable: np.ndarray, most: int) -> np.ndarray:
    """Indices of the sets to train alone: half of them of the least loss, the others of every size.

    Sets are ordered by size.  Those that are not affordable come last.
    """
    chosen: list[int] = []
    for sets in (np.flatnonzero(affordable), np.flatnonzero(~affordable)):
        room = min(most - len(chosen), len(sets))
        best = sets[np.argsort(losses[sets], kind="stable")][: -(-room // 2)]
        others = np.setdiff1d(sets, best)
        at = np.geomspace(1, max(len(others), 1), room - len(best)).round().astype(int) - 1
        chosen += [*best, *(others if len(sets) == room else others[np.unique(at)])]
    return np.sort(chosen)
