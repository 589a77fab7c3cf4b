"""Stability of selections that counts similar groups as partial agreement."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .stability import checked_supports

__all__ = ["group_similarity", "similarity_stability"]


def group_similarity(X: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """Compute the RV coefficient of every two groups of columns.

    With ``X_g`` the centered columns of group ``g``::

        C_gh = ||X_g' X_h||_F^2 / (||X_g' X_g||_F ||X_h' X_h||_F),

    the cosine between the groups' Gram matrices ``X_g X_g'`` and ``X_h X_h'``.  It is 0 if every
    column of one is uncorrelated with every column of the other, 1 if the groups hold the same up
    to rotation and scale, and the squared correlation if each has one column.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The columns.  Their scale counts within a group.
    labels : array-like of shape (n_features,)
        The group of each column, ints or strings.

    Returns
    -------
    ndarray of shape (n_groups, n_groups)
        The coefficients, in [0, 1], symmetric and positive semidefinite.  The groups are in the
        order of an estimator's ``groups_``: ints ascending, strings by first appearance.

    Raises
    ------
    ValueError
        If X is no table of finite numbers or there is not one label per column.

    See Also
    --------
    similarity_stability : The stability that uses the coefficients.

    Notes
    -----
    A group of constant columns is similar to none but itself.

    References
    ----------
    .. [1] P. Robert and Y. Escoufier, "A unifying tool for linear multivariate statistical
       methods: the RV-coefficient", Appl. Statist. 25 (1976) 257-265.

    Examples
    --------
    >>> from sgnn.metrics import group_similarity
    >>> X = [[1.0, 1.0, 2.0], [1.0, -1.0, 2.0], [-1.0, 1.0, -2.0], [-1.0, -1.0, -2.0]]
    >>> group_similarity(X, ["first", "second", "first again"])
    array([[1., 0., 1.],
           [0., 1., 0.],
           [1., 0., 1.]])
    """
    columns = np.asarray(X, dtype=np.float64)
    if columns.ndim != 2 or columns.size == 0 or not np.isfinite(columns).all():
        raise ValueError(
            f"X has shape {columns.shape}; give finite numbers of shape (n_samples, n_features)."
        )
    groups = _group_indices(labels)
    if groups.shape != columns.shape[1:]:
        raise ValueError(
            f"labels has shape {groups.shape} but X has {columns.shape}; give one label per column."
        )
    # constant columns are set to exactly 0, as their mean has rounding errors
    columns = np.where(np.ptp(columns, axis=0) > 0, columns - columns.mean(axis=0), 0.0)
    n_groups = groups.max() + 1
    # group by group, to avoid the (n_features, n_features) covariance matrix
    products = np.stack(
        [
            np.bincount(groups, ((columns[:, groups == g].T @ columns) ** 2).sum(axis=0))
            for g in range(n_groups)
        ]
    )
    norms = np.sqrt(products.diagonal())
    norms = np.where(norms > 0, norms, 1.0)
    similarity = products / np.outer(norms, norms)
    np.fill_diagonal(similarity, 1.0)
    return similarity


def similarity_stability(supports: ArrayLike, similarity: ArrayLike) -> float:
    """Compute the stability of selections, with similar groups as partial agreement.

    With ``S`` the covariance of the choices over the ``M`` runs, ``C`` the similarity of the
    groups, and ``Sigma`` the covariance of random choices of as many of the ``d`` groups::

        stability = 1 - tr(C S) / tr(C Sigma),
        Sigma_ff = k/d (1 - k/d),     Sigma_fg = mean_i k_i (k_i - 1) / (d (d - 1)) - k^2 / d^2,

    where run ``i`` selected ``k_i`` groups, ``k`` in the mean.  With ``C`` the identity it is
    `nogueira_stability`.  It is 1 if the runs agree up to exchanging groups of similarity 1, 0 on
    average if each run draws its groups at random, and below 0 if the runs differ more than
    random ones, such as the upper half of an image and the lower half.

    Parameters
    ----------
    supports : array-like of shape (n_runs, n_groups)
        Which groups each run selected: bools, or 0 and 1.
    similarity : array-like of shape (n_groups, n_groups)
        Similarity of each two groups, 1 on the diagonal; symmetric and positive semidefinite,
        as `group_similarity` and any kernel are.

    Returns
    -------
    float
        The stability, at most 1.

    Raises
    ------
    ValueError
        If there are fewer than two runs, no groups, entries other than 0 and 1, or the similarity
        is not such a matrix.

    See Also
    --------
    group_similarity : The similarity of groups of columns, from the data.

    Notes
    -----
    The formula is 0/0 if the runs agree and random ones would, as when every run selected nothing
    or all groups are one; the result is 1 then.

    References
    ----------
    .. [1] K. Sechidis, K. Papangelou, S. Nogueira, J. Weatherall and G. Brown, "On the Stability
       of Feature Selection in the Presence of Feature Correlations", ECML PKDD 2019,
       section 3.

    Examples
    --------
    The even and the odd rows of an image, each row like its neighbors:

    >>> import numpy as np
    >>> from sgnn.metrics import jaccard_stability, similarity_stability
    >>> row = np.arange(28)
    >>> runs = [row % 2 == 0, row % 2 == 1]
    >>> neighbors = np.exp(-(np.subtract.outer(row, row) ** 2) / 8)
    >>> jaccard_stability(runs), round(similarity_stability(runs, neighbors), 2)
    (0.0, 0.96)
    """
    Z = checked_supports(supports)
    n_runs, d = Z.shape
    C = _checked_similarity(similarity, d)
    # tr(C S) from the deviations of the runs, (n_runs, n_groups), without forming S
    deviations = Z - Z.mean(axis=0)
    observed = float(((deviations @ C) * deviations).sum()) / (n_runs - 1)
    if observed < 1e-12:  # zero up to rounding
        return 1.0
    sizes = Z.sum(axis=1)
    share = sizes.mean() / d
    joint = (sizes * (sizes - 1)).mean() / max(d * (d - 1), 1)
    diagonal, off_diagonal = C.trace(), C.sum() - C.trace()
    expected = diagonal * share * (1 - share) + off_diagonal * (joint - share**2)
    return float(1.0 - observed / expected)


def _group_indices(labels: ArrayLike) -> NDArray[np.intp]:
    """Number the groups from 0: ints ascending, other labels by first appearance."""
    given = np.asarray(labels)
    _, first, indices = np.unique(given, return_index=True, return_inverse=True)
    return indices if given.dtype.kind in "iu" else first.argsort().argsort()[indices]


def _checked_similarity(similarity: ArrayLike, n_groups: int) -> NDArray[np.float64]:
    C = np.asarray(similarity, dtype=np.float64)
    if C.shape != (n_groups, n_groups) or not np.allclose(C.diagonal(), 1.0):
        raise ValueError(
            f"similarity has shape {C.shape}; give ({n_groups}, {n_groups}) with 1 on the diagonal."
        )
    if not np.allclose(C, C.T) or np.linalg.eigvalsh(C)[0] < -1e-8 * n_groups:
        raise ValueError(
            "similarity is not symmetric and positive semidefinite; give a kernel, or squares of "
            "correlations instead of their magnitudes."
        )
    return C
