"""An epoch: a sequence of visits, each a pass over the mini-batches."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..algorithms import Algorithm, Joint

__all__ = ["sweep_once"]


def sweep_once(
    algorithm: Algorithm | Joint,
    batches: list[slice],
    step: Callable[[slice], Tensor],
    progress: Callable[[float], object],
) -> tuple[Tensor, int]:
    """Visit everything once.

    Parameters
    ----------
    algorithm : Algorithm or Joint
        Begun.
    batches : list of slice
        Of the rows.
    step : callable
        batch -> its mean loss before the step, (), or (R,) of replicas.
    progress : callable
        Told of every visit, as a share of the epoch.

    Returns
    -------
    total : tensor of shape () or (R,)
        Sum over visits and rows of the losses.
    n_visits : int
    """
    sweep = list(algorithm.sweep())
    totals = []
    for visit in sweep:
        algorithm.enter(visit)
        inside = sum(step(batch) * (batch.stop - batch.start) for batch in batches)
        totals.append(inside.double().cpu())
        algorithm.leave(visit)
        progress(1 / len(sweep))
    return sum(totals), len(sweep)
