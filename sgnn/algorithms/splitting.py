"""Variable splitting: gradient steps on W, a prox for its copy V (paper 3, algorithm 1)."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from ..regularizers import Regularizer
from ..regularizers.sparse_group import Sum
from ..rules import POSITIVE, Rule, either, flag, number
from .base import ALGORITHMS
from .full_gradient import FullGradient
from .network import Network
from .problem import drop_small

__all__ = ["Splitting"]

EVERY = 16  # mini-batches between two V of a regularizer whose prox is slow


@ALGORITHMS.register("splitting")
class Splitting(FullGradient):
    """Minimize over W, V: loss(W) + lam G(W) + lam r(V) + beta/2 ||W - V||^2, R = G + r.

    Every mini-batch is a step of the optimizer on W, with a subgradient of lam G, and then
    V = prox of (lam / beta) r at W; where that prox is slow, as for TL1, CGES and some criteria
    of paper 4, V follows only every 16 mini-batches, unless `prox_every` says otherwise.  beta
    grows by sigma from stage to stage.  A regularizer that is no sum is all r.  In the end weights
    that do not exceed `zero_tol` are set to 0: it is W that the network was trained with, not V.

    Parameters
    ----------
    beta : float or None, default=None
        What holds the weights to their sparse copy in the beginning; None is 25 lam.
    sigma : float, default=1.25
        Factor by which beta grows.
    stages : int, default=5
        Equal parts of the training, in each of which but the first beta grows; paper 3 has 5 of
        LeNet's epochs and 10 of those on CIFAR.
    prox_every : int or None, default=None
        Mini-batches between two V; 1 is the paper's algorithm for every r.  None is 1, and 16
        where the prox of r is slow.
    unit_step : bool, default=False
        Take the prox of r at lam / beta with step 1, as the authors' program does, in the place
        of that at lam with step 1 / beta.  They differ for SCAD, which is not homogeneous, and
        then the first is not the minimizer over V.
    zero_tol : float, default=1e-5
        The largest weight that is set to 0.

    Notes
    -----
    Source: paper 3, section 2.3, algorithm 1, equations 17a and 17b.

    Examples
    --------
    >>> from sgnn import SparseGroupCNN
    >>> from sgnn.algorithms import Splitting
    >>> paper = Splitting(prox_every=1, stages=10)
    >>> SparseGroupCNN(algorithm=paper).set_params(algorithm__beta=0.01).algorithm.beta
    0.01
    """

    rules: ClassVar[dict[str, Rule]] = {
        "beta": either(None, number(0)),
        "sigma": number(1),
        "stages": POSITIVE,
        "prox_every": either(None, POSITIVE),
        "unit_step": flag,
        "zero_tol": number(0),
    }

    def __init__(
        self,
        *,
        beta: float | None = None,
        sigma: float = 1.25,
        stages: int = 5,
        prox_every: int | None = None,
        unit_step: bool = False,
        zero_tol: float = 1e-5,
    ) -> None:
        self.beta = beta
        self.sigma = sigma
        self.stages = stages
        self.prox_every = prox_every
        self.unit_step = unit_step
        self.zero_tol = zero_tol

    def begin(self) -> None:
        super().begin()
        self.first_beta = float(25 * self.problem.lam if self.beta is None else self.beta)
        self.strength = self.first_beta
        self.V = [self._shrunk(i) for i in range(len(self.terms))]

    def enter(self, block: int) -> None:
        stage = self.epoch * self.stages // max(self.stages, self.max_epochs)
        self.steps, self.strength = 0, self.first_beta * self.sigma**stage  # beta in this epoch

    def state(self) -> dict[str, Any]:
        return super().state() | {"V": self.V}

    def resume(self, state: dict[str, Any]) -> None:
        super().resume(state)
        self.V = state["V"]

    def objective(self, batch: slice) -> Tensor:
        loss, beta = self.network.gradient(batch), self.strength
        for term, V in zip(self.terms, self.V, strict=True):
            term.add_gradient(term.w, beta)
            term.add_gradient(V, -beta)
            group, _, share, _ = parts(term.regularizer)
            if group is not None:
                lam = term.share * share * self.lam
                term.add_gradient(group.subgradient(term.w, term.blocks, lam))
        return loss

    def update(self) -> None:
        super().update()
        self.steps += 1
        for i, term in enumerate(self.terms):
            slow = parts(term.regularizer)[1].expensive_prox
            if self.steps % (self.prox_every or (EVERY if slow else 1)) == 0:
                self.V[i] = self._shrunk(i)

    def _shrunk(self, i: int) -> Tensor:
        """V of a term: the prox of r at its weights."""
        term, beta = self.terms[i], self.strength
        _, element, _, share = parts(term.regularizer)
        lam = share * self.lam
        if beta == 0:
            return term.w.detach().clone()
        if self.unit_step:
            return element.prox(term.w, term.blocks, lam / beta, 1.0)
        return element.prox(term.w, term.blocks, lam, 1 / beta)

    def finish(self, network: Network) -> None:
        drop_small(network.problem.terms, self.zero_tol)


def parts(R: Regularizer) -> tuple[Regularizer | None, Regularizer, float, float]:
    """G, r and their shares; no G where R is no sum."""
    if isinstance(R, Sum):
        return R.group, R.element, *R.mix
    return None, R, 1.0, 1.0
