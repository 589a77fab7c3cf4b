"""What is asked of column names, and the advice where X has none."""

from __future__ import annotations

__all__ = ["ONE_BY_ONE", "without_names"]

# where groups no longer fit X, as somebody may have cut it
ONE_BY_ONE = "RFE and RFECV cut columns one by one; LambdaSearchCV(select=k) keeps k whole groups"


def without_names(fault: str) -> ValueError:
    """The error for groups by name of an X that has no names."""
    return ValueError(
        f"{fault}: give a data frame; behind another step of a pipeline call "
        f'.set_output(transform="pandas") on that step ({ONE_BY_ONE}).'
    )
