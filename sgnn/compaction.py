"""The physically smaller network that computes the same outputs."""

from __future__ import annotations

import copy

from torch import nn

from .modules import MLP, Columns

__all__ = ["compact"]


def compact(module: MLP) -> MLP:
    """The network of the kept columns alone; it takes those columns and returns equal outputs.

    Parameters
    ----------
    module : MLP
        Not changed.

    Returns
    -------
    MLP
        With `len(module.columns.kept)` input columns.

    Examples
    --------
    >>> import torch
    >>> net = MLP(Columns(3), [4], 2)
    >>> net.columns.keep(torch.tensor([True, False, True]))
    >>> x = torch.randn(5, 3)
    >>> torch.equal(compact(net)(x[:, [0, 2]]), net(x))
    True
    """
    small, kept = copy.deepcopy(module), module.columns.kept
    parts = {
        name: None if buffer is None else buffer[kept].cpu().numpy()
        for name, buffer in (
            ("shift", module.columns.shift),
            ("scale", module.columns.scale),
            ("fill", module.columns.fill),
        )
    }
    small.columns = Columns(len(kept), **parts).to(kept.device)
    small.theta = nn.Parameter(module.theta[:, kept].detach().clone())
    return small
