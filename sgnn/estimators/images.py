"""X as images or signals: its shape, its channels, and the network that reads them."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils.validation import validate_data
from torch import nn

from ..algorithms import ModuleNetwork, Rows
from ..groups import Groups
from ..modules import ARCHITECTURES, ChannelNet, Constant, Coupling, couple
from ..pruning import prune
from .augment import AUGMENTATIONS
from .inputs import check_finite, check_fit, check_kept, input_transform_of
from .penalties import input_weights_of, made, terms_of
from .tables import Table, check_same_groups
from .task import Numbers, Task

__all__ = ["ImageBody"]


@dataclass(frozen=True)
class ImageBody:
    """Channels in groups, and a convolutional network.

    Attributes
    ----------
    groups : Groups
        Of the channels.
    shape : tuple of int
        One input: (channels, length), (channels, height, width), ...
    flat : bool
        Whether X is (n, n_features), and not (n, *shape).
    built : Architecture or nn.Module
        What the network was made by.
    """

    groups: Groups
    shape: tuple[int, ...]
    flat: bool
    built: Any

    @classmethod
    def read(
        cls, model: Any, X: Any, y: Any, before: Self | None
    ) -> tuple[Self, np.ndarray, np.ndarray]:
        """What X is, and X (n, p) and y, checked; as those of the fit before if there was one."""
        X, y = check_fit(
            model, X, y, numeric=model._task_kind is Numbers, reset=before is None, allow_nd=True
        )
        shape, flat = check_shape(X, model.image_shape), X.ndim == 2
        if before is None:
            warn_of_shape(X, shape, model.image_shape)
        elif (shape, flat) != (before.shape, before.flat):
            raise ValueError(
                f"X holds inputs of shape {shape} and those of the fit have {before.shape}: give "
                f"the same shape."
            )
        # a channel of one entry is a column, and has its name
        single = flat and math.prod(shape[1:]) == 1
        names = getattr(model, "feature_names_in_", None) if single else None
        groups = Groups.of(
            model.groups, shape[0], names, weights=model.group_weights, costs=model.group_costs
        )
        built = model.architecture
        if not isinstance(built, nn.Module):
            built = ARCHITECTURES[built]() if isinstance(built, str) else built.fresh()
        return cls(groups, shape, flat, built), X.reshape(len(X), -1), y

    def network(
        self,
        model: Any,
        task: Task,
        table: Table,
        rng: np.random.Generator,
        *,
        module: ChannelNet | None = None,
        active: np.ndarray | None = None,
        shared: Rows | None = None,
    ) -> ModuleNetwork:
        """The network before training, with what is to be minimized; see `TableBody.network`."""
        if module is None:
            module, coupling = self._new_module(model, task, table, rng)
        else:
            coupling = couple(module.body, self.shape)
        input_weights = input_weights_of(coupling, self.groups)
        groups, given = self.groups, model.group_weights
        R = made(model.regularizer, model.alpha)
        sized = R.size_factor and (not isinstance(given, str) or given == "sqrt_size")
        if isinstance(given, str):
            # a group's size is the number of weights that read it
            each = [w.blocks.sizes[: len(groups)].cpu().numpy() for w in input_weights]
            weights = np.sqrt(np.sum(each, axis=0)) if sized else np.ones(len(groups))
            groups = replace(groups, weights=weights)
            input_weights = input_weights_of(coupling, groups)
        n = math.prod(self.shape)
        # one group of all entries, so that they keep their order
        everything = Groups(("everything",), np.zeros(n, dtype=np.int64), np.ones(1), np.ones(1))
        problem = model._problem(
            task, table, module, groups, rng, active, shared=shared, packed=everything
        )
        problem.terms = terms_of(
            coupling,
            input_weights,
            R,
            grouping=model.grouping,
            sized=sized,
            by_input="input" in model.regularize and len(groups) > 1,
            inside="hidden" in model.regularize,
        )
        augment = AUGMENTATIONS[model.augment](self.shape) if model.augment else None
        seed = int(rng.integers(2**31))
        network = ModuleNetwork(problem, module, coupling, input_weights, augment, seed)
        if active is not None:
            with torch.no_grad():
                network.restore()
        return network

    def _new_module(
        self, model: Any, task: Task, table: Table, rng: np.random.Generator
    ) -> tuple[ChannelNet, Coupling]:
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        if isinstance(self.built, nn.Module):
            body = copy.deepcopy(self.built)
        else:
            body = self.built(self.shape, task.n_outputs, generator=generator)
        placed = model._placement(len(table.rows))
        X, _, weight, rows = table
        transform = input_transform_of(
            X, weight, rows, standardize=model.standardize, missing=model.missing,
            n_channels=self.shape[0],
        )  # fmt: skip
        module = ChannelNet(transform, self.shape, body.to(placed["dtype"]))
        coupling = couple(module.body, self.shape)
        input_weights_of(coupling, self.groups)  # refuses what does not read the channels
        x = next(module.parameters()).new_zeros((2, module.input_transform.n_features))
        with torch.no_grad():
            shape = tuple(module.eval().prepared(x).shape)
        if shape != (2, task.n_outputs):
            raise ValueError(
                f"architecture returns outputs of shape {shape} for 2 rows: give a network that "
                f"returns (n, {task.n_outputs}), one output for each class."
            )
        module.try_channels_last()
        return module.to(placed["device"]), coupling

    def check_warm(self, model: Any, module: ChannelNet, before: Self) -> None:
        """Refuse arguments that the network of the last fit does not have."""
        check_same_groups(self.groups, before.groups)
        own = isinstance(self.built, nn.Module)  # the user's
        if self.built is not before.built and (own or repr(self.built) != repr(before.built)):
            raise ValueError(
                f"architecture={model.architecture!r} is not the network of the fit that "
                f"warm_start=True goes on with: give the same, or set warm_start=False."
            )

    # rows that are images ----------------------------------------------------------------------

    def columns(self, support: np.ndarray) -> np.ndarray:
        """Whether each entry of a row belongs to a group of the support: (p,)."""
        return np.repeat(self.groups.expand(support), math.prod(self.shape[1:]))

    def of_columns(self, groups: Groups) -> Groups:
        """The groups, as ones of the columns of X where it is flat, else of the channels."""
        if not self.flat:
            return groups
        return replace(groups, labels=np.repeat(groups.labels, math.prod(self.shape[1:])))

    def compact(self, module: ChannelNet, support: np.ndarray) -> ChannelNet:
        """The network of what is left: filters, units and channels removed physically."""
        channels = self.groups.expand(support)
        if channels.any():
            body = prune(module.body, self.shape, channels)
        else:
            with torch.no_grad():
                nothing = next(module.parameters()).new_zeros((1, math.prod(self.shape)))
                body = Constant(module.eval().prepared(nothing)[0])
        transform = module.input_transform.of_kept()
        small = ChannelNet(transform, (int(channels.sum()), *self.shape[1:]), body)
        small.channels_last = module.channels_last
        return small

    def kept(self, model: Any, X: Any, support: np.ndarray) -> np.ndarray:
        """The kept channels of X, flat (n, n_kept) or (n, kept, ...), checked; others unread."""
        if self.flat:
            return check_kept(model, X, np.flatnonzero(self.columns(support)))
        X = validate_data(
            model, X, dtype="numeric", ensure_all_finite=False, reset=False, allow_nd=True,
            ensure_2d=False,
        )  # fmt: skip
        if X.shape[1:] != self.shape:
            raise ValueError(
                f"X holds inputs of shape {X.shape[1:]}: give {self.shape}, that of the fit."
            )
        channels = self.groups.expand(support)
        X = X[:, channels]
        names = np.repeat(
            [f"channel {c}" for c in np.flatnonzero(channels)], math.prod(self.shape[1:])
        )
        check_finite(X.reshape(len(X), -1), names, model.missing == "mean")
        return X


def check_shape(X: np.ndarray, image_shape: Sequence[int] | None) -> tuple[int, ...]:
    """The shape of one input: (channels, length), (channels, height, width), ..."""
    size = X[0].size
    shape = X.shape[1:] if X.ndim > 2 else (1, size)
    if X.ndim > 5:
        raise ValueError(
            f"X has {X.ndim} dimensions: give (n, channels, length), (n, channels, height, "
            f"width) or (n, channels, depth, height, width)."
        )
    if image_shape is not None:
        known = math.prod(n for n in image_shape if n != -1)
        shape = tuple(size // known if n == -1 else int(n) for n in image_shape)
    if X.ndim > 2 and shape != X.shape[1:]:
        raise ValueError(
            f"image_shape={tuple(image_shape or ())} is not the {X.shape[1:]} of X: leave it "
            f"out, or give X of that shape."
        )
    if math.prod(shape) != size:
        raise ValueError(
            f"image_shape={shape} has {math.prod(shape)} entries for the {size} columns of "
            f"X: give (channels, height, width) that multiply to their number."
        )
    return shape


def warn_of_shape(X: np.ndarray, shape: tuple[int, ...], image_shape: Sequence[int] | None) -> None:
    """Say what X is taken for where that is likely to be something else."""
    if X.ndim > 2 and image_shape is not None:
        return  # image_shape confirms the shape of X
    channels, *size = shape
    if len(size) == 1 and size[0] == channels > 1:
        meant = f"(1, {channels}, {channels})"
        kind = f"an image of {channels} x {channels} pixels"
    elif len(size) == 2 and channels == size[0] and size[1] in (1, 3):
        meant, kind = f"({size[1]}, {channels}, {channels})", "an image whose channels come last"
    else:
        return
    given = f"image_shape={tuple(image_shape)}" if image_shape else f"X of shape {X.shape}"
    axes = " x ".join(map(str, size))
    warnings.warn(
        f"{given} is taken for {channels} channels of {axes}: if a row is {kind}, give "
        f"image_shape={meant}" + ("." if X.ndim == 2 else ", and X with the channels first."),
        UserWarning,
        stacklevel=6,
    )
