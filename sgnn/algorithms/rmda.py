"""RMDA: regularized dual averaging with momentum, which settles on a support while training."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..rules import Rule, number
from .base import ALGORITHMS
from .polish import Polished

__all__ = ["RMDA"]


@ALGORITHMS.register("rmda")
class RMDA(Polished):
    """w <- (1 - c) w + c w~,  w~ = prox of (a_t / b_t) lam R at w_0 - V_t / b_t.

    V_t = sum_i s_i grad_i, a_t = sum_i s_i, s_t = learning rate * sqrt(t), b_t = sqrt(t).  A block
    at 0 stays there while the *average* of its gradients since w_0 is below the zero level, so
    that the noise of one mini-batch no longer wakes it, as it does in proximal steps.

    c is `momentum`, and 1 in the last mini-batch of an epoch, which therefore ends in a point
    with exact zeros.  w_0 is set anew whenever the learning rate has halved, as the paper does at
    the steps of its schedule.  The optimizer lends its learning rate alone.

    Parameters
    ----------
    momentum : float in (0, 1], default=0.1
        c within an epoch; 1 is plain dual averaging.
    polish_iter, polish_tol : int or "auto", float
        As in `Polished`.

    Notes
    -----
    Source: Huang and Lee (2022), "Training structured neural networks through manifold
    identification and variance reduction", Algorithm 1.

    Examples
    --------
    >>> from sgnn import GroupLassoMLP
    >>> from sgnn.algorithms import RMDA
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(500, n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoMLP(data.groups, lam=0.006, algorithm=RMDA(momentum=0.5), random_state=0)
    >>> support = model.fit(data.data, data.target).get_group_support()
    >>> bool(support[data.support].all()), bool(support.all())
    (True, False)
    """

    stackable = True
    rules: ClassVar[dict[str, Rule]] = Polished.rules | {"momentum": number(0, 1, open_low=True)}

    def __init__(
        self,
        *,
        momentum: float = 0.1,
        polish_iter: int | str = "auto",
        polish_tol: float = 1e-8,
    ) -> None:
        self.polish_iter = polish_iter
        self.polish_tol = polish_tol
        self.momentum = momentum

    def begin(self) -> None:
        super().begin()
        self.stage = math.inf

    def state(self) -> dict[str, Any]:
        average = {"stage": self.stage, "t": self.t, "a": self.a, "start": self.start, "V": self.V}
        return super().state() | average

    def resume(self, state: dict[str, Any]) -> None:
        super().resume(state)
        self.stage, self.t, self.a = state["stage"], state["t"], state["a"]
        like = self.moved[0]
        self.start, self.V = ([t.to(like) for t in state[name]] for name in ("start", "V"))

    def enter(self, block: int) -> None:
        self.lr = self.optimizer.param_groups[0]["lr"]
        self.left = len(self.problem.rows.batches)
        if self.lr <= self.stage / 2:
            self.stage, self.t, self.a = self.lr, 0, 0.0
            self.start = [p.detach().clone() for p in self.moved]
            self.V = [torch.zeros_like(p) for p in self.start]

    def update(self) -> None:
        self.t, self.left = self.t + 1, self.left - 1
        b = math.sqrt(self.t)
        self.a += self.lr * b
        before = [p.detach().clone() for p in self.moved]
        for p, start, V in zip(self.moved, self.start, self.V, strict=True):
            assert p.grad is not None
            p.copy_(start - V.add_(p.grad, alpha=self.lr * b) / b)
        for term in self.terms:
            term.shrink(self.lam, self.a / b)
        if self.left:
            for p, w in zip(self.moved, before, strict=True):
                p.copy_(w.lerp(p, self.momentum))
        # the optimizer takes no step of its own, but its schedulers want to see it asked
        self.optimizer.zero_grad()
        super().update()

    def select(self, index: Tensor) -> None:
        super().select(index)
        self.start, self.V = ([t[index] for t in tensors] for tensors in (self.start, self.V))
