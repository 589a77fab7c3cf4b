"""The table of a search over lam, and the row that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from ._fits import Outcome

__all__ = ["best_index", "cv_results", "reaching"]


def cv_results(lams: np.ndarray, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """GridSearchCV's dictionary, and the numbers of groups; the outcomes lam by lam."""

    def table(values: list) -> np.ndarray:
        return np.array(values, dtype=np.float64).reshape(len(lams), -1)  # (n_lams, n_splits)

    def summary(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
        return {f"mean_{name}": values.mean(axis=1), f"std_{name}": values.std(axis=1)}

    def every_split(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
        splits = {f"split{k}_{name}": column for k, column in enumerate(values.T)}
        return splits | summary(name, values)

    scores = table([outcome.score for outcome in outcomes])
    counts = table([outcome.support.sum() for outcome in outcomes])
    return (
        summary("fit_time", table([outcome.fit_time for outcome in outcomes]))
        | summary("score_time", table([outcome.score_time for outcome in outcomes]))
        | {"param_lam": np.ma.array(lams), "params": [{"lam": float(lam)} for lam in lams]}
        | every_split("test_score", scores)
        | {"rank_test_score": rankdata(-_means(scores), method="min").astype(np.int32)}
        | every_split("group_counts", counts)
    )


def best_index(results: dict[str, Any], among: Sequence[int], n_splits: int, slack: float) -> int:
    """The largest lam whose mean score is within `slack` standard errors of the best's.

    The standard error of a mean over K splits is std / sqrt(K - 1), std being that of the results.
    """
    rows = np.array(among)
    means = _means(results["mean_test_score"][rows, None])
    if np.isneginf(means).all():
        raise ValueError("scoring gave no finite score at any lam: give another scoring, or cv.")
    top = int(np.flatnonzero(means == means.max())[-1])
    error = results["std_test_score"][rows[top]] / np.sqrt(max(n_splits - 1, 1))
    return int(rows[np.flatnonzero(means >= means[top] - slack * error)[-1]])


def reaching(lams: np.ndarray, outcomes: Sequence[Outcome], n_groups: int) -> dict[int, Outcome]:
    """The outcomes that have so many groups, by their place; refused if there are none."""
    counts = np.array([outcome.support.sum() for outcome in outcomes])
    if n_groups in counts:
        return {i: outcomes[i] for i in np.flatnonzero(counts == n_groups).tolist()}
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


def _means(scores: np.ndarray) -> np.ndarray:
    """Mean over the splits, the lowest of all where a score is missing."""
    means = scores.mean(axis=1)
    return np.where(np.isnan(means), -np.inf, means)
