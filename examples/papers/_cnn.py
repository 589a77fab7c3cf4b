"""A fitted SparseGroupCNN looked at: its errors and zeros after every epoch, and in the end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from _runs import Data
from joblib import Memory
from sklearn.base import clone
from skorch.callbacks import Callback

from sgnn import SparseGroupCNN
from sgnn.algorithms import Subgradient
from sgnn.modules import couple
from sgnn.optimizers import SGD

# the momentum of dead weights falls into denormal numbers, with which processors are slow
torch.set_flush_denormal(True)

ZERO = 1e-5  # weights that count as zero while training, as in paper 3
MOMENTUM = SGD(momentum=0.9, nesterov=True)
MOMENTUM_DECAY = SGD(momentum=0.9, weight_decay=1e-4)  # paper 4's


@dataclass(frozen=True)
class Stages:
    """The learning rate of paper 3: times `factor` after every `1 / n` of the epochs."""

    epochs: int
    factor: float = 0.1
    n: int = 5

    def __call__(self, epoch: int) -> float:
        return self.factor ** (epoch * self.n // max(self.n, self.epochs))


@dataclass(frozen=True)
class Cosine:
    """The learning rate falls along a half wave to a fiftieth."""

    epochs: int

    def __call__(self, epoch: int) -> float:
        return max(0.02, (1 + math.cos(math.pi * epoch / self.epochs)) / 2)


@dataclass(frozen=True)
class State:
    """Errors in percent, and shares of weights and neurons that are zero."""

    valid: float
    test: float
    weights: float
    neurons: float


@dataclass(frozen=True)
class Fit:
    """One trained network.

    Attributes
    ----------
    last : State
        Of the network as it is returned, whose zeros are exact.
    best : State or None
        After the epoch with the smallest error on the held-out images, zero being what does not
        exceed 1e-5; None if nobody looked.
    layers : list of dict
        `sparsity_`.
    seconds : float
        Processor time of the fit, without the looking after every epoch.
    """

    name: str
    lam: float
    seed: int
    last: State
    best: State | None
    layers: list[dict]
    seconds: float


class _Watch(Callback):
    """Looks at the network after every epoch; it is not copied as other callbacks are."""

    def __init__(self, data: Data) -> None:
        self.data, self.best, self.seconds = data, None, 0.0

    def __deepcopy__(self, memo: dict) -> _Watch:
        return self

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        start, module, data = process_time(), net.module_.eval(), self.data
        valid = _error(module, data.X_valid, data.y_valid)
        weights, neurons = _zeros(module, ZERO)
        print(
            f"epoch {len(net.history)}: validation {valid:.2f} % wrong, zero: weights "
            f"{weights:.3f} neurons {neurons:.3f}",
            flush=True,
        )
        if self.best is None or valid < self.best.valid:
            test = _error(module, data.X_test, data.y_test)
            self.best = State(valid, test, weights, neurons)
        self.seconds += process_time() - start


def _error(module: Any, X: np.ndarray, y: np.ndarray) -> float:
    wrong = 0
    with torch.no_grad():
        for i in range(0, len(X), 1000):
            said = module(torch.from_numpy(X[i : i + 1000])).argmax(1).numpy()
            wrong += int((said != y[i : i + 1000]).sum())
    return 100 * wrong / len(X)


def _zeros(module: Any, tolerance: float) -> tuple[float, float]:
    weights = zero_weights = neurons = zero_neurons = 0
    for layer in couple(module.body, module.shape).layers:
        small = layer.weight.detach().abs() <= tolerance
        blocks = layer.neurons.to(layer.weight)
        weights, zero_weights = weights + small.numel(), zero_weights + int(small.sum())
        neurons += blocks.n_blocks
        zero_neurons += int((blocks.sum((~small).to(layer.weight)) == 0).sum())
    return zero_weights / weights, zero_neurons / neurons


def shares(layers: Sequence[dict]) -> tuple[float, float]:
    """Zero weights and zero neurons of all layers of `sparsity_`."""
    weights, neurons = (
        sum(layer[f"zero_{what}"] for layer in layers) / sum(layer[what] for layer in layers)
        for what in ("weights", "neurons")
    )
    return weights, neurons


def measure(
    name: str, model: SparseGroupCNN, data: Data, watch: bool
) -> tuple[Fit, SparseGroupCNN]:
    """Fit the network and look at it: if `watch`, after every epoch."""
    watcher = _Watch(data)
    start = process_time()
    model.set_params(callbacks=[watcher] if watch else None).fit(data.X, data.y)
    seconds = process_time() - start - watcher.seconds
    valid, test = (
        100 * (1 - model.score(X, y))
        for X, y in ((data.X_valid, data.y_valid), (data.X_test, data.y_test))
    )
    layers = model.sparsity_
    last = State(valid, test, *shares(layers))
    fit = Fit(name, model.lam, model.random_state, last, watcher.best, layers, seconds)
    watcher.data = None  # so that no data are pickled with the network
    return fit, model


def measure_all(
    models: Iterable[tuple[str, SparseGroupCNN]],
    data: Data,
    cache: Path | None,
    *,
    watch: bool = False,
) -> list[Fit]:
    """Measure (name, model) pairs one after another, saying how each came out.

    With a `cache` folder, pairs that were measured on these data before are read from it; empty
    it when sgnn has changed.
    """
    remembered = Memory(cache, verbose=0).cache(_fit)
    fits = []
    for name, model in models:
        fit = remembered(name, model, data, watch)
        print(
            f"{name}: lam={fit.lam:.3g} validation {fit.last.valid:.2f} % wrong, zero: weights "
            f"{fit.last.weights:.3f} neurons {fit.last.neurons:.3f}, {fit.seconds:.0f} s",
            flush=True,
        )
        fits.append(fit)
    return fits


def _fit(name: str, model: SparseGroupCNN, data: Data, watch: bool) -> Fit:
    return measure(name, model, data, watch)[0]


def lam_of(strength: float, model: SparseGroupCNN, data: Data) -> float:
    """The lam at which the penalty of the untrained network is `strength`."""
    settings = {
        "lam": 1.0,
        "learning_rate": 1e-12,
        "max_epochs": 1,
        "refit": False,
    }
    rows = np.concatenate([np.flatnonzero(data.y == c)[:2] for c in np.unique(data.y)])
    bare = clone(model).set_params(**settings, algorithm=Subgradient(zero_tol=0.0), warmup_epochs=0)
    bare.fit(data.X[rows], data.y[rows])
    return strength / bare.history_[0]["regularization"]


def percent(state: State) -> list[str]:
    """Test error, zero weights and zero neurons in percent, as a table shows them."""
    return [f"{state.test:.2f}", f"{100 * state.weights:.1f}", f"{100 * state.neurons:.1f}"]
