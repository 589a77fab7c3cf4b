"""Any torch module, its gradient by autograd: convolutions, residual blocks, the user's own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from ..groups import Blocks
from ..modules import ChannelNet, Coupling
from ..modules.reach import read_channels
from ..modules.tracing import ONE_AT_A_TIME
from .network import ENOUGH, Leaf, Network
from .problem import Problem, Rows

__all__ = ["InputWeight", "ModuleNetwork"]


@dataclass
class InputWeight:
    """A weight that reads the input, cut by the groups of the input's channels.

    Where it reads something else too, that is one more block, the last.
    """

    weight: nn.Parameter
    blocks: Blocks


class ModuleNetwork(Network):
    """Any module.

    Every epoch has mini-batches of its own.  Dropout draws from a stream of its own, which is put
    in the place of torch's while the network is evaluated.

    Parameters
    ----------
    problem : Problem
    module : ChannelNet
    coupling : Coupling
        Of the module's body.
    input_weights : list of InputWeight
        Everything that reads the input.
    augment : callable (x, generator) -> x, optional
        A random change of the rows (b, p) of a mini-batch.
    seed : int
        Of the order of the rows and of dropout, anew for every epoch, and of `augment`, for
        every mini-batch.
    """

    module: ChannelNet

    def __init__(
        self,
        problem: Problem,
        module: ChannelNet,
        coupling: Coupling,
        input_weights: list[InputWeight],
        augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        seed: int = 0,
    ) -> None:
        self.problem, self.module = problem, module
        self.coupling, self.input_weights = coupling, input_weights
        self.augment, self.seed = augment, seed
        self.parameters = list(module.parameters())
        self.leaves = [Leaf(p, p, None) for p in self.parameters]
        device = self.parameters[0].device
        self.devices = [device] if device.type == "cuda" else []
        # whether a forward pass may draw random numbers: dropout does, and a user's own may
        known = [type(m).__module__.startswith(("torch.nn.", "sgnn.")) for m in module.modules()]
        self.draws = not all(known) or any(isinstance(m, _DropoutNd) for m in module.modules())
        self.shuffle(0)

    # the loss ----------------------------------------------------------------------------------

    def shuffle(self, epoch: int) -> None:
        seed = np.random.SeedSequence([self.seed, epoch])
        order, dropout, self.augment_seed = (int(s.generate_state(1)[0]) for s in seed.spawn(3))
        n, device = self.problem.rows.n, self.parameters[0].device
        self.order = torch.arange(n, device=device)
        if len(self.problem.rows.batches) > 1:
            self.order = torch.from_numpy(np.random.default_rng(order).permutation(n)).to(device)
        with torch.random.fork_rng(self.devices):
            torch.manual_seed(dropout)
            self.stream = torch.get_rng_state()

    def batch(self, batch: slice) -> tuple[Tensor, Tensor]:
        problem, index = self.problem, self.order[batch]
        x = problem.rows.read(index)
        if self.augment is not None:
            seed = np.random.SeedSequence([self.augment_seed, batch.start]).generate_state(1)[0]
            x = self.augment(x, torch.Generator().manual_seed(int(seed)))
        return x, problem.y[index]

    def outputs(self, batch: slice, rows: Rows | None = None) -> Tensor:
        self.module.eval()
        return self.module.prepared((rows or self.problem.rows).read(batch))

    def gradient(self, batch: slice) -> Tensor:
        problem, module, index = self.problem, self.module, self.order[batch]
        x, _ = self.batch(batch)
        module.train()
        with self._own_stream() if self.draws else nullcontext(), torch.enable_grad():
            out = module.prepared(x)
        self.out = out.detach()
        loss, g = problem.mean_gradient(self.out, index)
        for p in self.parameters:
            p.grad = None
        if out.requires_grad:  # unless every parameter is frozen
            with torch.enable_grad():
                out.backward(g)
        for p in self.parameters:
            if p.grad is None:  # it is frozen, or the outputs do not depend on it
                p.grad = torch.zeros_like(p)
        return loss

    @contextmanager
    def _own_stream(self) -> Iterator[None]:
        """torch's stream of random numbers is this network's, for one thread at a time."""
        with ONE_AT_A_TIME, torch.random.fork_rng(self.devices):
            torch.set_rng_state(self.stream)
            yield
            self.stream = torch.get_rng_state()

    # groups of channels ------------------------------------------------------------------------

    def reads(self) -> np.ndarray:
        problem = self.problem
        read = read_channels(self.coupling).numpy()
        return problem.active & (np.bincount(problem.groups.labels, read, len(problem.groups)) > 0)

    def norms(self) -> np.ndarray:
        squares = [w.blocks.sum(w.weight.detach().double().square()) for w in self.input_weights]
        norms = torch.stack([s[: len(self.problem.groups)] for s in squares]).sum(0).sqrt()
        return norms.cpu().numpy()

    def zero(self, group: int) -> None:
        for w in self.input_weights:
            others = torch.arange(w.blocks.n_blocks, device=w.weight.device) != group
            w.weight.mul_(w.blocks.spread(others))

    def loss_increase(self, problem: Problem) -> np.ndarray:
        before = [w.weight.clone() for w in self.input_weights]
        loss, increase = self._mean_loss(problem), np.full(len(self.problem.active), np.nan)
        for group in self.problem.active_groups:
            self.zero(group)
            increase[group] = self._mean_loss(problem) - loss
            for w, value in zip(self.input_weights, before, strict=True):
                w.weight.copy_(value)
        return increase

    def _mean_loss(self, problem: Problem) -> float:
        batches = problem.rows.first(ENOUGH)
        total = sum(float(self.loss(b, problem)) * (b.stop - b.start) for b in batches)
        return total / batches[-1].stop

    # the module --------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return copy.deepcopy(self.module.state_dict())

    def load_state(self, state: dict[str, Any]) -> None:
        self.module.load_state_dict(state)

    def store(self) -> None:
        self.module.eval()
