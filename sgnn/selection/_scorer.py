"""The held-out loss of any set of groups, without training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..modules import UpperLayers
from ._masked import MaskedData, NetworkStack

__all__ = ["SubsetScorer"]

CACHE_BYTES = 2**28  # products kept; above it each is computed when it is needed
RENEW = 64  # sets after which the first product is summed anew, so that rounding does not add up


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
        self.products = [self._computed(g) for g in range(len(self.spans))] if cached else None

    @property
    def seconds(self) -> float:
        """For one set, roughly: the same on every machine, so that results are."""
        units = [W.shape[2] for W in self.upper.weights]
        multiplications = sum(W.shape[1] * W.shape[2] for W in self.upper.weights)
        return self.share.numel() * (3e-9 * sum(units) + 5e-11 * multiplications)

    def __call__(self, sets: np.ndarray) -> np.ndarray:
        """Losses of sets, (n_sets, n_groups) of bool; faster if each is close to the one before."""
        losses = np.empty(len(sets))
        for i, z in enumerate(self._first_products(sets)):
            losses[i] = (self._row_losses(z.clone()) * self.share).sum()
        return losses

    def row_losses(self, sets: np.ndarray) -> Tensor:
        """Losses of each held-out row, (n_sets, M, n)."""
        return torch.stack([self._row_losses(z.clone()) for z in self._first_products(sets)])

    def _row_losses(self, z: Tensor) -> Tensor:
        return self.loss(self.upper.forward(z.mT)[-1], self.y)

    def _first_products(self, sets: np.ndarray) -> Iterator[Tensor]:
        z = torch.empty(0)
        for i, chosen in enumerate(sets):
            if i % RENEW == 0:
                z = self.V.sum(-1, keepdim=True).expand(*self.V.shape[:2], self.X.shape[1]).clone()
                before = np.zeros_like(chosen)
            for g in np.flatnonzero(chosen != before):
                z.add_(self._product(g), alpha=1 if chosen[g] else -1)
            before = chosen
            yield z

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
