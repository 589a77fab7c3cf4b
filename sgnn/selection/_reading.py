"""What a search over sets of groups reads of an estimator, and of X and y."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from sklearn.base import clone, is_classifier
from sklearn.utils import column_or_1d
from sklearn.utils.validation import _num_features

from .. import losses
from ..estimators.inputs import advised
from ..estimators.task import Classes, Numbers, Task
from ..groups import Groups
from ..modules import TargetScale
from ..rules import check_parameters
from ._constraints import Constraints
from ._masked import MaskedData
from ._models import final_estimator, resolve_groups
from ._table import NumericTable

__all__ = ["Layout", "Reading", "masked_data", "read"]


@dataclass(frozen=True)
class Layout:
    """Where the groups lie in X.

    Attributes
    ----------
    groups : Groups
        Of the columns of X, or of the channels of images.
    shape : tuple of int or None
        One image: (channels, ...).
    flat : bool
        Whether X is (n, n_features), and not (n, *shape).
    """

    groups: Groups
    shape: tuple[int, ...] | None = None
    flat: bool = True

    @property
    def flat_groups(self) -> Groups:
        """The groups of the entries of a row."""
        entries = 1 if self.shape is None else math.prod(self.shape[1:])
        return replace(self.groups, labels=np.repeat(self.groups.labels, entries))

    @property
    def groups_of_X(self) -> Groups:
        """The groups of the columns of X, or of its channels."""
        return self.flat_groups if self.flat else self.groups


@dataclass(frozen=True)
class Reading:
    """The groups of X, and the targets.

    Attributes
    ----------
    layout : Layout
    task : Task
    targets : ndarray of shape (n,) or (n, n_targets)
    weight : ndarray of shape (n,)
    standardize : bool
    hidden_layer_sizes : sequence of int
        Those of the estimator, where it is a network of dense layers.
    """

    layout: Layout
    task: Task
    targets: np.ndarray
    weight: np.ndarray
    standardize: bool
    hidden_layer_sizes: Sequence[int]


def read(
    estimator: Any, X: Any, y: Any, groups: Any, costs: Any, sample_weight: Any, loss: Any
) -> Reading:
    """Groups and targets, as the estimator itself reads them where it is one of ours.

    Raises
    ------
    ValueError, TypeError
        For input that will not do.
    """
    model = clone(estimator)
    arguments = model.get_params(deep=False)
    if "groups" in arguments:
        resolve_groups(model, groups, X)  # refuses groups that are given twice
    if costs is None:
        costs = arguments.get("group_costs")
    elif "groups" in arguments:
        model.set_params(group_costs=costs)
    if hasattr(model, "_body_kind"):
        check_parameters(model, model._rules)
        body, _, y = model._body_kind.read(model, X, y, None)
        task, targets = model._task_kind.read(model, y, None)
        layout = Layout(body.groups)
        if hasattr(body, "shape"):
            layout = Layout(body.groups, body.shape, body.flat)
    else:
        spec = arguments.get("groups", groups)
        names = getattr(X, "columns", None)
        layout = Layout(Groups.of(spec, _num_features(X), names, costs=costs))
        kind = Classes if is_classifier(estimator) else Numbers
        if kind is Classes:
            try:
                y = column_or_1d(y, warn=True)
            except ValueError as error:
                raise advised(error) from None
        task, targets = kind.read(_loss_and_weights(final_estimator(model)), y, None)
    if loss is not None:
        task = task.with_loss(loss, targets)
    if isinstance(task.loss, losses.BatchLoss):
        raise ValueError(
            f"loss={task.loss!r} is one of whole batches, and sets of groups are compared by the "
            f"losses of rows: give search=SubsetSearch(loss=...) with a loss of rows."
        )
    task.loss.check_targets(targets)
    return Reading(
        layout, task, targets, task.weights(targets, sample_weight),
        bool(arguments.get("standardize", True)), arguments.get("hidden_layer_sizes") or (100,),
    )  # fmt: skip


def _loss_and_weights(model: Any) -> SimpleNamespace:
    """The weights of classes, and the loss where it is one of ours.

    Of scikit-learn's that is by name, but for "quantile", which has another argument there.
    """
    loss = getattr(model, "loss", None)
    ours = hasattr(model, "_task_kind")
    known = ours or (isinstance(loss, str) and loss in losses.names() and loss != "quantile")
    return SimpleNamespace(
        class_weight=getattr(model, "class_weight", None), loss=loss if known else None
    )


def masked_data(
    reading: Reading, X: Any, splits: Sequence[tuple], constraints: Constraints
) -> tuple[MaskedData, NumericTable, TargetScale]:
    """X and y as networks read them, how rows become that, and how outputs become predictions.

    Parameters
    ----------
    splits : sequence of (train, test)
        Indices of rows; one network is trained for each.
    constraints : Constraints
    """
    weight, task = reading.weight, reading.task
    labels = reading.layout.flat_groups.labels
    columns = [np.flatnonzero(labels == g) for g in np.flatnonzero(constraints.available)]
    flat = X if reading.layout.flat else X.reshape(len(X), -1)
    table = NumericTable.of(flat, columns, weight, standardize=reading.standardize)
    values, present = table(flat)
    scale, start = task.scale_and_start(reading.targets, weight, standardize=True)
    X_scaled = torch.from_numpy(values)
    train_weights = torch.zeros(len(splits), len(values))
    for k, (train, _) in enumerate(splits):
        train_weights[k].index_add_(
            0, torch.as_tensor(train), torch.as_tensor(weight[train], dtype=torch.float32)
        )
    data = MaskedData(
        X=X_scaled,
        sizes=table.sizes,
        y=task.tensor(reading.targets, weight, scale, X_scaled),
        loss=task.loss.float(),
        start=start.float(),
        train_weights=train_weights,
        held_out=[torch.as_tensor(np.asarray(test)[weight[test] > 0]) for _, test in splits],
        weight=torch.as_tensor(weight, dtype=torch.float32),
        present=torch.from_numpy(present).float(),
        always=torch.from_numpy(constraints.always),
    )
    return data, table, scale
