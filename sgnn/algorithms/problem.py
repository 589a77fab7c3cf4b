"""The data of a training: its rows in mini-batches, group by group, and what is to be minimized."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ..config import CONFIG
from ..groups import Blocks, Groups
from ..losses import BatchLoss, Loss
from ..modules import InputTransform
from ..regularizers import Regularizer
from ..regularizers.base import Lam
from ..regularizers.oicsr import join_units, split_units

__all__ = [
    "Batch",
    "JoinedTerm",
    "Problem",
    "RescaledRows",
    "Rows",
    "StoredRows",
    "StreamedRows",
    "Term",
    "drop_small",
    "rows_of",
]

Batch = slice | Tensor  # rows next to each other, or their indices

CHUNK = 2**15  # entries of X converted at a time, which stay in the cache
PACKED = 2**23  # entries of a packed copy of some columns, at most


class Part:
    """Some columns of the rows, read anew at every use: part[batch] is (b, p_i)."""

    def __init__(self, rows: Rows, columns: slice) -> None:
        self.rows, self.columns = rows, columns

    def __getitem__(self, batch: slice) -> Tensor:
        return self.rows.read(batch, self.columns)


@dataclass
class Rows(ABC):
    """n rows in mini-batches; the columns of each group lie side by side.

    Parameters
    ----------
    groups : Groups
    n : int
        Number of rows.
    batch_size : int

    Attributes
    ----------
    batches : list of slice
    order : ndarray of shape (p,)
        The original index of each column.
    offsets : ndarray of shape (n_groups + 1,)
        Where the columns of each group begin in `order`.
    """

    groups: Groups
    n: int
    batch_size: int

    def __post_init__(self) -> None:
        n, labels = self.n, self.groups.labels
        starts = range(0, n, self.batch_size)
        self.batches = [slice(a, min(a + self.batch_size, n)) for a in starts]
        self.order = np.argsort(labels, kind="stable")
        self.offsets = np.searchsorted(labels[self.order], range(labels.max() + 2))

    def first(self, n: int) -> list[slice]:
        """The batches that hold the first n rows."""
        return self.batches[: -(-n // self.batch_size)]

    def span(self, group: int) -> slice:
        """Where the group's columns lie in `order`."""
        return slice(int(self.offsets[group]), int(self.offsets[group + 1]))

    def part(self, columns: slice) -> Tensor | Part:
        """Those columns of every row, to be indexed by batch: packed if they are few.

        A packed copy, (n, p_i), is read once from memory or disk instead of once a use.
        """
        size = self.n * (columns.stop - columns.start)
        if size <= PACKED:
            return self.read(slice(0, self.n), columns).contiguous()
        return Part(self, columns)

    def read_in_order(self, batch: Batch) -> Tensor:
        """The rows of a batch, (b, p), columns in the order of X."""
        return self.read(batch)[:, np.argsort(self.order)]

    @abstractmethod
    def read(self, batch: Batch, columns: slice = slice(None)) -> Tensor:
        """The rows of a batch, columns in group order: (b, p) or, for a span, (b, p_i)."""


@dataclass
class StoredRows(Rows):
    """Rows in memory: one tensor (n, p), columns already in group order."""

    X: Tensor

    def read(self, batch: Batch, columns: slice = slice(None)) -> Tensor:
        return self.X[batch, columns]


class RescaledRows(Rows):
    """Rows of other rows x: x * scale + shift.

    Parameters
    ----------
    rows : StoredRows
    scale, shift : tensor of shape (p,)
        In the order of the rows' columns.
    """

    def __init__(self, rows: StoredRows, scale: Tensor, shift: Tensor) -> None:
        super().__init__(rows.groups, rows.n, rows.batch_size)
        self.rows, self.scale, self.shift = rows, scale, shift

    def read(self, batch: Batch, columns: slice = slice(None)) -> Tensor:
        return self.rows.read(batch, columns) * self.scale[columns] + self.shift[columns]


class StreamedRows(Rows):
    """Rows on disk: a memory map (n, p) of which only the batch at hand is read.

    Parameters
    ----------
    prepare : callable
        (raw entries, indices of their columns, dtype) -> tensor ready for the network.
    rows : ndarray of shape (n,)
        The row of `source` at each place.
    """

    def __init__(
        self,
        groups: Groups,
        source: np.ndarray,
        batch_size: int,
        *,
        rows: np.ndarray,
        prepare: Callable[..., Tensor],
        like: Tensor,
    ) -> None:
        super().__init__(groups, len(rows), batch_size)
        self.source, self.rows, self.prepare, self.like = source, rows, prepare, like

    def read(self, batch: Batch, columns: slice = slice(None)) -> Tensor:
        wanted = self.order[columns]
        chosen = self.rows[batch if isinstance(batch, slice) else batch.cpu().numpy()]
        raw = self.source[np.ix_(chosen, wanted)]
        tensor, index = torch.from_numpy(raw), torch.from_numpy(wanted)
        device = self.like.device
        return self.prepare(tensor.to(device), index.to(device), self.like.dtype)


def rows_of(
    X: np.ndarray,
    rows: np.ndarray,
    groups: Groups,
    transform: InputTransform,
    *,
    batch_size: int,
    like: torch.Tensor,
    name: str = "X",
) -> Rows:
    """The chosen rows of X, in that order: one copy in the network's dtype, or a stream.

    A memory map larger than `cache_size` of the configuration is streamed; anything else is
    copied, once.  `name` is what errors call X.
    """
    if X.nbytes > CONFIG.cache_size * 2**20 and _on_disk(X):
        return StreamedRows(groups, X, batch_size, rows=rows, prepare=transform.prepare, like=like)
    order = np.argsort(groups.labels, kind="stable")
    index = torch.from_numpy(order).to(like.device)
    copy = torch.empty((len(rows), X.shape[1]), dtype=like.dtype, device=like.device)
    step = max(1, CHUNK // max(X.shape[1], 1))
    for part in (slice(a, a + step) for a in range(0, len(rows), step)):
        raw = torch.from_numpy(np.ascontiguousarray(X[rows[part]][:, order]))
        copy[part] = transform.prepare(raw.to(like.device), index, like.dtype)
        if not copy[part].isfinite().all():
            raise ValueError(
                f"{name} contains values that are infinite (inf) in {like.dtype}: scale it, or "
                f"give dtype='float64'."
            )
    return StoredRows(groups, len(copy), batch_size, copy)


def _on_disk(X: object) -> bool:
    """Whether X is a memory map, or a view of one as scikit-learn's checks return it."""
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


@dataclass(eq=False)
class Term:
    """lam * R of one tensor, or of one a replica.

    Parameters
    ----------
    tensor : nn.Parameter
        In the shape of the blocks; leading axes are replicas, which lam and steps may have too.
    blocks : Blocks
    regularizer : Regularizer
    share : float, default=1
        Factor of lam.
    """

    tensor: nn.Parameter
    blocks: Blocks
    regularizer: Regularizer
    share: float = field(default=1.0, kw_only=True)

    @property
    def tensors(self) -> tuple[nn.Parameter, ...]:
        """The parameters that it is made of."""
        return (self.tensor,)

    @property
    def w(self) -> Tensor:
        """What is cut into blocks."""
        return self.tensor

    def assign(self, w: Tensor) -> None:
        """Put w, in the shape of the blocks, in the place of the weights."""
        self.tensor.copy_(w)

    def add_gradient(self, slope: Tensor, times: float = 1.0) -> None:
        """Add `times` a slope, in the shape of the blocks, to the weights' gradients."""
        assert self.tensor.grad is not None
        self.tensor.grad.add_(slope, alpha=times)

    def value(self, lam: Lam) -> Tensor:
        """lam * R at the weights."""
        return self.regularizer.value(self.w, self.blocks, self.share * lam)

    def slope(self, lam: Lam) -> Tensor:
        """A subgradient of lam * R at the weights, in the shape of the blocks."""
        return self.regularizer.subgradient(self.w, self.blocks, self.share * lam)

    def add_slope(self, lam: Lam) -> None:
        """Add a subgradient of lam * R to the weights' gradients."""
        self.add_gradient(self.slope(lam))

    @property
    def entries(self) -> tuple[int, ...]:
        """The axes of the weights that are not those of replicas."""
        return tuple(range(-len(self.blocks.shape), 0))

    def shrink(self, lam: Lam, step: Lam) -> None:
        """The prox, in place, of weights that are not frozen."""
        if all(tensor.requires_grad for tensor in self.tensors):
            self.assign(self.regularizer.prox(self.w, self.blocks, self.share * lam, step))


@dataclass(eq=False)
class JoinedTerm(Term):
    """lam * R of the weights into and out of the units of a layer, a row for each unit (OICSR).

    Parameters
    ----------
    tensor : nn.Parameter
        The weight that makes the units.
    blocks : Blocks
        Of `join_units(tensor, upper)`.
    regularizer : Regularizer
    upper : nn.Parameter
        The weight that reads them.
    """

    upper: nn.Parameter

    @property
    def tensors(self) -> tuple[nn.Parameter, ...]:
        return (self.tensor, self.upper)

    @property
    def w(self) -> Tensor:
        return join_units(self.tensor, self.upper)

    def assign(self, w: Tensor) -> None:
        for tensor, part in zip(self.tensors, split_units(w, *self.tensors), strict=True):
            tensor.copy_(part)

    def add_gradient(self, slope: Tensor, times: float = 1.0) -> None:
        for tensor, part in zip(self.tensors, split_units(slope, *self.tensors), strict=True):
            assert tensor.grad is not None
            tensor.grad.add_(part, alpha=times)


def drop_small(terms: list[Term], tolerance: float) -> None:
    """Set penalized weights that do not exceed the tolerance to 0."""
    for tensor in {id(tensor): tensor for term in terms for tensor in term.tensors}.values():
        tensor.mul_(tensor.abs() > tolerance)


@dataclass(kw_only=True)
class Problem:
    """mean loss + lam * sum of R over the penalized weights, to be minimized over a network.

    Leading axes `...` are replicas; one network has none.

    Attributes
    ----------
    loss : Loss
    rows : Rows
    y : tensor of shape (n,) or (..., n, n_outputs)
        Targets, in the order of `rows`.
    weight : tensor of shape (..., n) or None
        Sample weights of mean 1.
    groups : Groups
    lam : float or tensor of shape (...)
    active : ndarray of shape (..., n_groups)
        The active set: False for the groups that are removed, for good.
    rng : numpy.random.Generator
        Draws the order in which groups are visited.
    terms : list of Term
        What is penalized.
    adaptive : bool
        Whether a polish weighs the groups by what the epochs have made of them.
    """

    loss: Loss
    rows: Rows
    y: Tensor
    weight: Tensor | None
    groups: Groups
    lam: Lam
    active: np.ndarray
    rng: np.random.Generator
    terms: list[Term] = field(default_factory=list)
    adaptive: bool = False

    @property
    def active_groups(self) -> np.ndarray:
        """Indices of the groups in the active set of one network."""
        return np.flatnonzero(self.active)

    def targets(self, batch: Batch) -> Tensor:
        """Those of a batch: (b,), or (..., b, n_outputs) where replicas scale y by their own."""
        return self.y[batch] if self.y.ndim < 3 else self.y[:, batch]

    def mean_loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Weighted mean over the batch of the loss of its outputs: (...)."""
        y, weight = self.targets(batch), None if self.weight is None else self.weight[..., batch]
        return self.loss.mean(outputs, y, weight)

    def mean_gradient(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """The same, and its derivative by the outputs (..., b, n_outputs)."""
        y, weight = self.targets(batch), None if self.weight is None else self.weight[..., batch]
        if isinstance(self.loss, BatchLoss):
            return self.loss.mean_gradient(outputs, y, weight)
        losses, g = self.loss.gradient(outputs, y)
        n = losses.shape[-1]
        if weight is None:
            return losses.mean(-1), g / n
        return (losses * weight).sum(-1) / n, g * (weight.unsqueeze(-1) / n)

    def penalty(self) -> Tensor | float:
        """lam * R at the weights, summed over the terms: (...), in float64."""
        return sum(term.value(self.lam).double() for term in self.terms)
