"""Many trainings on the same rows as one: every epoch is run jointly and booked for each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial

import numpy as np
import torch
from torch import Tensor

from ..algorithms import Algorithm, Joint, Problem, join
from .loop import sweep_once
from .net import Net, new_net, snapshot
from .settings import Settings

__all__ = ["train_jointly"]


def train_jointly(
    problems: Sequence[Problem],
    algorithms: Sequence[Algorithm],
    settings: Settings,
    *,
    trained: bool = False,
) -> list[Net]:
    """Minimize every problem by its algorithm, as `train` would one after the other.

    Parameters
    ----------
    problems : sequence of Problem
        With the same rows, loss and shape of the network; their modules are changed in place.
    algorithms : sequence of Algorithm
        One for each problem, of one kind and with equal arguments.
    settings : Settings
        Those of all: without callbacks, validation and checkpoint.
    trained : bool, default=False
        As in `train`.

    Returns
    -------
    nets : list of Net
        As `train` returns them, up to rounding.
    """
    nets = [new_net(problem, settings) for problem in problems]
    for net, problem, algorithm in zip(nets, problems, algorithms, strict=True):
        net.begin(problem, algorithm, settings, snapshot(problem, 0) if trained else None)
        algorithm.bind(problem, settings.max_epochs)
    with torch.no_grad():
        _train(nets, settings)
        _end(nets, settings)
    return nets


def _train(nets: list[Net], settings: Settings) -> None:
    for net in nets:
        net.notify("on_train_begin", X=None, y=None)
    joint, going = _joint(nets, settings), nets
    for _ in range(settings.max_epochs):
        for net in going:
            net.notify("on_epoch_begin", dataset_train=None)
        for group in joint.optimizer.param_groups:
            group["lr"] = going[0].optimizer_.param_groups[0]["lr"]
        start = time.perf_counter()
        losses = _epoch(joint, going)
        seconds = (time.perf_counter() - start) / len(going)
        go_on = [_goes_on(net, loss, seconds) for net, loss in zip(going, losses, strict=True)]
        going = [net for net, goes in zip(going, go_on, strict=True) if goes]
        if not going:
            break
        if not all(go_on):
            joint.select(torch.from_numpy(np.flatnonzero(go_on)).to(joint.stack.like.device))


def _joint(nets: list[Net], settings: Settings) -> Joint:
    cls, arguments = settings.optimizer_class()
    return join(
        [net.algorithm_ for net in nets],
        partial(cls, lr=settings.learning_rate, **arguments),
    )


def _epoch(joint: Joint, nets: list[Net]) -> list[float]:
    def step(batch: slice) -> Tensor:
        losses = joint.objective(batch)
        if np.isinf(nets[0].first_):
            for net, loss in zip(nets, losses.tolist(), strict=True):
                net.first_ = abs(loss)
        joint.update()
        return losses

    rows = joint.stack.rows
    total, _ = sweep_once(joint, rows.batches, step, _no_progress)
    return (total / (rows.n * joint.end_epoch())).tolist()


def _no_progress(share: float) -> None:
    """A study shows one bar for all of its trainings."""


def _goes_on(net: Net, loss: float, seconds: float) -> bool:
    """Book the epoch; whether there is another one."""
    if not net.record_epoch(loss, seconds):
        return False
    # it has no gradients and takes no step, but its schedule wants to see it asked
    net.optimizer_.step()
    return not net.should_stop({})


def _end(nets: list[Net], settings: Settings) -> None:
    """What `Net.end` does, with the polish of all at once."""
    try:
        for net in nets:
            net.restore_best()
        polished = [net for net in nets if net.has_polish]
        if polished:
            with closing(_joint(polished, settings).polish()) as iterations:
                for _ in iterations:
                    pass
        for net in nets:
            net.finish()
            net.notify_end()
    finally:
        for net in nets:
            net.release()
