"""Groups: a partition of the columns of X.  Blocks: a partition of one weight tensor."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from .grouping import parse_costs, parse_groups, parse_weights

__all__ = ["Blocks", "Groups"]


@dataclass(frozen=True, eq=False)
class Groups:
    """A partition of the columns of X: every column in exactly one named group.

    Parameters
    ----------
    names : tuple of length n_groups
        Name of each group: strings, or ints if only ints were given.
    labels : ndarray of shape (n_features,)
        The group of each column, an index into `names`.
    weights, costs : ndarray of shape (n_groups,)
        The penalty of group g is lam * weights[g] * costs[g] * ||theta_g||.

    Attributes
    ----------
    penalties : ndarray of shape (n_groups,)
        The factors of lam * ||theta_g||: weight times cost.

    Examples
    --------
    >>> groups = Groups.of({"blood": [0, 1], "scan": [2]}, 3, costs={"scan": 40})
    >>> groups.sizes.tolist(), groups.costs.tolist(), groups.columns(0).tolist()
    ([2, 1], [1.0, 40.0], [0, 1])
    """

    names: tuple
    labels: np.ndarray
    weights: np.ndarray
    costs: np.ndarray
    penalties: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "penalties", self.weights * self.costs)
        for array in (self.labels, self.weights, self.costs, self.penalties):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"Groups(n_groups={len(self)}, n_features={len(self.labels)})"

    @property
    def sizes(self) -> np.ndarray:
        """Columns in each group, shape (n_groups,)."""
        return np.bincount(self.labels, minlength=len(self))

    def columns(self, g: int) -> np.ndarray:
        """Indices of the columns of group g, ascending."""
        return np.flatnonzero(self.labels == g)

    def expand(self, group_mask: np.ndarray) -> np.ndarray:
        """Repeat one value per group for each of its columns."""
        return np.asarray(group_mask)[self.labels]

    @classmethod
    def of(
        cls,
        spec: Any,
        n_features: int,
        feature_names: Sequence[str] | None = None,
        *,
        weights: Any = "sqrt_size",
        costs: Any = None,
    ) -> Groups:
        """Parse and validate a user's `groups=`.

        Parameters
        ----------
        spec : None, int, str, array of labels, list of lists, dict or callable
            None makes every column a group of its own; an int cuts consecutive blocks of that
            size; an array of n_features ints or strings labels the columns, as does a dict or
            Series {column name: label}; a list of lists or a dict {name: columns} enumerates
            them (columns: indices, a slice, a boolean mask or names); "prefix" or "prefix:SEP"
            joins the columns whose names agree before the first SEP (default "__"); a callable
            (feature_names, n_features) returns any of these (`sgnn.source_columns` makes one).
            Int labels are sorted, others keep the order of their first appearance.
        n_features : int
            Number of columns of X.
        feature_names : sequence of str, optional
            Their names, if X has names.
        weights : "sqrt_size", "none" or array of shape (n_groups,)
            The weight of each group in the penalty: sqrt(p_g), 1, or the numbers given.
        costs : None, array of shape (n_groups,) or dict by group name
            The cost of acquiring each group; 1 for groups that a dict leaves out.

        Returns
        -------
        Groups

        Raises
        ------
        ValueError, TypeError
            If the groups are not a partition of the columns.

        Examples
        --------
        >>> Groups.of("prefix", 3, ["age__a", "age__b", "sex"]).names
        ('age', 'sex')
        """
        names = None if feature_names is None else [str(name) for name in feature_names]
        if callable(spec):
            spec = spec(None if names is None else list(names), n_features)
        if isinstance(spec, Groups):
            spec = dict(zip(spec.names, map(spec.columns, range(len(spec))), strict=True))
        group_names, labels = parse_groups(spec, n_features, names)
        sizes = np.bincount(labels, minlength=len(group_names))
        return cls(
            names=tuple(group_names),
            labels=labels,
            weights=parse_weights(weights, sizes),
            costs=parse_costs(costs, group_names),
        )


class Blocks:
    """A partition of one weight tensor into blocks.

    Parameters
    ----------
    shape : tuple of int
        Shape of the tensor without replica axes.  Every method takes tensors of shape
        (..., *shape): leading axes are replicas.
    dims : tuple of int
        The (negative, adjacent) axes of the labels; entries that differ only along other axes
        share a block.
    labels : tensor of long, optional
        The block of each position along `dims`, of those axes' shape.  By default each position
        is a separate block.
    weights : tensor of shape (n_blocks,), optional
        The factor of each block in a penalty; sqrt(number of entries) by default.

    Examples
    --------
    >>> blocks = Blocks.columns((2, 3), torch.tensor([0, 0, 1]))
    >>> blocks.norm(torch.tensor([[3.0, 0.0, 0.0], [0.0, 4.0, 2.0]])).tolist()
    [5.0, 2.0]
    """

    def __init__(
        self,
        shape: Sequence[int],
        dims: Sequence[int],
        labels: torch.Tensor | None = None,
        weights: torch.Tensor | None = None,
    ) -> None:
        self.shape, self.dims = tuple(shape), tuple(dims)
        grouped = tuple(self.shape[d] for d in self.dims)
        count = int(np.prod(grouped))
        self.single = labels is None
        flat = torch.arange(count) if labels is None else labels.reshape(-1)
        self.labels = flat
        self.n_blocks = int(flat.max()) + 1
        # axes to sum over within a block, and the shape by which labels broadcast with the tensor
        self._summed_axes = tuple(d for d in range(-len(self.shape), 0) if d not in self.dims)
        self._view = tuple(n if d in self.dims else 1 for d, n in
                           zip(range(-len(self.shape), 0), self.shape, strict=True))  # fmt: skip
        per_position = int(np.prod(self.shape)) // max(count, 1)
        self.sizes = torch.bincount(flat, minlength=self.n_blocks) * per_position
        self.weights = self.sizes.to(torch.float64).sqrt() if weights is None else weights

    @classmethod
    def whole(cls, shape: Sequence[int], weight: float) -> Blocks:
        """The whole tensor as one block."""
        labels = torch.zeros(shape[-1], dtype=torch.long)
        return cls(shape, (-1,), labels, torch.tensor([weight], dtype=torch.float64))

    @classmethod
    def columns(
        cls, shape: Sequence[int], labels: torch.Tensor, weights: torch.Tensor | None = None
    ) -> Blocks:
        """Partition a dense weight (out, in) by groups of input columns."""
        return cls(shape, (-1,), labels, weights)

    @classmethod
    def neurons(cls, shape: Sequence[int]) -> Blocks:
        """Partition (out, in, ...) by output units or channels: each slice w[i] is a block."""
        return cls(shape, (-len(shape),))

    @classmethod
    def channels(cls, shape: Sequence[int]) -> Blocks:
        """Partition (out, in, ...) by inputs or input channels: each slice w[:, j] is a block."""
        return cls(shape, (1 - len(shape),))

    @classmethod
    def filters(cls, shape: Sequence[int]) -> Blocks:
        """Partition a convolution (out, in, *kernel) by kernels: each w[i, j] is a block."""
        return cls(shape, (-len(shape), 1 - len(shape)))

    def to(self, like: torch.Tensor) -> Blocks:
        """The same blocks on the device and in the dtype of `like`."""
        moved = copy(self)
        moved.labels, moved.sizes = self.labels.to(like.device), self.sizes.to(like.device)
        moved.weights = self.weights.to(like)
        return moved

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Sum the entries of each block: (..., *shape) -> (..., n_blocks)."""
        if self.n_blocks == 1:
            return values.sum(tuple(range(-len(self.shape), 0))).unsqueeze(-1)
        inner = values.sum(self._summed_axes) if self._summed_axes else values
        inner = inner.flatten(-len(self.dims))
        if self.single:
            return inner
        total = inner.new_zeros((*inner.shape[:-1], self.n_blocks))
        return total.index_add(-1, self.labels, inner)

    def max(self, values: torch.Tensor) -> torch.Tensor:
        """The largest entry of each block of nonnegative values: (..., n_blocks)."""
        inner = values.amax(self._summed_axes) if self._summed_axes else values
        inner = inner.flatten(-len(self.dims))
        total = inner.new_zeros((*inner.shape[:-1], self.n_blocks))
        return total.scatter_reduce(-1, self.labels.expand_as(inner), inner, "amax")

    def norm(self, w: torch.Tensor, order: int = 2) -> torch.Tensor:
        """Norm of each block, with gradient 0 at a zero block: (..., n_blocks)."""
        if order == 1:
            return self.sum(w.abs())
        if self.n_blocks == 1:
            dims = tuple(range(-len(self.shape), 0))
            return torch.linalg.vector_norm(w, dim=dims).unsqueeze(-1)
        square = self.sum(w.square())
        zero = square == 0
        return torch.where(zero, 0.0, torch.where(zero, 1.0, square).sqrt())

    def spread(self, v: torch.Tensor) -> torch.Tensor:
        """Reshape one number per block, (..., n_blocks), to broadcast with the tensor."""
        if self.n_blocks == 1:
            return v.reshape(*v.shape[:-1], *(1 for _ in self.shape))
        return v[..., self.labels].reshape(*v.shape[:-1], *self._view)
