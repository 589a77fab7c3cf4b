"""Value, prox and zeros of a regularizer on one and two entries, for the display."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..groups import Blocks
from ..regularizers import Regularizer

__all__ = ["Plane", "RegularizerPortrait"]

# shapes (out, in, height, width) of a weight with one input channel, that is, one block
ENTRY, KERNEL, KERNELS = (1, 1, 1, 1), (1, 1, 1, 2), (2, 1, 1, 1)
CURVE, SIDE = 401, 160  # number of points of a curve, and of the side of a plane


@dataclass(frozen=True, eq=False)
class Plane:
    """A regularizer and its prox at the pairs (w1, w2) of a weight that is one block.

    Attributes
    ----------
    w : ndarray of shape (n,)
        Values of either entry, none of them 0.
    value : ndarray of shape (n, n)
        lam R(w1, w2), w2 down the rows and w1 along them.
    zeros : ndarray of int of shape (n, n)
        How many of the two entries the prox makes zero: 0, 1 or 2.
    """

    w: np.ndarray
    value: np.ndarray
    zeros: np.ndarray

    @property
    def separable(self) -> bool:
        """Whether R is the sum of a function of w1 and one of w2."""
        v = self.value
        return np.allclose(v + v[0, 0], v[:1] + v[:, :1], atol=0)


@dataclass(frozen=True, eq=False)
class RegularizerPortrait:
    """Value, prox and zeros of a regularizer on one entry, and on two entries of one block.

    Parameters
    ----------
    name : str
        Title of the panels.
    w : ndarray of shape (n,)
        Values of one entry, which is the whole block.
    value : ndarray of shape (n,)
        lam R(w).
    prox : ndarray of shape (n,)
        argmin_x step * lam R(x) + 1/2 (x - w)^2.
    kernel : Plane
        Two entries of one kernel, which is the whole block.
    block : Plane
        Two kernels of one entry each in one block.

    Examples
    --------
    >>> from sgnn.inspection import RegularizerPortrait
    >>> from sgnn.regularizers import L1
    >>> portrait = RegularizerPortrait.of("l1", L1(), lam=1.0, step=1.0, limit=2.0)
    >>> bool((portrait.prox[abs(portrait.w) <= 1] == 0).all())
    True
    """

    name: str
    w: np.ndarray
    value: np.ndarray
    prox: np.ndarray
    kernel: Plane
    block: Plane

    @classmethod
    def of(
        cls, name: str, regularizer: Regularizer, lam: float, step: float, limit: float
    ) -> RegularizerPortrait:
        """Evaluate a regularizer.

        The factor s_g of a block is sqrt(number of its entries) if the regularizer has
        `size_factor`, else 1.

        Parameters
        ----------
        name : str
            Title of the panels.
        regularizer : Regularizer
            The regularizer.
        lam : float > 0
            The strength.
        step : float > 0
            The step of the prox.
        limit : float > 0
            Entries range from -limit to limit.

        Returns
        -------
        RegularizerPortrait

        Examples
        --------
        >>> from sgnn.regularizers import GroupLasso
        >>> portrait = RegularizerPortrait.of("group lasso", GroupLasso(), 1.0, 0.5, limit=2.0)
        >>> portrait.prox[[0, -1]].tolist()
        [-1.5, 1.5]
        """
        w = np.linspace(-limit, limit, CURVE)
        value, prox = _evaluate(regularizer, ENTRY, w[:, None], lam, step)
        # centers of an even number of cells, so that no entry is 0
        w1 = limit * (2 * np.arange(SIDE) + 1 - SIDE) / SIDE
        pairs = np.stack(np.meshgrid(w1, w1), -1)
        kernel, block = (
            Plane(w1, values, (x == 0).sum(-1))
            for values, x in (
                _evaluate(regularizer, shape, pairs, lam, step) for shape in (KERNEL, KERNELS)
            )
        )
        return cls(name, w, value, prox[:, 0], kernel, block)

    @property
    def distinguishes_kernels(self) -> bool:
        """Whether R differs between two entries of one kernel and two kernels of a block."""
        return not np.allclose(self.kernel.value, self.block.value, atol=0)

    @property
    def vanishing(self) -> tuple[str, ...]:
        """The structures that the prox sets to 0, in descending order of size.

        "blocks" if it sets both entries of a block to 0 and R is not a sum over entries that
        vanish by themselves, "kernels" if it sets one of two kernels to 0 and R distinguishes
        kernels, "entries" if it sets one of two entries of a kernel to 0.
        """
        zeros = self.block.zeros
        found = {
            "blocks": (zeros == 2).any() and not (self.block.separable and (zeros == 1).any()),
            "kernels": (self.block.zeros == 1).any() and self.distinguishes_kernels,
            "entries": (self.kernel.zeros == 1).any(),
        }
        return tuple(part for part, vanishes in found.items() if vanishes)


def _evaluate(
    regularizer: Regularizer, shape: tuple[int, ...], w: np.ndarray, lam: float, step: float
) -> tuple[np.ndarray, np.ndarray]:
    """lam R and the prox of weights (..., entries) of that shape: (...) and (..., entries)."""
    tensor = torch.from_numpy(w).reshape(*w.shape[:-1], *shape)
    factor = None if regularizer.size_factor else torch.ones(1)
    blocks = Blocks(shape, (-3,), weights=factor).to(tensor)
    value = regularizer.value(tensor, blocks, lam)
    prox = regularizer.prox(tensor, blocks, lam, step)
    return value.numpy(), prox.reshape(w.shape).numpy()
