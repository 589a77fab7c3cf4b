"""save and load: an estimator as one file of arrays and JSON, which runs no code."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from sklearn.base import BaseEstimator

from ..version import __version__
from ._decoding import BadFile, decoded
from ._encoding import encoded

__all__ = ["load", "save"]

FORMAT = 1


def save(estimator: BaseEstimator, path: str | PathLike) -> None:
    """Write an estimator or search, fitted or not, to one file that `load` reads.

    The file is a safetensors file: the arrays and weights, and in its header JSON with classes,
    parameters, fitted attributes and versions, and the SHA-256 of all of it.  It holds no pickle.
    It appears under its name when it is complete.  Callbacks that were set by `set_callbacks` are
    left out.

    Parameters
    ----------
    estimator : estimator
        Of sgnn or scikit-learn, such as a Pipeline that ends in one of ours.
    path : str or path
        The file, overwritten if it exists.

    Raises
    ------
    TypeError
        If the estimator holds what cannot be kept, which is named: functions of the user's, or
        objects of classes other than those of sgnn, scikit-learn, numpy and torch.  Of a network of
        the user's class the weights are kept, and `load` needs the network.

    See Also
    --------
    load : Read the file.

    Examples
    --------
    >>> import tempfile, sgnn
    >>> from sgnn import GroupLassoClassifier
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(random_state=0)
    >>> model = GroupLassoClassifier(data.groups, lam=0.1).fit(data.data, data.target)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sgnn.save(model, f"{folder}/model.sgnn")
    ...     again = sgnn.load(f"{folder}/model.sgnn")
    >>> bool((again.predict(data.data) == model.predict(data.data)).all())
    True
    """
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(f"estimator must be an estimator, got {type(estimator).__name__}.")
    graph, arrays = encoded(estimator)
    versions = {"sgnn": __version__, "scikit-learn": sklearn.__version__,
                "torch": torch.__version__, "numpy": np.__version__}  # fmt: skip
    text = json.dumps({"format": FORMAT, "versions": versions, **graph}, allow_nan=False)
    path = Path(fspath(path))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    os.close(handle)
    try:
        save_file(arrays, name, {"sgnn": text, "sha256": _digest(text, arrays)})
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def load(path: str | PathLike, *, module: torch.nn.Module | None = None) -> Any:
    """Read an estimator or search that `save` has written; nothing in the file is run.

    Parameters
    ----------
    path : str or path
        The file.
    module : torch.nn.Module, optional
        The network given as `architecture`, where it is of a class of the user's: one like it,
        trained or not.  It is copied, and the copy gets the weights of the file.

    Returns
    -------
    estimator : estimator
        It predicts the same bits as the one that was saved, on the same machine and versions.

    Raises
    ------
    ValueError
        If the file is damaged, or none that `save` has written, or `module` is missing or
        another.

    Warns
    -----
    InconsistentVersionWarning
        If the file is of another version of scikit-learn.

    See Also
    --------
    save : Write the file; has an example.

    Examples
    --------
    >>> import sgnn
    >>> sgnn.load(sgnn.__file__)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: ...__init__.py is not a file of sgnn.save, or is damaged: save the estimator again.
    """
    name = fspath(path)
    if not os.path.isfile(name):
        raise FileNotFoundError(f"There is no file {name}: give the path that sgnn.save was given.")
    damaged = ValueError(
        f"{name} is not a file of sgnn.save, or is damaged: save the estimator again."
    )
    try:
        with safe_open(name, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, TypeError, OverflowError, AttributeError, KeyError):
        raise damaged from None
    text = metadata.get("sgnn", "")
    if _digest(text, arrays) != metadata.get("sha256"):
        raise damaged
    try:
        graph = json.loads(text)
        if graph["format"] != FORMAT:
            raise ValueError(
                f"{name} is of another format, that of sgnn {graph['versions']['sgnn']}: load it "
                f"with that version."
            )
        return decoded(graph, arrays, BaseEstimator, module)
    except BadFile as error:
        raise ValueError(f"{name} cannot be loaded: {error}") from None
    except (json.JSONDecodeError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise damaged from None


def _digest(text: str, arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 of the JSON and of the arrays with their names, types and shapes."""
    digest = hashlib.sha256(text.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
