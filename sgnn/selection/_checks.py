"""Validation of the arguments of searches, before any fit."""

from __future__ import annotations

import itertools
import os
import reprlib
import warnings
from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Memory
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, check_array, get_tags, indexable
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_samples

from ..rules import Rule, either, integer

__all__ = ["COMMON_RULES", "check_rows", "check_score", "check_scorer", "check_splits"]


def _is_number_of_jobs(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and value != 0


def _is_folder(value: Any) -> bool:
    if isinstance(value, str | os.PathLike):
        return not Path(value).is_file() and str(value) != ""
    return isinstance(value, Memory) or hasattr(value, "cache")


COMMON_RULES = {
    "n_jobs": either(None, Rule(_is_number_of_jobs, "an int but 0")),
    "memory": either(None, Rule(_is_folder, "a folder, not a file, or a joblib.Memory")),
    "verbose": integer(0),
}


def check_rows(estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Validate all rows of X and y; lists become arrays, sparse matrices CSR.

    Raises
    ------
    ValueError
        For invalid rows, which otherwise only fits with these rows would detect.
    """
    X, y = (a if hasattr(a, "shape") or a is None else np.asarray(a) for a in (X, y))
    tags = get_tags(estimator).input_tags
    # a step of a pipeline may impute what is missing
    finite = "allow-nan" if tags.allow_nan or isinstance(estimator, Pipeline) else True
    try:
        X, y = indexable(X, y)
        check_array(
            X, input_name="X", dtype=None, accept_sparse=tags.sparse, ensure_all_finite=finite,
            allow_nd=True,
        )  # fmt: skip
        if y is not None:
            check_array(y, input_name="y", dtype=None, ensure_2d=False)
    except ValueError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return X, y


def check_scorer(estimator: Any, scoring: Any, X: Any, y: Any) -> Callable:
    """The scorer of one metric, after a test on the predictions of a constant model.

    Raises
    ------
    ValueError
        If there are several metrics, or the test fails or does not return a number.
    """
    if not (scoring is None or isinstance(scoring, str) or callable(scoring)):
        raise ValueError(
            f"scoring must be one metric, None, a name or a callable, got "
            f"{reprlib.repr(scoring)}: give one, and compute others by cross_validate."
        )
    scorer = check_scoring(estimator, scoring)
    if scoring is not None and y is not None:
        _try(scorer, scoring, estimator, X, y)
    return scorer


def _try(scorer: Callable, scoring: Any, estimator: Any, X: Any, y: Any) -> None:
    constant = DummyClassifier() if is_classifier(estimator) else DummyRegressor()
    strata = np.zeros(len(y), dtype=int)
    if type_of_target(y) in {"binary", "multiclass"}:
        strata = np.unique(y, return_inverse=True)[1]
    two_per_class = np.concatenate(
        [np.flatnonzero(strata == k)[:2] for k in range(strata.max() + 1)]
    )
    # of a y of several columns there may be one prediction a row; that like y says why it failed
    columns = [slice(None)] if np.ndim(y) == 1 else [0, slice(None)]
    # if a few rows are too few for the metric, all rows are tried
    for rows, column in itertools.product((two_per_class, np.arange(len(y))), columns):
        part = _safe_indexing(X, rows), _safe_indexing(y, rows)
        predicted = np.asarray(part[1])[..., column]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check_score(scorer(constant.fit(part[0], predicted), *part), scoring)
            return
        except AttributeError:
            return  # the scorer uses an attribute that the constant model lacks
        except Exception as error:
            failure = error
    if isinstance(failure, ScoreError):
        raise failure
    raise ValueError(
        f"scoring={scoring!r} fails on the predictions of two rows and of all "
        f"({type(failure).__name__}: {reprlib.repr(str(failure))}): give another."
    ) from None


class ScoreError(ValueError):
    """A scorer returned something that is not a number."""


def check_score(score: Any, scoring: Any) -> float:
    """The score as a float; an error that names `scoring` if it is not a number."""
    if isinstance(score, Real) or (isinstance(score, np.ndarray) and score.shape == ()):
        return float(score)
    raise ScoreError(
        f"scoring={scoring!r} must return one number, got {reprlib.repr(score)}: give another."
    )


def check_splits(estimator: Any, cv: Any, X: Any, y: Any, params: dict) -> list[tuple]:
    """The training and test indices of every split.

    Raises
    ------
    ValueError
        If cv is a class, or has no splits, an empty part, or indices out of range.
    """
    if isinstance(cv, type):
        raise ValueError(
            f"cv must be an instance, got the class {cv.__name__}: give {cv.__name__}()."
        )
    splitter = check_cv(cv, y, classifier=is_classifier(estimator))
    requested = getattr(splitter, "get_metadata_routing", None)
    by_groups = requested is not None and requested().split.requests.get("groups") is True
    if by_groups and params.get("groups") is None:
        raise ValueError(
            f"groups is missing, by which cv={splitter!r} keeps rows together: give fit(X, y, "
            f"groups=...) one label per row."
        )
    n, splits = _num_samples(X), []
    for k, split in enumerate(splitter.split(X, y, **params)):
        parts = [np.asarray(part) for part in split]
        parts = [
            np.flatnonzero(part) if part.dtype == bool and len(part) == n else part
            for part in parts
        ]
        for part, use in zip(parts, ("train on", "score"), strict=True):
            if part.ndim != 1 or (len(part) and part.dtype.kind not in "iu"):
                raise ValueError(
                    f"cv must give the indices of rows, got {reprlib.repr(part)}: give arrays of "
                    f"ints."
                )
            if not len(part):
                raise ValueError(f"cv has no rows to {use} in split {k}: give both parts some.")
            if part.min() < 0 or part.max() >= n:
                raise ValueError(
                    f"cv names a row in split {k} that X, of {n} rows, does not have: give indices "
                    f"from 0 to {n - 1}."
                )
        splits.append(tuple(parts))
    if not splits:
        raise ValueError(f"cv={cv!r} has no splits: give at least one.")
    return splits
