"""The held-out loss of any set of groups, without training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..modules import UpperLayers
from ._masked import MaskedData, NetworkStack

__all__ = ["SubsetScorer", "seconds_per_row"]

CACHE_BYTES = 2**28  # products kept; above it each is computed when it is needed
RENEW = 64  # moves after which the first product is summed anew, so that rounding does not add up
AT_ONCE = 2**17  # numbers in the first products of sets that are scored together, about
NEAR = 3  # groups by which a set differs from a common one without a move


def seconds_per_row(hidden_layer_sizes: Sequence[int], n_outputs: int) -> float:
    """Of the loss of a set, roughly: the same on every machine, so that results are."""
    sizes = [*hidden_layer_sizes, n_outputs]
    return 3e-9 * sum(sizes) + 5e-11 * sum(a * b for a, b in pairwise(sizes))


class SubsetScorer:
    """Losses of sets of groups by masked networks, each judged on rows held out of its training.

    L(S) = mean over held-out rows of loss(f(sum_{g in S} (X_g theta_g - v_g) + sum_g v_g), y)

    for networks with first weights theta_g of the group and v_g of its absence.  The products of
    single groups are computed once, so that a set costs a sum, and the layers above.

    Parameters
    ----------
    stack : NetworkStack
        M networks of `train_masked`.
    data : MaskedData
    most_rows : int
        Held-out rows used of all networks together.
    """

    def __init__(self, stack: NetworkStack, data: MaskedData, most_rows: int) -> None:
        M = len(data.held_out)
        held_out = [rows[: max(1, most_rows // M)] for rows in data.held_out]
        longest = max(map(len, held_out))
        # shorter lists are filled up with rows of weight 0
        rows = torch.stack([torch.cat([r, r[:1].expand(longest - len(r))]) for r in held_out])
        counted = torch.stack([torch.arange(longest) < len(r) for r in held_out])
        weight = data.weight[rows] * counted
        self.share = weight / weight.sum()  # (M, n)
        self.X, self.y, self.loss = data.X[rows], data.y[rows], data.loss
        self.absent = (1 - data.present[rows]).bool() if not data.present.all() else None
        p = data.X.shape[1]
        self.theta, self.V = stack.first.detach()[:, :, :p], stack.first.detach()[:, :, p:]
        self.upper: UpperLayers = stack.upper
        ends = np.cumsum(data.sizes)
        self.spans = [slice(end - size, end) for end, size in zip(ends, data.sizes, strict=True)]
        n_bytes = len(self.spans) * self.share.numel() * self.theta.shape[1] * 4
        cached = n_bytes <= CACHE_BYTES
        self.last, self.n_moves = np.zeros(len(self.spans), dtype=bool), RENEW
        self.products = [self._computed(g) for g in range(len(self.spans))] if cached else None

    @property
    def seconds(self) -> float:
        """For one set, roughly."""
        sizes = [W.shape[2] for W in self.upper.weights]
        return self.share.numel() * seconds_per_row(sizes, self.upper.weights[-1].shape[1])

    def __call__(self, sets: np.ndarray) -> np.ndarray:
        """Losses of sets, (n_sets, n_groups) of bool; faster if they have much in common."""
        parts = [(losses * self.share).sum((1, 2)) for losses in self._row_losses(sets)]
        return torch.cat(parts).double().numpy() if parts else np.empty(0)

    def row_losses(self, sets: np.ndarray) -> Tensor:
        """Losses of each held-out row, (n_sets, M, n)."""
        return torch.cat([*self._row_losses(sets)])

    def _row_losses(self, sets: np.ndarray) -> Iterator[Tensor]:
        """Losses of each held-out row, (n_some, M, n), of some sets after the other."""
        products, (M, n) = self._first_products(sets), self.share.shape
        at_once = max(1, AT_ONCE // (self.share.numel() * self.theta.shape[1]))
        while some := [*islice(products, at_once)]:
            # the rows of a set lie beside those of the next, (M, n_some * n)
            outputs = self.upper.forward(torch.cat(some, -1).mT)[-1]
            losses = self.loss(outputs, self.y.repeat(1, len(some), *[1] * (self.y.ndim - 2)))
            yield losses.view(M, len(some), n).movedim(0, 1)

    def _first_products(self, sets: np.ndarray) -> Iterator[Tensor]:
        """A new (M, q, n) for each set: of the one before, or of what most of them have."""
        base = sets.mean(0) > 0.5
        z = self._moved(base)
        for chosen in sets:
            flips = np.flatnonzero(chosen != base)
            if len(flips) > NEAR:
                base, z = chosen, self._moved(chosen)
                yield z.clone()
                continue
            near = z
            for g in flips:
                near = torch.add(near, self._product(g), alpha=1 if chosen[g] else -1)
            yield near if len(flips) else z.clone()

    def _moved(self, chosen: np.ndarray) -> Tensor:
        """The first product of the last set asked for, changed into that of this one."""
        flips = np.flatnonzero(chosen != self.last)
        if self.n_moves == RENEW or len(flips) > chosen.sum():
            self.n_moves, self.last = 0, np.zeros_like(chosen)
            self.z = self.V.sum(-1, keepdim=True).repeat(1, 1, self.X.shape[1])
            flips = np.flatnonzero(chosen)
        for g in flips:
            self.z.add_(self._product(g), alpha=1 if chosen[g] else -1)
        self.last, self.n_moves = chosen.copy(), self.n_moves + 1
        return self.z

    def _product(self, g: Any) -> Tensor:
        return self._computed(g) if self.products is None else self.products[g]

    def _computed(self, g: Any) -> Tensor:
        """X_g theta_g - v_g, (M, q, n)."""
        span = self.spans[g]
        product = torch.baddbmm(
            self.V[:, :, g, None], self.theta[:, :, span], self.X[:, :, span].mT, beta=-1
        )
        if self.absent is not None:
            product.masked_fill_(self.absent[:, None, :, g], 0)
        return product
