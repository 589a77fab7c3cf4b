"""What may come into a study: refused in one sentence, before anything is trained."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_array, get_tags, indexable

from ..estimators.parameters import Rule, either, integer

__all__ = ["ANY_STUDY", "check_rows"]

ANY_STUDY = {
    "n_jobs": either(None, Rule(lambda v: isinstance(v, Integral) and v != 0, "an int but 0")),
    "verbose": integer(0),
}


def check_rows(estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """X and y, lists as arrays and sparse ones as CSR, once every row will do.

    Raises
    ------
    ValueError
        For what the estimator would only meet in the fits that have that row.
    """
    X, y = (a if hasattr(a, "shape") or a is None else np.asarray(a) for a in (X, y))
    tags = get_tags(estimator).input_tags
    finite = "allow-nan" if tags.allow_nan else True
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
