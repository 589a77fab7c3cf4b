"""The cv_results_ of a search over lam, and the choice of the best lam."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.stats import rankdata

from ._fits import FitResult

__all__ = ["best_index", "cv_results", "with_n_groups"]


def cv_results(lams: np.ndarray, fit_results: Sequence[FitResult]) -> dict[str, Any]:
    """`cv_results_` as of GridSearchCV, with group counts; fit_results are ordered by lam."""

    def table(values: list) -> np.ndarray:
        return np.array(values, dtype=np.float64).reshape(len(lams), -1)  # (n_lams, n_splits)

    def summary(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
        return {f"mean_{name}": values.mean(axis=1), f"std_{name}": values.std(axis=1)}

    def every_split(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
        splits = {f"split{k}_{name}": column for k, column in enumerate(values.T)}
        return splits | summary(name, values)

    scores = table([fit_result.score for fit_result in fit_results])
    worst_if_missing = np.fmax(scores.mean(axis=1), -np.inf)
    counts = table([fit_result.support.sum() for fit_result in fit_results])
    return (
        summary("fit_time", table([fit_result.fit_time for fit_result in fit_results]))
        | summary("score_time", table([fit_result.score_time for fit_result in fit_results]))
        | {"param_lam": np.ma.array(lams), "params": [{"lam": float(lam)} for lam in lams]}
        | every_split("test_score", scores)
        | {"rank_test_score": rankdata(-worst_if_missing, method="min").astype(np.int32)}
        | every_split("group_counts", counts)
    )


def best_index(results: dict[str, Any], among: Sequence[int], select: Any, n_splits: int) -> int:
    """Index of the lam of a search's `select`, among those of these indices.

    The standard error of the mean of K splits is std / sqrt(K - 1), with std as in the results.
    """
    rows = np.array(among)
    means = np.fmax(results["mean_test_score"][rows], -np.inf)
    if np.isneginf(means).all():
        raise ValueError("scoring gave no finite score at any lam: give another scoring, or cv.")
    top = int(np.flatnonzero(means == means.max())[-1])
    slack = 0.0
    if select == "one_se":
        slack = results["std_test_score"][rows[top]] / np.sqrt(max(n_splits - 1, 1))
    elif isinstance(select, Real) and not isinstance(select, Integral):
        slack = float(select) * abs(means[top])
    return int(rows[np.flatnonzero(means >= means[top] - slack)[-1]])


def with_n_groups(lams: np.ndarray, fit_results: Sequence[FitResult], n_groups: Any) -> list[int]:
    """Indices of the fits with n_groups groups; an error if there are none."""
    counts = np.array([fit_result.support.sum() for fit_result in fit_results])
    if n_groups in counts:
        return np.flatnonzero(counts == n_groups).tolist()
    nearest = [
        f"{near} (lam={lams[counts == near][0]:.3g})"
        for near in (
            max(counts[counts < n_groups], default=None),
            min(counts[counts > n_groups], default=None),
        )
        if near is not None
    ]
    raise ValueError(
        f"select={n_groups} groups are left by none of the {len(lams)} lams, the nearest counts "
        f"are {' and '.join(nearest)}: select one of these, or give more lams between."
    )
