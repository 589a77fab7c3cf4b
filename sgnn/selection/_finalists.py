"""Networks of a few sets of groups, trained on these alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ._masked import BATCH, MaskedData, NetworkStack, Training

__all__ = ["refit_losses"]

NETWORKS = 16  # trained at once, or more while their first layers have
NUMBERS = 2**18  # together
LOOKED_AT = 4096  # held-out rows by which weights are compared
ROWS = 1024  # at a time


def refit_losses(
    stack: NetworkStack,
    data: MaskedData,
    sets: np.ndarray,
    training: Training,
    rng: torch.Generator,
    progress: Callable[[float], None],
) -> Tensor:
    """Held-out losses of each set's own networks, (n_sets, n_held_out).

    They start from the masked networks, whose weights of what is absent become part of the first
    bias.  The masked networks serve all sets and so none of them best.

    Parameters
    ----------
    stack : NetworkStack
        M masked networks.
    sets : ndarray of bool of shape (n_sets, n_groups)
    """
    # sets of about equal size share most of their columns
    order = np.argsort(sets.sum(1), kind="stable")[int((~sets.any(1)).sum()) :]
    n, p = data.X.shape
    numbers = stack.first.shape[1] * max(min(n, BATCH), p)  # of a network's first layer
    sets_at_once = max(NETWORKS, NUMBERS // numbers) // len(data.held_out)
    n_parts = min(-(-len(order) // max(sets_at_once, 1)), len(order))
    parts = np.array_split(order, n_parts) if n_parts else []
    held_out = torch.cat(data.held_out)
    # without groups there is nothing to train
    losses = data.loss(data.start.expand(len(held_out), -1).contiguous(), data.y[held_out])
    losses = losses.repeat(len(sets), 1)
    for at, part in enumerate(parts):

        def of_part(share: float, at: int = at) -> None:
            progress((at + share) / len(parts))

        losses[part] = _refit(stack, data, torch.from_numpy(sets[part]), training, rng, of_part)
        of_part(1.0)
    return losses


def _refit(
    masked_stack: NetworkStack,
    data: MaskedData,
    sets: Tensor,
    training: Training,
    rng: torch.Generator,
    progress: Callable[[float], None],
) -> Tensor:
    columns = sets.any(0)[data.labels].nonzero().squeeze(1)
    of_set = sets[:, data.labels[columns]].float()  # (F, p)
    M = len(data.held_out)
    stack = _restricted(masked_stack, columns, of_set, sets)
    read = of_set.repeat_interleave(M, 0)[:, None]  # (F * M, 1, p)
    X, weights = data.X[:, columns], data.train_weights.repeat(len(sets), 1)
    batches = data.batches(rng)

    def step() -> None:
        rows = next(batches)
        stack.set_gradients(X[rows], data.y[rows], weights[:, rows], data.loss)
        stack.first.grad *= read  # type: ignore[operator]

    looked_at = [rows[: max(1, LOOKED_AT // M)] for rows in data.held_out]
    share = torch.cat([data.weight[rows] for rows in looked_at])
    least, best = torch.full((len(sets),), torch.inf), stack.copy()

    def judge() -> bool:
        now = _losses(stack, data, X, looked_at) @ share / share.sum()
        better = now < least
        least[better] = now[better]
        for kept, w in zip(best, stack.parameters, strict=True):
            of_sets = kept.view(len(sets), M, *kept.shape[1:])
            of_sets[better] = w.detach().view_as(of_sets)[better]
        return bool(better.any())

    judge()
    training.run(stack, step, judge, progress)
    stack.put(best)
    return _losses(stack, data, X, data.held_out)


def _losses(stack: NetworkStack, data: MaskedData, X: Tensor, held_out: Sequence[Tensor]) -> Tensor:
    """Losses of the held-out rows, one list of them for each of M networks, (F, n_held_out)."""
    parts = []
    for k, rows in enumerate(held_out):
        out = [stack.outputs(X[part], slice(k, None, len(held_out))) for part in rows.split(ROWS)]
        parts.append(data.loss(torch.cat(out, 1), data.y[rows]))
    return torch.cat(parts, 1)


def _restricted(stack: NetworkStack, columns: Tensor, of_set: Tensor, sets: Tensor) -> NetworkStack:
    """Each network once for every set, set after set, reading these columns (F, p)."""
    p = stack.first.shape[2] - sets.shape[1]
    theta, V = stack.first.detach()[:, :, :p], stack.first.detach()[:, :, p:]
    F, M = len(sets), len(theta)
    first = (theta[:, :, columns] * of_set[:, None, None]).reshape(F * M, theta.shape[1], -1)
    absent = torch.einsum("mqg,fg->fmq", V, (~sets).float())
    bias = (stack.biases[0].detach() + absent).reshape(F * M, -1)
    others = [b.detach().repeat(F, 1) for b in stack.biases[1:]]
    return NetworkStack(first, [W.detach().repeat(F, 1, 1) for W in stack.weights], [bias, *others])
