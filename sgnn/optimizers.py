"""torch's optimizers with parameters that scikit-learn's searches reach.

>>> from sgnn import optimizers
>>> optimizers.names()
['adam', 'adamax', 'adamw', 'rmsprop', 'sgd']
>>> optimizers.get("sgd", momentum=0.9)
SGD(momentum=0.9, nesterov=False, weight_decay=0.0)
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from .components import Component, Registry
from .rules import Rule, flag, number

__all__ = ["SGD", "Adam", "AdamW", "Adamax", "Optimizer", "RMSprop", "get", "names", "register"]


def _are_betas(value: Any) -> bool:
    rate = number(0, 1)
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(rate.accepts(beta) and beta < 1 for beta in value)
    )


RATE = number(0, 1)
BETAS = Rule(_are_betas, "a pair of numbers >= 0 and < 1, such as (0.9, 0.999)")


class Optimizer(Component):
    """An optimizer of torch, but for what it moves and its learning rate.

    Attributes
    ----------
    kind : type
        torch's class, which takes the parameters of this one.
    options : dict
        What it is given besides.

    Examples
    --------
    >>> from sgnn import SparseGroupCNN
    >>> from sgnn.optimizers import SGD, Optimizer
    >>> isinstance(SGD(), Optimizer)
    True
    >>> SparseGroupCNN(optimizer=SGD(momentum=0.9)).get_params()["optimizer__momentum"]
    0.9
    """

    kind: ClassVar[type[torch.optim.Optimizer]]
    options: ClassVar[dict[str, Any]] = {}

    @property
    def arguments(self) -> dict[str, Any]:
        """All that torch's class is called with, but for what it moves and its learning rate."""
        return self.options | self.get_params()


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", Optimizer)
register, names, get = OPTIMIZERS.register, OPTIMIZERS.names, OPTIMIZERS.made

# The fused kernels do in one pass what the default ones do in several.
FUSED = {"fused": True}


@register("sgd")
class SGD(Optimizer):
    """w <- w - lr v, v <- momentum v + grad + weight_decay w.

    Parameters
    ----------
    momentum, weight_decay : float, default=0
        Of `torch.optim.SGD`.
    nesterov : bool, default=False
        Nesterov's momentum, which has to be above 0.

    Examples
    --------
    >>> from sgnn import SGINClassifier
    >>> from sgnn.optimizers import SGD
    >>> model = SGINClassifier(optimizer=SGD(momentum=0.9), learning_rate=0.05)
    >>> model.set_params(optimizer__momentum=0.5).optimizer.momentum
    0.5
    """

    kind, options = torch.optim.SGD, FUSED
    rules: ClassVar[dict[str, Rule]] = {
        "momentum": RATE,
        "weight_decay": number(0),
        "nesterov": flag,
    }

    def __init__(
        self,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov

    @property
    def arguments(self) -> dict[str, Any]:
        # the fused kernel has to be given the momentum of all parameters or of none, and in SGIN
        # the upper layers have one when a group is visited for the first time
        return self.get_params() if self.momentum else super().arguments


@register("adam")
class Adam(Optimizer):
    """Steps scaled by running means of the gradient and its square (Kingma and Ba, 2015).

    Parameters
    ----------
    betas : pair of floats, default=(0.9, 0.999)
        How slowly the means change.
    eps : float, default=1e-8
        Added to the root of the mean square.
    weight_decay : float, default=0
        Added to the gradient, times the weight.
    amsgrad : bool, default=False
        Divide by the largest mean square so far.

    Examples
    --------
    >>> from sgnn.optimizers import Adam
    >>> Adam(betas=(0.5, 0.999)).betas
    (0.5, 0.999)
    """

    kind: ClassVar[type[torch.optim.Optimizer]] = torch.optim.Adam
    options = FUSED
    rules: ClassVar[dict[str, Rule]] = {
        "betas": BETAS,
        "eps": number(0, open_low=True),
        "weight_decay": number(0),
        "amsgrad": flag,
    }

    def __init__(
        self,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.amsgrad = amsgrad


@register("adamw")
class AdamW(Adam):
    """Adam with a decay of the weights apart from the gradient (Loshchilov and Hutter, 2019).

    Parameters
    ----------
    betas, eps : pair of floats, float
        As in `Adam`.
    weight_decay : float, default=0.01
        Share of a weight that goes in every step, times the learning rate.
    amsgrad : bool, default=False
        As in `Adam`.

    Examples
    --------
    >>> from sgnn.optimizers import AdamW
    >>> AdamW(weight_decay=0.1).weight_decay
    0.1
    """

    kind = torch.optim.AdamW

    def __init__(
        self,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)


@register("adamax")
class Adamax(Optimizer):
    """Adam by the largest gradient in the place of the mean square (Kingma and Ba, 2015).

    Parameters
    ----------
    betas, eps, weight_decay : pair of floats, float, float
        As in `Adam`.

    Examples
    --------
    >>> from sgnn.optimizers import Adamax
    >>> Adamax(eps=1e-6).eps
    1e-06
    """

    kind = torch.optim.Adamax
    rules: ClassVar[dict[str, Rule]] = {
        name: Adam.rules[name] for name in ("betas", "eps", "weight_decay")
    }

    def __init__(
        self,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay


@register("rmsprop")
class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of the squared gradient.

    Parameters
    ----------
    alpha : float, default=0.99
        How slowly the mean changes.
    eps : float, default=1e-8
        Added to the root.
    weight_decay, momentum : float, default=0
        Of `torch.optim.RMSprop`.
    centered : bool, default=False
        Divide by the deviation in the place of the root of the mean square.

    Examples
    --------
    >>> from sgnn.optimizers import RMSprop
    >>> RMSprop(alpha=0.9).alpha
    0.9
    """

    kind = torch.optim.RMSprop
    rules: ClassVar[dict[str, Rule]] = {
        "alpha": RATE,
        "eps": number(0, open_low=True),
        "weight_decay": number(0),
        "momentum": RATE,
        "centered": flag,
    }

    def __init__(
        self,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        self.alpha = alpha
        self.eps = eps
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.centered = centered
