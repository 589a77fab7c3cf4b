"""Groups by prefixes of column names, and the errors for an X without names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

__all__ = ["RFE_HINT", "format_names", "missing_names_error", "parse_prefixes"]

# for groups that do not fit X, which may have passed RFE
RFE_HINT = "RFE and RFECV cut columns one by one; LambdaSearchCV(select=k) keeps k whole groups"
MAX_NAMES = 5  # names in a message

# Customary names of the steps of a ColumnTransformer, and those of make_column_transformer.  It
# has to match all prefixes, as columns and groups may have such names too.
TRANSFORMER_NAME = re.compile(
    r"(num|numeric|numerical|cat|categorical|ord|ordinal|ohe|one_?hot|text)"
    r"(_(pipe|pipeline|cols|columns|features|transformer|encoder|scaler|imputer))?"
    r"|([a-z]+(scaler|encoder|imputer|transformer|discretizer|binarizer|vectorizer)"
    r"|normalizer|pipeline|polynomialfeatures)(-\d+)?"
    r"|passthrough|remainder",
    re.IGNORECASE,
)
SOURCE_COLUMNS_HINT = (
    "for one group per column before encoding give groups=sgnn.source_columns(X.columns), where "
    "X is the frame before it is encoded"
)


def parse_prefixes(spec: str, names: list[str] | None) -> list[str]:
    """Parse "prefix" or "prefix:SEP": the part of each name before the separator."""
    kind, _, separator = spec.partition(":")
    if kind != "prefix":
        raise ValueError(
            f"groups={spec!r} is not understood: the string forms are 'prefix' and 'prefix:SEP'."
        )
    if names is None:
        raise missing_names_error(f"groups={spec!r} needs column names and X has none")
    prefixes = [name.split(separator or "__", 1)[0] for name in names]
    _warn_if_useless(spec, names, prefixes)
    return prefixes


def _warn_if_useless(spec: str, names: list[str], prefixes: list[str]) -> None:
    groups = list(dict.fromkeys(prefixes))
    if all(
        TRANSFORMER_NAME.fullmatch(prefix) and name.startswith(f"{prefix}__")
        for name, prefix in zip(names, prefixes, strict=True)
    ):
        message = (
            f"makes groups called {format_names(groups)}, which look like names of transformers"
        )
    elif len(groups) == len(names) > 1:
        message = f"leaves each of the {len(names)} columns of X alone, as groups=None does"
    else:
        return
    warnings.warn(f"groups={spec!r} {message}: {SOURCE_COLUMNS_HINT}.", UserWarning, stacklevel=2)


def missing_names_error(message: str) -> ValueError:
    """Return the error for groups by name if X has no column names."""
    return ValueError(
        f"{message}: give a data frame; behind another step of a pipeline call "
        f'.set_output(transform="pandas") on that step ({RFE_HINT}).'
    )


def format_names(names: Sequence[Any]) -> str:
    """Return the first names, formatted for a message."""
    return ", ".join(map(repr, names[:MAX_NAMES])) + (", ..." if len(names) > MAX_NAMES else "")
