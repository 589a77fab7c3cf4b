"""Full-batch accelerated proximal gradient: the end of every training that wants exact zeros."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from itertools import islice
from typing import ClassVar

import torch
from torch import Tensor

from ..rules import Rule, either, integer, number
from .dense import DenseNetwork
from .full_gradient import FullGradient

__all__ = ["Polished", "polish"]

Point = list[Tensor]


class Polished(FullGradient):
    """Whatever goes before: after the last epoch, `polish`.

    Parameters
    ----------
    polish_iter : int or "auto", default="auto"
        Full-batch iterations at most, each of which costs an epoch and a third; 0 leaves the
        polish out, as early stopping does.  "auto" is 200, 20,000 without a hidden layer, where
        the solution is then exact, and 0 in convolutional networks.
    polish_tol : float, default=1e-8
        The fixed-point residual that is small enough.
    """

    network: DenseNetwork
    rules: ClassVar[dict[str, Rule]] = {
        "polish_iter": either("auto", integer(0)),
        "polish_tol": number(0),
    }

    def __init__(self, *, polish_iter: int | str = "auto", polish_tol: float = 1e-8) -> None:
        self.polish_iter = polish_iter
        self.polish_tol = polish_tol

    @property
    def n_polish(self) -> int:  # type: ignore[override]
        if self.stops_early:  # the best epoch for the validation rows is not trained on
            return 0
        return self.network.n_polish if isinstance(self.polish_iter, str) else self.polish_iter

    def has_acted(self, n_epochs: int) -> bool:
        return super().has_acted(n_epochs) or self.n_polish > 0

    def polish(self) -> Generator[float, None, None]:
        if self.problem.adaptive:
            self.network.adapt()
            self.terms = self.problem.terms
        with closing(polish(self, self.polish_tol)) as iterations:
            yield from islice(iterations, self.n_polish)


def polish(algorithm: FullGradient, tolerance: float) -> Generator[float, None, None]:
    """Iterate w <- prox(z - t grad loss(z)), z = w + momentum, until w is a fixed point.

    FISTA (Beck & Teboulle 2009) with backtracking on t and the gradient restart of O'Donoghue
    & Candes (2015); an iterate with a larger objective than the start's is never left behind.
    Replicas have steps, restarts and ends of their own.

    Parameters
    ----------
    algorithm : FullGradient
        Begun; its parameters are moved in place, and stand at the best point when the iterator
        is closed.
    tolerance : float
        The iterator ends where the residual of every replica has been as small as this.

    Yields
    ------
    residual : float
        ||w - z||_inf / t of the step, 0 where w satisfies the optimality conditions; of the
        replicas that go on the largest.
    """
    best = w = z = [p.detach().clone() for p in algorithm.moved]
    lowest = _loss(algorithm, w) + algorithm.problem.penalty()
    step, k = torch.ones_like(lowest), torch.ones_like(lowest)
    going = torch.ones_like(lowest, dtype=torch.bool)
    try:
        while going.any():
            f, gradient = _gradient(algorithm, z)
            new, loss, step = _backtracked(algorithm, z, f, gradient, step)
            value = loss + algorithm.problem.penalty()
            # of points that are equally good but for rounding the last is the nearest to the end
            better = going & (value <= lowest + _slack(lowest, z))
            lowest = torch.where(better, value.minimum(lowest), lowest)
            best = [torch.where(_lift(better, b), b, a) for a, b in zip(best, new, strict=True)]
            residual = _residual(z, new, step)
            yield float(residual[going].max())
            going = going & (residual > tolerance)
            uphill = _uphill(z, new, w, step.ndim)
            following = torch.where(uphill, 1.0, (1 + (1 + 4 * k * k).sqrt()) / 2)
            ahead = torch.where(uphill, 0.0, (k - 1) / following)
            z = [b + _lift(ahead, b) * (b - c) for b, c in zip(new, w, strict=True)]
            k, w, step = following, new, step * 1.2
    finally:
        _set(algorithm, best)
        algorithm.network.store()


def _lift(values: Tensor, like: Tensor) -> Tensor:
    """One number per replica, (...), lined up with a tensor (..., *entries), in its dtype."""
    values = values.reshape(*values.shape, *(1 for _ in range(like.ndim - values.ndim)))
    return values if values.dtype == torch.bool else values.to(like)


def _dot(a: Point, b: Point, replicas: int) -> Tensor:
    """Inner product of two points, (...) replicas."""
    return sum((x * y).flatten(replicas).sum(-1).double() for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def _minus(a: Point, b: Point) -> Point:
    return [x - y for x, y in zip(a, b, strict=True)]


def _residual(z: Point, new: Point, step: Tensor) -> Tensor:
    moves = [move.abs().flatten(step.ndim).amax(-1) for move in _minus(new, z)]
    return torch.stack(moves).amax(0) / step


def _uphill(z: Point, new: Point, w: Point, replicas: int) -> Tensor:
    """Whether the momentum, from w to new, points against the step, from z to new."""
    return _dot(_minus(z, new), _minus(new, w), replicas) > 0


def _backtracked(
    algorithm: FullGradient, z: Point, f: Tensor, gradient: Point, step: Tensor
) -> tuple[Point, Tensor, Tensor]:
    """The prox after the largest step, halved from `step`, whose quadratic model bounds the loss.

    Returns the point, where the algorithm's parameters then stand, its loss and the step.
    """
    while True:
        ahead = [a - _lift(step, a) * g for a, g in zip(z, gradient, strict=True)]
        new = _prox(algorithm, ahead, step)
        moves = _minus(new, z)
        model = f + _dot(gradient, moves, step.ndim) + _dot(moves, moves, step.ndim) / (2 * step)
        loss = _loss(algorithm, new)
        accepted = (loss <= model + _slack(f, z)) | (step < 1e-12)
        if accepted.all():
            return new, loss, step
        # a replica whose step stays comes to the same point again
        step = torch.where(accepted, step, step / 2)


def _slack(value: Tensor, point: Point) -> Tensor:
    """What the last digits of a sum over many rows say nothing about."""
    return 10 * torch.finfo(point[0].dtype).eps * value.abs()


def _prox(algorithm: FullGradient, point: Point, step: Tensor) -> Point:
    _set(algorithm, point)
    for term in algorithm.terms:
        term.shrink(algorithm.problem.lam, step.to(point[0]))
    algorithm.network.restore()
    return [p.detach().clone() for p in algorithm.moved]


def _loss(algorithm: FullGradient, point: Point) -> Tensor:
    _set(algorithm, point)
    rows = algorithm.problem.rows
    parts = (algorithm.network.loss(b).double() * (b.stop - b.start) for b in rows.batches)
    return torch.as_tensor(sum(parts) / rows.n)


def _gradient(algorithm: FullGradient, point: Point) -> tuple[Tensor, Point]:
    _set(algorithm, point)
    rows, parameters = algorithm.problem.rows, algorithm.moved
    loss = torch.zeros((), dtype=torch.float64, device=point[0].device)
    gradient = [torch.zeros_like(p) for p in parameters]
    for batch in rows.batches:
        share = (batch.stop - batch.start) / rows.n
        loss = loss + share * algorithm.network.gradient(batch).double()
        for total, p in zip(gradient, parameters, strict=True):
            assert p.grad is not None
            total.add_(p.grad, alpha=share)
    return loss, gradient


def _set(algorithm: FullGradient, point: Point) -> None:
    for p, value in zip(algorithm.moved, point, strict=True):
        p.copy_(value)
