"""Random groups of columns with a planted support: the groups that the target depends on."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch, check_scalar

from ._names import numbered
from ._random import RandomState, private_generator


def make_grouped_classification(
    n_samples: int = 200,
    n_groups: int = 10,
    group_size: int | Sequence[int] = 5,
    n_informative: int = 3,
    n_classes: int = 2,
    *,
    nonlinear: bool = False,
    noise: float = 0.1,
    correlation: float = 0.0,
    random_state: RandomState = None,
) -> Bunch:
    """Draw grouped columns and classes that depend on a few of the groups.

    The columns are standard normal with correlation ``rho`` within a group and 0 between groups.
    With a random direction ``u_g`` for every informative group ``g`` in ``S``, scaled so that
    ``z_g = X_g u_g`` has variance 1, the score is::

        s = sum_{g in S} h(z_g) / sqrt(|S|) + noise * e,     e ~ N(0, 1),

    where ``h(z) = z``, or ``h(z) = (z^2 - 1) / sqrt(2)`` if `nonlinear`.  The class is the slice
    of the score in which a sample falls, lowest first; the slices are equally filled.

    Parameters
    ----------
    n_samples : int, default=200
        The number of rows, at least `n_classes`.
    n_groups : int, default=10
        The number of groups.
    group_size : int or sequence of n_groups ints, default=5
        The number of columns of each group.
    n_informative : int, default=3
        The number of groups that the target depends on, drawn at random.
    n_classes : int, default=2
        The number of classes.
    nonlinear : bool, default=False
        Whether the target depends on squares alone, which are uncorrelated with every linear
        function of the columns, so that no linear model finds the support.
    noise : float, default=0.1
        The noise's standard deviation, where the signal's is 1.
    correlation : float, default=0.0
        The correlation ``rho`` of two columns of one group, in [0, 1).
    random_state : int, Generator, RandomState or None, default=None
        The source of randomness; None gives other data at each call.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (n_samples, n_features), float64.
        - ``target`` : ndarray of shape (n_samples,), int64, 0 to n_classes - 1.
        - ``groups`` : ndarray of shape (n_features,), str, "group 3".
        - ``group_costs`` : None.
        - ``feature_names`` : list of str, "group 3 column 1".
        - ``support`` : ndarray of shape (n_groups,), bool, which groups are informative.
        - ``DESCR`` : str.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong type or out of its range.

    See Also
    --------
    make_grouped_regression : The same signal as a number.
    make_parity : A target that needs all of its groups at once.

    Notes
    -----
    All of a group's columns share its signal, so a group is informative as a whole.

    Examples
    --------
    >>> from sgnn.datasets import make_grouped_classification
    >>> made = make_grouped_classification(n_samples=100, n_groups=4, random_state=0)
    >>> made.data.shape, int(made.support.sum()), int(made.target.sum())
    ((100, 20), 3, 50)
    """
    check_scalar(n_classes, "n_classes", Integral, min_val=2)
    check_scalar(n_samples, "n_samples", Integral, min_val=n_classes)
    made = make_grouped_regression(
        n_samples,
        n_groups,
        group_size,
        n_informative,
        nonlinear=nonlinear,
        noise=noise,
        correlation=correlation,
        random_state=random_state,
    )
    ranks = made.target.argsort().argsort()
    made.target = ranks * n_classes // n_samples
    made.DESCR = (
        f"{n_classes} equally frequent classes that depend on {n_informative} of {n_groups} "
        "groups of random columns."
    )
    return made


def make_grouped_regression(
    n_samples: int = 200,
    n_groups: int = 10,
    group_size: int | Sequence[int] = 5,
    n_informative: int = 3,
    n_targets: int = 1,
    *,
    nonlinear: bool = False,
    noise: float = 0.1,
    correlation: float = 0.0,
    random_state: RandomState = None,
) -> Bunch:
    """Draw grouped columns and numbers that depend on a few of the groups.

    The columns are standard normal with correlation ``rho`` within a group and 0 between groups.
    With a random direction ``u_gk`` for every informative group ``g`` in ``S`` and target ``k``,
    scaled so that ``z_gk = X_g u_gk`` has variance 1, the targets are::

        y_k = sum_{g in S} h(z_gk) / sqrt(|S|) + noise * e_k,     e_k ~ N(0, 1),

    where ``h(z) = z``, or ``h(z) = (z^2 - 1) / sqrt(2)`` if `nonlinear`: mean 0 and signal
    variance 1 either way.

    Parameters
    ----------
    n_samples : int, default=200
        The number of rows.
    n_groups : int, default=10
        The number of groups.
    group_size : int or sequence of n_groups ints, default=5
        The number of columns of each group.
    n_informative : int, default=3
        The number of groups that the targets depend on, drawn at random; all targets share them.
    n_targets : int, default=1
        The number of targets.
    nonlinear : bool, default=False
        Whether the targets depend on squares alone, which are uncorrelated with every linear
        function of the columns, so that no linear model finds the support.
    noise : float, default=0.1
        The noise's standard deviation, where the signal's is 1.
    correlation : float, default=0.0
        The correlation ``rho`` of two columns of one group, in [0, 1).
    random_state : int, Generator, RandomState or None, default=None
        The source of randomness; None gives other data at each call.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (n_samples, n_features), float64.
        - ``target`` : ndarray of shape (n_samples,), or (n_samples, n_targets) if there are
          several, float64.
        - ``groups`` : ndarray of shape (n_features,), str, "group 3".
        - ``group_costs`` : None.
        - ``feature_names`` : list of str, "group 3 column 1".
        - ``support`` : ndarray of shape (n_groups,), bool, which groups are informative.
        - ``DESCR`` : str.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong type or out of its range.

    See Also
    --------
    make_grouped_classification : The same signal cut into classes.

    Examples
    --------
    >>> from sgnn.datasets import make_grouped_regression
    >>> made = make_grouped_regression(50, n_groups=3, group_size=[2, 1, 4], random_state=0)
    >>> made.data.shape, made.target.shape, made.groups[2:4].tolist()
    ((50, 7), (50,), ['group 1', 'group 2'])
    """
    check_scalar(n_samples, "n_samples", Integral, min_val=1)
    check_scalar(n_groups, "n_groups", Integral, min_val=1)
    check_scalar(n_informative, "n_informative", Integral, min_val=1, max_val=n_groups)
    check_scalar(n_targets, "n_targets", Integral, min_val=1)
    check_scalar(noise, "noise", Real, min_val=0)
    check_scalar(correlation, "correlation", Real, min_val=0, max_val=1, include_boundaries="left")
    sizes = _group_sizes(group_size, n_groups)
    labels = np.repeat(np.arange(n_groups), sizes)  # (n_features,)

    rng = private_generator(random_state)
    data = _correlated_normal(rng, n_samples, labels, correlation)
    informative = np.sort(rng.choice(n_groups, n_informative, replace=False))
    # (n_informative, n_samples, n_targets)
    z = np.stack(
        [_unit_projections(rng, data[:, labels == g], n_targets, correlation) for g in informative]
    )
    shaped = (z**2 - 1) / np.sqrt(2) if nonlinear else z
    target = shaped.sum(axis=0) / np.sqrt(n_informative)
    target += noise * rng.standard_normal(target.shape)

    names = numbered("group", n_groups)
    return Bunch(
        data=data,
        target=target[:, 0] if n_targets == 1 else target,
        groups=np.repeat(names, sizes),
        group_costs=None,
        feature_names=[
            f"{name} {column}"
            for name, size in zip(names, sizes, strict=True)
            for column in numbered("column", size)
        ],
        support=np.isin(np.arange(n_groups), informative),
        DESCR=f"{n_targets} numbers that depend on {n_informative} of {n_groups} groups of random "
        "columns.",
    )


def _group_sizes(group_size: int | Sequence[int], n_groups: int) -> NDArray[np.integer]:
    sizes = np.asarray(group_size)
    if sizes.ndim == 0:
        sizes = np.repeat(sizes, n_groups)
    if sizes.shape != (n_groups,) or sizes.dtype.kind not in "iu" or sizes.min() < 1:
        raise ValueError(
            f"group_size={group_size!r} does not fit n_groups={n_groups}; "
            "give one positive int, or one for each group."
        )
    return sizes


def _correlated_normal(
    rng: np.random.Generator, n_samples: int, labels: NDArray, correlation: float
) -> NDArray[np.float64]:
    """Draw standard normal columns with `correlation` between any two of equal label."""
    shared = rng.standard_normal((n_samples, labels[-1] + 1))[:, labels]
    own = rng.standard_normal((n_samples, labels.size))
    return np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own


def _unit_projections(
    rng: np.random.Generator, columns: NDArray, n_signals: int, correlation: float
) -> NDArray[np.float64]:
    """Project a group on random directions, (n_samples, n_signals), each of variance 1."""
    directions = rng.standard_normal((columns.shape[1], n_signals))
    own, shared = (directions**2).sum(axis=0), directions.sum(axis=0) ** 2
    variance = (1 - correlation) * own + correlation * shared
    return columns @ (directions / np.sqrt(variance))
