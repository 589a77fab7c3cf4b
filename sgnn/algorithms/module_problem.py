"""The problem of any torch module, by autograd: convolutions, residual blocks, the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from ..groups import Blocks
from ..modules import ChannelNet, Coupling
from ..modules.reach import read_channels
from ..modules.tracing import ONE_AT_A_TIME
from .network import Network
from .problem import ENOUGH, Problem

__all__ = ["InputWeight", "ModuleNetwork", "ModuleProblem", "group_norms"]


@dataclass
class InputWeight:
    """A weight that reads the input, cut by the groups of the input's channels.

    Where it reads something else too, that is one more block, the last.
    """

    weight: nn.Parameter
    blocks: Blocks


@dataclass(kw_only=True)
class ModuleProblem(Problem):
    """mean loss + lam * sum of R, over the weights of any module.

    Attributes
    ----------
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
    coupling: Coupling
    input_weights: list[InputWeight] = field(default_factory=list)
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None
    seed: int = 0

    def network(self) -> Network:
        return ModuleNetwork(self)

    def selected(self) -> np.ndarray:
        read = read_channels(self.coupling).numpy()
        return self.active & (np.bincount(self.groups.labels, read, len(self.groups)) > 0)

    def remove(self, group: int) -> None:
        self.zero(group)
        self.active[group] = False

    def zero(self, group: int) -> None:
        """Set a group to 0."""
        for reader in self.input_weights:
            rest = torch.arange(reader.blocks.n_blocks, device=reader.weight.device) != group
            reader.weight.mul_(reader.blocks.spread(rest))

    def removal_cost(self) -> np.ndarray:
        before, found = [reader.weight.clone() for reader in self.input_weights], []
        objective = self._objective()
        for group in self.active_groups:
            self.zero(group)
            found.append(self._objective() - objective)
            for reader, weight in zip(self.input_weights, before, strict=True):
                reader.weight.copy_(weight)
        return np.array(found)

    def _objective(self) -> float:
        total, seen = 0.0, 0
        for batch in self.rows.batches:
            total += self.loss_on(batch) * (batch.stop - batch.start)
            seen += batch.stop - batch.start
            if seen >= ENOUGH:
                break
        return total / seen + self.penalty()

    def outputs(self, batch: slice) -> Tensor:
        self.module.eval()
        return self.module.prepared(self.rows.read(batch))


def group_norms(input_weights: list[InputWeight], n_groups: int) -> np.ndarray:
    """Norm of all that reads each group, (n_groups,)."""
    squares = [r.blocks.sum(r.weight.detach().double().square())[:n_groups] for r in input_weights]
    return torch.stack(squares).sum(0).sqrt().cpu().numpy()


class ModuleNetwork(Network):
    """Any module, its gradient by autograd.

    Every epoch deals the rows anew.  Dropout draws from a stream of its own, which is put in
    the place of torch's while the network is evaluated.

    Parameters
    ----------
    problem : ModuleProblem
    """

    def __init__(self, problem: ModuleProblem) -> None:
        self.problem = problem
        self.parameters = list(problem.module.parameters())
        self.terms = problem.terms
        device = self.parameters[0].device
        self.devices = [device] if device.type == "cuda" else []
        self.draws = _draws(problem.module.body)
        self.shuffle(0)

    def shuffle(self, epoch: int) -> None:
        seed = np.random.SeedSequence([self.problem.seed, epoch])
        order, dropout, self.augment_seed = (int(s.generate_state(1)[0]) for s in seed.spawn(3))
        n, device = self.problem.rows.n, self.parameters[0].device
        self.order = torch.arange(n, device=device)
        if len(self.problem.rows.batches) > 1:
            self.order = torch.from_numpy(np.random.default_rng(order).permutation(n)).to(device)
        with torch.random.fork_rng(self.devices):
            torch.manual_seed(dropout)
            self.stream = torch.get_rng_state()

    def read(self, batch: slice) -> tuple[Tensor, Tensor]:
        problem, index = self.problem, self.order[batch]
        x = problem.rows.read(index)
        if problem.augment is not None:
            seed = np.random.SeedSequence([self.augment_seed, batch.start]).generate_state(1)[0]
            x = problem.augment(x, torch.Generator().manual_seed(int(seed)))
        return x, problem.y[index]

    def gradient(self, batch: slice) -> Tensor:
        problem, module, index = self.problem, self.problem.module, self.order[batch]
        x, y = self.read(batch)
        module.train()
        with self._own_stream(), torch.enable_grad():
            out = module.prepared(x)
        self.out = out.detach()
        losses, g = problem.loss.gradient(self.out, y)
        for p in self.parameters:
            p.grad = None
        if out.requires_grad:  # unless every parameter is frozen
            with torch.enable_grad():
                out.backward(problem.weighted(g, index))
        for p in self.parameters:
            if p.grad is None:  # it is frozen, or the outputs do not depend on it
                p.grad = torch.zeros_like(p)
        return problem.mean(losses, index)

    @contextmanager
    def _own_stream(self) -> Iterator[None]:
        """torch's stream of random numbers is this network's, for one thread at a time."""
        if not self.draws:
            yield
            return
        with ONE_AT_A_TIME, torch.random.fork_rng(self.devices):
            torch.set_rng_state(self.stream)
            yield
            self.stream = torch.get_rng_state()

    def loss(self, batch: slice) -> Tensor:
        problem, index = self.problem, self.order[batch]
        problem.module.eval()
        out = problem.module.prepared(problem.rows.read(index))
        return problem.mean(problem.loss(out, problem.y[index]), index)

    def restore(self) -> None:
        for group in self.problem.removed:
            self.problem.zero(group)

    def store(self) -> None:
        self.problem.module.eval()


def _draws(body: nn.Module) -> bool:
    """Whether a forward pass may draw random numbers: dropout does, and a user's own may."""
    known = all(type(m).__module__.startswith(("torch.nn.", "sgnn.")) for m in body.modules())
    return not known or any(isinstance(m, _DropoutNd) for m in body.modules())
