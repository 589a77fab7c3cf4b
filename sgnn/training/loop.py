"""The only place that iterates epochs, for one training or many at once."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..algorithms import Algorithm, Network
from .run import Run
from .skorch_net import SkorchNet

__all__ = ["progress_bar", "train"]

MOST_WARMUP = 20  # warmup_epochs="auto": two fifths of the epochs, but not more than these
BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total} {elapsed}<{remaining}{postfix}"
LOG_SECONDS = 10  # between two lines of progress where the output is no terminal

Stack = Callable[[Sequence[Any]], Network]


def train(runs: Sequence[Run], algorithm: Algorithm, stack: Stack | None = None) -> None:
    """Minimize the problem of every run; their networks are changed in place.

    Parameters
    ----------
    runs : sequence of Run
        One, or several whose networks can be stacked.
    algorithm : Algorithm
        For what `stack` makes.
    stack : callable, optional
        The networks of several runs -> one network, which `algorithm` trains.

    Raises
    ------
    FloatingPointError
        If the loss diverges before the first epoch is finished.
    KeyboardInterrupt
        If the user stops before the first epoch is finished.
    """
    with torch.no_grad():
        _train_epochs(list(runs), algorithm, stack)
        for run in runs:
            run.restore_best()
        polished = []
        if algorithm.n_polish > 0:  # it moves every weight
            polished = [run for run in runs if not run.aborted and not run.network.frozen]
        if polished:
            _polish(polished, algorithm, stack)
        for run in runs:
            run.finish(algorithm, polished=run in polished)


def _train_epochs(going: list[Run], algorithm: Algorithm, stack: Stack | None) -> None:
    """Train; where the user interrupts, up to the last finished epoch."""
    settings = going[0].settings
    network = _begin(going, algorithm, stack)
    try:
        for run in going:
            run.selected = run.network.problem.active.copy()
            _freeze(run.network)
            if settings.callbacks:
                run.net = SkorchNet.around(run.network, settings)
                run.net.begin_training(algorithm)
            if settings.checkpoint is not None:
                run.resume(settings.checkpoint, algorithm)
        first = len(going[0].history)
        with progress_bar(
            "epochs", settings.max_epochs, verbose=settings.verbose, initial=first, bar_format=BAR
        ) as bar:
            for _ in range(first, settings.max_epochs):
                ended = _train_epoch(going, algorithm, bar)
                if all(ended):
                    break
                if any(ended):
                    left = [r for r, over in enumerate(ended) if not over]
                    algorithm.select(torch.tensor(left, device=network.parameters[0].device))
                    going[:] = [going[r] for r in left]
    except KeyboardInterrupt:
        for run in going:
            run.interrupt()
    network.store()


def _begin(runs: Sequence[Run], algorithm: Algorithm, stack: Stack | None) -> Network:
    """Give the algorithm what it works on."""
    networks, settings = [run.network for run in runs], runs[0].settings
    network = networks[0] if stack is None else stack(networks)
    rate, schedule = settings.learning_rate, settings.lr_schedule
    optimizer = settings.optimizer(
        network.parameters,
        lr=rate * float(schedule(0)) if callable(schedule) else rate,
        **settings.optimizer_options,
    )
    algorithm.network, algorithm.problem, algorithm.optimizer = network, network.problem, optimizer
    algorithm.validation, algorithm.stops_early = settings.validation, settings.stop_on_validation
    algorithm.max_epochs, algorithm.epoch = settings.max_epochs, 0
    auto = min(MOST_WARMUP, 2 * settings.max_epochs // 5)
    algorithm.warmup = auto if isinstance(algorithm.warmup_epochs, str) else algorithm.warmup_epochs
    algorithm.begin()
    return network


def _freeze(network: Network) -> None:
    """Remember the parameters that are not to move: those without requires_grad in the module."""
    for leaf in network.leaves:
        leaf.moved.requires_grad_(leaf.parameter.requires_grad)
    frozen = [leaf.moved for leaf in network.leaves if not leaf.parameter.requires_grad]
    network.frozen = [(p, p.detach().clone()) for p in frozen]


def _train_epoch(runs: list[Run], algorithm: Algorithm, bar: Any) -> list[bool]:
    """Train an epoch and record it; return of each run whether it was the last."""
    network, problem, start = algorithm.network, algorithm.network.problem, time.perf_counter()
    n_visits = algorithm.n_visits
    for run in runs:
        if run.net is not None:
            run.net.begin_epoch(problem.rows.n * n_visits, run.settings.validation)
            _freeze(run.network)
        if run.settings.task is not None:
            run.begin_task()
    total, first = _sweep(runs[0], algorithm, bar)
    algorithm.end_epoch()
    for p, value in network.frozen:
        p.copy_(value)
    if runs[0].observed:
        network.store()
    seconds, n_epochs = (time.perf_counter() - start) / len(runs), algorithm.epoch
    # an epoch's loss is from before its steps: what they led to shows on a batch afterwards
    after = _each(network.loss(problem.rows.batches[0]))
    losses, firsts = _each(total / (problem.rows.n * n_visits)), _each(first)
    penalties, selected = _each(problem.penalty()), network.reads().reshape(len(runs), -1)
    lr, states, ended = algorithm.optimizer.param_groups[0]["lr"], network.states(), []
    for r, run in enumerate(runs):
        if not run.history:
            run.first_loss = abs(firsts[r])
        over = run.diverged(losses[r], after[r])
        if not over:
            run.record(
                states[r], loss=losses[r], penalty=penalties[r], selected=selected[r],
                lr=lr, seconds=seconds,
            )  # fmt: skip
            over = run.ends(settled=algorithm.settled(run.network, n_epochs))
            if run.task is not None:
                over = run.end_task(algorithm) or over
        ended.append(over)
    if not all(ended):
        if n_epochs < algorithm.max_epochs:
            runs[0].settings.set_learning_rate(algorithm.optimizer, n_epochs)
        runs[0].checkpoint(algorithm)
    bar.n = n_epochs  # exactly, after the shares of its visits
    bar.set_postfix(loss=f"{losses[0]:.4g}", groups=int(selected[0].sum()), refresh=False)
    return ended


def _sweep(run: Run, algorithm: Algorithm, bar: Any) -> tuple[Tensor, Tensor]:
    """Visit everything once.

    Returns
    -------
    total : tensor of shape (...)
        Sum over visits and rows of the losses before each step.
    first : tensor of shape (...)
        The mean loss of the first mini-batch.
    """
    net = run.net if run.net is not None and run.net.watched_ else None
    batches, sweep = algorithm.problem.rows.batches, list(algorithm.sweep())
    total: Any = 0.0
    first: Any = None
    for block in sweep:
        algorithm.enter(block)
        inside: Any = 0.0
        for batch in batches:
            if net is not None:
                data = algorithm.network.batch(batch)
                net.begin_batch(data, training=True)
            loss = algorithm.objective(batch)
            if net is not None:
                net.gradient_computed(data)
            algorithm.update()
            for p, value in algorithm.network.frozen:
                p.copy_(value)
            if net is not None:
                net.end_batch(data, algorithm.network.out, loss, training=True)
            first = loss if first is None else first
            inside = inside + loss * (batch.stop - batch.start)
        total = total + inside.double().cpu()
        algorithm.leave(block)
        bar.update(1 / len(sweep))
    return total, first


def _polish(runs: list[Run], algorithm: Algorithm, stack: Stack | None) -> None:
    settings, network = runs[0].settings, _begin(runs, algorithm, stack)
    try:
        with (
            progress_bar(
                "polish", algorithm.n_polish, verbose=settings.verbose, bar_format=BAR
            ) as bar,
            closing(algorithm.polish()) as iterations,
        ):
            for residual in iterations:
                bar.set_postfix(residual=f"{residual:.2g}", refresh=False)
                bar.update()
    except KeyboardInterrupt:
        for run in runs:
            run.interrupted = True
        warnings.warn("The polish was interrupted: its best point was kept.", stacklevel=2)
    network.store()


def progress_bar(desc: str, total: float, *, verbose: int, **options: Any) -> tqdm:
    """A bar on stderr if verbose; where that is no terminal, a line every ten seconds at most."""
    in_notebook = any(kind.__module__ == "tqdm.notebook" for kind in tqdm.__mro__)
    if not in_notebook and not sys.stderr.isatty():
        options |= {"file": Lines(), "mininterval": LOG_SECONDS}
    return tqdm(desc=desc, total=total, disable=not verbose, **options)


class Lines:
    """A file for the frames of a bar, each of which becomes a line of stderr."""

    def write(self, frame: str) -> None:
        text = frame.strip()
        if text:
            sys.stderr.write(text + "\n")

    def flush(self) -> None:
        sys.stderr.flush()


def _each(values: Tensor | float) -> list[float]:
    """One number for each run."""
    return torch.as_tensor(values).reshape(-1).tolist()
