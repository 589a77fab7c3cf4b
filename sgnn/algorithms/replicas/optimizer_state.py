"""What an optimizer keeps of stacked weights, gathered for those that move and scattered back."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["OptimizerState"]


class OptimizerState:
    """What an optimizer keeps of each row of a stack: averages, and the number of its steps.

    torch counts the steps of a parameter as one number.  Rows with equal numbers of steps are
    therefore gathered as one parameter, and rows with different ones as several.

    Parameters
    ----------
    values : tensor of shape (*rows, ...)
        The weights themselves, changed in place by `scatter`.
    rows : int
        How many leading axes enumerate rows.
    """

    def __init__(self, values: Tensor, rows: int) -> None:
        self.values = values
        self.n_steps = np.zeros(values.shape[:rows], dtype=int)
        self.state: dict[str, Tensor] = {}
        self.counter = torch.zeros(())  # in the dtype and on the device of the optimizer's own

    def order(self, index: tuple[np.ndarray, ...]) -> np.ndarray:
        """A permutation of the rows at `index` that brings equal numbers of steps together."""
        return self.n_steps[index].argsort(kind="stable")

    def gather(
        self, index: tuple[Tensor, ...], optimizer: torch.optim.Optimizer
    ) -> tuple[Tensor, Tensor, list[nn.Parameter]]:
        """Copies of some rows for an optimizer, which gets the state that it has of them.

        Parameters
        ----------
        index : tuple of tensors of shape (k,)
            Which ones, in an order of `order`.
        optimizer : Optimizer

        Returns
        -------
        values, grad : tensors of shape (k, ...)
            Copies that the optimizer will move, and where it looks for their gradients.
        leaves : list of nn.Parameter
            Parts of the values that it is to step.
        """
        values = self.values[index]
        grad = torch.zeros_like(values)
        state = {name: kept[index] for name, kept in self.state.items()}
        runs = [
            (count, len(list(run)))
            for count, run in groupby(self.n_steps[tuple(i.tolist() for i in index)])
        ]
        if not state:  # an optimizer without a state counts no steps either
            runs = [(0, len(values))]
        leaves, start = [], 0
        for count, length in runs:
            part = slice(start, start + length)
            leaf = nn.Parameter(values[part])
            leaf.grad = grad[part]
            if state:  # zeros before the first step, which are what optimizers begin with
                own = {name: kept[part] for name, kept in state.items()}
                optimizer.state[leaf] = own | {"step": self.counter.new_tensor(count)}
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
        """Put rows back after so many steps, with the state that the optimizer then has of them."""
        self.values[index] = values
        self.n_steps[tuple(i.tolist() for i in index)] += n_steps
        states = [optimizer.state.pop(leaf, {}) for leaf in leaves]
        self.counter = states[0].get("step", self.counter)
        for name, value in states[0].items():
            if isinstance(value, Tensor) and value.ndim:
                if name not in self.state:
                    self.state[name] = torch.zeros_like(self.values)
                self.state[name][index] = torch.cat([own[name] for own in states])

    def select(self, index: Tensor) -> None:
        """Go on with these replicas, rows along the first axis, alone."""
        self.values, self.n_steps = self.values[index], self.n_steps[index.tolist()]
        self.state = {name: kept[index] for name, kept in self.state.items()}
