"""Stability of repeated selections."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "jaccard_stability",
    "nogueira_interval",
    "nogueira_stability",
]


def jaccard_stability(supports: ArrayLike) -> float:
    """Compute the mean Jaccard index of every two selections.

    With ``V_i`` the set of groups that run ``i`` of ``M`` selected::

        stability = 2 / (M (M - 1)) sum_{i < j} |V_i & V_j| / |V_i | V_j|,

    where two empty selections agree: their index is 1.

    Parameters
    ----------
    supports : array-like of shape (n_runs, n_groups)
        Which groups each run selected: bools, or 0 and 1.

    Returns
    -------
    float
        The mean, in [0, 1].

    Raises
    ------
    ValueError
        If there are fewer than two runs, no groups, or entries other than 0 and 1.

    See Also
    --------
    nogueira_stability : Corrected for chance.
    similarity_stability : Similar groups count as partial agreement.

    Notes
    -----
    Runs that select many groups overlap by chance, so values at different numbers of selected
    groups are not comparable.

    References
    ----------
    .. [1] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), section 4.4.

    Examples
    --------
    >>> from sgnn.metrics import jaccard_stability
    >>> jaccard_stability([[1, 1, 0, 0], [1, 0, 0, 0]])
    0.5
    >>> jaccard_stability([[1, 0, 1, 0], [0, 1, 0, 1]])
    0.0
    """
    Z = checked_supports(supports)
    sizes = Z.sum(axis=1)
    both = Z @ Z.T
    either = sizes[:, None] + sizes - both
    index = np.where(either > 0, both, 1) / np.maximum(either, 1)
    return float(index[np.triu_indices(len(Z), k=1)].mean())


def nogueira_stability(supports: ArrayLike) -> float:
    """Compute the stability of Nogueira, Sechidis and Brown.

    With ``p_f`` the share of the ``M`` runs that selected group ``f`` of ``d``, and ``k`` the
    mean number of groups that a run selected::

        stability = 1 - (1/d sum_f M/(M - 1) p_f (1 - p_f)) / (k/d (1 - k/d)),

    one minus the variance of the choices, relative to that of random choices of as many groups.
    It is 1 if all runs agree and 0 on average if each run draws its groups at random.

    Parameters
    ----------
    supports : array-like of shape (n_runs, n_groups)
        Which groups each run selected: bools, or 0 and 1.

    Returns
    -------
    float
        The stability, in [-1/(M - 1), 1].

    Raises
    ------
    ValueError
        If there are fewer than two runs, no groups, or entries other than 0 and 1.

    See Also
    --------
    nogueira_interval : Its confidence interval.
    similarity_stability : The same for similar groups.

    Notes
    -----
    The formula is 0/0 if every run selected nothing, or every run everything; such runs agree,
    and the result is 1.

    References
    ----------
    .. [1] S. Nogueira, K. Sechidis and G. Brown, "On the Stability of Feature Selection
       Algorithms", J. Mach. Learn. Res. 18 (2018), 174:1-54, definition 4.

    Examples
    --------
    >>> from sgnn.metrics import nogueira_stability
    >>> nogueira_stability([[1, 1, 0, 0], [1, 0, 1, 0]])
    0.0
    """
    Z = checked_supports(supports)
    chosen = Z.mean()
    if chosen in (0.0, 1.0):
        return 1.0
    return float(1.0 - Z.var(axis=0, ddof=1).mean() / (chosen * (1.0 - chosen)))


def nogueira_interval(supports: ArrayLike, confidence_level: float = 0.95) -> tuple[float, float]:
    """Compute a confidence interval of the stability of Nogueira, Sechidis and Brown.

    With ``k_i`` the number of groups that run ``i`` selected, ``z_if`` whether ``f`` is one of
    them, and ``p_f``, ``k``, ``d``, ``M`` as in `nogueira_stability`, whose value is ``Phi``::

        Phi +- z sqrt(v),     v = 4 / M^2 sum_i (phi_i - mean(phi))^2,
        phi_i = [1/d sum_f z_if p_f - k_i k/d^2 + Phi/2 (2 k_i k/d^2 - k_i/d - k/d + 1)]
                / (k/d (1 - k/d)),

    where ``z`` is the quantile of the standard normal at ``(1 + confidence_level) / 2``.

    Parameters
    ----------
    supports : array-like of shape (n_runs, n_groups)
        Which groups each run selected: bools, or 0 and 1.
    confidence_level : float, default=0.95
        How often the interval holds the stability of infinitely many runs, for many runs; in
        (0, 1).

    Returns
    -------
    (float, float)
        The lower and the upper end.  They may lie beyond the range of the stability.

    Raises
    ------
    ValueError
        If there are fewer than two runs, no groups, entries other than 0 and 1, or the level is
        not between 0 and 1.

    See Also
    --------
    nogueira_stability : The value in the middle.

    Notes
    -----
    The interval is asymptotic in the number of runs, and assumes independent runs, which
    bootstraps of one sample are not.

    References
    ----------
    .. [1] S. Nogueira, K. Sechidis and G. Brown, "On the Stability of Feature Selection
       Algorithms", J. Mach. Learn. Res. 18 (2018), 174:1-54, corollary 9.

    Examples
    --------
    >>> from sgnn.metrics import nogueira_interval
    >>> supports = [[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]]
    >>> low, high = nogueira_interval(supports)
    >>> round(low, 2), round(high, 2)
    (0.08, 0.92)
    """
    if not 0.0 < confidence_level < 1.0:
        raise ValueError(
            f"confidence_level={confidence_level!r} is no probability; give one between 0 and 1."
        )
    Z = checked_supports(supports)
    stability = nogueira_stability(Z)
    chosen = Z.mean()
    if chosen in (0.0, 1.0):
        return stability, stability
    shares = Z.mean(axis=1)  # k_i / d
    phi = (
        (Z @ Z.mean(axis=0)) / Z.shape[1]
        - shares * chosen
        + stability / 2 * (2 * shares * chosen - shares - chosen + 1)
    ) / (chosen * (1 - chosen))
    half = NormalDist().inv_cdf((1 + confidence_level) / 2) * 2 * phi.std() / np.sqrt(len(Z))
    return float(stability - half), float(stability + half)


def checked_supports(supports: ArrayLike) -> NDArray[np.float64]:
    """Return the selections as 0.0 and 1.0, (n_runs, n_groups)."""
    Z = np.asarray(supports)
    if Z.ndim != 2 or len(Z) < 2 or Z.shape[1] == 0:
        raise ValueError(
            f"supports has shape {Z.shape}; give (n_runs, n_groups) with at least two runs."
        )
    if not np.isin(Z, (0, 1)).all():
        raise ValueError(
            "supports has entries other than 0 and 1; give a row of bools per run, as in "
            "get_group_support()."
        )
    return Z.astype(np.float64)
