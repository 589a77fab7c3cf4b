"""What is trained: parameters, the loss with its gradient, and groups of the input to remove."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from .problem import Problem, Rows

__all__ = ["ENOUGH", "Leaf", "Network"]

ENOUGH = 20_000  # rows on which it is measured what a removal does to the loss


class Leaf(NamedTuple):
    """A tensor that the optimizer moves, and what it stands for.

    Attributes
    ----------
    moved : nn.Parameter
    parameter : nn.Parameter
        Of the module.
    columns : tensor of long or None
        Its columns there, None where it is the parameter itself.
    """

    moved: nn.Parameter
    parameter: nn.Parameter
    columns: Tensor | None


class Network(ABC):
    """A torch module while it is trained, or several of them stacked.

    Leading axes `...` are replicas; one network has none.

    Attributes
    ----------
    problem : Problem
        What is minimized.
    module : nn.Module
        Changed in place, its parameters by `store` where training moves others.
    parameters : list of nn.Parameter
        What training moves.
    leaves : list of Leaf
        The same, and what they are in the module.
    out : tensor
        Outputs for the last batch that `gradient` was taken of.
    members : sequence of Network
        Of replicas each one; of one network the network itself.
    frozen : list of (tensor, tensor)
        Parameters that are not to move, and their values.
    n_polish : int
        Iterations of a polish, at most, that suit it.
    zero_tol : float
        A weight that counts as zero where an algorithm removes nothing by itself.
    """

    problem: Problem
    module: nn.Module
    parameters: list[nn.Parameter]
    leaves: Sequence[Leaf] = ()
    out: Tensor
    frozen: Sequence[tuple[Tensor, Tensor]] = ()
    n_polish: int = 0
    zero_tol: float = 1e-5

    @property
    def members(self) -> Sequence[Network]:
        return [self]

    # the loss ----------------------------------------------------------------------------------

    @abstractmethod
    def outputs(self, batch: slice, rows: Rows | None = None) -> Tensor:
        """What the loss sees of a batch, (..., b, n_outputs), as in evaluation.

        Of the problem's rows, or of others that were prepared like these.
        """

    @abstractmethod
    def gradient(self, batch: slice) -> Tensor:
        """Set every `.grad` to the gradient of the batch's mean loss, and return the loss."""

    def loss(self, batch: slice, problem: Problem | None = None) -> Tensor:
        """The batch's mean loss, (...); of another problem that of its rows."""
        problem = problem or self.problem
        return problem.mean_loss(self.outputs(batch, problem.rows), batch)

    def batch(self, batch: slice) -> tuple[Tensor, Tensor]:
        """The rows (b, p) that `gradient` sees, columns in the order of X, and their targets."""
        return self.problem.rows.read_in_order(batch), self.problem.targets(batch)

    def shuffle(self, epoch: int) -> None:
        """Assign the rows to new mini-batches before an epoch, where that is done."""

    # groups of the input -----------------------------------------------------------------------

    @abstractmethod
    def reads(self) -> np.ndarray:
        """Which groups the network reads, (..., n_groups).

        Those in the active set that have a path to an output by weights that are not 0.
        """

    @abstractmethod
    def norms(self) -> np.ndarray:
        """Norm of the weights that read each group, (n_groups,)."""

    @abstractmethod
    def zero(self, group: int) -> None:
        """Set the weights that read a group to 0."""

    def remove(self, group: int) -> None:
        """Set a group to 0, for good."""
        self.zero(group)
        self.problem.active[group] = False

    def remove_unread(self) -> None:
        """Remove the groups that the network does not read, so that `active` says what it reads."""
        for group in np.flatnonzero(self.problem.active & ~self.reads()):
            self.remove(int(group))

    @abstractmethod
    def loss_increase(self, problem: Problem) -> np.ndarray:
        """Mean loss without a group - mean loss: (n_groups,), NaN for those that are removed.

        By the first ENOUGH rows of the problem, whose order is random.
        """

    def restore(self) -> None:
        """Set the groups that are removed to 0, by value: momentum moves them at gradient 0."""
        for group in np.flatnonzero(~self.problem.active).tolist():
            self.zero(group)

    # the module --------------------------------------------------------------------------------

    def select(self, index: Tensor) -> None:
        """Go on with these replicas alone, where there are some."""

    def states(self) -> Sequence[Any]:
        """The `state` of each member."""
        return [self.state()]

    @abstractmethod
    def state(self) -> Any:
        """A copy of the weights."""

    @abstractmethod
    def load_state(self, state: Any) -> None:
        """Go back to what `state` has returned."""

    def load(self) -> None:
        """Take the parameters from the module."""

    def store(self) -> None:
        """Give the parameters back to the module."""

    def is_constant(self) -> bool:
        """Whether the network returns the same for every row, up to rounding."""
        low = high = None
        for batch in self.problem.rows.batches:
            ends = self.outputs(batch).aminmax(dim=0)
            low = ends.min if low is None else torch.minimum(low, ends.min)
            high = ends.max if high is None else torch.maximum(high, ends.max)
            rounding = 16 * torch.finfo(low.dtype).eps * torch.maximum(low.abs(), high.abs())
            if (high - low > rounding).any():
                return False
        return True
