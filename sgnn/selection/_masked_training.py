"""Training of networks that predict from any of the groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ._masked import MaskedData, NetworkStack, Training, masked, random_masks
from ._moves import LossTable, walk
from ._scorer import SubsetScorer

__all__ = ["train_masked"]

LOOKED_AT = 2048  # held-out rows by which networks are compared
SHARE = 1 / 3  # of the groups, which the elimination that compares them removes at once


def train_masked(
    data: MaskedData, training: Training, rng: torch.Generator, progress: Callable[[float], None]
) -> tuple[NetworkStack, int]:
    """Networks of the inputs (x with absent groups 0, which groups are absent): p + n_groups.

    One vector of weights for each absent group says what else changes without it.
    The averaged weights are kept that are best for the sets which matter, those that a quick
    elimination of groups leads to: the mean loss over random sets is one of sets that lack what
    they need.  Gains at different sizes are added up in their paired standard errors, as few
    groups lose more than many.
    """
    n_groups, labels = len(data.sizes), data.labels
    sizes = [data.X.shape[1], *training.hidden_layer_sizes, len(data.start)]
    stack = NetworkStack.drawn(len(data.held_out), sizes, n_groups, data.start, rng)
    batches, always = data.batches(rng), data.always.numpy()

    def step() -> None:
        rows = next(batches)
        masks = random_masks(len(rows), data.always, rng) * data.present[rows]
        stack.set_gradients(
            masked(data.X[rows], masks, labels), data.y[rows], data.train_weights[:, rows],
            data.loss,
        )  # fmt: skip

    best: dict = {}

    def judge() -> bool:
        scorer = SubsetScorer(stack, data, LOOKED_AT)
        whole = np.ones_like(always)
        sets = np.array([*walk(LossTable(scorer), whole, always, down=True, share=SHARE, above=0)])
        losses = scorer.row_losses(sets).flatten(1)[:, scorer.share.flatten() > 0]
        if not best or standardized(best["losses"] - losses) > 0:
            best.update(losses=losses, weights=stack.copy())
            return True
        return False

    n_steps = training.run(stack, step, judge, progress)
    stack.put(best["weights"])
    return stack, n_steps


def standardized(gains: Tensor) -> float:
    """Sum over the sets of the mean of gains (n_sets, n) in standard errors."""
    means, errors = gains.mean(1), gains.std(1) / gains.shape[1] ** 0.5
    return float((means / errors.clamp_min(torch.finfo(gains.dtype).tiny)).sum())
