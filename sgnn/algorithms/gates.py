"""Gates: every penalized weight is a product with factors of its blocks, trained in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..regularizers import Gating, Regularizer
from ..rules import Rule, either, number
from .base import ALGORITHMS
from .full_gradient import FullGradient
from .network import Network
from .problem import Term, drop_small

__all__ = ["Gates"]


@ALGORITHMS.register("gates")
class Gates(FullGradient):
    """Minimize over omega, gates: E[loss(W)] + lam * sum of s_g penalty(omega_g, gates_g).

    W is drawn anew for every mini-batch from its factors, which take the steps of the optimizer.
    After each epoch the module holds the weights that the factors stand for, and its own blocks
    are exactly zero where gates are shut.

    Parameters
    ----------
    gating : Gating or None, default=None
        `HardConcrete` for the expected number of blocks, `DGating` for the group lasso; None is
        that of the regularizer.
    zero_tol : float, default=1e-5
        After the last epoch, penalized weights that do not exceed this are set to zero.

    Notes
    -----
    Source: Louizos, Welling and Kingma (2018); Kolb et al. (2025).

    Examples
    --------
    >>> from sgnn import SparseGroupCNN
    >>> from sgnn.algorithms import Gates
    >>> from sgnn.regularizers import HardConcrete
    >>> gates = Gates(gating=HardConcrete(temperature=0.5))
    >>> model = SparseGroupCNN(algorithm=gates, regularizer="group_l0")
    >>> model.set_params(algorithm__zero_tol=0.0).algorithm.zero_tol
    0.0
    """

    gated = True
    rules: ClassVar[dict[str, Rule]] = {
        "gating": either(None, Rule(lambda v: isinstance(v, Gating), "a Gating")),
        "zero_tol": number(0),
    }

    def __init__(self, *, gating: Gating | None = None, zero_tol: float = 1e-5) -> None:
        self.gating = gating
        self.zero_tol = zero_tol

    def begin(self) -> None:
        super().begin()
        self.gatings = [self.gating or _gating(term.regularizer) for term in self.terms]
        self.factors = [
            [nn.Parameter(part) for part in gating.split(term.w.detach(), term.blocks)]
            for gating, term in zip(self.gatings, self.terms, strict=True)
        ]
        gated = {id(tensor) for term in self.terms for tensor in term.tensors}
        rest = [p for p in self.moved if id(p) not in gated]
        self.moved = rest + [part for pair in self.factors for part in pair]
        self.optimizer.param_groups[0]["params"] = self.moved
        self.seed = int(self.problem.rng.integers(2**31))

    def _gated(self) -> Iterator[tuple[Term, Gating, list[nn.Parameter]]]:
        return zip(self.terms, self.gatings, self.factors, strict=True)

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
        for term, gating, (omega, gates) in self._gated():
            with torch.enable_grad():
                drawn.append(gating.draw(omega, gates, term.blocks, self.generator))
            term.assign(drawn[-1].detach())
        self.network.restore()
        loss = super().objective(batch)
        for w, (term, gating, (omega, gates)) in zip(drawn, self._gated(), strict=True):
            omega.grad = gates.grad = None
            w.backward(term.tensor.grad)
            gating.add_slope(omega, gates, term.blocks, self.lam)
        return loss

    def leave(self, block: int) -> None:
        for term, gating, (omega, gates) in self._gated():
            term.assign(gating.fold(omega, gates, term.blocks))
        self.network.restore()

    def finish(self, network: Network) -> None:
        drop_small(network.problem.terms, self.zero_tol)


def _gating(regularizer: Regularizer) -> Gating:
    if regularizer.gating is None:
        raise ValueError(
            f'regularizer={regularizer!r} has no gates: give regularizer="group_l0" or '
            f'"group_lasso", or another algorithm.'
        )
    return regularizer.gating
