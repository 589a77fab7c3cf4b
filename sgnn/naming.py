"""Groups by the names of the columns: their prefixes, and the advice where there are no names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

__all__ = ["ONE_BY_ONE", "listed", "read_prefixes", "without_names"]

# where groups no longer fit X, as somebody may have cut it
ONE_BY_ONE = "RFE and RFECV cut columns one by one; LambdaSearchCV(select=k) keeps k whole groups"
SHOWN = 5  # names in a message

# What steps of a ColumnTransformer are customarily called, and what make_column_transformer calls
# them.  It is matched against all prefixes, as columns and groups may be called so too.
TRANSFORMER = re.compile(
    r"(num|numeric|numerical|cat|categorical|ord|ordinal|ohe|one_?hot|text)"
    r"(_(pipe|pipeline|cols|columns|features|transformer|encoder|scaler|imputer))?"
    r"|([a-z]+(scaler|encoder|imputer|transformer|discretizer|binarizer|vectorizer)"
    r"|normalizer|pipeline|polynomialfeatures)(-\d+)?"
    r"|passthrough|remainder",
    re.IGNORECASE,
)
INSTEAD = (
    "for one group per column before encoding give groups=sgnn.source_columns(X.columns), where "
    "X is the frame before it is encoded"
)


def read_prefixes(spec: str, names: list[str] | None) -> list[str]:
    """Read "prefix" or "prefix:SEP": what each name has before the separator."""
    kind, _, separator = spec.partition(":")
    if kind != "prefix":
        raise ValueError(
            f"groups={spec!r} is not understood: the string forms are 'prefix' and 'prefix:SEP'."
        )
    if names is None:
        raise without_names(f"groups={spec!r} needs column names and X has none")
    prefixes = [name.split(separator or "__", 1)[0] for name in names]
    _warn_of_prefixes(spec, names, prefixes)
    return prefixes


def _warn_of_prefixes(spec: str, names: list[str], prefixes: list[str]) -> None:
    groups = list(dict.fromkeys(prefixes))
    if all(
        TRANSFORMER.fullmatch(prefix) and name.startswith(f"{prefix}__")
        for name, prefix in zip(names, prefixes, strict=True)
    ):
        fault = f"makes groups called {listed(groups)}, which look like names of transformers"
    elif len(groups) == len(names) > 1:
        fault = f"leaves each of the {len(names)} columns of X alone, as groups=None does"
    else:
        return
    warnings.warn(f"groups={spec!r} {fault}: {INSTEAD}.", UserWarning, stacklevel=2)


def without_names(fault: str) -> ValueError:
    """Return the error for groups by name of an X that has no names."""
    return ValueError(
        f"{fault}: give a data frame; behind another step of a pipeline call "
        f'.set_output(transform="pandas") on that step ({ONE_BY_ONE}).'
    )


def listed(names: Sequence[Any]) -> str:
    """Return the first names as a message shows them."""
    return ", ".join(map(repr, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")
