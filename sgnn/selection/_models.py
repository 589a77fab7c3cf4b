"""The parts of an estimator that a search uses: its lam, its seeds and its selection."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from copy import deepcopy
from inspect import signature
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, Tags, TransformerTags, get_tags
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import _num_features, _num_samples

from ..groups import Groups

__all__ = [
    "convert_lam",
    "draw_seed",
    "final_estimator",
    "group_support",
    "resolve_groups",
    "route_params",
    "set_lam",
    "strength_parameter",
    "tags_of_search",
    "with_seed",
    "without_callbacks",
]

# The objectives: mean loss + lam R(w); scikit-learn's Lasso and ElasticNet, mean loss + alpha R(w);
# LogisticRegression and LinearSVC, C * sum of losses + R(w).
STRENGTH_PARAMETERS = ("lam", "alpha", "C")


def strength_parameter(estimator: Any) -> str:
    """Name of the parameter of the penalty's strength: `lam`, or in a pipeline `step__lam`.

    Raises
    ------
    TypeError
        If the estimator has none.
    """
    if isinstance(estimator, Pipeline):
        step, model = estimator.steps[-1]
        return f"{step}__{strength_parameter(model)}"
    try:
        parameters = estimator.get_params(deep=False)
    except (AttributeError, TypeError):  # not an estimator, or a class
        parameters = {}
    for name in STRENGTH_PARAMETERS:
        if name in parameters:
            return name
    raise TypeError(
        f"estimator must be an instance with the parameter lam, or with scikit-learn's alpha or C, "
        f"got {' '.join(reprlib.repr(estimator).split())}: give an SGINClassifier(), or a Lasso()."
    )


def convert_lam(estimator: Any, lam: float | None, X: Any, fit_params: dict) -> tuple[str, float]:
    """Name and value of the estimator's parameter at this lam, for fits to X with these params.

    With None, the lam at the estimator's own value.
    """
    name = strength_parameter(estimator)
    value = estimator.get_params()[name] if lam is None else lam
    if name.split("__")[-1] == "C":
        weight = fit_params.get("sample_weight")
        total_weight = float(_num_samples(X) if weight is None else np.sum(weight))
        value = np.inf if value == 0 else 1 / (total_weight * value)
    return name, value


def set_lam(estimator: Any, lam: float, X: Any, fit_params: dict) -> Any:
    """Set lam in place, for fits to X with these params, and return the estimator.

    NaN leaves it as it is.
    """
    if np.isnan(lam):
        return estimator
    name, value = convert_lam(estimator, lam, X, fit_params)
    return estimator.set_params(**{name: value})


def with_seed(estimator: Any, seed: int | None) -> Any:
    """A clone with every `random_state` set to the seed; None leaves them unchanged."""
    seeds = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    return clone(estimator).set_params(**dict.fromkeys(seeds if seed is not None else (), seed))


def without_callbacks(estimator: Any) -> Any:
    """A clone without the callbacks of scikit-learn that it or any part of it has."""
    model = clone(estimator)
    for part in (model, *model.get_params().values()):
        if hasattr(part, "_skl_callbacks"):
            part.set_callbacks()
    return model


def draw_seed(rng: np.random.Generator) -> int:
    """A seed that is valid for every estimator."""
    return int(rng.integers(2**31))


def final_estimator(estimator: Any) -> Any:
    """The estimator itself, or the last step of a pipeline."""
    return final_estimator(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def resolve_groups(estimator: Any, spec: Any, X: Any) -> Groups | None:
    """The groups of the columns of X, or None if the estimator has a parameter groups."""
    if "groups" not in final_estimator(estimator).get_params(deep=False):
        return Groups.of(spec, _num_features(X), getattr(X, "columns", None))
    if spec is not None:
        raise ValueError(
            f"groups is for estimators without groups of their own, got it beside a "
            f"{type(final_estimator(estimator)).__name__}: give the groups to that estimator."
        )
    return None


def group_support(fitted: Any, groups: Groups | None) -> tuple[np.ndarray, Groups]:
    """The support of the fitted estimator, (n_groups,) bool, and its groups."""
    model = final_estimator(fitted)
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


def route_params(search: Any, params: dict, scorer: Callable) -> Bunch:
    """The params of `fit` for the estimator, the splitter and the scorer."""
    if get_config()["enable_metadata_routing"]:
        return process_routing(search, "fit", **params)
    fit = {name: value for name, value in params.items() if name != "groups"}
    weighted = "sample_weight" in fit and _takes_weights(scorer)
    score = {"sample_weight": fit["sample_weight"]} if weighted else {}
    return Bunch(
        estimator=Bunch(fit=fit),
        splitter=Bunch(split={"groups": params.get("groups")}),
        scorer=Bunch(score=score),
    )


def _takes_weights(scorer: Callable) -> bool:
    """Whether it is a scorer of scikit-learn whose function takes sample_weight."""
    # `_accept_sample_weight`, which says it too, came with scikit-learn 1.7
    estimator = getattr(scorer, "_estimator", None)  # of the scorer that stands for its score
    function = getattr(scorer, "_score_func", getattr(estimator, "score", None))
    return function is not None and "sample_weight" in signature(function).parameters


def tags_of_search(search: Any) -> Tags:
    """The tags of the estimator, but of a transformer too, and computed by numpy."""
    tags = deepcopy(get_tags(search.estimator))
    tags.transformer_tags, tags.array_api_support = TransformerTags(), False
    # what is missing may be imputed by a step
    tags.input_tags.allow_nan |= isinstance(search.estimator, Pipeline)
    return tags
