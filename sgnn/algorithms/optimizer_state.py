"""The optimizer's memory of stacked weights, lent to those that move and taken back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["OptimizerState"]


class OptimizerState:
    """What an optimizer remembers of each row of a stack: averages, and how often it has stepped.

    torch counts the steps of a parameter as one number.  Rows that have stepped equally often
    are therefore lent as one parameter, and rows that have not as several.

    Parameters
    ----------
    values : tensor of shape (*rows, ...)
        The weights themselves, changed in place by `scatter`.
    rows : int
        How many leading axes enumerate rows.
    """

    def __init__(self, values: Tensor, rows: int) -> None:
        self.values = values
        self.n_steps = values.new_zeros(values.shape[:rows])
        self.memory: dict[str, Tensor] = {}
        self.counter = torch.zeros(())  # in the dtype and on the device of the optimizer's own

    def order(self, index: tuple[Tensor, ...]) -> Tensor:
        """A permutation of the rows at `index` that brings equal numbers of steps together."""
        return self.n_steps[index].argsort(stable=True)

    def gather(
        self, index: tuple[Tensor, ...], optimizer: torch.optim.Optimizer
    ) -> tuple[Tensor, Tensor, list[nn.Parameter]]:
        """Lend rows to an optimizer.

        Parameters
        ----------
        index : tuple of tensors of shape (k,)
            Which ones, in an order of `order`.
        optimizer : Optimizer
            Told what it knows of them.

        Returns
        -------
        values, grad : tensors of shape (k, ...)
            Copies that the optimizer will move, and where it looks for their gradients.
        leaves : list of nn.Parameter
            Parts of the values that it is to step.
        """
        values = self.values[index]
        grad = torch.zeros_like(values)
        memory = {name: kept[index] for name, kept in self.memory.items()}
        counts, lengths = self.n_steps[index].unique_consecutive(return_counts=True)
        if not memory:  # an optimizer that remembers nothing does not count either
            counts, lengths = counts[:1], torch.tensor([len(values)])
        leaves, start = [], 0
        for count, length in zip(counts.tolist(), lengths.tolist(), strict=True):
            part = slice(start, start + length)
            leaf = nn.Parameter(values[part])
            leaf.grad = grad[part]
            if count and memory:
                state = {name: kept[part] for name, kept in memory.items()}
                optimizer.state[leaf] = state | {"step": self.counter.new_tensor(count)}
            leaves.append(leaf)
            start += length
        return values, grad, leaves

    def scatter(
        self,
        index: tuple[Tensor, ...],
        values: Tensor,
        leaves: list[nn.Parameter],
        optimizer: torch.optim.Optimizer,
        n_steps: int,
    ) -> None:
        """Take rows back after so many steps, with what the optimizer now remembers of them."""
        self.values[index] = values
        self.n_steps[index] += n_steps
        states = [optimizer.state.pop(leaf, {}) for leaf in leaves]
        self.counter = states[0].get("step", self.counter)
        for name, value in states[0].items():
            if isinstance(value, Tensor) and value.ndim:
                if name not in self.memory:
                    self.memory[name] = torch.zeros_like(self.values)
                self.memory[name][index] = torch.cat([state[name] for state in states])

    def select(self, index: Tensor) -> None:
        """Go on with these replicas, rows along the first axis, alone."""
        self.values, self.n_steps = self.values[index], self.n_steps[index]
        self.memory = {name: kept[index] for name, kept in self.memory.items()}
