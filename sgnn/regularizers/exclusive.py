"""Exclusive sparsity, which selects entries within each block, and CGES."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from ..groups import Blocks
from ..rules import Rule, check_parameters, either, flag, number
from .base import Lam, Regularizer, critical_lam, per_block, register
from .lasso import GroupLasso
from .solvers import Ranked, decreasing_root
from .sparse_group import Sum

__all__ = ["CGES", "Exclusive", "squared_l1_threshold"]


def squared_l1_threshold(ranked: Ranked, tau: Tensor) -> Tensor:
    """The soft threshold theta_g that minimizes tau_g / 2 ||x_g||_1^2 + 1/2 ||x_g - v_g||^2.

    theta = tau ||x||_1 at the minimizer x = S_theta(v), so that theta = tau S_k / (1 + tau k)
    with S_k the sum of the k entries above it, which is the maximum over k.
    """
    tau = ranked.blocks.spread(tau)
    return ranked.blocks.max(tau * ranked.sum / (1 + tau * ranked.rank))


@register("exclusive")
class Exclusive(Regularizer):
    """R(w) = 1/2 sum_g s_g ||w_g||_1^2: entries within a block vanish, no whole block does.

    Parameters
    ----------
    half : bool, default=True
        Whether to include the factor 1/2, as equation 3 of paper 3 and equation 4 of paper 4
        do; paper 4's program does not, so that its lam is half of this one's.

    Notes
    -----
    prox, exact: the soft threshold of each block at its own theta_g, found by sorting.  Since
    the slope of R at 0 is 0, no lam keeps a block at 0 (the zero level is infinite).

    Source: Zhou, Jin and Hoi (2010).

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> Exclusive().prox(torch.tensor([[4.0, 1.0]]), pair, lam=1.0, step=1.0).tolist()
    [[2.0, 0.0]]
    """

    expensive_prox = True

    rules: ClassVar[dict[str, Rule]] = {"half": flag}

    def __init__(self, half: bool = True) -> None:
        check_parameters({"half": half}, self.rules)
        self.half = half

    def value(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        square = blocks.norm(w, 1).square()
        return (per_block(lam) * self._factor * blocks.weights * square).sum(-1)

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        tau = per_block(2 * self._factor * step * lam) * blocks.weights
        theta = squared_l1_threshold(Ranked(w.abs(), blocks), tau).to(w)
        return w.sign() * (w.abs() - blocks.spread(theta)).clamp_min(0)

    def subgradient(self, w: Tensor, blocks: Blocks, lam: Lam) -> Tensor:
        slope = per_block(2 * self._factor * lam) * blocks.weights * blocks.norm(w, 1)
        return w.sign().mul_(blocks.spread(slope))

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        return critical_lam(blocks.max(grad.abs()), 0.0)

    @property
    def _factor(self) -> float:
        return 0.5 if self.half else 1.0


@register("cges")
class CGES(Sum):
    """R(w) = sum_g s_g [(1 - mu) ||w_g||_2 + mu / 2 ||w_g||_1^2]: group and exclusive sparsity.

    Parameters
    ----------
    mu : float in [0, 1] or None, default=None
        0 is the group lasso, 1 exclusive sparsity.  None grows with the depth of a layer, as
        `for_layers` says, and is 0.5 of a single weight.

    Notes
    -----
    prox, exact: the soft threshold at theta, then the group prox, where theta = t mu s_g ||x_g||_1
    at the result (t = step * lam), the root of one decreasing function per block.

    Source: Yoon and Hwang (2017); paper 3, equation 4 (whose root, as printed, spans too much).

    Examples
    --------
    >>> import torch
    >>> from sgnn.groups import Blocks
    >>> pair = Blocks.columns((1, 2), torch.tensor([0, 0]), torch.tensor([1.0]))
    >>> CGES(mu=0.5).prox(torch.tensor([[3.5, 0.5]]), pair, lam=1.0, step=1.0)
    tensor([[2., 0.]])
    """

    group = GroupLasso()
    element = Exclusive()
    size_factor = False

    rules: ClassVar[dict[str, Rule]] = {"mu": either(None, number(0, 1))}

    def __init__(self, mu: float | None = None) -> None:
        check_parameters({"mu": mu}, self.rules)
        self.mu = mu

    def for_layers(self, n_layers: int, first: int = 1) -> Sequence[CGES]:
        """One for each layer l, from the input on: mu_l = l / n_layers, l = first, ... for mu=None.

        Parameters
        ----------
        n_layers : int
            Penalized layers.
        first : {1, 0}, default=1
            1 as in the text of Yoon and Hwang; 0 as in their program, so that the input layer is
            pure group lasso.

        Returns
        -------
        list of CGES
            As many as there are layers.

        Examples
        --------
        >>> CGES().for_layers(2)
        [CGES(mu=0.5), CGES(mu=1.0)]
        """
        if self.mu is not None:
            return [self] * n_layers
        return [type(self)((first + layer) / n_layers) for layer in range(n_layers)]

    @property
    def mix(self) -> tuple[float, float]:  # type: ignore[override]
        mu = 0.5 if self.mu is None else self.mu
        return 1 - mu, mu

    def prox(self, w: Tensor, blocks: Blocks, lam: Lam, step: Lam) -> Tensor:
        magnitude, (a, b) = w.abs(), self.mix
        tau = per_block(b * step * lam) * blocks.weights

        def at(theta: Tensor) -> Tensor:
            left = (magnitude - blocks.spread(theta)).clamp_min(0)
            return self.group.prox(left, blocks, a * lam, step)

        high = torch.broadcast_tensors(blocks.max(magnitude), tau)[0]
        theta = decreasing_root(lambda theta: tau * blocks.sum(at(theta)) - theta, high)
        return w.sign() * at(theta)

    def zero_level(self, grad: Tensor, blocks: Blocks) -> Tensor:
        """That of the group lasso part, as exclusive sparsity has slope 0 at 0."""
        if self.mu == 1:
            return self.element.zero_level(grad, blocks)
        return self.group.zero_level(grad, blocks) / self.mix[0]
