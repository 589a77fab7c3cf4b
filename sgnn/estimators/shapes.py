"""X as images: its shape, its channels, and random changes of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import validate_data
from torch import Tensor

from .checks import check_finite, check_kept

__all__ = ["AUGMENTATIONS", "check_shape", "kept_channels", "warn_of_shape"]

Augmentation = Callable[[Tensor, torch.Generator], Tensor]


def check_shape(X: np.ndarray, image_shape: Sequence[int] | None) -> tuple[int, ...]:
    """The shape of one input: (channels, length), (channels, height, width), ..."""
    if X.ndim > 2:
        if X.ndim > 5:
            raise ValueError(
                f"X has {X.ndim} dimensions: give (n, channels, length), (n, channels, height, "
                f"width) or (n, channels, depth, height, width)."
            )
        if image_shape is not None and _filled(image_shape, X[0].size) != X.shape[1:]:
            raise ValueError(
                f"image_shape={tuple(image_shape)} is not the {X.shape[1:]} of X: leave it out, "
                f"or give X of that shape."
            )
        return X.shape[1:]
    shape = (1, X.shape[1]) if image_shape is None else _filled(image_shape, X.shape[1])
    if math.prod(shape) != X.shape[1]:
        raise ValueError(
            f"image_shape={shape} has {math.prod(shape)} entries for the {X.shape[1]} columns of "
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
        stacklevel=5,
    )


def _filled(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """The shape with the number that -1 stands for, so that all of them multiply to size."""
    known = math.prod(n for n in shape if n != -1)
    return tuple(size // known if n == -1 else int(n) for n in shape)


def kept_channels(estimator: Any, X: Any, channels: np.ndarray) -> np.ndarray:
    """The kept channels of X, flat (n, n_kept) or (n, kept, ...), checked; others unread."""
    shape = estimator._shape
    if estimator._flat:
        kept = np.flatnonzero(np.repeat(channels, math.prod(shape[1:])))
        return check_kept(estimator, X, kept)
    X = validate_data(
        estimator, X, dtype="numeric", ensure_all_finite=False, reset=False, allow_nd=True,
        ensure_2d=False,
    )  # fmt: skip
    if X.shape[1:] != shape:
        raise ValueError(f"X holds inputs of shape {X.shape[1:]}: give {shape}, that of the fit.")
    X = X[:, channels]
    names = np.repeat([f"channel {c}" for c in np.flatnonzero(channels)], math.prod(shape[1:]))
    check_finite(X.reshape(len(X), -1), names, estimator.missing == "mean")
    return X


def shift(shape: Sequence[int]) -> Augmentation:
    """Move every image by up to an eighth of each axis; what comes in is 0."""
    reach = [size // 8 for size in shape[1:]]

    def change(x: Tensor, generator: torch.Generator) -> Tensor:
        images = x.reshape(-1, *shape)
        for axis, most in enumerate(reach, 2):
            if most:
                moves = torch.randint(-most, most + 1, (len(x),), generator=generator)
                images = _moved(images, axis, moves.to(x.device))
        return images.reshape(len(x), -1)

    return change


def flip(shape: Sequence[int]) -> Augmentation:
    """Turn every second image around, along its last axis."""

    def change(x: Tensor, generator: torch.Generator) -> Tensor:
        images = x.reshape(-1, *shape)
        turned = torch.rand(len(x), generator=generator) < 0.5
        turned = turned.to(x.device).reshape(-1, *(1 for _ in shape))
        return torch.where(turned, images.flip(-1), images).reshape(len(x), -1)

    return change


def shift_flip(shape: Sequence[int]) -> Augmentation:
    """Both."""
    first, second = shift(shape), flip(shape)
    return lambda x, generator: second(first(x, generator), generator)


AUGMENTATIONS = {"shift": shift, "flip": flip, "shift_flip": shift_flip}


def _moved(images: Tensor, axis: int, moves: Tensor) -> Tensor:
    """Each image moved along the axis by its own number of positions."""
    size = images.shape[axis]
    source = torch.arange(size, device=images.device) - moves[:, None]  # (n, size)
    inside = (source >= 0) & (source < size)
    view = [len(images)] + [1] * (images.ndim - 1)
    view[axis] = size
    index = source.clamp(0, size - 1).reshape(view).expand_as(images)
    return images.gather(axis, index) * inside.reshape(view)
