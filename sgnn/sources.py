"""source_columns: groups of encoded columns, one for each column that was encoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

from .naming import listed, without_names

__all__ = ["source_columns"]

INDICATOR = "missingindicator_"  # scikit-learn's prefix of MissingIndicator and add_indicator=True
# how close a name is to that of a source column
NO_SOURCE, BEGINS_WITH, EXACT = range(3)


class Reading(NamedTuple):
    """The source that a name is read as, and how close the two are."""

    closeness: int = NO_SOURCE
    source: str = ""


def source_columns(names: Iterable[Any]) -> Callable[[Sequence[str] | None, int], list[str]]:
    """Return a value for ``groups=`` that joins what an encoder made of one column.

    A column behind a ColumnTransformer, OneHotEncoder, OrdinalEncoder, SplineTransformer,
    StandardScaler, SimpleImputer or a Pipeline of them belongs to the source column whose name
    it has, or else to the one with the longest name that it continues after an underscore
    (``cp_2``, ``age_sp_0``).  Names of transformers in front (``cat__cp_2``) are ignored, so
    that ``verbose_feature_names_out`` may be either; indicators of missing values
    (``missingindicator_age``) belong to the column whose values are missing.

    Parameters
    ----------
    names : list, array or Index of str or int
        The columns of the frame that the encoders are fitted on, ``X.columns``.

    Returns
    -------
    callable
        Takes (feature_names, n_features) and returns the source of each column.  It can be
        pickled and compared, and raises a ValueError for columns that have no source among
        `names` (such as components of a PCA) or may have either of two.

    Raises
    ------
    ValueError, TypeError
        If `names` are not unique strings or ints.

    Notes
    -----
    The columns of a ColumnTransformer have the name of their transformer in front either all or
    none: where only one of the two gives every column a source, that one is right.  Otherwise
    an exact name counts before a longer one, and what remains open is refused.

    Examples
    --------
    >>> from sgnn import source_columns
    >>> groups = source_columns(["age", "blood", "blood_pressure"])
    >>> groups(["num__age", "cat__blood_A", "cat__blood_B", "num__blood_pressure"], 4)
    ['age', 'blood', 'blood', 'blood_pressure']
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(
            f"names must be a list of column names, got the {type(names).__name__} {names!r}: "
            f"give the columns of the frame before it is encoded, X.columns."
        )
    items = list(names)
    for item in items:
        if not isinstance(item, str | Integral) or isinstance(item, bool):
            raise TypeError(
                f"names has {item!r} ({type(item).__name__}) among the column names: give "
                f"strings or ints, such as X.columns."
            )
    strings = [str(item) for item in items]
    twice = [name for name, times in Counter(strings).items() if times > 1]
    if twice or not items:
        fault = f"has {twice[0]!r} twice" if twice else "is empty"
        raise ValueError(
            f"names {fault}: give the columns of the frame before it is encoded, X.columns, each "
            f"once."
        )
    return SourceColumns(tuple(strings))


@dataclass(frozen=True, repr=False)
class SourceColumns:
    """The callable that :func:`source_columns` returns."""

    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"source_columns([{listed(self.names)}])"

    def __call__(self, feature_names: Sequence[str] | None, n_features: int) -> list[str]:
        if feature_names is None:
            raise without_names(f"groups={self!r} needs column names and X has none")
        columns = [str(name) for name in feature_names]
        plain, prefixed = _readings(columns, frozenset(self.names))
        best = _closest(plain, prefixed)
        lost = [name for name, reading in zip(columns, best, strict=True) if not reading.closeness]
        if lost:
            raise ValueError(
                f"groups={self!r} finds no source for {len(lost)} of the {len(columns)} columns "
                f"of X ({listed(lost)}): give it the names of all columns before they are "
                f"encoded, name the encoded ones as scikit-learn does by default, or give the "
                f"label of each column."
            )
        for name, one, other in zip(columns, plain, prefixed, strict=True):
            if one.closeness == other.closeness and one.source != other.source:
                raise ValueError(
                    f"groups={self!r} can read the column {name!r} of X as {one.source!r} or, "
                    f"after the name of a transformer, as {other.source!r}: rename the "
                    f"transformer, or give the label of each column."
                )
        return [reading.source for reading in best]


def _readings(
    columns: Sequence[str], sources: frozenset[str]
) -> tuple[list[Reading], list[Reading]]:
    """Each column as it is called, and after the name of a transformer."""
    plain = [_reading(name, sources) for name in columns]
    prefixed = [Reading()] * len(columns)
    inside: dict[str, list[int]] = {}  # transformer -> the positions of its columns
    for position, name in enumerate(columns):
        transformer, separator, _ = name.partition("__")
        if transformer and separator:
            inside.setdefault(transformer, []).append(position)
    for transformer, positions in inside.items():
        tails = [columns[position].removeprefix(f"{transformer}__") for position in positions]
        # they may come out of transformers inside that one
        for position, found in zip(positions, _closest(*_readings(tails, sources)), strict=True):
            prefixed[position] = found
    all_plain, all_prefixed = (all(r.closeness for r in found) for found in (plain, prefixed))
    # transformers put their names before all columns or before none
    if all_plain and not all_prefixed:
        prefixed = [Reading()] * len(columns)
    if all_prefixed and not all_plain:
        plain = [Reading()] * len(columns)
    return plain, prefixed


def _closest(plain: list[Reading], prefixed: list[Reading]) -> list[Reading]:
    """The closer reading of each column, that without the name of a transformer if equal."""
    return [max(pair, key=lambda r: r.closeness) for pair in zip(plain, prefixed, strict=True)]


def _reading(name: str, sources: frozenset[str]) -> Reading:
    """The source of that name, or else the longest that the name continues after a _."""
    if name in sources:
        return Reading(EXACT, name)
    ends = [end for end, character in enumerate(name) if character == "_"]
    for end in reversed(ends):
        if name[:end] in sources:
            return Reading(BEGINS_WITH, name[:end])
    if name.startswith(INDICATOR):
        return _reading(name.removeprefix(INDICATOR), sources)
    return Reading()
