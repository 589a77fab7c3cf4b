"""The study of stability: each method at some numbers of groups, on bootstraps of the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.base import is_classifier
from sklearn.linear_model import Lasso

from sgnn import (
    GroupLassoClassifier,
    GroupLassoRegressor,
    LambdaSearchCV,
    SGINClassifier,
    StabilitySelector,
    lambda_path,
)

__all__ = ["METHODS", "Found", "Task", "accuracy", "draw", "find", "table_rows"]

SGIN, LASSO, GROUP_LASSO, GLLR = METHODS = ("SGIN", "lasso", "group lasso", "GLLR")
STYLES = dict(zip(METHODS, ("C0o-", "C4d:", "C1s--", "C2^--"), strict=True))

Score = Callable[[Any, np.ndarray, np.ndarray], float]


@dataclass(frozen=True, eq=False)
class Task:
    """Rows whose groups are selected, and how a model of them is removable.

    Attributes
    ----------
    groups : ndarray of shape (n_features,)
        The label of each column.
    network : SGINClassifier
        SGIN, to be set to each of `network_lams`.
    lams : ndarray
        The strengths of the three linear methods.
    kept : tuple of int
        The numbers of groups at which the selections are compared.
    score : callable
        score(estimator, X, y).
    test : tuple of (X, y), or None
        Rows to judge a model by; None is by cross-validation over the folds.
    folds : sequence of (training, test)
        Places of rows.
    tol : float
        KKT residual of the group lassos.
    planted : ndarray of bool of shape (n_groups,), or None
        The groups that carry the signal, where that is known.
    """

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    network: SGINClassifier
    network_lams: Sequence[float]
    lams: Sequence[float]
    kept: tuple[int, ...]
    score: Score
    test: tuple[np.ndarray, np.ndarray] | None = None
    folds: Sequence = ()
    tol: float = 1e-6
    planted: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """One method: all rows along lam, and the bootstraps at some of these lams.

    Attributes
    ----------
    left, scores : ndarray of shape (n_lams,)
        Groups that are left (in the mean of the folds, where there are some), and the score.
    chosen : ndarray of int of shape (n_chosen,)
        The places of the lams that were studied.
    shares : ndarray of shape (n_chosen, n_groups)
        On what share of the bootstraps each group was selected.
    stability : dict
        `stability_` of the selector.
    """

    method: str
    lams: np.ndarray
    left: np.ndarray
    scores: np.ndarray
    chosen: np.ndarray
    shares: np.ndarray
    stability: dict[str, np.ndarray]
    fits: int
    seconds: float


# methods and objective -------------------------------------------------------------------------


def model(method: str, task: Task) -> Any:
    """The estimator, whose lam is set later."""
    if method == LASSO:
        return Lasso(max_iter=10_000)
    if method == SGIN:
        return task.network
    kind = GroupLassoClassifier if method == GLLR else GroupLassoRegressor
    return kind(task.groups, standardize=False, tol=task.tol)


def targets(estimator: Any, y: np.ndarray) -> np.ndarray:
    """Classes; for a regression 0 and 1, in a column for each class if there are several."""
    if is_classifier(estimator):
        return y
    return np.eye(y.max() + 1)[y] if y.max() > 1 else y.astype(float)


def accuracy(estimator: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Share of the rows that are classified right; of a regression, above 1/2 or the largest."""
    said = estimator.predict(X)
    if is_classifier(estimator):
        return float(np.mean(said == y))
    if y.ndim == 2:
        return float(np.mean(said.argmax(1) == y.argmax(1)))
    return float(np.mean((said > 0.5) == (y > 0.5)))


# the study -------------------------------------------------------------------------------------


def find(method: str, task: Task, n_bootstraps: int) -> Found:
    """Walk along lam on all rows, then look at bootstraps where so many groups were left."""
    start = time.process_time()
    estimator = model(method, task)
    y = targets(estimator, task.y)
    own = task.groups if method == LASSO else None
    lams = np.sort(task.network_lams if method == SGIN else task.lams)
    left, scores = along(estimator, task, y, lams, own)
    # of the lams that come nearest to that number the smallest, which shrinks least
    chosen = np.unique([np.abs(left - kept).argmin() for kept in task.kept])
    selector = StabilitySelector(
        estimator, n_bootstraps, lams=lams[chosen], groups=own, random_state=0
    ).fit(task.X, y)
    return Found(
        method=method,
        lams=lams,
        left=left,
        scores=scores,
        chosen=chosen,
        shares=selector.selection_probabilities_,
        stability=selector.stability_,
        fits=len(lams) * max(len(task.folds), 1) + n_bootstraps * len(chosen),
        seconds=time.process_time() - start,
    )


def along(
    estimator: Any, task: Task, y: np.ndarray, lams: np.ndarray, own: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Groups that are left at each lam, and the score there."""
    if task.test is None:
        search = LambdaSearchCV(
            estimator, lams, cv=task.folds, scoring=task.score, refit=False, groups=own
        ).fit(task.X, y)
        results = search.cv_results_
        return results["mean_group_counts"], results["mean_test_score"]
    path = lambda_path(
        estimator, task.X, y, lams, groups=own, scoring=task.score,
        X_val=task.test[0], y_val=targets(estimator, task.test[1]),
    )  # fmt: skip
    return path.n_groups_, path.scores


# report ----------------------------------------------------------------------------------------


HEADER = [
    "method", "lam", "groups left, all rows", "score", "groups left, bootstraps", "Jaccard",
    "Jaccard in the paper", "Nogueira (95 %)", "similarity-aware",
]  # fmt: skip


def table_rows(
    found: Found, printed: str, digits: int, planted: np.ndarray | None
) -> Iterator[list[str]]:
    """A line for each lam that was studied, the one with more groups first."""
    stability = found.stability
    for i, place in enumerate(found.chosen):
        low, high = stability["nogueira_interval"][i]
        row = [
            f"**{found.method}**",
            f"{found.lams[place]:.2g}",
            f"{found.left[place]:.3g}",
            f"{found.scores[place]:.{digits}f}",
            f"{found.shares[i].sum():.1f}",
            f"{stability['jaccard'][i]:.2f}",
            printed,
            f"{stability['nogueira'][i]:.2f} ({low:.2f}, {high:.2f})",
            f"{stability['similarity'][i]:.2f}",
        ]
        yield row if planted is None else [*row, f"{found.shares[i][planted].sum():.1f}"]


def draw(
    results: Sequence[Found],
    score: str,
    names: Sequence[str],
    printed: dict,
    planted: np.ndarray | None,
) -> Figure:
    """The score against the removed groups, and on what share of bootstraps each is selected."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    curve, shares = figure.subplots(1, 2, width_ratios=(1, 1.4))
    n_groups = len(names)
    for found in results:
        curve.plot(n_groups - found.left, found.scores, STYLES[found.method], ms=4,
                   label=found.method)  # fmt: skip
    for label, (removed, values) in printed.items():
        curve.plot(removed, values, "x", color=STYLES[label][:2], ms=8, label=f"{label}, paper")
    curve.set(xlabel="removed groups", ylabel=score)
    curve.legend(frameon=False, fontsize=8)
    lines = [(f"{found.method}, {share.sum():.0f} left", share)
             for found in results for share in found.shares]  # fmt: skip
    image = shares.imshow(
        [share for _, share in lines], cmap="Blues", vmin=0, vmax=1, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    shares.set_yticks(range(len(lines)), [label for label, _ in lines], fontsize=8)
    if planted is None:
        shares.set_xticks(range(n_groups), names, rotation=90, fontsize=7)
    else:
        shares.set_xticks(np.flatnonzero(planted), [""] * planted.sum())
        shares.set_xlabel("group (a tick where the signal is planted)")
    figure.colorbar(image, ax=shares, label="share of the bootstraps that select the group")
    return figure
