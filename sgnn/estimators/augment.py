"""Random changes of images, anew for every mini-batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

__all__ = ["AUGMENTATIONS"]

Augmentation = Callable[[Tensor, torch.Generator], Tensor]


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
