"""Parity: a target that needs all of its groups at once."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_scalar

from ._names import numbered
from ._random import RandomState, private_generator


def make_parity(
    n_samples: int = 10000,
    n_bits: int = 8,
    noise_columns: int = 2,
    group_size: int = 2,
    random_state: RandomState = None,
) -> Bunch:
    """Draw random bits whose parity is the target, and columns of noise.

    With bits ``b_j`` in {-1, +1}, each with probability 1/2, the target is 1 where an odd number
    of the first `n_bits` are +1: their exclusive or.  Every proper subset of these bits is
    independent of the target, so all of their groups are needed, and none is informative alone.

    Parameters
    ----------
    n_samples : int, default=10000
        The number of rows.
    n_bits : int, default=8
        The number of bits that the target depends on, a multiple of `group_size`.
    noise_columns : int, default=2
        The number of further columns, all in the group "noise"; 0 for none.
    group_size : int, default=2
        The number of consecutive bits in each group.
    random_state : int, Generator, RandomState or None, default=None
        The source of randomness; None gives other data at each call.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (n_samples, n_bits + noise_columns), float64, -1 or +1.
        - ``target`` : ndarray of shape (n_samples,), int64, 0 or 1.
        - ``groups`` : ndarray of shape (n_bits + noise_columns,), str, "bits 0" to "bits 3" and
          "noise".
        - ``group_costs`` : None.
        - ``feature_names`` : list of str, "bit 0" to "bit 7", "noise 0", "noise 1".
        - ``support`` : ndarray of shape (n_groups,), bool, True but for "noise".
        - ``DESCR`` : str.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong type or out of its range.

    Notes
    -----
    The paper does not say how its bits and its noise are coded.  Here the bits are -1 and +1:
    their mean is 0, so that a removed group (all weights zero) acts like its average, and a first
    layer without bias depends on both values.  The noise columns are bits too, so that only the
    target distinguishes them.

    References
    ----------
    .. [1] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), appendix A.3.

    Examples
    --------
    >>> from sgnn.datasets import make_parity
    >>> made = make_parity(n_samples=4, random_state=0)
    >>> made.groups[[0, 1, 2, 7, 8, 9]].tolist()
    ['bits 0', 'bits 0', 'bits 1', 'bits 3', 'noise', 'noise']
    >>> bool((made.target == (made.data[:, :8] > 0).sum(axis=1) % 2).all())
    True
    """
    check_scalar(n_samples, "n_samples", Integral, min_val=1)
    check_scalar(noise_columns, "noise_columns", Integral, min_val=0)
    check_scalar(group_size, "group_size", Integral, min_val=1)
    check_scalar(n_bits, "n_bits", Integral, min_val=group_size)
    if n_bits % group_size:
        raise ValueError(f"n_bits={n_bits} is not a multiple of group_size={group_size}; give one.")
    rng = private_generator(random_state)
    bits = rng.integers(2, size=(n_samples, n_bits + noise_columns))
    groups = np.repeat(numbered("bits", n_bits // group_size), group_size)
    noise = ["noise"] * noise_columns
    return Bunch(
        data=2.0 * bits - 1.0,
        target=bits[:, :n_bits].sum(axis=1) % 2,
        groups=np.append(groups, noise) if noise else groups,
        group_costs=None,
        feature_names=numbered("bit", n_bits) + numbered("noise", noise_columns),
        support=np.array([True] * (n_bits // group_size) + [False] * bool(noise)),
        DESCR=f"The parity of {n_bits} random bits, beside {noise_columns} columns of noise.",
    )
