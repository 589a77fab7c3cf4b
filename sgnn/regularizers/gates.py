"""Gates: trainable factors of the blocks of a weight, which remove blocks when they are 0."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ..components import Component
from ..groups import Blocks
from .base import Lam, per_block

__all__ = ["DGating", "Gating", "HardConcrete"]

OPEN = 2.0  # initial log_alpha, of a deterministic gate of 0.96
FASTER = 20.0  # log_alpha over the trained parameter


class Gating(Component, ABC):
    """A weight as a product of a tensor of its shape and factors of its blocks.

    Tensors are (..., *blocks.shape) and (..., n_blocks); gates may have additional axes before
    the last one.

    Examples
    --------
    >>> from sgnn.regularizers import DGating, Gating
    >>> w = torch.tensor([[3.0, 0.1], [4.0, 0.2]])
    >>> columns = Blocks.channels(w.shape).to(w)
    >>> omega, gates = DGating().split(w, columns)
    >>> torch.allclose(DGating().fold(omega, gates, columns), w)
    True
    """

    @abstractmethod
    def split(self, w: Tensor, blocks: Blocks) -> tuple[Tensor, Tensor]:
        """The initial tensor and gates whose product is w."""

    @abstractmethod
    def fold(self, omega: Tensor, gates: Tensor, blocks: Blocks) -> Tensor:
        """The weight: the product of the tensor and the gates."""

    def draw(
        self, omega: Tensor, gates: Tensor, blocks: Blocks, generator: torch.Generator
    ) -> Tensor:
        """The weight for one training step: that of `fold` if the gates are deterministic."""
        return self.fold(omega, gates, blocks)

    @abstractmethod
    def penalty(self, omega: Tensor, gates: Tensor, blocks: Blocks) -> Tensor:
        """The penalty of each block without its factor s_g: (..., n_blocks)."""

    def add_slope(self, omega: Tensor, gates: Tensor, blocks: Blocks, lam: Lam) -> None:
        """Add the gradient of lam * sum_g s_g penalty_g to the `grad` of omega and gates."""
        with torch.enable_grad():
            per_block_penalty = self.penalty(omega, gates, blocks)
            (per_block(lam) * blocks.weights * per_block_penalty).sum().backward()


class HardConcrete(Gating):
    """w_g = z_g omega_g, z = clip((high - low) s + low, 0, 1) a random gate that is often 0 or 1.

    s = sigmoid((log u - log(1 - u) + log_alpha) / temperature) with u uniform on (0, 1): a
    reparametrization with which the expected number of blocks, `penalty`, is differentiable.
    The trained parameter is log_alpha / 20: with a learning rate for weights, Adam would
    otherwise need thousands of steps to close a gate.

    Parameters
    ----------
    temperature : float > 0, default=2/3
        The lower, the more draws are 0 or 1.
    low, high : float, default=-0.1 and 1.1
        low < 0 < 1 < high.

    Notes
    -----
    Source: Louizos, Welling and Kingma (2018), section 2.2.

    Examples
    --------
    >>> gates = HardConcrete()
    >>> gates.at_test_time(torch.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    def __init__(self, temperature: float = 2 / 3, low: float = -0.1, high: float = 1.1) -> None:
        self.temperature = temperature
        self.low = low
        self.high = high
        if not (temperature > 0 and low < 0 and high > 1):
            raise ValueError(
                f"{self!r} is no hard-concrete gate: give temperature > 0, low < 0 and high > 1."
            )

    def sample(self, log_alpha: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """One draw of each gate, shaped as `log_alpha`, differentiable in it."""
        eps = torch.finfo(log_alpha.dtype).eps
        u = torch.rand(
            log_alpha.shape,
            generator=generator,
            dtype=log_alpha.dtype,
            device=log_alpha.device,
        ).clamp(eps, 1 - eps)
        return self._clip(torch.sigmoid((u.logit() + log_alpha) / self.temperature))

    def at_test_time(self, log_alpha: Tensor) -> Tensor:
        """The gates without noise and temperature."""
        return self._clip(torch.sigmoid(log_alpha))

    def probability(self, log_alpha: Tensor) -> Tensor:
        """Probability that each gate is not 0; their sum is the expected l0."""
        return torch.sigmoid(log_alpha - self.temperature * math.log(-self.low / self.high))

    def split(self, w: Tensor, blocks: Blocks) -> tuple[Tensor, Tensor]:
        shape = (*w.shape[: w.dim() - len(blocks.shape)], blocks.n_blocks)
        return w.detach().clone(), w.new_full(shape, OPEN / FASTER)

    def fold(self, omega: Tensor, gates: Tensor, blocks: Blocks) -> Tensor:
        return omega * blocks.spread(self.at_test_time(FASTER * gates))

    def draw(
        self, omega: Tensor, gates: Tensor, blocks: Blocks, generator: torch.Generator
    ) -> Tensor:
        return omega * blocks.spread(self.sample(FASTER * gates, generator))

    def penalty(self, omega: Tensor, gates: Tensor, blocks: Blocks) -> Tensor:
        return self.probability(FASTER * gates)

    def _clip(self, s: Tensor) -> Tensor:
        return ((self.high - self.low) * s + self.low).clamp(0, 1)


class DGating(Gating):
    """w_g = omega_g prod_d gamma_gd, d = 1 .. depth - 1, with plain weight decay on all factors.

    At every local minimum weight decay balances the factors and equals the group penalty
    ||w_g||_2^(2 / depth): group lasso for depth 2, nonconvex beyond, by any optimizer.

    Parameters
    ----------
    depth : int >= 2, default=2
        Number of factors.

    Notes
    -----
    Source: Kolb et al. (2025), "Differentiable sparsity via D-gating".

    Examples
    --------
    >>> w = torch.tensor([[0.0, 0.0, 4.0], [16.0, 0.0, 0.0]])
    >>> columns = Blocks.channels(w.shape).to(w)
    >>> omega, gamma = DGating().split(w, columns)
    >>> DGating().penalty(omega, gamma, columns)
    tensor([16.,  0.,  4.])
    """

    def __init__(self, depth: int = 2) -> None:
        self.depth = depth
        if depth < 2:
            raise ValueError(f"depth={depth!r} must be at least 2: give 2 for group lasso.")

    def split(self, w: Tensor, blocks: Blocks) -> tuple[Tensor, Tensor]:
        """The balanced factors of w: omega, shaped as w, and gamma (..., depth - 1, n_blocks)."""
        norm = blocks.norm(w)
        size = norm.pow(1 / self.depth)  # of every factor
        scale = torch.where(norm > 0, size / norm, 0.0)
        gamma = size.unsqueeze(-2).expand(*size.shape[:-1], self.depth - 1, size.shape[-1])
        return w * blocks.spread(scale), gamma.clone()

    def fold(self, omega: Tensor, gates: Tensor, blocks: Blocks) -> Tensor:
        return omega * blocks.spread(gates.prod(-2))

    def penalty(self, omega: Tensor, gates: Tensor, blocks: Blocks) -> Tensor:
        """(||omega_g||^2 + sum_d gamma_gd^2) / depth of each block: (..., n_blocks)."""
        return (blocks.sum(omega.square()) + gates.square().sum(-2)) / self.depth

    # written out, as autograd takes five passes over the weights
    def add_slope(self, omega: Tensor, gates: Tensor, blocks: Blocks, lam: Lam) -> None:
        assert omega.grad is not None
        assert gates.grad is not None
        slope = (2 / self.depth) * per_block(lam) * blocks.weights
        omega.grad.addcmul_(omega, blocks.spread(slope))
        gates.grad.addcmul_(gates, slope.unsqueeze(-2))
