"""Proximal gradient steps: a step of the optimizer on the loss, then the prox of the penalty."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from ..regularizers.base import Lam
from ..rules import POSITIVE, Rule
from .base import ALGORITHMS
from .polish import Polished

__all__ = ["Proximal"]


@ALGORITHMS.register("proximal")
class Proximal(Polished):
    """w <- prox_{t lam R}(w - t grad loss): exact zeros, which may come and go until the end.

    The prox follows every `prox_every` mini-batches with the steps of all of them added up, so that
    it costs little beside them.  Mini-batches at a constant step never settle on exact zeros
    near the boundary, so a full-batch polish ends the training: it stops when the fixed-point
    residual ||w - prox(w - t grad)|| / t falls below `polish_tol`.

    Under momentum the step is learning rate / (1 - momentum), by which a gradient moves a
    weight in the end.  Under Adam and its kin the step of the prox is the mean over each tensor
    of the optimizer's own steps, 1 / mean(1 / t_i): a step per entry has no closed prox for
    blocks, and the polish, which is not preconditioned, ends in a stationary point of the
    objective whatever the mini-batches did.

    Parameters
    ----------
    prox_every : int, default=16
        Mini-batches between two proxes.
    polish_iter, polish_tol : int or "auto", float
        As in `Polished`.

    Examples
    --------
    >>> from sgnn import GroupLassoMLP
    >>> from sgnn.algorithms import Proximal
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(500, n_groups=6, n_informative=2, random_state=0)
    >>> often = Proximal(prox_every=4)
    >>> model = GroupLassoMLP(data.groups, lam=0.015, algorithm=often, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    stackable = True
    rules: ClassVar[dict[str, Rule]] = Polished.rules | {"prox_every": POSITIVE}

    def __init__(
        self,
        *,
        prox_every: int = 16,
        polish_iter: int | str = "auto",
        polish_tol: float = 1e-8,
    ) -> None:
        self.polish_iter = polish_iter
        self.polish_tol = polish_tol
        self.prox_every = prox_every

    def enter(self, block: int) -> None:
        self.steps, self.slopes = 0, []
        for term in self.terms:
            # root mean square of the penalty's gradient over the entries that have one
            slope = term.slope(self.lam)
            count = slope.count_nonzero(term.entries).clamp_min(1).to(slope.dtype)
            norm = torch.linalg.vector_norm(slope, dim=term.entries)
            self.slopes.append(norm / count.sqrt())

    def update(self) -> None:
        super().update()
        self.steps += 1
        if self.steps == self.prox_every:
            self.shrink()

    def leave(self, block: int) -> None:
        if self.steps:
            self.shrink()

    def shrink(self) -> None:
        """The prox of every term, for the steps taken since the last one."""
        for term, slope in zip(self.terms, self.slopes, strict=True):
            steps = [
                mean_step(self.optimizer, tensor, slope, term.entries) for tensor in term.tensors
            ]
            term.shrink(self.lam, self.steps * sum(steps) / len(steps))
        self.steps = 0


def mean_step(
    optimizer: torch.optim.Optimizer, parameter: Tensor, slope: Tensor, entries: tuple[int, ...]
) -> Lam:
    """How far a gradient of 1 moves an entry of the parameter, harmonic mean over its entries.

    `slope`, the size of the penalty's own gradient, counts to the gradients by which Adam and
    its kin divide: without it a loss that has become flat would let one prox remove everything.
    """
    group, state = optimizer.param_groups[0], optimizer.state.get(parameter, {})
    lr = group["lr"]
    if "exp_avg_sq" in state:  # Adam, AdamW
        correction = math.sqrt(1 - group["betas"][1] ** float(state["step"]))
        gradient = state["exp_avg_sq"].sqrt().mean(entries) / correction
    elif "exp_inf" in state:  # Adamax
        lr = lr / (1 - group["betas"][0] ** float(state["step"]))
        gradient = state["exp_inf"].mean(entries)
    elif "square_avg" in state:  # RMSprop
        gradient = state["square_avg"].sqrt().mean(entries)
    else:
        return lr / (1 - group.get("momentum", 0.0))
    return lr / (gradient + group["eps"] + slope)
