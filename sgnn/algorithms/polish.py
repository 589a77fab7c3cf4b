"""Full-batch accelerated proximal gradient: the end of every training that wants exact zeros."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import closing
from itertools import islice

import torch
from torch import Tensor

from .whole import WholeNetwork

__all__ = ["Polished", "polish"]

Point = list[Tensor]


class Polished(WholeNetwork):
    """Whatever goes before: after the last epoch, `polish`.

    Parameters
    ----------
    max_groups, warmup_epochs : int
        As in `WholeNetwork`.
    polish_iter : int, default=200
        Full-batch iterations at most; 0 leaves the polish out.
    tolerance : float, default=1e-8
        The fixed-point residual that is small enough.
    """

    def __init__(
        self,
        max_groups: int | None = None,
        warmup_epochs: int = 0,
        polish_iter: int = 200,
        tolerance: float = 1e-8,
    ) -> None:
        super().__init__(max_groups, warmup_epochs)
        self.polish_iter, self.tolerance = polish_iter, tolerance

    def polish(self) -> Generator[float, None, None]:
        self.network.load()
        with closing(polish(self)) as iterations:
            for residual in islice(iterations, self.polish_iter):
                yield residual
                if residual <= self.tolerance:
                    break


def polish(algorithm: WholeNetwork) -> Generator[float, None, None]:
    """Iterate w <- prox(z - t grad loss(z)), z = w + momentum, until w is a fixed point.

    FISTA (Beck & Teboulle 2009) with backtracking on t and the gradient restart of O'Donoghue
    & Candes (2015); an iterate with a larger objective than the start's is never left behind.

    Parameters
    ----------
    algorithm : WholeNetwork
        Begun; its parameters are moved in place, and stand at the best point when the iterator
        is closed.

    Yields
    ------
    residual : float
        ||w - z||_inf / t of the step, 0 where w satisfies the optimality conditions.
    """
    best = w = z = [p.detach().clone() for p in algorithm.moved]
    lowest = _loss(algorithm, w) + _penalty(algorithm)
    step, k = 1.0, 1.0
    try:
        while True:
            f, gradient = _gradient(algorithm, z)
            new, loss, step = _backtracked(algorithm, z, f, gradient, step)
            value = loss + _penalty(algorithm)
            if value <= lowest:
                lowest, best = value, new
            yield max(float((a - b).abs().max()) for a, b in zip(new, z, strict=True)) / step
            if _uphill(z, new, w):
                k, w, z = 1.0, new, new
            else:
                following = (1 + math.sqrt(1 + 4 * k * k)) / 2
                ahead = (k - 1) / following
                z = [b + ahead * (b - c) for b, c in zip(new, w, strict=True)]
                k, w = following, new
            step *= 1.2
    finally:
        _set(algorithm, best)
        algorithm.network.store()


def _uphill(z: Point, new: Point, w: Point) -> bool:
    """Whether the momentum, from w to new, points against the step, from z to new."""
    return sum(float(((a - b) * (b - c)).sum()) for a, b, c in zip(z, new, w, strict=True)) > 0


def _backtracked(
    algorithm: WholeNetwork, z: Point, f: float, gradient: Point, step: float
) -> tuple[Point, float, float]:
    """The prox after the largest step, halved from `step`, whose quadratic model bounds the loss.

    Returns the point, where the algorithm's parameters then stand, its loss and the step.
    """
    while True:
        new = _prox(algorithm, [a - step * g for a, g in zip(z, gradient, strict=True)], step)
        moves = [b - a for a, b in zip(z, new, strict=True)]
        model = f + sum(
            float((g * d).sum() + d.square().sum() / (2 * step))
            for g, d in zip(gradient, moves, strict=True)
        )
        # the last digits of a sum over many rows say nothing
        slack = 10 * torch.finfo(z[0].dtype).eps * abs(f)
        loss = _loss(algorithm, new)
        if loss <= model + slack or step < 1e-12:
            return new, loss, step
        step /= 2


def _prox(algorithm: WholeNetwork, point: Point, step: float) -> Point:
    _set(algorithm, point)
    for term in algorithm.terms:
        term.shrink(algorithm.problem.lam, step)
    algorithm.restore()
    return [p.detach().clone() for p in algorithm.moved]


def _penalty(algorithm: WholeNetwork) -> float:
    return sum(float(term.value(algorithm.problem.lam)) for term in algorithm.terms)


def _loss(algorithm: WholeNetwork, point: Point) -> float:
    _set(algorithm, point)
    rows = algorithm.problem.rows
    parts = (algorithm.network.loss(b).double() * (b.stop - b.start) for b in rows.batches)
    return float(sum(parts)) / rows.n


def _gradient(algorithm: WholeNetwork, point: Point) -> tuple[float, Point]:
    _set(algorithm, point)
    rows, parameters = algorithm.problem.rows, algorithm.moved
    loss, gradient = 0.0, [torch.zeros_like(p) for p in parameters]
    for batch in rows.batches:
        share = (batch.stop - batch.start) / rows.n
        loss += share * float(algorithm.network.gradient(batch))
        for total, p in zip(gradient, parameters, strict=True):
            assert p.grad is not None
            total.add_(p.grad, alpha=share)
    return loss, gradient


def _set(algorithm: WholeNetwork, point: Point) -> None:
    for p, value in zip(algorithm.moved, point, strict=True):
        p.copy_(value)
