"""Gates: every penalized weight is a product with factors of its blocks, trained in its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..regularizers import Gating
from .full_gradient import FullGradient
from .network import Network
from .problem import drop_small

__all__ = ["Gates"]


@dataclass(eq=False)
class Gates(FullGradient):
    """min over omega, gates of E[loss(W)] + lam * sum over blocks of s_g penalty(omega_g, gates_g).

    W is drawn anew for every mini-batch from its factors, which take the steps of the optimizer.
    After each epoch the module holds the weights that the factors stand for, and its own blocks
    are exactly zero where gates are shut.

    Parameters
    ----------
    limits, warmup_epochs : Limits, int
        As in `FullGradient`.
    gating : Gating
        `HardConcrete` for the expected number of blocks, `DGating` for the group lasso.
    tolerance : float, default=0
        After the last epoch, penalized weights that do not exceed this are set to zero.

    Notes
    -----
    Source: Louizos, Welling and Kingma (2018); Kolb et al. (2025).
    """

    gating: Gating = field(kw_only=True)
    tolerance: float = field(default=0.0, kw_only=True)

    def begin(self) -> None:
        super().begin()
        self.factors = [
            [nn.Parameter(part) for part in self.gating.split(term.w.detach(), term.blocks)]
            for term in self.terms
        ]
        gated = {id(tensor) for term in self.terms for tensor in term.tensors}
        rest = [p for p in self.moved if id(p) not in gated]
        self.moved = rest + [part for pair in self.factors for part in pair]
        self.optimizer.param_groups[0]["params"] = self.moved
        self.seed = int(self.problem.rng.integers(2**31))

    def state(self) -> dict[str, Any]:
        factors = [[part.detach() for part in pair] for pair in self.factors]
        return super().state() | {"factors": factors}

    def resume(self, state: dict[str, Any]) -> None:
        super().resume(state)
        for pair, saved in zip(self.factors, state["factors"], strict=True):
            for part, value in zip(pair, saved, strict=True):
                part.data.copy_(value)

    def enter(self, block: int) -> None:
        seed = np.random.SeedSequence([self.seed, self.epoch]).generate_state(1)[0]
        self.generator = torch.Generator(self.moved[-1].device).manual_seed(int(seed))

    def objective(self, batch: slice) -> Tensor:
        drawn = []
        for term, (omega, gates) in zip(self.terms, self.factors, strict=True):
            with torch.enable_grad():
                drawn.append(self.gating.draw(omega, gates, term.blocks, self.generator))
            term.assign(drawn[-1].detach())
        self.network.restore()
        loss = super().objective(batch)
        for term, (omega, gates), w in zip(self.terms, self.factors, drawn, strict=True):
            omega.grad = gates.grad = None
            w.backward(term.tensor.grad)
            self.gating.add_slope(omega, gates, term.blocks, self.lam)
        return loss

    def leave(self, block: int) -> None:
        for term, (omega, gates) in zip(self.terms, self.factors, strict=True):
            term.assign(self.gating.fold(omega, gates, term.blocks))
        self.network.restore()

    def finish(self, network: Network) -> None:
        drop_small(network.problem.terms, self.tolerance)
