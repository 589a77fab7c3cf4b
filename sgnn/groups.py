"""Groups: the columns of X as named groups.  Blocks: the same idea on one weight tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch

__all__ = ["Blocks", "Groups"]


@dataclass(frozen=True, eq=False)
class Groups:
    """A partition of the columns of X: every column in exactly one named group.

    Parameters
    ----------
    names : tuple of length n_groups
        What each group is called: strings, or ints where only ints were given.
    labels : ndarray of shape (n_features,)
        The group of each column, an index into `names`.
    weights, costs : ndarray of shape (n_groups,)
        The penalty of group g is lam * weights[g] * costs[g] * ||theta_g||.

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

    def __post_init__(self) -> None:
        for array in (self.labels, self.weights, self.costs):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"Groups(n_groups={len(self)}, n_features={len(self.labels)})"

    @property
    def sizes(self) -> np.ndarray:
        """Columns in each group, shape (n_groups,)."""
        return np.bincount(self.labels, minlength=len(self))

    @property
    def penalties(self) -> np.ndarray:
        """The factor of lam * ||theta_g||: weight times cost, shape (n_groups,)."""
        return self.weights * self.costs

    def columns(self, g: int) -> np.ndarray:
        """Indices of the columns of group g, ascending."""
        return np.flatnonzero(self.labels == g)

    def expand(self, group_mask: np.ndarray) -> np.ndarray:
        """One value per group -> one value per column."""
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
        """Read a user's `groups=`: the one place where it is understood or refused.

        Parameters
        ----------
        spec : None, int, str, array of labels, list of lists, dict or callable
            None makes every column a group of its own; an int cuts consecutive blocks of that
            size; an array of n_features ints or strings labels the columns; a list of lists
            or a dict {name: columns} enumerates them (columns: indices, a slice, a boolean
            mask or names); "prefix" or "prefix:SEP" joins the columns whose names agree
            before the first SEP (default "__"); a callable (feature_names, n_features)
            returns any of these.  Labels that are ints are sorted, others keep the order in
            which they first appear.
        n_features : int
            Number of columns of X.
        feature_names : sequence of str, optional
            Their names, when X has names.
        weights : "sqrt_size", "none" or array of shape (n_groups,)
            The weight of each group in the penalty: sqrt(p_g), 1, or the numbers given.
        costs : None, array of shape (n_groups,) or dict by group name
            What it costs to acquire a group; groups that a dict leaves out cost 1.

        Returns
        -------
        Groups

        Raises
        ------
        ValueError, TypeError
            When the groups are not a partition of the columns, naming who is at fault.

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
        group_names, labels = _read(spec, n_features, names)
        sizes = np.bincount(labels, minlength=len(group_names))
        return cls(
            names=tuple(group_names),
            labels=labels,
            weights=_read_weights(weights, sizes),
            costs=_read_costs(costs, group_names),
        )


def _read(spec: Any, n_features: int, names: list[str] | None) -> tuple[list, np.ndarray]:
    """Any accepted `groups=` -> (group names, labels of shape (n_features,))."""
    if spec is None:
        return list(names or range(n_features)), np.arange(n_features)
    if isinstance(spec, str):
        return _from_labels(_prefixes(spec, names), n_features)
    if isinstance(spec, Integral) and not isinstance(spec, bool):
        return _from_size(int(spec), n_features)
    if isinstance(spec, Mapping):
        return _from_columns(dict(spec), n_features, names)
    if isinstance(spec, slice | set | Callable) or not hasattr(spec, "__len__"):
        raise TypeError(
            f"groups must be None, an int, labels, index lists, a dict, 'prefix' or a callable "
            f"that returns one of these, got {type(spec).__name__}: give an array with the "
            f"label of each of the {n_features} columns."
        )
    items = list(spec)
    nested = [isinstance(item, Sequence | np.ndarray | slice) and not isinstance(item, str)
              for item in items]  # fmt: skip
    if items and all(nested):
        return _from_columns(dict(enumerate(items)), n_features, names)
    if any(nested):
        raise ValueError(
            "groups mixes column lists with single labels: give either one label per column "
            "or a list whose every item is a list of columns."
        )
    return _from_labels(items, n_features)


def _from_size(size: int, n_features: int) -> tuple[list, np.ndarray]:
    if size < 1 or n_features % size:
        raise ValueError(
            f"groups={size} must be a positive block size that divides the {n_features} columns "
            f"of X: give such a size, or one label per column."
        )
    return list(range(n_features // size)), np.arange(n_features) // size


def _prefixes(spec: str, names: list[str] | None) -> list[str]:
    kind, _, separator = spec.partition(":")
    if kind != "prefix":
        raise ValueError(
            f"groups={spec!r} is not understood: the string forms are 'prefix' and 'prefix:SEP'."
        )
    if names is None:
        raise ValueError(
            f"groups={spec!r} needs column names and X has none: give a data frame; behind "
            f'another step of a pipeline call .set_output(transform="pandas") on that step.'
        )
    return [name.split(separator or "__", 1)[0] for name in names]


def _from_labels(items: list, n_features: int) -> tuple[list, np.ndarray]:
    """One label per column -> names in order (ints sorted, strings as they first appear)."""
    if len(items) != n_features:
        raise ValueError(
            f"groups has {len(items)} labels for the {n_features} columns of X: give one label "
            f"per column, or a list of column lists."
        )
    integers = all(isinstance(item, Integral) and not isinstance(item, bool) for item in items)
    if not integers and not all(isinstance(item, str) for item in items):
        odd = next(item for item in items if not isinstance(item, str))
        raise TypeError(
            f"groups must label the columns by ints or by strings throughout, got {odd!r} "
            f"({type(odd).__name__}) among them: convert the labels to one of the two."
        )
    if integers and min(items, default=0) < 0:
        raise ValueError(
            f"groups has the negative label {min(items)}: number the groups from 0; a group "
            f"without penalty gets the weight 0 by group_weights."
        )
    names = sorted({int(item) for item in items}) if integers else list(dict.fromkeys(map(str, items)))
    position = {name: g for g, name in enumerate(names)}
    return names, np.array([position[item] for item in items], dtype=np.int64)


def _from_columns(
    spec: dict, n_features: int, names: list[str] | None
) -> tuple[list, np.ndarray]:
    """{group name: columns} -> (group names, labels), refused unless it is a partition."""
    labels = np.full(n_features, -1, dtype=np.int64)
    for g, (group, columns) in enumerate(spec.items()):
        indices = _indices(group, columns, n_features, names)
        taken = indices[labels[indices] >= 0]
        repeated = indices[np.unique(indices, return_index=True, return_counts=True)[1]]
        if len(taken):
            other = list(spec)[labels[taken[0]]]
            raise ValueError(
                f"groups overlap: column {_called(taken[0], names)} is in group {other!r} and in "
                f"group {group!r}; give it to one of them, or duplicate the column in X and give "
                f"each group its own copy."
            )
        if len(repeated) != len(indices):
            raise ValueError(f"groups lists a column of group {group!r} twice: list it once.")
        labels[indices] = g
    left = np.flatnonzero(labels < 0)
    if len(left):
        shown = ", ".join(_called(column, names) for column in left[:5])
        raise ValueError(
            f"groups leave {len(left)} of the {n_features} columns without a group ({shown}"
            f"{', ...' if len(left) > 5 else ''}): add them to a group, or drop them from X."
        )
    return list(spec), labels


def _indices(group: Any, columns: Any, n_features: int, names: list[str] | None) -> np.ndarray:
    """The columns of one group, in any of their forms, as indices into X."""
    if isinstance(columns, slice):
        indices = np.arange(n_features)[columns]
    else:
        single = isinstance(columns, str | Integral)
        items = np.asarray([columns] if single else list(columns))
        if items.dtype == bool:
            items = np.flatnonzero(_as_mask(group, items, n_features))
        elif items.dtype.kind in "UO" and len(items):
            items = _by_name(group, items.tolist(), names)
        indices = items
    if len(indices) == 0:
        raise ValueError(f"groups has the empty group {group!r}: give it columns or leave it out.")
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"groups lists the columns of group {group!r} as {indices.dtype}: give integer "
            f"indices, names, a slice or a boolean mask."
        )
    out = indices[(indices < 0) | (indices >= n_features)]
    if len(out):
        raise ValueError(
            f"groups has column {out[0]} in group {group!r} but X has columns 0 to "
            f"{n_features - 1}: give indices in that range."
        )
    return indices.astype(np.int64)


def _as_mask(group: Any, mask: np.ndarray, n_features: int) -> np.ndarray:
    if len(mask) != n_features:
        raise ValueError(
            f"groups has a boolean mask of length {len(mask)} for group {group!r}: give it one "
            f"entry for each of the {n_features} columns."
        )
    return mask


def _by_name(group: Any, wanted: list, names: list[str] | None) -> np.ndarray:
    if names is None:
        raise ValueError(
            f"groups names the columns of group {group!r} but X has no column names: give a "
            f"data frame; behind another step of a pipeline call "
            f'.set_output(transform="pandas") on that step.'
        )
    position = {name: column for column, name in enumerate(names)}
    unknown = [name for name in wanted if name not in position]
    if unknown:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ValueError(
            f"groups has the unknown column {unknown[0]!r} in group {group!r}: the columns of X "
            f"are {shown}."
        )
    return np.array([position[name] for name in wanted], dtype=np.int64)


def _called(column: int, names: list[str] | None) -> str:
    return str(column) if names is None else repr(names[column])


def _read_weights(weights: Any, sizes: np.ndarray) -> np.ndarray:
    if isinstance(weights, str):
        if weights not in ("sqrt_size", "none"):
            raise ValueError(
                f"group_weights={weights!r} is not understood: give 'sqrt_size', 'none' or one "
                f"number per group."
            )
        return np.sqrt(sizes) if weights == "sqrt_size" else np.ones(len(sizes))
    return _per_group("group_weights", weights, len(sizes))


def _read_costs(costs: Any, names: list) -> np.ndarray:
    if costs is None:
        return np.ones(len(names))
    if not isinstance(costs, Mapping):
        return _per_group("group_costs", costs, len(names))
    unknown = [name for name in costs if name not in names]
    if unknown:
        shown = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
        raise ValueError(
            f"group_costs has a cost for the unknown group {unknown[0]!r}: the groups are {shown}."
        )
    return _per_group("group_costs", [costs.get(name, 1.0) for name in names], len(names))


def _per_group(name: str, values: Any, n_groups: int) -> np.ndarray:
    numbers = [value for value in np.ravel(values) if isinstance(value, Real)]
    array = np.array(numbers, dtype=np.float64)
    if len(np.ravel(values)) != n_groups or len(array) != n_groups:
        raise ValueError(
            f"{name} must hold one number for each of the {n_groups} groups, got {values!r}."
        )
    if not (np.isfinite(array).all() and (array >= 0).all()):
        bad = array[~(np.isfinite(array) & (array >= 0))][0]
        raise ValueError(f"{name} must be finite and not negative, got {bad}: give numbers >= 0.")
    return array


class Blocks:
    """How one weight tensor is cut into blocks, each entry in exactly one.

    Parameters
    ----------
    shape : tuple of int
        Shape of the tensor without replica axes.  Every method takes tensors of shape
        (..., *shape): leading axes are replicas.
    dims : tuple of int
        The (negative) axes along which the labels run; entries that differ along the other
        axes only share a block.  They must be neighbours.
    labels : tensor of long, optional
        The block of each position along `dims`, shape those axes' sizes.  Each position is
        a block of its own by default.
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
        # axes summed over inside a block, and the view that lines labels up with the tensor
        self._rest = tuple(d for d in range(-len(self.shape), 0) if d not in self.dims)
        self._view = tuple(n if d in self.dims else 1 for d, n in
                           zip(range(-len(self.shape), 0), self.shape, strict=True))  # fmt: skip
        per_position = int(np.prod(self.shape)) // max(count, 1)
        self.sizes = torch.bincount(flat, minlength=self.n_blocks) * per_position
        self.weights = self.sizes.to(torch.float64).sqrt() if weights is None else weights

    @classmethod
    def whole(cls, shape: Sequence[int], weight: float) -> Blocks:
        """The tensor is one block."""
        labels = torch.zeros(shape[-1], dtype=torch.long)
        return cls(shape, (-1,), labels, torch.tensor([weight], dtype=torch.float64))

    @classmethod
    def columns(
        cls, shape: Sequence[int], labels: torch.Tensor, weights: torch.Tensor | None = None
    ) -> Blocks:
        """Cut a dense weight (out, in) by groups of input columns."""
        return cls(shape, (-1,), labels, weights)

    @classmethod
    def neurons(cls, shape: Sequence[int]) -> Blocks:
        """Cut (out, in, ...) by output units or channels: each slice w[i] is a block."""
        return cls(shape, (-len(shape),))

    @classmethod
    def channels(cls, shape: Sequence[int]) -> Blocks:
        """Cut (out, in, ...) by inputs or input channels: each slice w[:, j] is a block."""
        return cls(shape, (1 - len(shape),))

    @classmethod
    def filters(cls, shape: Sequence[int]) -> Blocks:
        """Cut a convolution (out, in, *kernel) into its kernels: each w[i, j] is a block."""
        return cls(shape, (-len(shape), 1 - len(shape)))

    def to(self, like: torch.Tensor) -> Blocks:
        """The same blocks on the device and in the dtype of `like`."""
        self.labels = self.labels.to(like.device)
        self.weights = self.weights.to(like)
        return self

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Sum the entries of each block: (..., *shape) -> (..., n_blocks)."""
        if self.n_blocks == 1:
            return values.sum(tuple(range(-len(self.shape), 0))).unsqueeze(-1)
        inner = values.sum(self._rest) if self._rest else values
        inner = inner.flatten(-len(self.dims))
        if self.single:
            return inner
        total = inner.new_zeros((*inner.shape[:-1], self.n_blocks))
        return total.index_add(-1, self.labels, inner)

    def max(self, values: torch.Tensor) -> torch.Tensor:
        """The largest entry of each block of nonnegative values: (..., n_blocks)."""
        inner = values.amax(self._rest) if self._rest else values
        inner = inner.flatten(-len(self.dims))
        total = inner.new_zeros((*inner.shape[:-1], self.n_blocks))
        return total.scatter_reduce(-1, self.labels.expand_as(inner), inner, "amax")

    def norm(self, w: torch.Tensor, order: int = 2) -> torch.Tensor:
        """Norm of each block, gradient 0 at an exactly zero block: (..., n_blocks)."""
        if order == 1:
            return self.sum(w.abs())
        square = self.sum(w.square())
        positive = square > 0
        return torch.where(positive, torch.where(positive, square, 1.0).sqrt(), 0.0)

    def spread(self, v: torch.Tensor) -> torch.Tensor:
        """One number per block, (..., n_blocks), onto the tensor: broadcasts with w."""
        return v[..., self.labels].reshape(*v.shape[:-1], *self._view)
