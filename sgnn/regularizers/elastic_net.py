"""Group lasso with weight decay of the blocks."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ..rules import Rule, check_parameters, number
from .base import Lam, register
from .scalar import Entrywise, Normwise

__all__ = ["ElasticNet"]


class _Scalar(Entrywise):
    """alpha |x| + (1 - alpha) / 2 x^2 of a number."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    @property
    def slope(self) -> float:  # type: ignore[override]
        return self.alpha

    def penalty(self, a: Tensor, lam: Lam) -> Tensor:
        return lam * (self.alpha * a + (1 - self.alpha) / 2 * a.square())

    def shrink(self, a: Tensor, lam: Lam, step: Lam) -> Tensor:
        strength = step * lam
        return (a - self.alpha * strength).clamp_min(0) / (1 + (1 - self.alpha) * strength)

    def derivative(self, a: Tensor, lam: Lam) -> Tensor:
        return lam * (self.alpha + (1 - self.alpha) * a)


@register("elastic_net")
class ElasticNet(Normwise):
    """R(w) = sum_g s_g (alpha ||w_g||_2 + (1 - alpha) / 2 ||w_g||_2^2): blocks vanish, or decay.

    Parameters
    ----------
    alpha : float in [0, 1], default=0.5
        The share of the group lasso; blocks that say the same share what is left.

    Notes
    -----
    prox: w_g max(1 - alpha t s_g / ||w_g||_2, 0) / (1 + (1 - alpha) t s_g), t = step * lam.

    Source: Zou and Hastie (2005) for single weights; paper 1, section 5, asks for it in groups.

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> ElasticNet().prox(torch.tensor([[3.0, 4.0]]), pair, lam=1.0, step=2.0).tolist()
    [[1.2000000476837158, 1.600000023841858]]
    """

    size_factor = True

    rules: ClassVar[dict[str, Rule]] = {"alpha": number(0, 1)}

    def __init__(self, alpha: float = 0.5) -> None:
        check_parameters({"alpha": alpha}, self.rules)
        self.alpha = alpha

    @property
    def scalar(self) -> Entrywise:  # type: ignore[override]
        return _Scalar(self.alpha)
