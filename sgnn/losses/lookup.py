"""Lookup of losses by name, class or instance."""

from __future__ import annotations

import copy
from typing import Any

from .base import REGISTRY, Loss
from .torch_loss import TorchLoss

__all__ = ["get", "names"]

SCALINGS = (None, "standardize", "mean")
LINKS = ("identity", "log")
TARGETS = ("classes", "numbers", "any")


def names(targets: str = "any") -> list[str]:
    """The registered names, sorted.

    Parameters
    ----------
    targets : {"classes", "numbers", "any"}, default="any"
        Only those of losses for such targets.

    Returns
    -------
    names : list of str
        In the order of the alphabet.

    Examples
    --------
    >>> from sgnn import losses
    >>> "poisson" in losses.names("numbers"), "poisson" in losses.names("classes")
    (True, False)
    """
    return sorted(name for name, made in REGISTRY.items() if targets in ("any", made().targets))


def get(loss: Any, targets: str = "any") -> Loss:
    """The loss of that name, class or instance.

    Parameters
    ----------
    loss : str, Loss, torch loss class or instance
        One of `names()`; a Loss, which is copied; or an argument of `TorchLoss`.
    targets : {"classes", "numbers", "any"}, default="any"
        The targets that it has to be a loss of.

    Returns
    -------
    loss : Loss
        A new one.

    Raises
    ------
    ValueError
        If the name is unknown, it is a loss of other targets, or not a loss.

    Examples
    --------
    >>> from sgnn import losses
    >>> losses.get("quantile")
    Quantile(quantile=0.5)
    """
    known = ", ".join(map(repr, names(targets)))
    if isinstance(loss, str):
        if loss not in REGISTRY:
            raise ValueError(f"loss={loss!r} is unknown: give one of {known}, or a torch loss.")
        made = REGISTRY[loss]()
    elif isinstance(loss, Loss):
        made = copy.deepcopy(loss)
    else:
        own = isinstance(loss, type) and issubclass(loss, Loss)
        try:
            made = loss() if own else TorchLoss(loss)
        except TypeError as error:
            raise ValueError(
                f"loss must be None, a name, or a torch loss that takes reduction='none', got "
                f"{loss!r} ({error}): give an instance that takes outputs and targets."
            ) from None
    if made.scaling not in SCALINGS or made.link not in LINKS:
        raise ValueError(
            f"loss={loss!r} has scaling={made.scaling!r} and link={made.link!r}: let them be among "
            f"{SCALINGS} and {LINKS}."
        )
    if made.targets not in TARGETS and (made.scaling, made.link) != (None, "identity"):
        raise ValueError(
            f"loss={loss!r} is one of {made.targets}, for which scaling={made.scaling!r} and "
            f"link={made.link!r} have no meaning: leave both as they are, and let the task predict."
        )
    if "any" not in (targets, made.targets) and made.targets != targets:
        raise ValueError(
            f"loss={loss!r} is one of {made.targets}, and y holds {targets}: give one of {known}, "
            f"or a torch loss."
        )
    return made
