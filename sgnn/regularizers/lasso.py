"""The lasso family: L1, L2 and group lasso."""

from __future__ import annotations

from torch import Tensor

from .base import Lam, register
from .gates import DGating
from .scalar import L1, Entrywise, Normwise

__all__ = ["L1", "L2", "GroupLasso"]


@register("l2")
class L2(Entrywise):
    """R(w) = ||w||_2^2, weight decay: shrinks every entry, removes none.

    Source: paper 2, section 3.4; paper 4, section II.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> w = torch.tensor([3.0, -0.5])
    >>> L2().prox(w, Blocks((2,), (-1,)), lam=1.0, step=0.5).tolist()
    [1.5, -0.25]
    """

    slope = 0.0

    def penalty(self, a: Tensor, lam: Lam) -> Tensor:
        return lam * a.square()

    def shrink(self, a: Tensor, lam: Lam, step: Lam) -> Tensor:
        return a / (1 + 2 * step * lam)

    def derivative(self, a: Tensor, lam: Lam) -> Tensor:
        return 2 * lam * a


@register("group_lasso")
class GroupLasso(Normwise):
    """R(w) = sum_g s_g ||w_g||_2, s_g = `blocks.weights`: whole blocks vanish.

    Notes
    -----
    prox: w_g max(1 - t s_g / ||w_g||_2, 0), t = step * lam.

    Source: paper 1, equation 4 (s_g = cost * sqrt(p_g)); paper 2, section 3.4; paper 3,
    equation 2; paper 4, equation 2 (s_g = 1).

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> GroupLasso().prox(torch.tensor([[3.0, 4.0]]), pair, lam=1.0, step=2.5).tolist()
    [[1.5, 2.0]]
    """

    size_factor = True
    scalar = L1()
    gating = DGating()
