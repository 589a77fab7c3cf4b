"""Full-batch accelerated proximal gradient: the end of every training that wants exact zeros."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .whole import WholeNetwork

__all__ = ["polish"]

Point = list[Tensor]


def polish(algorithm: WholeNetwork, max_iter: int, tolerance: float) -> float:
    """Iterate w <- prox(z - t grad loss(z)), z = w + momentum, until w is a fixed point.

    FISTA (Beck & Teboulle 2009) with backtracking on t and the gradient restart of O'Donoghue
    & Candes (2015); an iterate with a larger objective than the start's is never returned.

    Parameters
    ----------
    algorithm : WholeNetwork
        Begun; its parameters are moved in place.
    max_iter : int
        Iterations at most; each is one gradient and one or more losses over all rows.
    tolerance : float
        The residual to stop at.

    Returns
    -------
    residual : float
        ||w - z||_inf / t of the last step, 0 where w satisfies the optimality conditions.
    """
    parameters = algorithm.moved()
    best = w = z = [p.detach().clone() for p in parameters]
    lowest = _objective(algorithm, w)
    step, k, residual = 1.0, 1.0, math.inf
    for _ in range(max_iter):
        f, gradient = _gradient(algorithm, z)
        new, step = _backtracked(algorithm, z, f, gradient, step)
        residual = max(float((a - b).abs().max()) for a, b in zip(new, z, strict=True)) / step
        value = _objective(algorithm, new)
        if value <= lowest:
            lowest, best = value, new
        if residual <= tolerance:
            break
        if sum(float(((a - b) * (b - c)).sum()) for a, b, c in zip(z, new, w, strict=True)) > 0:
            k, w, z = 1.0, new, new
        else:
            following = (1 + math.sqrt(1 + 4 * k * k)) / 2
            ahead = (k - 1) / following
            z = [b + ahead * (b - c) for b, c in zip(new, w, strict=True)]
            k, w = following, new
        step *= 1.2
    _set(algorithm, best)
    return residual


def _backtracked(
    algorithm: WholeNetwork, z: Point, f: float, gradient: Point, step: float
) -> tuple[Point, float]:
    """The largest step, halved from `step`, at which the quadratic model bounds the loss."""
    while True:
        new = _prox(algorithm, [a - step * g for a, g in zip(z, gradient, strict=True)], step)
        moves = [b - a for a, b in zip(z, new, strict=True)]
        model = f + sum(
            float((g * d).sum() + d.square().sum() / (2 * step))
            for g, d in zip(gradient, moves, strict=True)
        )
        # the last digits of a sum over many rows say nothing
        slack = 10 * torch.finfo(z[0].dtype).eps * abs(f)
        if _loss(algorithm, new) <= model + slack or step < 1e-12:
            return new, step
        step /= 2


def _prox(algorithm: WholeNetwork, point: Point, step: float) -> Point:
    _set(algorithm, point)
    R, lam = algorithm.problem.regularizer, algorithm.problem.lam
    for term in algorithm.terms:
        term.tensor.copy_(R.prox(term.tensor, term.blocks, lam, step))
    algorithm.restore()
    return [p.detach().clone() for p in algorithm.moved()]


def _objective(algorithm: WholeNetwork, point: Point) -> float:
    loss = _loss(algorithm, point)
    R, lam = algorithm.problem.regularizer, algorithm.problem.lam
    return loss + sum(float(R.value(t.tensor, t.blocks, lam)) for t in algorithm.terms)


def _loss(algorithm: WholeNetwork, point: Point) -> float:
    _set(algorithm, point)
    problem = algorithm.problem
    parts = (
        problem.loss_from(problem.rows.read(b) @ algorithm.theta.T, b) * (b.stop - b.start)
        for b in problem.rows.batches
    )
    return float(sum(part.double() for part in parts)) / problem.rows.n


def _gradient(algorithm: WholeNetwork, point: Point) -> tuple[float, Point]:
    _set(algorithm, point)
    rows, parameters = algorithm.problem.rows, algorithm.moved()
    loss, gradient = 0.0, [torch.zeros_like(p) for p in parameters]
    for batch in rows.batches:
        share = (batch.stop - batch.start) / rows.n
        loss += share * float(algorithm.smooth(batch))
        for total, p in zip(gradient, parameters, strict=True):
            assert p.grad is not None
            total.add_(p.grad, alpha=share)
    return loss, gradient


def _set(algorithm: WholeNetwork, point: Point) -> None:
    for p, value in zip(algorithm.moved(), point, strict=True):
        p.copy_(value)
