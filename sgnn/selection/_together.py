"""Which fits of a study are made in one training, and how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ._models import last_step, with_seed

if TYPE_CHECKING:
    from ._fits import Data, Order

__all__ = ["at_once", "fit_together", "together"]


def at_once(estimator: Any, shape: tuple[int, ...]) -> int:
    """How many fits to rows of that shape one training serves."""
    ask = getattr(last_step(estimator), "replicas_at_once", None)
    return 1 if ask is None else ask(shape)


def together(estimator: Any, orders: Sequence[Order], data: Data) -> list[list[int]]:
    """Places of the orders, in chunks that are one training each.

    A chunk has one set of rows.  Orders with the same weights stand side by side, for estimators
    that go from one lam to the next; those that only do this have `fit_replicas` and no
    `replicas_at_once`.  How the chunks are cut depends on nothing but the orders.

    Parameters
    ----------
    estimator : estimator
        Each order alone unless it, or the end of a pipeline, has `fit_replicas`.
    orders : sequence of Order
        What is to be fitted.
    data : Data
        On what.

    Returns
    -------
    chunks : list of lists of int
        Every place once.
    """
    alone = [[i] for i in range(len(orders))]
    model = last_step(estimator)
    piped = model is not estimator
    if not hasattr(model, "fit_replicas") or data.fit_params.keys() - {"sample_weight"}:
        return alone
    if piped and data.fit_params:
        return alone
    by_rows: dict[Hashable, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, order in enumerate(orders):
        # what stands before the model in a pipeline may draw by the seed
        rows = (id(order.train), order.seed if piped else None)
        by_rows[rows][id(order.weight)].append(i)
    chunks = []
    for bundles in by_rows.values():
        pieces = list(bundles.values())
        if hasattr(model, "replicas_at_once"):
            train = orders[pieces[0][0]].train
            shape = np.shape(data.X) if train is None else (len(train), *np.shape(data.X)[1:])
            pieces = _packed(pieces, at_once(estimator, shape))
        chunks += pieces
    return chunks


def _packed(bundles: list[list[int]], most: int) -> list[list[int]]:
    """Bundles cut, or put together, to chunks of about the same size, `most` at most."""
    pieces = [part for bundle in bundles for part in _cut(bundle, -(-len(bundle) // most))]
    fit_in = max(1, most // max(map(len, pieces)))
    return [
        [i for piece in part for i in piece] for part in _cut(pieces, -(-len(pieces) // fit_in))
    ]


def _cut(things: list, n_parts: int) -> list[list]:
    """Neighbours stay together; the parts differ by one in length at most."""
    ends = np.linspace(0, len(things), n_parts + 1).round().astype(int)
    return [things[a:b] for a, b in pairwise(ends)]


def fit_together(estimator: Any, X: Any, y: Any, orders: Sequence[Order], weight: Any) -> list[Any]:
    """The fitted models of orders on the rows X.

    Parameters
    ----------
    estimator : estimator
        With `fit_replicas`, or a pipeline that ends in such a one.
    X, y : array-like
        The rows.
    orders : sequence of Order
        lam, weights and seed of each.
    weight : array-like or None
        The weights of orders that have none of their own.

    Returns
    -------
    models : list of estimators
        In the order of the orders.
    """
    lams, seeds = [order.lam for order in orders], [order.seed for order in orders]
    weights = [weight if order.weight is None else order.weight for order in orders]
    if not isinstance(estimator, Pipeline):
        return estimator.fit_replicas(X, y, lams, weights, seeds)
    *before, (name, model) = with_seed(estimator, seeds[0]).steps
    if before:
        head = Pipeline(before, memory=estimator.memory)
        X, before = head.fit_transform(X, y), head.steps
    fits = fit_together(model, X, y, orders, None)
    return [clone(estimator).set_params(steps=[*before, (name, fit)]) for fit in fits]
