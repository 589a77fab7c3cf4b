"""What every regularizer promises, and how regularizers are found by name and added up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from ..groups import Blocks

__all__ = ["Lam", "Regularizer", "get", "names", "per_block", "per_entry", "register"]

Lam = float | Tensor  # a number, or one number per replica

_REGISTRY: dict[str, Callable[..., Regularizer]] = {}
R = TypeVar("R", bound="type[Regularizer]")


class Regularizer(ABC):
    """A shape R(w): no lam inside, no step inside, no module inside.

    Tensors are (..., *blocks.shape); leading axes are replicas, and `lam` and `step` are
    numbers or tensors that broadcast over those axes.
    """

    convex: bool = True

    @abstractmethod
    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        """lam * R(w), one number per replica: shape (...)."""

    @abstractmethod
    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        """argmin_x step * value(x) + 1/2 ||x - w||^2, with exact zeros."""

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        """A subgradient of `value` at w, 0 wherever 0 is one: never NaN."""
        with torch.enable_grad():
            leaf = w.detach().requires_grad_()
            return torch.autograd.grad(self.value(leaf, blocks, lam).sum(), leaf)[0]

    @abstractmethod
    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        """The smallest lam at which each block stays 0 against the loss gradient `grad`.

        Shape (..., n_blocks); `inf` where no lam holds a block at 0.
        """

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({arguments})"


def register(name: str) -> Callable[[R], R]:
    """Class decorator: make a regularizer known by `name`."""

    def add(cls: R) -> R:
        _REGISTRY[name] = cls
        return cls

    return add


def names() -> list[str]:
    """The names that `get` knows, sorted."""
    return sorted(_REGISTRY)


def get(name: str | Regularizer, **parameters: Any) -> Regularizer:
    """The regularizer of that name (a Regularizer is returned as it is).

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the valid ones.

    Examples
    --------
    >>> from sgnn import regularizers
    >>> regularizers.get("group_lasso")
    GroupLasso()
    """
    if isinstance(name, Regularizer):
        return name
    if name not in _REGISTRY:
        raise ValueError(f"regularizer={name!r} is unknown: give one of {', '.join(names())}.")
    return _REGISTRY[name](**parameters)


def per_block(lam: Lam) -> Lam:
    """Line lam, (...) , up with one number per block, (..., n_blocks)."""
    return lam.unsqueeze(-1) if isinstance(lam, Tensor) else lam


def per_entry(lam: Lam, blocks: Blocks) -> Lam:
    """Line lam, (...), up with the tensor, (..., *blocks.shape)."""
    if not isinstance(lam, Tensor):
        return lam
    return lam.reshape(*lam.shape, *(1 for _ in blocks.shape))
