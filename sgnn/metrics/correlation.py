"""The correlation of labels and thresholded scores, at the best threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["max_correlation_coefficient"]


def max_correlation_coefficient(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    pos_label: Any = None,
) -> float:
    """Compute the largest correlation that any threshold on the scores gives (Max CC).

    With ``P`` the positive, ``N`` the negative weight, and ``TP(t)``, ``FP(t)`` the positive and
    negative weight among the samples with ``y_score > t``::

        Max CC = max_t (TP(t) N - FP(t) P) / sqrt(P N Q(t) (P + N - Q(t))),   Q = TP + FP,

    the Pearson correlation of the labels with ``y_score > t``, also known as the Matthews
    correlation coefficient.  A threshold that calls every sample the same has correlation 0, so
    the result lies in [0, 1].

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true labels, of exactly two kinds.
    y_score : array-like of shape (n_samples,)
        Scores that increase with the positive label: probabilities, log-odds, any.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights.  A weight of ``k`` counts as ``k`` equal rows.  None: all 1.
    pos_label : label, default=None
        The positive label.  None: the larger of the two, which is ``classes_[1]`` of a classifier.

    Returns
    -------
    float
        Max CC, in [0, 1].

    Raises
    ------
    ValueError
        If the arrays are not one-dimensional and equally long, a score is NaN, a weight is
        negative or not finite, or the labels of positive weight are not of exactly two kinds.

    Notes
    -----
    Only thresholds between distinct scores count, so tied scores are on the same side.
    One sort gives all thresholds: O(n log n).  Counts are float64, so no product overflows.

    References
    ----------
    .. [1] G. Yeo and C. B. Burge, "Maximum entropy modeling of short sequence motifs with
       applications to RNA splicing signals", J. Comput. Biol. 11 (2004) 377-394.
    .. [2] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), section 4.1.

    Examples
    --------
    >>> from sgnn.metrics import max_correlation_coefficient
    >>> max_correlation_coefficient([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9])
    1.0
    >>> round(max_correlation_coefficient([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.9]), 4)
    0.5774

    As a scorer for model selection, it receives the probabilities of ``classes_[1]``:

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.metrics import make_scorer
    >>> scorer = make_scorer(max_correlation_coefficient, response_method="predict_proba")
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["decoy", "decoy", "site", "site"]
    >>> scorer(LogisticRegression().fit(X, y), X, y)
    1.0
    """
    labels, scores, weights = _checked_columns(y_true, y_score, sample_weight)
    positive = _positive_mask(labels, pos_label)

    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    # Entry i: the weight among the i + 1 highest scores.
    chosen = np.cumsum(weights[order])
    true_chosen = np.cumsum(np.where(positive, weights, 0.0)[order])
    total, true_total = chosen[-1], true_chosen[-1]

    cuts = np.flatnonzero(scores[1:] != scores[:-1])
    if cuts.size == 0:
        return 0.0
    chosen, true_chosen = chosen[cuts], true_chosen[cuts]
    covariance = true_chosen * total - chosen * true_total
    # Two square roots, not one, so that the product of four counts does not overflow.
    spread = np.sqrt(true_total * (total - true_total)) * np.sqrt(chosen * (total - chosen))
    return float(np.clip(np.max(covariance / spread), 0.0, 1.0))


def _checked_columns(
    y_true: ArrayLike, y_score: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[NDArray, NDArray[np.float64], NDArray[np.float64]]:
    """Return labels, scores and weights of the rows with positive weight."""
    labels = np.asarray(y_true)
    scores = np.asarray(y_score, dtype=np.float64)
    if labels.ndim != 1:
        raise ValueError(f"y_true has shape {labels.shape}; give one label per sample (1-D).")
    if scores.shape != labels.shape:
        raise ValueError(
            f"y_score has shape {scores.shape} but y_true has {labels.shape}; "
            "give one score per sample, as in predict_proba(X)[:, 1]."
        )
    if np.isnan(scores).any():
        raise ValueError(
            f"y_score has {np.isnan(scores).sum()} NaN; give scores that can be ordered."
        )
    if sample_weight is None:
        return labels, scores, np.ones(labels.shape)
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != labels.shape:
        raise ValueError(
            f"sample_weight has shape {weights.shape} but y_true has {labels.shape}; "
            "give one weight per sample."
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError(
            "sample_weight has negative or non-finite entries; give finite weights >= 0."
        )
    kept = weights > 0
    return labels[kept], scores[kept], weights[kept]


def _positive_mask(labels: NDArray, pos_label: Any) -> NDArray[np.bool_]:
    kinds = np.unique(labels)
    if kinds.size != 2:
        raise ValueError(
            f"y_true has {kinds.size} distinct labels among the weighted samples; "
            "the correlation needs exactly 2."
        )
    if pos_label is None:
        return labels == kinds[1]
    if pos_label not in kinds.tolist():
        raise ValueError(f"pos_label={pos_label!r} is not in y_true; give one of {kinds.tolist()}.")
    return labels == pos_label
