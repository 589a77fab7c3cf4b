"""What a training has not achieved, and what to do about it."""

from __future__ import annotations

from typing import Any

import torch

from ..algorithms import Algorithm, Network
from ..training import Run

__all__ = ["selection_warning", "useless_because"]


def selection_warning(model: Any, run: Run, algorithm: Algorithm) -> str | None:
    """Why lam did not select the groups that it should have, if it did not; what to do."""
    problem, n_epochs = run.network.problem, len(run.history)
    if algorithm.last_below_threshold(run.network, n_epochs):
        return (
            f"lam={model.lam:g} is so large that the last group, "
            f"{problem.groups.names[problem.active_groups[0]]!r}, is left by rule alone, as "
            f"its loss increase is below the bar too: lower lam."
        )
    idle = model.lam > 0 and problem.active.all() and not algorithm.has_acted(n_epochs)
    if idle and not run.aborted:
        return (
            f"lam={model.lam:g} could not remove a group, as the fit ended after "
            f"{n_epochs} epochs, within warmup_epochs={model.warmup_epochs}: give more "
            f"max_epochs, or fewer warmup_epochs."
        )
    return None


def useless_because(model: Any, network: Network) -> str | None:
    """What makes the network useless, if anything does, and what to do about it."""
    kept = network.problem.active_groups
    if not len(kept) and model.lam > 0:
        return (
            f"lam={model.lam:g} is so large that no group is left and the predictions are "
            f"constant: lower lam."
        )
    with torch.no_grad():
        if len(kept) and not network.is_constant():
            return None
    return (
        f"The predictions are the same for every row, although {len(kept)} of "
        f"{len(network.problem.active)} groups are left: lower learning_rate or lam, or draw "
        f"other first weights by random_state."
    )
