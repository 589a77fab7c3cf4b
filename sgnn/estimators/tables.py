"""X as a table: its columns, its groups, and the multi-layer network that reads them."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from ..algorithms import (
    DenseNetwork,
    Network,
    Problem,
    RescaledRows,
    Rows,
    StoredRows,
    Term,
    rows_of,
)
from ..groups import Blocks, Groups
from ..modules import MLP, InputTransform
from ..pruning import prune_mlp
from ..regularizers import GroupLasso
from .inputs import check_fit, check_kept, input_transform_of
from .task import Numbers, Task

__all__ = [
    "Table",
    "TableBody",
    "rescaled",
    "split",
    "validation_problem",
    "validation_table",
]

VALIDATION_ROWS = 4096  # of a batch of validation data
LOOKED_AT, FAR = 1000, 10.0  # rows, and deviations, by which X_val is compared with X
MOST_STRETCHED = 1e3  # rows in float32 that are scaled anew


class Table(NamedTuple):
    """What is trained on: the rows `rows` of X (n, p), their targets and weights (n, ...)."""

    X: np.ndarray
    targets: np.ndarray
    weight: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class TableBody:
    """Columns in groups, and an MLP.

    Attributes
    ----------
    groups : Groups
        Of the columns.
    """

    groups: Groups

    @classmethod
    def read(
        cls, model: Any, X: Any, y: Any, before: Self | None
    ) -> tuple[Self, np.ndarray, np.ndarray]:
        """What X is, and X (n, p) and y, checked; as those of the fit before if there was one."""
        numeric = model._task_kind is Numbers
        X, y = check_fit(model, X, y, numeric=numeric, reset=before is None)
        names, weights = getattr(model, "feature_names_in_", None), model.group_weights
        if isinstance(weights, str) and weights == "adaptive":
            weights = "sqrt_size"  # until there is something to adapt to
        groups = Groups.of(
            model.groups, X.shape[1], names, weights=weights, costs=model.group_costs
        )
        return cls(groups), X, y

    def network(
        self,
        model: Any,
        task: Task,
        table: Table,
        rng: np.random.Generator,
        *,
        module: MLP | None = None,
        active: np.ndarray | None = None,
        shared: Rows | None = None,
    ) -> DenseNetwork:
        """The network before training, with what is to be minimized.

        Parameters
        ----------
        module : MLP, optional
            To go on with.
        active : ndarray of bool of shape (n_groups,), optional
            The groups that are not removed from the start, all by default.
        shared : Rows, optional
            Of the same table.
        """
        if module is None:
            module = self._new_module(model, task, table, rng)
        problem = model._problem(
            task, table, module, self.groups, rng, active, shared=shared, packed=self.groups
        )
        network = DenseNetwork(problem, module)
        labels = torch.from_numpy(self.groups.labels[problem.rows.order]).to(network.order.device)
        weights = torch.tensor(self.groups.penalties).to(network.theta)
        blocks = Blocks(network.theta.shape, (-1,), labels, weights)
        problem.terms = [Term(network.theta, blocks, GroupLasso())]
        if not (model._inputs_only and model.regularizer == "group_lasso"):  # which it is already
            model._penalize(network)
        if active is not None:
            with torch.no_grad():
                network.restore()
        return network

    def _new_module(self, model: Any, task: Task, table: Table, rng: np.random.Generator) -> MLP:
        X, targets, weight, rows = table
        hidden, standardize = model.hidden_layer_sizes, model.standardize
        placed = model._placement(len(rows), exact=len(hidden) == 0)
        scale, start = task.scale_and_start(targets[rows], weight[rows], standardize=standardize)
        module = MLP(
            input_transform_of(X, weight, rows, standardize=standardize, missing=model.missing),
            hidden,
            task.n_outputs,
            model.activation,
            first_bias=model._first_bias,
            dtype=placed["dtype"],
            generator=torch.Generator().manual_seed(int(rng.integers(2**63))),
            target_scale=scale,
        )
        with torch.no_grad():
            module.biases[-1].copy_(start)
        return module.to(placed["device"])

    def check_warm(self, model: Any, module: MLP, before: Self) -> None:
        """Refuse arguments that the network of the last fit does not have."""
        check_same_groups(self.groups, before.groups)
        sizes = [len(W) for W in [module.theta, *module.weights]][:-1]
        if sizes != list(model.hidden_layer_sizes):
            raise ValueError(
                f"hidden_layer_sizes={model.hidden_layer_sizes!r} is not the {sizes} of the fit "
                f"that warm_start=True goes on with: give the same, or set warm_start=False."
            )

    def columns(self, support: np.ndarray) -> np.ndarray:
        """Whether each column of X belongs to a group of the support: (p,)."""
        return self.groups.expand(support)

    def of_columns(self, groups: Groups) -> Groups:
        """The groups, as ones of the columns of X."""
        return groups

    def compact(self, module: MLP, support: np.ndarray) -> MLP:
        """The network of the kept columns alone, with equal outputs."""
        return prune_mlp(module)

    def kept(self, model: Any, X: Any, support: np.ndarray) -> np.ndarray:
        """The kept columns of X, (n, n_kept), checked; the others are not looked at."""
        return check_kept(model, X, np.flatnonzero(self.columns(support)))


def split(
    table: Table, fraction: float, rng: np.random.Generator, *, stratified: bool
) -> tuple[Table, Table]:
    """The table with rows to train on, and with a share of rows to validate by."""
    splitter = StratifiedShuffleSplit if stratified else ShuffleSplit
    halves = splitter(1, test_size=fraction, random_state=int(rng.integers(2**31)))
    try:
        training, held_out = next(halves.split(table.rows, table.targets))
    except ValueError:
        raise ValueError(
            f"validation_fraction={fraction} does not split the {len(table.X)} rows so that both "
            f"parts have enough of them, and of each class: give X_val and y_val, or another "
            f"fraction."
        ) from None
    for part, verb in ((training, "trained on"), (held_out, "held out")):
        if not table.weight[part].any():
            raise ValueError(
                f"sample_weight is zero for every row that is {verb}: give more rows a "
                f"weight above 0, or X_val and y_val, or another validation_fraction."
            )
    return table._replace(rows=np.sort(training)), table._replace(rows=held_out)


def validation_table(
    model: Any, body: Any, task: Task, X_train: np.ndarray, X_val: Any, y_val: Any
) -> Table:
    """The user's validation data, with a warning if it is not scaled as the training data."""
    if X_val is None or y_val is None:
        raise ValueError("X_val and y_val belong together: give both, or neither.")
    try:
        _, X, y = body.read(model, X_val, y_val, body)
        _, targets = task.read(model, y, task)
        task.loss.check_targets(targets)
        weight = task.weights(targets, None)
    except ValueError as error:
        raise ValueError(re.sub(r"\b([Xy])\b", r"\1_val", str(error))) from None
    if _scaled_otherwise(X_train[:LOOKED_AT], X[:LOOKED_AT]):
        warnings.warn(
            "X_val lies far from X in most columns, as if it had not been scaled like X: in a "
            "Pipeline, name it in transform_input=['X_val'], with metadata routing enabled.",
            UserWarning,
            stacklevel=6,
        )
    # in an order of their own, so that the first of them are like all
    return Table(X, targets, weight, np.random.default_rng(len(X)).permutation(len(X)))


def _scaled_otherwise(X: np.ndarray, X_val: np.ndarray) -> bool:
    """Whether most columns that vary have quite another mean or deviation in X_val."""
    # the mean and deviation of a column without values are not asked for
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        (mean, mean_val), (deviation, deviation_val) = (
            [of(rows.reshape(len(rows), -1), axis=0, dtype=np.float64) for rows in (X, X_val)]
            for of in (np.nanmean, np.nanstd)
        )
        shifted = np.abs(mean_val - mean) > FAR * np.maximum(deviation, deviation_val / FAR)
        ratio = deviation_val / deviation
    varies = deviation > 0
    far = shifted | (ratio > FAR) | ((ratio < 1 / FAR) & (deviation_val > 0))
    return bool(varies.any() and far[varies].mean() > 0.5)


def validation_problem(task: Task, network: Network, table: Table) -> Problem:
    """The problem of the network with the rows that are held out, prepared as its own are."""
    X, targets, weight, rows = table
    module: Any = network.module
    problem, like, weight = network.problem, network.parameters[0].detach(), weight[rows]
    return replace(
        problem,
        rows=rows_of(
            X, rows, problem.rows.groups, module.input_transform,
            batch_size=VALIDATION_ROWS, like=like, name="X_val",
        ),
        y=task.tensor(targets[rows], weight, module.target_scale, like, "y_val"),
        weight=torch.from_numpy(weight / weight.mean()).to(like),
    )  # fmt: skip


def check_same_groups(groups: Groups, before: Groups) -> None:
    """Refuse other groups than those of the fit that goes on."""
    if not np.array_equal(groups.labels, before.labels):
        raise ValueError(
            "groups differ from those of the fit that warm_start=True goes on with: give "
            "the same groups, or set warm_start=False."
        )


def rescaled(rows: StoredRows, first: InputTransform, own: InputTransform) -> Rows | None:
    """Rows that were scaled by the columns `first`, as the columns `own` scale them.

    None where they are stretched so much that float32 has not kept the digits.
    """
    if first.shift is None or first.scale is None or own.shift is None or own.scale is None:
        return rows
    order = torch.from_numpy(rows.order).to(first.scale.device)
    scale = (first.scale / own.scale)[order]
    shift = ((first.shift - own.shift) / own.scale)[order]
    if (scale == 1).all() and (shift == 0).all():
        return rows
    stretched = torch.maximum(scale, shift.abs()).max()
    if rows.X.dtype == torch.float32 and stretched > MOST_STRETCHED:
        return None
    return RescaledRows(rows, scale.to(rows.X), shift.to(rows.X))
