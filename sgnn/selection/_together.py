"""Which fits of a study are made in one training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._fits import Order

__all__ = ["together"]


def together(estimator: Any, orders: Sequence[Order], X: Any) -> list[list[int]]:
    """Places of the orders, in chunks that one training serves.

    A chunk has one set of rows, and the estimator's `replicas_at_once` fits at most; chunks are of
    equal size but for one fit.  Orders with the same weights stand side by side, for estimators
    that go from one lam to the next.

    Parameters
    ----------
    estimator : estimator
        Each order alone unless it has `fit_replicas`.
    orders : sequence of Order
        What is to be fitted.
    X : array-like of shape (n_samples, ...)
        All rows.

    Returns
    -------
    chunks : list of lists of int
        Every place once.
    """
    if not hasattr(estimator, "fit_replicas"):
        return [[i] for i in range(len(orders))]
    by_rows: dict[Hashable, list[int]] = defaultdict(list)
    for i, order in enumerate(orders):
        by_rows[id(order.train)].append(i)
    chunks = []
    for places in by_rows.values():
        train = orders[places[0]].train
        shape = np.shape(X) if train is None else (len(train), *np.shape(X)[1:])
        most = estimator.replicas_at_once(shape)
        first = {id(orders[i].weight): i for i in reversed(places)}
        places.sort(key=lambda i: first[id(orders[i].weight)])
        n_chunks = -(-len(places) // most)
        chunks += [part.tolist() for part in np.array_split(places, n_chunks)]
    return chunks
