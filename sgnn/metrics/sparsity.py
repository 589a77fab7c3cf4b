"""Sparsity and floating point operations of networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["count_flops", "group_sparsity", "neuron_sparsity", "weight_sparsity"]

Biases: TypeAlias = Sequence[ArrayLike | None] | None


def group_sparsity(w: ArrayLike, labels: ArrayLike, *, tol: float = 0.0) -> float:
    """Compute the share of groups of columns whose weights are all zero.

    With ``w_g`` the weights of the columns of group ``g``::

        group sparsity = |{g : max |w_g| <= tol}| / n_groups

    Parameters
    ----------
    w : array-like of shape (..., n_features)
        Weights whose last axis is the columns: ``coef_`` of a linear model, or the first layer
        of a network in torch's shape (n_units, n_features).
    labels : array-like of shape (n_features,)
        The group of each column: ints, strings, any labels that can be sorted.
    tol : float, default=0.0
        A weight counts as zero up to this magnitude.

    Returns
    -------
    float
        The share, in [0, 1].

    Raises
    ------
    ValueError
        If there is not one label per column, or there is no column.

    See Also
    --------
    weight_sparsity : The share of single weights.
    neuron_sparsity : The share of neurons.

    References
    ----------
    .. [1] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), section 4.

    Examples
    --------
    >>> from sgnn.metrics import group_sparsity
    >>> theta = [[0.0, 0.0, 1.5, 0.0], [0.0, 0.0, 0.0, 0.0]]
    >>> round(group_sparsity(theta, ["blood", "blood", "scan", "age"]), 3)
    0.667
    """
    columns = np.atleast_1d(np.asarray(w))
    groups = np.asarray(labels)
    if groups.shape != columns.shape[-1:] or groups.size == 0:
        raise ValueError(
            f"labels has shape {groups.shape} but w has {columns.shape}; "
            "give one label for each entry of w's last axis, at least one."
        )
    used = ~_zero(columns, tol).reshape(-1, groups.size).all(axis=0)
    n_groups = len(np.unique(groups))
    return (n_groups - len(np.unique(groups[used]))) / n_groups


def weight_sparsity(weights: Sequence[ArrayLike], *, tol: float = 0.0) -> float:
    """Compute the share of weights that are zero.

    Over the entries ``w_i`` of all arrays::

        weight sparsity = |{i : |w_i| <= tol}| / |{i}|

    Parameters
    ----------
    weights : sequence of arrays
        The weights of each layer, of any shapes.  Add the biases to count them too.
    tol : float, default=0.0
        A weight counts as zero up to this magnitude; [1]_ takes 1e-5.

    Returns
    -------
    float
        The share, in [0, 1].

    Raises
    ------
    ValueError
        If there is no weight.

    See Also
    --------
    neuron_sparsity : The share of neurons.

    Notes
    -----
    Both references count biases.  The 431,080 parameters of LeNet-5-Caffe in [1]_ are 430,500
    weights and 580 biases; the 2987, 26506 and 3047 "neurons" of the networks in [2]_ are their
    weights and biases too.

    References
    ----------
    .. [1] K. Bui, F. Park, S. Zhang, Y. Qi and J. Xin, "Structured Sparsity of Convolutional
       Neural Networks via Nonconvex Sparse Group Regularization", Front. Appl. Math. Stat. 6
       (2021), section 3.
    .. [2] K. Chen, Z. Dai, H. Pan and Y. Sheng, "Benefit of Group Sparsity in Deep Learning"
       (2020), section 4.

    Examples
    --------
    >>> from sgnn.metrics import weight_sparsity
    >>> weight_sparsity([[[1.0, 0.0], [0.0, 0.0]], [[2.0, 0.0, 0.0, 3.0]]])
    0.625
    """
    zero = [_zero(layer, tol) for layer in weights]
    n_weights = sum(layer.size for layer in zero)
    if n_weights == 0:
        raise ValueError("weights has no entry; give the weights of at least one layer.")
    return sum(int(layer.sum()) for layer in zero) / n_weights


def neuron_sparsity(
    weights: Sequence[ArrayLike], biases: Biases = None, *, tol: float = 0.0
) -> float:
    """Compute the share of zero neurons.

    The neurons of a convolution are its output channels, those of a dense layer its input units,
    including the inputs of the network; the network's outputs are not counted.  With ``w_j`` the
    weights of neuron ``j`` (incoming of an output channel, outgoing of a unit) and ``b_j`` its
    bias, if it has one::

        neuron sparsity = |{j : max |w_j| <= tol and |b_j| <= tol}| / n_neurons

    Parameters
    ----------
    weights : sequence of arrays
        Layer by layer in torch's shapes: (out, in) of a dense layer, (out, in, *kernel) of a
        convolution.
    biases : sequence of arrays of shape (out,), default=None
        The bias of each layer, None for a layer without.  None: only weights are considered.
    tol : float, default=0.0
        A weight or bias counts as zero up to this magnitude.

    Returns
    -------
    float
        The share, in [0, 1].

    Raises
    ------
    ValueError
        If there is no layer, a layer has fewer than two axes, or a bias does not fit its layer.

    See Also
    --------
    weight_sparsity : The share of single weights.

    Notes
    -----
    The bias of a hidden unit is that of the layer which outputs it.  The inputs have none, nor
    have the inputs of a dense layer after a convolution, whose channels have it.  With biases
    this is the rule of [1]_; without them the count of [2]_, where LeNet-5-Caffe has
    20 + 50 + 800 + 500 = 1370 neurons.

    References
    ----------
    .. [1] K. Chen, Z. Dai, H. Pan and Y. Sheng, "Benefit of Group Sparsity in Deep Learning"
       (2020), section 3.4, after S. Scardapane, D. Comminiello, A. Hussain and A. Uncini, "Group
       sparse regularization for deep neural networks", Neurocomputing 241 (2017) 81-89.
    .. [2] K. Bui, F. Park, S. Zhang, Y. Qi and J. Xin, "Structured Sparsity of Convolutional
       Neural Networks via Nonconvex Sparse Group Regularization", Front. Appl. Math. Stat. 6
       (2021), section 3.

    Examples
    --------
    >>> from sgnn.metrics import neuron_sparsity
    >>> W1 = [[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]]  # 3 inputs, the second with zero weights
    >>> W2 = [[0.0, 3.0]]  # 2 units, the first with zero weights
    >>> neuron_sparsity([W1, W2])
    0.4
    >>> neuron_sparsity([W1, W2], [[0.5, 0.0], [1.0]])  # that unit's bias is not zero
    0.2
    """
    layers = [np.asarray(layer) for layer in weights]
    offsets: list[ArrayLike | None] = [None] * len(layers) if biases is None else list(biases)
    _check_layers(layers, offsets)
    zero_bias = [True if offset is None else _zero(offset, tol) for offset in offsets]
    zero_neurons = []
    for position, layer in enumerate(layers):
        zero = _zero(layer, tol)
        if layer.ndim > 2:
            zero_neurons.append(zero.reshape(len(layer), -1).all(axis=1) & zero_bias[position])
        elif position and layers[position - 1].ndim == 2:
            zero_neurons.append(zero.all(axis=0) & zero_bias[position - 1])
        else:
            zero_neurons.append(zero.all(axis=0))
    return float(np.concatenate(zero_neurons).mean())


def count_flops(
    weights: Sequence[ArrayLike], output_sizes: Sequence[Sequence[int]] | None = None
) -> int:
    """Count the floating point operations of a network's products, for one sample.

    A multiplication and an addition per weight and position of the output::

        flops = sum_l 2 |W_l| prod(size_l),

    with ``size_l`` the (height, width) of layer ``l``'s output if it is a convolution, and one
    position if it is dense.  Biases, activations and pooling are not counted, and zero weights
    are: sparsity saves the difference to the count of the smaller network.

    Parameters
    ----------
    weights : sequence of arrays
        Layer by layer in torch's shapes: (out, in) of a dense layer, (out, in, *kernel) of a
        convolution, (out, in / n_groups, *kernel) of a grouped one.
    output_sizes : sequence of sequences of int, default=None
        The spatial size of each layer's output, () for a dense layer.  None: all are dense.

    Returns
    -------
    int
        The count, that of ``torch.utils.flop_counter``.

    Raises
    ------
    ValueError
        If a layer has fewer than two axes, or the sizes do not fit the layers.

    Examples
    --------
    A dense network, and a convolution of 20 filters of 5 x 5 over one plane of 28 x 28:

    >>> import numpy as np
    >>> from sgnn.metrics import count_flops
    >>> count_flops([np.ones((100, 784)), np.ones((10, 100))])
    158800
    >>> count_flops([np.ones((20, 1, 5, 5))], [(24, 24)])
    576000
    """
    layers = [np.asarray(layer) for layer in weights]
    _check_layers(layers, [None] * len(layers))
    sizes = [()] * len(layers) if output_sizes is None else [tuple(size) for size in output_sizes]
    ranks = [layer.ndim - 2 for layer in layers]
    if [len(size) for size in sizes] != ranks:
        raise ValueError(
            f"output_sizes={output_sizes!r} does not fit layers of shapes "
            f"{[layer.shape for layer in layers]}; give the size of each layer's output along "
            f"{ranks} axes, () for a dense layer."
        )
    return sum(2 * layer.size * math.prod(size) for layer, size in zip(layers, sizes, strict=True))


def _zero(values: ArrayLike, tol: float) -> NDArray[np.bool_]:
    # NaN is not zero
    return np.abs(np.asarray(values)) <= tol


def _check_layers(layers: list[NDArray], biases: list[ArrayLike | None]) -> None:
    if not layers or min(layer.ndim for layer in layers) < 2:
        raise ValueError(
            f"weights has shapes {[layer.shape for layer in layers]}; give at least one layer, "
            "each of shape (out, in) or (out, in, *kernel)."
        )
    shapes = [None if bias is None else np.shape(bias) for bias in biases]
    widths = [(len(layer),) for layer in layers]
    if len(shapes) != len(widths) or not all(
        shape in (None, width) for shape, width in zip(shapes, widths, strict=True)
    ):
        raise ValueError(
            f"biases has shapes {shapes}; give one array or None for each layer, "
            f"of shapes {widths}."
        )
