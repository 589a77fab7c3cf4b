"""Stochastic blockwise coordinate descent: paper 1, Algorithms 1 and 2."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import CONFIG
from ..groups import Blocks
from ..regularizers.base import Lam
from .base import ALGORITHMS, Algorithm
from .dense import DenseNetwork
from .network import Leaf, Network
from .problem import Part, Problem

__all__ = ["Blockwise", "BlockwiseB", "GroupByGroup"]


class GroupByGroup(Algorithm):
    """What training group by group is, of one network or many: see `Blockwise`."""

    inputs_only = True

    @torch.no_grad()
    def last_below_threshold(self, network: Network, n_epochs: int) -> bool:
        problem = network.problem
        if len(problem.active_groups) != 1 or n_epochs <= self.warmup or problem.lam == 0:
            return False
        # the last group's penalty is all there is
        bar = problem.lam if self.bar == "lam" else problem.penalty()
        return bool(np.nanmin(network.loss_increase(problem)) < float(bar))


@ALGORITHMS.register("a")
class Blockwise(GroupByGroup):
    """Algorithm 1 of paper 1: visit one group at a time, and remove it if the loss barely grows.

    While group i is visited only theta_i moves in the first layer, so the product of all the
    other groups, H_rest = X theta - X_i theta_i, (n, q), is computed once a visit: a batch
    then costs p_i columns instead of p.  The iterates are those of the naive algorithm.
    H is kept where it is not larger than `cache_size` of the configuration; else H_rest is computed
    anew for every batch.

    Examples
    --------
    >>> from sgnn import SGINClassifier
    >>> from sgnn.algorithms import Blockwise
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(n_groups=6, n_informative=2, random_state=0)
    >>> model = SGINClassifier(data.groups, algorithm=Blockwise(), random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    stackable = True
    network: DenseNetwork  # the cache is of the first layer of an MLP

    def begin(self) -> None:
        problem, theta = self.problem, self.network.theta
        self.regularizer, self.upper = problem.terms[0].regularizer, self.network.upper
        # one leaf per group: an optimizer's state then belongs to that group alone, and a
        # group that is not visited cannot be moved by momentum, averages or weight decay
        spans = [problem.rows.span(g) for g in range(len(problem.groups))]
        self.thetas = [nn.Parameter(theta[:, span].detach().clone()) for span in spans]
        self.blocks = [
            Blocks(part.shape, (-1,), self.network.order.new_zeros(part.shape[1]), weight[None])
            for part, weight in zip(self.thetas, problem.terms[0].blocks.weights, strict=True)
        ]
        n_bytes = problem.rows.n * theta.shape[0] * theta.element_size()
        cached = n_bytes <= CONFIG.cache_size * 2**20
        self.H = theta.new_empty(problem.rows.n, theta.shape[0]) if cached else None
        longest = max(batch.stop - batch.start for batch in problem.rows.batches)
        # (2b, q), used by every batch: with group i (loss1) and, below it, without (loss2)
        self.z = theta.new_empty(2 * longest, theta.shape[0])

    @property
    def n_visits(self) -> int:
        return len(self.problem.active_groups)

    def sweep(self) -> Iterable[int]:
        if self.H is not None:
            # anew every epoch, so that rounding does not add up over the visits
            for batch in self.problem.rows.batches:
                torch.mm(self.problem.rows.read(batch), self.network.theta.T, out=self.H[batch])
            # (columns of the rows, weights, sign): products that H has still to be changed by
            self.pending_updates: list[tuple[Tensor | Part, Tensor, int]] = []
        return self.problem.rng.permutation(self.problem.active_groups).tolist()

    def enter(self, block: int) -> None:
        self.i, self.theta = block, self.thetas[block]
        self.span = self.problem.rows.span(block)
        self.X_i = self.problem.rows.part(self.span)
        self.loss_increase = self.theta.new_zeros(())
        self.measuring = self.removable(self.problem, block)
        self.optimizer.param_groups[0]["params"] = [
            self.theta,
            *self.network.upper.weights,
            *self.network.upper.biases,
        ]
        if self.H is None:
            self.rest_theta = self.network.theta.detach().clone()
            self.rest_theta[:, self.span] = 0
        else:
            self.pending_updates.append((self.X_i, self.theta.detach().clone(), -1))

    def objective(self, batch: slice) -> Tensor:
        problem = self.problem
        x, rest = self.X_i[batch], self._rest(batch)
        b = len(x)
        z = self.z[: 2 * b if self.measuring else b]
        torch.addmm(rest, x, self.theta.T, out=z[:b])
        if self.measuring:
            z[b:] = rest
        layers = self.upper.forward(z)
        loss1, g = problem.mean_gradient(layers[-1][:b], batch)
        if self.measuring:
            loss2 = problem.mean_loss(layers[-1][b:], batch)
            self.loss_increase += (loss2 - loss1).clamp_min(0) * b
        self.network.out = layers[-1][:b]
        g = self.upper.backward([a[:b] for a in layers], g)
        grad = self.regularizer.subgradient(self.theta, self.blocks[self.i], problem.lam)
        self.theta.grad = grad.addmm_(g.T, x)
        return loss1

    def update(self) -> None:
        self.optimizer.step()
        if not self.network.theta.requires_grad:  # it is frozen
            self.theta.copy_(self.network.theta[:, self.span])

    def leave(self, block: int) -> None:
        self.network.theta[:, self.span] = self.theta
        self.pending_updates = []
        if self.removable(self.problem, self.i) and self._below_threshold():
            self.theta.zero_()
            self.network.remove(self.i)
        else:
            self.pending_updates.append((self.X_i, self.theta.detach().clone(), 1))

    def end_epoch(self) -> None:
        super().end_epoch()
        for g, part in enumerate(self.thetas):
            if not self.problem.active[g]:
                part.zero_()

    def leaves(self) -> list[Leaf]:
        order, groups = self.network.order, range(len(self.thetas))
        columns = [order[self.problem.rows.span(g)] for g in groups]
        theta = self.network.module.theta
        parts = [Leaf(p, theta, c) for p, c in zip(self.thetas, columns, strict=True)]
        return [*parts, *self.network.leaves[1:]]

    def removable(self, problem: Problem, group: int) -> bool:
        """Whether a visit of the group may end in its removal: never for the last one."""
        ready = self.epoch >= self.warmup and problem.lam > 0
        # a group without a penalty is one to keep, and frozen weights do not move
        free = problem.groups.penalties[group] > 0 and self.network.theta.requires_grad
        return bool(ready and free and len(problem.active_groups) > 1)

    def _below_threshold(self) -> bool:
        """Line 11: the mean loss increase is below the bar."""
        lam = self.problem.lam
        lam_tau = self.regularizer.value(self.theta, self.blocks[self.i], lam)
        bar: Lam = lam if self.bar == "lam" else float(lam_tau)
        return bool(float(self.loss_increase) / self.problem.rows.n < bar)

    def _rest(self, batch: slice) -> Tensor:
        """H_rest of a batch, (b, q).

        What the last visit added to H and this one takes out is computed here, batch by batch,
        while those rows of H are in the processor's cache anyway.
        """
        if self.H is None:
            return F.linear(self.problem.rows.read(batch), self.rest_theta)
        rest = self.H[batch]
        for X_j, theta_j, sign in self.pending_updates:
            rest.addmm_(X_j[batch], theta_j.T, alpha=sign)
        return rest


@ALGORITHMS.register("b")
class BlockwiseB(Blockwise):
    """Algorithm 2 of paper 1: train through the visit first, then measure in a second pass.

    Examples
    --------
    >>> from sgnn import SGINClassifier
    >>> from sgnn.algorithms import BlockwiseB
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(n_groups=6, n_informative=2, random_state=0)
    >>> model = SGINClassifier(data.groups, algorithm=BlockwiseB(), random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    stackable = True

    def enter(self, block: int) -> None:
        super().enter(block)
        self.measuring = False

    def leave(self, block: int) -> None:
        if self.removable(self.problem, self.i):
            self.pending_updates = []  # the first pass has made them
            for batch in self.problem.rows.batches:
                x, rest = self.X_i[batch], self._rest(batch)
                loss1 = self.network.loss_from(torch.addmm(rest, x, self.theta.T), batch)
                loss2 = self.network.loss_from(rest.clone(), batch)
                self.loss_increase += (loss2 - loss1).clamp_min(0) * len(x)
        super().leave(block)
