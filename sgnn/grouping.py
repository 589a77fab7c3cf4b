"""Parsing and validation of a user's `groups=`, `group_weights=` and `group_costs=`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from .naming import RFE_HINT, format_names, missing_names_error, parse_prefixes

__all__ = ["parse_costs", "parse_groups", "parse_weights"]


def parse_groups(spec: Any, n_features: int, names: list[str] | None) -> tuple[list, np.ndarray]:
    """Parse any form of `groups=`: (group names, labels of shape (n_features,))."""
    if spec is None:
        return list(names or range(n_features)), np.arange(n_features)
    if isinstance(spec, str):
        return _from_labels(parse_prefixes(spec, names), n_features)
    if isinstance(spec, Integral) and not isinstance(spec, bool):
        return _from_size(int(spec), n_features)
    if names is not None and _is_labels_by_name(spec, names):
        return _from_labels(_labels_in_column_order(dict(spec), names), n_features)
    if isinstance(spec, Mapping):
        return _from_columns(dict(spec), n_features, names)
    if isinstance(spec, slice | set | Callable) or not hasattr(spec, "__len__"):
        raise TypeError(
            f"groups must be None, an int, labels, index lists, a dict, 'prefix' or a callable "
            f"that returns one of these, got {type(spec).__name__}: give an array with the "
            f"label of each of the {n_features} columns."
        )
    items = list(spec)
    nested = [isinstance(item, Sequence | np.ndarray | slice) and not isinstance(item, str)
              for item in items]  # fmt: skip
    if items and all(nested):
        return _from_columns(dict(enumerate(items)), n_features, names)
    if any(nested):
        raise ValueError(
            "groups mixes column lists with single labels: give either one label per column "
            "or a list whose every item is a list of columns."
        )
    return _from_labels(items, n_features)


def _from_size(size: int, n_features: int) -> tuple[list, np.ndarray]:
    if size < 1 or n_features % size:
        raise ValueError(
            f"groups={size} must be a positive block size that divides the {n_features} columns "
            f"of X: give such a size, or one label per column ({RFE_HINT})."
        )
    return list(range(n_features // size)), np.arange(n_features) // size


def _from_labels(items: list, n_features: int) -> tuple[list, np.ndarray]:
    """Parse one label per column; int names are sorted, strings in order of appearance."""
    if len(items) != n_features:
        raise ValueError(
            f"groups has {len(items)} labels for the {n_features} columns of X: give one label "
            f"per column, or a list of column lists ({RFE_HINT})."
        )
    integers = all(isinstance(item, Integral) and not isinstance(item, bool) for item in items)
    if not integers and not all(isinstance(item, str) for item in items):
        of_other_types = [item for item in items if not isinstance(item, Integral | str)]
        invalid = (of_other_types or [item for item in items if not isinstance(item, str)])[0]
        raise TypeError(
            f"groups must label the columns by ints or by strings throughout, got {invalid!r} "
            f"({type(invalid).__name__}) among them: convert the labels to one of the two."
        )
    if integers and min(items, default=0) < 0:
        raise ValueError(
            f"groups has the negative label {min(items)}: number the groups from 0; a group "
            f"without penalty gets the weight 0 by group_weights."
        )
    names = (
        sorted({int(item) for item in items}) if integers else list(dict.fromkeys(map(str, items)))
    )
    position = {name: g for g, name in enumerate(names)}
    return names, np.array([position[item] for item in items], dtype=np.int64)


def _is_labels_by_name(spec: Any, names: list[str]) -> bool:
    """Whether a dict or Series maps columns to groups, and not groups to columns."""
    series = hasattr(spec, "to_dict") and np.ndim(spec) == 1 and spec.index.is_unique
    if not (series or isinstance(spec, Mapping)) or len(spec) == 0:
        return False
    given = dict(spec)
    single = all(isinstance(v, str | Integral) and not isinstance(v, bool) for v in given.values())
    if not (series or single) or not given.keys() <= set(names):
        return False
    if not series and _maps_to_all_columns(given, names):
        if all(group == column for group, column in given.items()):
            return False  # both interpretations agree
        group, column = next(iter(given.items()))
        raise ValueError(
            f"groups can be read as the columns of each group (group {group!r} has column "
            f"{column!r}) or as the group of each column (column {group!r} is in group "
            f"{column!r}): give lists of columns, {{{group!r}: [{column!r}], ...}}, or the label "
            f"of each column, [{given[names[0]]!r}, ...]."
        )
    return True


def _maps_to_all_columns(spec: dict, names: list[str]) -> bool:
    """Whether the values are all columns of X, by name or index, each exactly once."""
    position = {name: column for column, name in enumerate(names)}
    columns = {
        position.get(value, -1) if isinstance(value, str) else value for value in spec.values()
    }
    return len(spec) == len(names) and columns == set(range(len(names)))


def _labels_in_column_order(spec: dict, names: list[str]) -> list:
    """The label of each column of X, of a dict {column: label}."""
    ungrouped = [column for column, name in enumerate(names) if name not in spec]
    if ungrouped:
        raise _ungrouped_error(ungrouped, names, len(names))
    return [spec[name] for name in names]


def _from_columns(spec: dict, n_features: int, names: list[str] | None) -> tuple[list, np.ndarray]:
    """Parse {group name: columns} to (group names, labels); raise if it is not a partition."""
    labels = np.full(n_features, -1, dtype=np.int64)
    for g, (group, columns) in enumerate(spec.items()):
        indices = _indices(group, columns, n_features, names)
        taken = indices[labels[indices] >= 0]
        repeated = indices[np.unique(indices, return_index=True, return_counts=True)[1]]
        if len(taken):
            other = list(spec)[labels[taken[0]]]
            raise ValueError(
                f"groups overlap: column {_column_name(taken[0], names)} is in group {other!r} and "
                f"in group {group!r}; give it to one of them, or duplicate the column in X and "
                f"give each group its own copy."
            )
        if len(repeated) != len(indices):
            raise ValueError(f"groups lists a column of group {group!r} twice: list it once.")
        labels[indices] = g
    ungrouped = np.flatnonzero(labels < 0).tolist()
    if ungrouped:
        raise _ungrouped_error(ungrouped, names, n_features)
    return list(spec), labels


def _ungrouped_error(
    ungrouped: Sequence[int], names: list[str] | None, n_features: int
) -> ValueError:
    shown = format_names([column if names is None else names[column] for column in ungrouped])
    return ValueError(
        f"groups leave {len(ungrouped)} of the {n_features} columns without a group ({shown}): add "
        f"them to a group, or drop them from X."
    )


def _indices(group: Any, columns: Any, n_features: int, names: list[str] | None) -> np.ndarray:
    """The columns of one group, given in any form, as indices into X."""
    if isinstance(columns, slice):
        indices = np.arange(n_features)[columns]
    else:
        single = isinstance(columns, str | Integral)
        if not single and not hasattr(columns, "__len__"):
            raise TypeError(
                f"groups gives {columns!r} as the columns of group {group!r}: give integer "
                f"indices, names, a slice or a boolean mask."
            )
        items = np.asarray([columns] if single else list(columns)).reshape(-1)
        if items.dtype == bool:
            items = np.flatnonzero(_as_mask(group, items, n_features))
        elif items.dtype.kind in "UO" and len(items):
            items = _by_name(group, items.tolist(), names)
        indices = items
    if len(indices) == 0:
        raise ValueError(f"groups has the empty group {group!r}: give it columns or leave it out.")
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"groups lists the columns of group {group!r} as {indices.dtype}: give integer "
            f"indices, names, a slice or a boolean mask."
        )
    out = indices[(indices < 0) | (indices >= n_features)]
    if len(out):
        raise ValueError(
            f"groups has column {out[0]} in group {group!r} but X has columns 0 to "
            f"{n_features - 1}: give indices in that range ({RFE_HINT})."
        )
    return indices.astype(np.int64)


def _as_mask(group: Any, mask: np.ndarray, n_features: int) -> np.ndarray:
    if len(mask) != n_features:
        raise ValueError(
            f"groups has a boolean mask of length {len(mask)} for group {group!r}: give it one "
            f"entry for each of the {n_features} columns."
        )
    return mask


def _by_name(group: Any, wanted: list, names: list[str] | None) -> np.ndarray:
    if names is None:
        raise missing_names_error(
            f"groups names the columns of group {group!r} but X has no column names"
        )
    position = {name: column for column, name in enumerate(names)}
    unknown = [name for name in wanted if name not in position]
    if unknown:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ValueError(
            f"groups has the unknown column {unknown[0]!r} in group {group!r}: the columns of X "
            f"are {shown}."
        )
    return np.array([position[name] for name in wanted], dtype=np.int64)


def _column_name(column: int, names: list[str] | None) -> str:
    return str(column) if names is None else repr(names[column])


def parse_weights(weights: Any, sizes: np.ndarray) -> np.ndarray:
    if isinstance(weights, str):
        if weights not in ("sqrt_size", "none"):
            raise ValueError(
                f"group_weights={weights!r} is not understood: give 'sqrt_size', 'none' or one "
                f"number per group."
            )
        return np.sqrt(sizes) if weights == "sqrt_size" else np.ones(len(sizes))
    return _per_group("group_weights", weights, len(sizes))


def parse_costs(costs: Any, names: list) -> np.ndarray:
    if costs is None:
        return np.ones(len(names))
    if not isinstance(costs, Mapping):
        return _per_group("group_costs", costs, len(names))
    unknown = [name for name in costs if name not in names]
    if unknown:
        raise ValueError(
            f"group_costs has a cost for the unknown group {unknown[0]!r}: the groups are "
            f"{format_names(names)}."
        )
    return _per_group("group_costs", [costs.get(name, 1.0) for name in names], len(names))


def _per_group(name: str, values: Any, n_groups: int) -> np.ndarray:
    given = list(values) if hasattr(values, "__len__") and not isinstance(values, str) else []
    numbers = [value for value in given if isinstance(value, Real)]
    array = np.array(numbers, dtype=np.float64)
    if len(given) != n_groups or len(array) != n_groups:
        raise ValueError(
            f"{name} must hold one number for each of the {n_groups} groups, got {values!r}."
        )
    if not (np.isfinite(array).all() and (array >= 0).all()):
        bad = array[~(np.isfinite(array) & (array >= 0))][0]
        raise ValueError(f"{name} must be finite and not negative, got {bad}: give numbers >= 0.")
    return array
