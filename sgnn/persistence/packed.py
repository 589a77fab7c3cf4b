"""Objects with tensors, as text and arrays wherever they are pickled or kept by skops."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ._decoding import decoded
from ._encoding import encoded

__all__ = ["Packed", "packed", "unpacked"]


def packed(what: Any) -> dict[str, Any]:
    """{"json": text, "arrays": a dict of them}; {"object": what} if a part is of the user's class.

    Unlike pickles of tensors, this needs nothing of torch to be read.
    """
    try:
        graph, arrays = encoded(what)
    except TypeError:
        return {"object": what}
    if any(record["kind"] == "user's module" for record in graph["objects"]):
        return {"object": what}
    return {"json": json.dumps(graph), "arrays": arrays}


def unpacked(state: dict[str, Any]) -> Any:
    """What was packed."""
    if "object" in state:
        return state["object"]
    arrays: dict[str, np.ndarray] = state["arrays"]
    return decoded(json.loads(state["json"]), arrays, dict)


class Packed:
    """An object whose attributes are packed where it is pickled."""

    def __getstate__(self) -> dict[str, Any]:
        return packed(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(unpacked(state))
