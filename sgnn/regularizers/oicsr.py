"""OICSR: the incoming and outgoing weights of a unit, of two layers, as one group.

R(W) = sum_u sqrt(||W^l_u||^2 + ||W^{l+1}_u||^2) is the group lasso of one matrix that has a row
for each unit u of layer l, so that any regularizer applies to it.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["join_units", "split_units"]


def join_units(lower: Tensor, upper: Tensor) -> Tensor:
    """The matrix whose rows are the incoming and outgoing weights of each unit.

    Parameters
    ----------
    lower : tensor of shape (units, ...)
        Weight of layer l: dense or convolution, its output units first.
    upper : tensor of shape (out, units * m, ...)
        Weight of layer l + 1.  m > 1 where a convolution is flattened into a dense layer:
        each channel then feeds m neighboring inputs.

    Returns
    -------
    tensor of shape (units, n)
        For `Blocks.neurons` with weights 1: GroupLasso() is OICSR-GL.  The weights of a hidden
        layer are in two such matrices, so that an l1 part has to be taken of the layers.

    Raises
    ------
    ValueError
        If the inputs of the upper layer are no multiple of the units.

    Notes
    -----
    Source: Li et al. (2019), "OICSR: Out-in-channel sparsity regularization for compact deep
    neural networks"; paper 4, section II.F.

    Examples
    --------
    >>> join_units(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0]]))
    tensor([[1., 3., 5.],
            [2., 4., 6.]])
    """
    units = len(lower)
    if upper.shape[1] % units:
        raise ValueError(
            f"upper has {upper.shape[1]} inputs for the {units} units of lower: give the weight "
            f"of the layer that these units feed."
        )
    outgoing = upper.reshape(len(upper), units, -1).transpose(0, 1)
    return torch.cat([lower.reshape(units, -1), outgoing.reshape(units, -1)], 1)


def split_units(joined: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
    """Undo `join_units`: what `joined` holds, in the shapes of `lower` and `upper`.

    Parameters
    ----------
    joined : tensor of shape (units, m)
        A row for each unit.
    lower, upper : tensor
        The weights that lead into the units and out of them, of which the shapes count.

    Returns
    -------
    lower, upper : tensor
        What `joined` holds.

    Examples
    --------
    >>> lower, upper = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0]])
    >>> split_units(join_units(lower, upper), lower, upper)[1]
    tensor([[3., 4.],
            [5., 6.]])
    """
    units = len(lower)
    incoming, outgoing = joined.split([lower[0].numel(), upper.numel() // units], 1)
    outgoing = outgoing.reshape(units, len(upper), -1).transpose(0, 1)
    return incoming.reshape(lower.shape), outgoing.reshape(upper.shape)
