"""What a study asks of an estimator, ours or scikit-learn's: its lam, its seeds, its selection."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import _num_features

from ..groups import Groups

__all__ = [
    "draw_seed",
    "known_groups",
    "last_step",
    "own_lam",
    "read_groups",
    "selected",
    "set_lam",
    "strength",
    "with_lam",
    "with_seed",
]

# The parameter that sets the strength -> its value at lam, where n is the weight of the rows.
# Each is its own inverse.  The objectives: mean loss + lam R(w); scikit-learn's Lasso, ElasticNet
# and their kin, mean loss + alpha R(w); LogisticRegression and LinearSVC, C * sum of losses + R(w).
STRENGTHS = {
    "lam": lambda lam, n: lam,
    "alpha": lambda lam, n: lam,
    "C": lambda lam, n: np.inf if lam == 0 else 1 / (n * lam),
}


def strength(estimator: Any) -> str:
    """Name of the parameter that sets the strength: `lam`, or in a pipeline `step__lam`.

    Raises
    ------
    TypeError
        If there is none.
    """
    if isinstance(estimator, Pipeline):
        step, model = estimator.steps[-1]
        return f"{step}__{strength(model)}"
    try:
        parameters = estimator.get_params(deep=False)
    except (AttributeError, TypeError):  # no estimator, or its class
        parameters = {}
    for name in STRENGTHS:
        if name in parameters:
            return name
    raise TypeError(
        f"estimator must be an instance with the parameter lam, or with scikit-learn's alpha or C, "
        f"got {' '.join(reprlib.repr(estimator).split())}: give an SGINClassifier(), or a Lasso()."
    )


def own_lam(estimator: Any, n: float) -> float:
    """The lam that the estimator comes with."""
    name = strength(estimator)
    return float(STRENGTHS[name.split("__")[-1]](estimator.get_params()[name], n))


def set_lam(estimator: Any, lam: float, n: float) -> Any:
    """The estimator itself, from now on with this lam."""
    name = strength(estimator)
    return estimator.set_params(**{name: STRENGTHS[name.split("__")[-1]](lam, n)})


def with_lam(estimator: Any, lam: float, n: float) -> Any:
    """A clone that has this lam."""
    return set_lam(clone(estimator), lam, n)


def with_seed(estimator: Any, seed: int | None) -> Any:
    """A clone whose every `random_state` is the seed; None leaves them as they are."""
    seeds = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    return clone(estimator).set_params(**dict.fromkeys(seeds if seed is not None else (), seed))


def draw_seed(rng: np.random.Generator) -> int:
    """A seed that every estimator takes."""
    return int(rng.integers(2**31))


def last_step(estimator: Any) -> Any:
    """The estimator itself, or what stands at the end of a pipeline."""
    return last_step(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def read_groups(estimator: Any, spec: Any, X: Any) -> Groups | None:
    """The groups of the columns of X, or None where the estimator has its own."""
    if "groups" not in last_step(estimator).get_params(deep=False):
        return Groups.of(spec, _num_features(X), getattr(X, "columns", None))
    if spec is not None:
        raise ValueError(
            f"groups is for estimators without groups of their own, got it beside a "
            f"{type(last_step(estimator)).__name__}: give the groups to that estimator."
        )
    return None


def known_groups(estimator: Any, X: Any) -> Groups | None:
    """The groups that an estimator with groups of its own will have, where X tells."""
    arguments = estimator.get_params(deep=False)
    if isinstance(estimator, Pipeline) or "image_shape" in arguments or "groups" not in arguments:
        return None
    return Groups.of(arguments["groups"], _num_features(X), getattr(X, "columns", None))


def selected(fitted: Any, groups: Groups | None) -> tuple[np.ndarray, Groups]:
    """Which groups the fitted estimator has kept, (n_groups,) bool, and what they are."""
    model = last_step(fitted)
    if groups is None:
        return np.array(model.get_group_support(), dtype=bool), model.groups_
    if hasattr(model, "get_support"):
        columns = np.asarray(model.get_support(), dtype=bool)
    elif hasattr(model, "coef_"):
        columns = (np.atleast_2d(model.coef_) != 0).any(axis=0)
    else:
        raise TypeError(
            f"estimator must select: a fitted {type(model).__name__} has neither get_support nor "
            f"coef_; give an SGINClassifier(), or a Lasso()."
        )
    if columns.shape != groups.labels.shape:
        raise ValueError(
            f"groups are of the {len(groups.labels)} columns of X, but the last step of estimator "
            f"was given {len(columns)}: put the other steps in front, outside of estimator."
        )
    return np.bincount(groups.labels, columns, minlength=len(groups)) > 0, groups
