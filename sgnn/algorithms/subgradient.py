"""Plain (sub)gradient steps on the whole objective: paper 1's NN + tau, and what paper 2 does."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ..rules import Rule, either, flag, number
from .base import ALGORITHMS
from .full_gradient import FullGradient
from .network import Network
from .problem import drop_small

__all__ = ["NNTau", "Subgradient"]


@ALGORITHMS.register("subgradient")
class Subgradient(FullGradient):
    """Steps along the gradient of the loss plus a subgradient of the penalty.

    Nothing becomes exactly zero by itself; what is small at the end can be set to zero.

    Parameters
    ----------
    zero_tol : float or None, default=None
        After the last epoch, penalized weights that do not exceed this are set to zero.  None is
        1e-3 in a network of dense layers and 1e-5 in a convolutional one.
    keep_zeros : bool, default=False
        Penalized weights that are zero at the start stay zero.

    Examples
    --------
    >>> from sgnn import GroupLassoMLP
    >>> from sgnn.algorithms import Subgradient
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(500, n_groups=6, n_informative=2, random_state=0)
    >>> by_slope = Subgradient(zero_tol=0.01)
    >>> model = GroupLassoMLP(data.groups, lam=0.01, algorithm=by_slope, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    stackable = True
    overlapping = True
    rules: ClassVar[dict[str, Rule]] = {"zero_tol": either(None, number(0)), "keep_zeros": flag}

    def __init__(self, *, zero_tol: float | None = None, keep_zeros: bool = False) -> None:
        self.zero_tol = zero_tol
        self.keep_zeros = keep_zeros

    def begin(self) -> None:
        super().begin()
        tensors = [tensor for term in self.terms for tensor in term.tensors]
        self.masks = [(tensor, tensor != 0) for tensor in tensors] if self.keep_zeros else []

    def update(self) -> None:
        super().update()
        for tensor, mask in self.masks:
            tensor.mul_(mask)

    def objective(self, batch: slice) -> Tensor:
        loss = super().objective(batch)
        for term in self.terms:
            term.add_slope(self.lam)
        return loss

    def select(self, index: Tensor) -> None:
        super().select(index)
        self.masks = [(tensor, mask[index]) for tensor, mask in self.masks]

    def finish(self, network: Network) -> None:
        zero_tol = network.zero_tol if self.zero_tol is None else self.zero_tol
        drop_small(network.problem.terms, zero_tol)


@ALGORITHMS.register("sgd")
class NNTau(Subgradient):
    """Paper 1's NN + tau: no warm-up, and nothing is set to zero in the end.

    Parameters
    ----------
    zero_tol, keep_zeros : float, bool
        As in `Subgradient`.

    Notes
    -----
    Source: paper 1, section 4.1; with lam=0 its NN.

    Examples
    --------
    >>> from sgnn import SGINClassifier
    >>> from sgnn.algorithms import NNTau
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(n_groups=6, n_informative=2, random_state=0)
    >>> model = SGINClassifier(data.groups, algorithm=NNTau(), max_epochs=5, random_state=0)
    >>> int(model.fit(data.data, data.target).get_group_support().sum())  # none is removed
    6
    """

    stackable = True

    def __init__(self, *, zero_tol: float | None = 0.0, keep_zeros: bool = False) -> None:
        super().__init__(zero_tol=zero_tol, keep_zeros=keep_zeros)

    def begin(self) -> None:
        super().begin()
        self.warmup = 0
