"""to_onnx: a pipeline that ends in one of our estimators as one ONNX graph."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from os import PathLike, fspath
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

__all__ = ["to_onnx"]

NEEDED = ("onnx", "onnxscript", "skl2onnx")


def to_onnx(estimator: Any, X: Any, path: str | PathLike, *, probabilities: bool = False) -> None:
    """Write a fitted pipeline, from raw columns to predictions, to a file in the ONNX format.

    Its transformers are written by skl2onnx, its last step by `to_onnx` of the estimator, and the
    two are joined; in between only the kept columns go on.

    Parameters
    ----------
    estimator : estimator
        A pipeline that ends in an estimator of sgnn, such a search, or an estimator of sgnn alone.
    X : array-like of shape (n_samples, n_features)
        At least one row: a data frame's columns become inputs of their own, named as they are,
        numbers or strings of shape (n, 1); an array is one input "X" of shape (n, n_features).
    path : str or path
        The file.
    probabilities : bool, default=False
        Let it return the probabilities of the classes, and not the outputs whose softmax they are.

    Raises
    ------
    ImportError
        If onnx, onnxscript or skl2onnx is missing: they come with the extra "onnx".
    TypeError
        If the estimator does not end in one that has `to_onnx`.
    ValueError
        If probabilities are asked of a regressor.

    Notes
    -----
    The transformers compute in float32, as is usual in ONNX.

    Examples
    --------
    >>> import sgnn
    >>> from sgnn import GroupLassoClassifier
    >>> from sgnn.datasets import make_grouped_classification
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> data = make_grouped_classification(random_state=0)
    >>> model = make_pipeline(StandardScaler(), GroupLassoClassifier(data.groups))
    >>> model = model.fit(data.data, data.target)
    >>> sgnn.to_onnx(model, data.data, "model.onnx")  # doctest: +SKIP
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ImportError(f'to_onnx needs {" and ".join(missing)}: pip install "sgnn[onnx]".')
    check_is_fitted(estimator)
    *before, model = _steps(estimator)
    if not hasattr(model, "to_onnx"):
        raise TypeError(
            f"estimator must end in an estimator of sgnn, got {type(model).__name__}: export other "
            f"models by skl2onnx alone."
        )
    handle, name = tempfile.mkstemp(suffix=".onnx")
    os.close(handle)
    try:
        model.to_onnx(name, probabilities=probabilities)
        graph = _joined(before, model.get_support(indices=True), X, name)
    finally:
        os.unlink(name)
    with open(fspath(path), "wb") as file:
        file.write(graph.SerializeToString())


def _steps(estimator: Any) -> list[Any]:
    """The transformers and the last estimator, inside of pipelines and searches."""
    if isinstance(estimator, Pipeline):
        before = [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
        return [*before, *_steps(estimator.steps[-1][1])]
    best = getattr(estimator, "best_estimator_", None)
    return [estimator] if best is None else _steps(best)


def _joined(before: list[Any], kept: np.ndarray, X: Any, name: str) -> Any:
    """The ONNX model of the transformers, of these of their columns, and of the file."""
    import onnx
    from onnx import compose, helper, numpy_helper
    from skl2onnx import convert_sklearn
    from sklearn.preprocessing import FunctionTransformer

    last = onnx.load(name)
    opset = next(each.version for each in last.opset_import if each.domain == "")
    # without a transformer, one that passes everything on
    steps = [(f"step {i}", step) for i, step in enumerate(before or [FunctionTransformer()])]
    head = convert_sklearn(
        Pipeline(steps), initial_types=_types(X), target_opset={"": opset, "ai.onnx.ml": 3}
    )
    for each in head.opset_import:  # skl2onnx states the lowest version that has what it uses
        each.version = opset if each.domain == "" else each.version
    head.ir_version = last.ir_version
    (entry,) = last.graph.input
    dtype = entry.type.tensor_type.elem_type
    (out,) = head.graph.output
    head.graph.initializer.append(numpy_helper.from_array(kept.astype(np.int64), "kept columns"))
    head.graph.node.extend([
        helper.make_node("Gather", [out.name, "kept columns"], ["kept"], axis=1),
        helper.make_node("Cast", ["kept"], ["kept, cast"], to=dtype),
    ])  # fmt: skip
    del head.graph.output[:]
    head.graph.output.append(helper.make_tensor_value_info("kept, cast", dtype, [None, len(kept)]))
    last = compose.add_prefix(last, "last/")
    joined = compose.merge_models(head, last, io_map=[("kept, cast", f"last/{entry.name}")])
    onnx.checker.check_model(joined)
    return joined


def _types(X: Any) -> list[tuple[str, Any]]:
    """Names and types of the inputs, as skl2onnx takes them."""
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    if not hasattr(X, "iloc"):
        return [("X", FloatTensorType([None, np.shape(X)[1]]))]
    words = [
        str(dtype) == "category" or getattr(dtype, "kind", "O") not in "biuf" for dtype in X.dtypes
    ]
    return [(str(name), (StringTensorType if of_words else FloatTensorType)([None, 1]))
            for name, of_words in zip(X.columns, words, strict=True)]  # fmt: skip
