"""What comes into fit and predict: read, or refused in one sentence with the remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils.validation import _get_feature_names, validate_data

from ..algorithms import ROUNDING
from ..algorithms.problem import CHUNK
from ..groups import Groups
from ..modules import InputTransform

__all__ = [
    "advised",
    "as_tensor",
    "check_fit",
    "check_kept",
    "check_limits",
    "check_weights",
    "class_weights",
    "input_transform_of",
    "kept_columns",
    "lacks_columns",
    "moments",
    "random_generator",
]

# What scikit-learn, numpy and torch raise for an X or y that they cannot read.
UNREADABLE = (ValueError, TypeError, RuntimeError, OverflowError)
ROWS = 8192  # rows looked at at a time, so that a look at a large X needs no copy of it


def check_fit(
    estimator: Any, X: Any, y: Any, *, numeric: bool, reset: bool, allow_nd: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """X as numbers (n, n_features), y of length n; names and n_features are learned if `reset`.

    `numeric` is for regression: y may then be (n, n_targets).  With `allow_nd` X may be (n,
    channels, ...).
    """
    _check_form(X, y)
    if numeric and y is not None:
        _check_numbers(y)
    try:
        X, y = validate_data(
            estimator, X, y, dtype="numeric", ensure_all_finite=False,
            multi_output=numeric, y_numeric=numeric, reset=reset, allow_nd=allow_nd,
        )  # fmt: skip
        X = _native(X)
    except UNREADABLE as error:
        raise advised(error) from None
    names = getattr(estimator, "feature_names_in_", None)
    if X.ndim > 2:
        names = np.repeat([f"channel {c}" for c in range(X.shape[1])], X[0, 0].size)
    check_finite(X.reshape(len(X), -1), names, estimator.missing == "mean")
    return X, y


def kept_columns(estimator: Any, X: Any, kept: np.ndarray) -> Any:
    """The kept columns of a data frame, as they are.

    Columns that are not kept may be missing; then the order is free, too.  All columns in another
    order, and names that were not seen in fit, stay an error of scikit-learn's.
    """
    if lacks_columns(estimator, X, kept):
        return _safe_indexing(X, list(estimator.feature_names_in_[kept]), axis=1)
    validate_data(estimator, X, skip_check_array=True, reset=False)
    return _safe_indexing(X, kept, axis=1)


def lacks_columns(estimator: Any, X: Any, kept: np.ndarray) -> bool:
    """Whether X is a data frame with fewer columns than in fit, none of the kept ones missing."""
    names = getattr(estimator, "feature_names_in_", None)
    given = None if names is None else _get_feature_names(X)
    if names is None or given is None or not len(given) == len(set(given)) < len(names):
        return False
    return set(names[kept]) <= set(given) <= set(names)


def check_kept(estimator: Any, X: Any, kept: np.ndarray) -> np.ndarray:
    """The kept columns of X, (n, n_kept), checked; the others are not looked at."""
    names = getattr(estimator, "feature_names_in_", None)
    try:
        if hasattr(X, "iloc") or lacks_columns(estimator, X, kept):
            X = kept_columns(estimator, X, kept)
            if not len(kept):  # a frame without columns has no dtype to convert
                return np.empty((len(X), 0))
            X = check_array(X, dtype="numeric", ensure_all_finite=False)
        else:
            X = validate_data(estimator, X, dtype="numeric", ensure_all_finite=False, reset=False)
            X = X if len(kept) == X.shape[1] else X[:, kept]
        X = _native(X)
    except UNREADABLE as error:
        raise advised(error) from None
    kept_names = [str(column) for column in kept] if names is None else names[kept]
    check_finite(X, kept_names, estimator.missing == "mean")
    return X


def check_finite(X: np.ndarray, names: Any, missing: bool) -> None:
    """Refuse infinity, and NaN where `missing` is not to be filled in."""
    if X.dtype.kind != "f":
        return
    for start in range(0, len(X), ROWS):
        chunk = X[start : start + ROWS]
        # a finite sum costs one pass and no array; only a doubtful one is looked into
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(chunk.sum()):
                continue
        bad = ~np.isfinite(chunk) & ~(np.isnan(chunk) & missing)
        if bad.any():
            column = int(np.flatnonzero(bad.any(0))[0])
            nan = np.isnan(chunk[:, column][bad[:, column]][0])
            name = column if names is None else repr(str(names[column]))
            remedy = "impute it, or give missing='mean'" if nan else "replace it, or drop its row"
            raise ValueError(
                f"X contains {'NaN' if nan else 'infinity (inf)'} in column {name}: {remedy}."
            )


def check_weights(sample_weight: Any, n: int, name: str = "sample_weight") -> np.ndarray:
    """Weights as float64 of shape (n,): finite, not negative, not all zero."""
    if sample_weight is None:
        return np.ones(n)
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers: give one weight per row.") from None
    weight = np.full(n, float(weight)) if weight.ndim == 0 else weight
    if weight.shape != (n,):
        raise ValueError(
            f"{name} has shape {weight.shape} for {n} rows of X: give one weight per row."
        )
    if not np.isfinite(weight).all() or (weight < 0).any():
        bad = weight[~(np.isfinite(weight) & (weight >= 0))][0]
        raise ValueError(f"{name} contains {bad}: give finite weights >= 0.")
    if not weight.any():
        raise ValueError(f"{name} is zero for every one: give at least one a weight above 0.")
    return weight


def class_weights(
    class_weight: Any, classes: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """The rows' weights times the weights of their classes; y are indices into classes."""
    if class_weight is None:
        return weight
    if isinstance(class_weight, str):  # "balanced", as compute_class_weight from scikit-learn 1.7
        mass = np.bincount(y, weight, minlength=len(classes))
        used = mass > 0
        factors = np.zeros(len(classes))
        factors[used] = mass.sum() / (used.sum() * mass[used])
        return weight * factors[y]
    unknown = [label for label in class_weight if label not in classes.tolist()]
    if unknown:
        raise ValueError(
            f"class_weight has a weight for the unknown class {unknown[0]!r}: the classes of y "
            f"are {', '.join(map(repr, classes.tolist()))}."
        )
    given = [class_weight.get(label, 1.0) for label in classes.tolist()]
    return weight * check_weights(given, len(classes), "class_weight")[y]


def random_generator(random_state: Any) -> np.random.Generator:
    """random_state -> a generator of our own; None takes fresh entropy, not a global stream."""
    if isinstance(random_state, bool) or (isinstance(random_state, list) and not random_state):
        raise ValueError(
            f"random_state must be None, an int >= 0, a RandomState or a Generator, got "
            f"{random_state!r}."
        )
    if isinstance(random_state, np.random.Generator):
        return np.random.default_rng(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31 - 1))
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"random_state must be None, an int >= 0, a RandomState or a Generator, got "
            f"{random_state!r}."
        ) from None


def _native(X: np.ndarray) -> np.ndarray:
    """X in a dtype that torch knows too: real, and in this machine's byte order."""
    known = X.dtype.kind in "buif" and X.dtype.itemsize <= 8
    return X if known and X.dtype.isnative else X.astype(np.float64)


def _check_form(X: Any, y: Any) -> None:
    """Refuse columns of one name, and a y that does not go with X."""
    names = [str(name) for name in getattr(X, "columns", [])]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"X has two columns called {twice!r}: give each a name of its own.")
    if y is None:
        return
    fields = getattr(getattr(y, "dtype", None), "names", None)
    if fields:
        raise ValueError(
            f"y has the fields {', '.join(fields)}, as survival times do, which no loss here "
            f"takes: give one number or label for each row, or columns of numbers and a loss of "
            f"your own."
        )
    n, m = (
        (a.shape[0] if a.shape else None) if hasattr(a, "shape")
        else len(a) if hasattr(a, "__len__") else None
        for a in (X, y)
    )  # fmt: skip
    if n is not None and n < 2:
        raise ValueError(f"X has too few rows to fit, n_samples = {n}: give at least 2 samples.")
    if None not in (n, m) and n != m:
        raise ValueError(
            f"y has {m} entries for the {n} rows of X, inconsistent numbers of samples: give "
            f"one target per row."
        )


def _check_numbers(y: Any) -> None:
    array = np.asarray(y)
    if array.dtype.kind in "OUS":
        try:
            array.astype(np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"y contains strings ({array.ravel()[0]!s:.20} the first): give numbers, or use a "
                f"classifier."
            ) from None


def advised(error: Exception) -> Exception:
    """The refusal of scikit-learn, numpy or torch, with the remedy where it names none."""
    text = str(error).splitlines()[0].rstrip(".")
    if text.startswith("Sparse data was passed"):
        return TypeError(
            f"{text}, or use GroupLassoClassifier or GroupLassoRegressor, which take it as it is."
        )
    if "requires grad" in text:
        return ValueError("X or y is a tensor that requires grad: give X.detach().")
    if isinstance(error, OverflowError):
        return ValueError(f"X or y holds a number beyond the range of floats ({text}): scale it.")
    if text.startswith("Expected 2D array"):
        return ValueError(
            f"X must have two dimensions ({text.rstrip(':')}): Reshape your data, as "
            f"by X.reshape(-1, 1) for one column."
        )
    if "features, but" in text:
        return ValueError(f"{text}: give the columns of the fit.")
    if "could not convert string" in text or "bytes/strings" in text:
        return ValueError(f"X contains strings ({text}): encode them, as by OneHotEncoder.")
    if "could not be promoted" in text or "must be a string or a real number" in text:
        kind = text.split(". ")[0]
        return TypeError(f"X contains columns that are not numbers ({kind}): encode them.")
    if text.startswith("Complex data not supported"):
        return ValueError("Complex data not supported in X or y: give real numbers.")
    if text.startswith("y should be a 1d array"):
        return ValueError(
            f"{text}: give one label for each row, such as y.argmax(1) where columns are one-hot."
        )
    if text.startswith("Input y contains"):
        return ValueError(f"{text[6:]}: drop those rows, or fill in their target.")
    return error


def moments(X: np.ndarray, weight: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and deviation of each column, NaN left out; deviation 1 where it is constant.

    Of columns divided by a power of two, which changes no bit and keeps squares from overflowing.
    """
    rows = rows[weight[rows] > 0]
    step = max(1, CHUNK // max(X.shape[1], 1))
    chunks = [rows[a : a + step] for a in range(0, len(rows), step)]
    largest = np.zeros(X.shape[1])
    for chunk in chunks:
        magnitudes = np.abs(X[chunk].astype(np.float64))
        largest = np.fmax(largest, np.fmax.reduce(magnitudes, axis=0))
    exponent = np.frexp(largest)[1]
    mean = _weighted_mean(X, weight, chunks, lambda part: np.ldexp(part, -exponent))
    square = _weighted_mean(
        X, weight, chunks, lambda part: np.square(np.ldexp(part, -exponent) - mean)
    )
    deviation = np.sqrt(square)
    # up to the rounding of its mean
    constant = deviation <= 10 * np.finfo(np.float64).eps * np.abs(mean)
    return np.ldexp(mean, exponent), np.where(constant, 1.0, np.ldexp(deviation, exponent))


def _weighted_mean(
    X: np.ndarray, weight: np.ndarray, chunks: list[np.ndarray], function: Callable
) -> np.ndarray:
    """Mean over the rows of function(X), NaN left out: (n_features,)."""
    total, total_weight = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for rows in chunks:
        values = function(X[rows].astype(np.float64))
        w = np.where(np.isnan(values), 0.0, weight[rows, None])
        total += (w * np.where(np.isnan(values), 0.0, values)).sum(0)
        total_weight += w.sum(0)
    if (total_weight == 0).any():
        column = np.flatnonzero(total_weight == 0)[0]
        raise ValueError(f"X has no value at all in column {column}: drop that column.")
    return total / total_weight


def input_transform_of(
    X: np.ndarray,
    weight: np.ndarray,
    rows: np.ndarray,
    *,
    standardize: bool,
    missing: str,
    n_channels: int | None = None,
) -> InputTransform:
    """How the network fills in and scales the columns (n, p), by the weighted training rows.

    With `n_channels` those of a channel, which lie side by side, are scaled as a whole.
    """
    if not standardize and missing == "error":
        return InputTransform(X.shape[1])
    shift, scale = moments(X, weight, rows)
    fill = shift if missing == "mean" else None
    if not standardize:
        return InputTransform(X.shape[1], fill=fill)
    if n_channels is not None:
        centers, spread = shift.reshape(n_channels, -1), scale.reshape(n_channels, -1)
        # within a position a constant one has no deviation, although its scale is 1
        spread = np.where(spread == 1.0, 0.0, spread)
        # divided by a power of two, which keeps squares from overflowing
        exponent = np.frexp(np.maximum(np.abs(centers), spread).max(1, keepdims=True))[1]
        spread, centers = np.ldexp(spread, -exponent), np.ldexp(centers, -exponent)
        mean = centers.mean(1, keepdims=True)
        deviation = np.sqrt((spread**2 + (centers - mean) ** 2).mean(1, keepdims=True))
        mean, deviation = np.ldexp(mean, exponent), np.ldexp(deviation, exponent)
        deviation = np.where(deviation > 0, deviation, 1.0)
        shift, scale = (np.repeat(each, centers.shape[1]) for each in (mean, deviation))
    return InputTransform(X.shape[1], shift=shift, scale=scale, fill=fill)


def as_tensor(X: np.ndarray, device: torch.device) -> torch.Tensor:
    """A copy of X as it is, as a tensor."""
    return torch.tensor(np.ascontiguousarray(X), device=device)


def check_limits(model: Any, groups: Groups, active: np.ndarray) -> None:
    """Refuse, in one sentence, what the groups that are left cannot be brought down to.

    Parameters
    ----------
    model : estimator
        With max_groups and max_cost.
    groups : Groups
    active : ndarray of bool of shape (n_groups,)
        The groups that are left.

    Raises
    ------
    ValueError
        Naming the argument, what it got and what to give.
    """
    always = active & (groups.penalties == 0)
    n, costs = int(always.sum()), groups.costs
    if model.max_groups is not None and model.max_groups < n:
        raise ValueError(
            f"max_groups={model.max_groups} is less than the {n} groups of weight or cost 0, "
            f"which are always kept: give at least {n}, or these groups a weight."
        )
    least = costs[always].sum() if n else costs[active].min()
    if model.max_cost is not None and model.max_cost < least * (1 - ROUNDING):
        of = "groups of weight 0, which are always kept" if n else "cheapest group"
        raise ValueError(
            f"max_cost={model.max_cost} is less than {least:.12g}, the cost of the {of}: give at "
            f"least {least:.12g}{', or these groups a weight' if n else ''}."
        )
