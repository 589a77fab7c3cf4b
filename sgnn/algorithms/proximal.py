"""Proximal gradient steps: a step of the optimizer on the loss, then the prox of the penalty."""

from __future__ import annotations

import torch
from torch import Tensor

from .polish import polish
from .whole import WholeNetwork

__all__ = ["Proximal"]


class Proximal(WholeNetwork):
    """w <- prox_{t lam R}(w - t grad loss): exact zeros, which may come and go until the end.

    The prox follows every `every` mini-batches with the steps of all of them added up, so that
    it costs little beside them.  Mini-batches at a constant step never settle on exact zeros
    near the boundary, so a full-batch polish ends the training: it stops when the fixed-point
    residual ||w - prox(w - t grad)|| / t falls below `tolerance`.

    Under momentum the step is learning rate / (1 - momentum), by which a gradient moves a
    weight in the end.  Under Adam and its kin the step of the prox is the mean over each tensor
    of the optimizer's own steps, 1 / mean(1 / t_i): a step per entry has no closed prox for
    blocks, and the polish, which is not preconditioned, ends in a stationary point of the
    objective whatever the mini-batches did.

    Parameters
    ----------
    max_groups : int, optional
        Keep at most so many groups: down to it by backward elimination between epochs.
    every : int, default=8
        Mini-batches between two proxes.
    polish_iter : int, default=100
        Full-batch iterations at most; 0 leaves the polish out.
    tolerance : float, default=1e-5
        The fixed-point residual that is small enough.
    """

    def __init__(
        self,
        max_groups: int | None = None,
        every: int = 8,
        polish_iter: int = 100,
        tolerance: float = 1e-5,
    ) -> None:
        super().__init__(max_groups)
        self.every, self.polish_iter, self.tolerance = every, polish_iter, tolerance

    def enter(self, block: int) -> None:
        self.steps = 0

    def update(self) -> None:
        super().update()
        self.steps += 1
        if self.steps == self.every:
            self.shrink()

    def leave(self, block: int) -> None:
        if self.steps:
            self.shrink()
        super().leave(block)

    def shrink(self) -> None:
        """The prox of every term, for the steps taken since the last one."""
        R, lam = self.problem.regularizer, self.problem.lam
        for term in self.terms:
            step = self.steps * mean_step(self.optimizer, term.tensor)
            term.tensor.copy_(R.prox(term.tensor, term.blocks, lam, step))
        self.steps = 0

    def finish(self) -> None:
        if self.polish_iter:
            self.theta.copy_(self.problem.module.theta[:, self.order])
            self.residual = polish(self, self.polish_iter, self.tolerance)
            self.leave_module()


def mean_step(optimizer: torch.optim.Optimizer, parameter: Tensor) -> float:
    """How far a gradient of 1 moves an entry of the parameter, harmonic mean over its entries."""
    group, state = optimizer.param_groups[0], optimizer.state.get(parameter, {})
    lr = group["lr"]
    if "exp_avg_sq" in state:  # Adam, AdamW
        corrected = state["exp_avg_sq"] / (1 - group["betas"][1] ** float(state["step"]))
        return lr / float((corrected.sqrt() + group["eps"]).mean())
    if "exp_inf" in state:  # Adamax
        lr = lr / (1 - group["betas"][0] ** float(state["step"]))
        return lr / float(state["exp_inf"].mean())
    if "square_avg" in state:  # RMSprop
        return lr / float((state["square_avg"].sqrt() + group["eps"]).mean())
    return lr / (1 - group.get("momentum", 0.0))
