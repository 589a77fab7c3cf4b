"""source_columns: groups of encoded columns by their source column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

from .naming import format_names, missing_names_error

__all__ = ["source_columns"]

INDICATOR = "missingindicator_"  # scikit-learn's prefix of MissingIndicator and add_indicator=True
# closeness of a name to that of a source column
NO_SOURCE, BEGINS_WITH, EXACT = range(3)


class Match(NamedTuple):
    """The source column that matches a name, and the closeness of the two names."""

    closeness: int = NO_SOURCE
    source: str = ""


def source_columns(names: Iterable[Any]) -> Callable[[Sequence[str] | None, int], list[str]]:
    """Return a value for ``groups=`` that groups encoded columns by their source column.

    An output column of a ColumnTransformer, OneHotEncoder, OrdinalEncoder, SplineTransformer,
    StandardScaler, SimpleImputer or a Pipeline of them belongs to the source column of the same
    name, or else to that with the longest name that precedes an underscore in its name
    (``cp_2``, ``age_sp_0``).  Prefixes of transformers (``cat__cp_2``) are ignored, whatever
    ``verbose_feature_names_out`` is; indicators of missing values (``missingindicator_age``)
    belong to the column whose values are missing.

    Parameters
    ----------
    names : list, array or Index of str or int
        The columns of the frame that the encoders are fitted on, ``X.columns``.

    Returns
    -------
    callable
        Takes (feature_names, n_features) and returns the source of each column.  It can be
        pickled and compared, and raises a ValueError for columns that have no source among
        `names` (such as components of a PCA) or an ambiguous one.

    Raises
    ------
    ValueError, TypeError
        If `names` are not unique strings or ints.

    Notes
    -----
    A ColumnTransformer prefixes either all of its columns or none: if only one of these two
    interpretations gives every column a source, it is taken.  Otherwise an exact match is
    preferred to that of a prefix, and remaining ambiguity raises.

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
    duplicates = [name for name, times in Counter(strings).items() if times > 1]
    if duplicates or not items:
        message = f"has {duplicates[0]!r} twice" if duplicates else "is empty"
        raise ValueError(
            f"names {message}: give the columns of the frame before it is encoded, X.columns, each "
            f"once."
        )
    return SourceColumns(tuple(strings))


@dataclass(frozen=True, repr=False)
class SourceColumns:
    """The callable that :func:`source_columns` returns."""

    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"source_columns([{format_names(self.names)}])"

    def __call__(self, feature_names: Sequence[str] | None, n_features: int) -> list[str]:
        if feature_names is None:
            raise missing_names_error(f"groups={self!r} needs column names and X has none")
        columns = [str(name) for name in feature_names]
        plain, prefixed = _matches(columns, frozenset(self.names))
        best = _best_matches(plain, prefixed)
        unmatched = [name for name, match in zip(columns, best, strict=True) if not match.closeness]
        if unmatched:
            raise ValueError(
                f"groups={self!r} finds no source for {len(unmatched)} of the {len(columns)} "
                f"columns of X ({format_names(unmatched)}): give it the names of all columns "
                f"before they are encoded, name the encoded ones as scikit-learn does by default, "
                f"or give the label of each column."
            )
        for name, one, other in zip(columns, plain, prefixed, strict=True):
            if one.closeness == other.closeness and one.source != other.source:
                raise ValueError(
                    f"groups={self!r} can read the column {name!r} of X as {one.source!r} or, "
                    f"after the name of a transformer, as {other.source!r}: rename the "
                    f"transformer, or give the label of each column."
                )
        return [match.source for match in best]


def _matches(columns: Sequence[str], sources: frozenset[str]) -> tuple[list[Match], list[Match]]:
    """The match of each column's name, and of the name without a transformer's prefix."""
    plain = [_match(name, sources) for name in columns]
    prefixed = [Match()] * len(columns)
    columns_by_transformer: dict[str, list[int]] = {}  # transformer -> the positions of its columns
    for position, name in enumerate(columns):
        transformer, separator, _ = name.partition("__")
        if transformer and separator:
            columns_by_transformer.setdefault(transformer, []).append(position)
    for transformer, positions in columns_by_transformer.items():
        suffixes = [columns[position].removeprefix(f"{transformer}__") for position in positions]
        # nested transformers
        for position, matches in zip(
            positions, _best_matches(*_matches(suffixes, sources)), strict=True
        ):
            prefixed[position] = matches
    all_plain, all_prefixed = (all(r.closeness for r in matches) for matches in (plain, prefixed))
    # a ColumnTransformer prefixes all of its columns or none
    if all_plain and not all_prefixed:
        prefixed = [Match()] * len(columns)
    if all_prefixed and not all_plain:
        plain = [Match()] * len(columns)
    return plain, prefixed


def _best_matches(plain: list[Match], prefixed: list[Match]) -> list[Match]:
    """The closer match of each column; of equal ones that of the full name."""
    return [max(pair, key=lambda r: r.closeness) for pair in zip(plain, prefixed, strict=True)]


def _match(name: str, sources: frozenset[str]) -> Match:
    """The source of that name, or else the longest one that precedes a _ in the name."""
    if name in sources:
        return Match(EXACT, name)
    ends = [end for end, character in enumerate(name) if character == "_"]
    for end in reversed(ends):
        if name[:end] in sources:
            return Match(BEGINS_WITH, name[:end])
    if name.startswith(INDICATOR):
        return _match(name.removeprefix(INDICATOR), sources)
    return Match()
