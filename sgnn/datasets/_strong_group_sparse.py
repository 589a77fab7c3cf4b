"""Regression whose coefficients are strongly group-sparse."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch, check_scalar

from ._names import crossed, numbered
from ._random import RandomState, private_generator


def make_strong_group_sparse(
    n_samples: int = 200,
    n_groups: int = 20,
    group_size: int = 5,
    n_active: int = 4,
    correctness: float = 1.0,
    *,
    nonlinear: bool = False,
    noise: float = 0.1,
    random_state: RandomState = None,
) -> Bunch:
    """Draw a regression whose coefficients are group-sparse to a given degree.

    Coefficients ``w`` are (g, k) strongly group-sparse if at most ``g`` groups, of at most ``k``
    columns together, hold all their nonzeros.  Here ``g`` is `n_active`, ``k`` is `n_active` times
    `group_size`, no fewer groups would do, and::

        correctness = ||w||_0 / k,

    so at 1 the groups are the best that a group lasso can be given, and at 1 / group_size each of
    the active ones holds a single nonzero.  With standard normal columns ``X`` and ``||w||_2 = 1``
    the target is::

        y = sum_{g active} ||w_g|| h(X_g w_g / ||w_g||) + noise * e,     e ~ N(0, 1),

    where ``h(z) = z``, so that ``y = X w + noise * e``, or ``h(z) = (z^2 - 1) / sqrt(2)`` if
    `nonlinear`: mean 0 and signal variance 1 either way.

    Parameters
    ----------
    n_samples : int, default=200
        The number of rows.
    n_groups : int, default=20
        The number of groups.
    group_size : int, default=5
        The number of columns of each group.
    n_active : int, default=4
        The number ``g`` of groups that hold the nonzeros, drawn at random.
    correctness : float, default=1.0
        The share of the active groups' columns whose coefficient is not zero, in
        [1 / group_size, 1].  Their number is rounded to the nearest int; each active group has at
        least one, the others are drawn at random.
    nonlinear : bool, default=False
        Whether the target depends on squares alone, which are uncorrelated with every linear
        function of the columns, so that no linear model finds the support.
    noise : float, default=0.1
        The noise's standard deviation, where the signal's is 1.
    random_state : int, Generator, RandomState or None, default=None
        The source of randomness; None gives other data at each call.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (n_samples, n_features), float64.
        - ``target`` : ndarray of shape (n_samples,), float64.
        - ``groups`` : ndarray of shape (n_features,), str, "group 03".
        - ``group_costs`` : None.
        - ``feature_names`` : list of str, "group 03 column 1".
        - ``coef`` : ndarray of shape (n_features,), the ``w`` of the equation; the magnitudes of
          its nonzeros differ by a factor of at most 2.
        - ``support`` : ndarray of shape (n_groups,), bool, which groups are active.
        - ``correctness`` : float, after rounding.
        - ``DESCR`` : str.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong type or out of its range.

    See Also
    --------
    make_grouped_regression : Groups that are informative as a whole, and may be correlated.

    References
    ----------
    .. [1] J. Huang and T. Zhang, "The benefit of group sparsity", Ann. Statist. 38 (2010)
       1978-2004, definition 3.1.
    .. [2] K. Chen, Z. Dai, H. Pan and Y. Sheng, "Benefit of Group Sparsity in Deep Learning"
       (2020), section 3.5.1, definition 3.1 and figure 3.

    Examples
    --------
    >>> from sgnn.datasets import make_strong_group_sparse
    >>> made = make_strong_group_sparse(correctness=0.5, random_state=0)
    >>> made.data.shape, int(made.support.sum()), int((made.coef != 0).sum())
    ((200, 100), 4, 10)
    """
    check_scalar(n_samples, "n_samples", Integral, min_val=1)
    check_scalar(n_groups, "n_groups", Integral, min_val=1)
    check_scalar(group_size, "group_size", Integral, min_val=1)
    check_scalar(n_active, "n_active", Integral, min_val=1, max_val=n_groups)
    check_scalar(correctness, "correctness", Real, min_val=1 / group_size, max_val=1)
    check_scalar(noise, "noise", Real, min_val=0)
    rng = private_generator(random_state)
    data = rng.standard_normal((n_samples, n_groups * group_size))
    support = np.isin(np.arange(n_groups), rng.choice(n_groups, n_active, replace=False))
    n_nonzero = round(correctness * n_active * group_size)
    w = _coefficients(rng, support, group_size, n_nonzero)  # (n_groups, group_size)

    norms = np.linalg.norm(w[support], axis=1)
    columns = data.reshape(n_samples, n_groups, group_size)[:, support]
    z = np.einsum("ngp,gp->ng", columns, w[support]) / norms
    shaped = (z**2 - 1) / np.sqrt(2) if nonlinear else z
    groups = numbered("group", n_groups)
    return Bunch(
        data=data,
        target=shaped @ norms + noise * rng.standard_normal(n_samples),
        groups=np.repeat(groups, group_size),
        group_costs=None,
        feature_names=crossed(groups, numbered("column", group_size)),
        coef=w.ravel(),
        support=support,
        correctness=n_nonzero / (n_active * group_size),
        DESCR=f"A number that depends on {n_nonzero} of the {n_active * group_size} columns of "
        f"{n_active} of {n_groups} groups.",
    )


def _coefficients(
    rng: np.random.Generator, support: NDArray[np.bool_], group_size: int, n_nonzero: int
) -> NDArray[np.float64]:
    """Draw (n_groups, group_size) of norm 1 with a nonzero at least in each active group."""
    active = np.flatnonzero(support)
    columns = active[:, None] * group_size + np.arange(group_size)
    shuffled = rng.permuted(columns, axis=1)
    others = rng.permutation(shuffled[:, 1:].ravel())
    chosen = np.concatenate([shuffled[:, 0], others[: n_nonzero - len(active)]])
    w = np.zeros(support.size * group_size)
    w[chosen] = rng.choice([-1.0, 1.0], n_nonzero) * rng.uniform(0.5, 1.0, n_nonzero)
    return (w / np.linalg.norm(w)).reshape(-1, group_size)
