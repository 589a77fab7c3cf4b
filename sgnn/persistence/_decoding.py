"""Objects from JSON and arrays, without running code that these name."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from ._classes import found, is_plain, name_of

__all__ = ["BadFile", "decoded"]


class BadFile(Exception):
    """What is wrong with a file, and what to do."""


def decoded(
    graph: dict, arrays: dict[str, np.ndarray], kind: type, module: nn.Module | None = None
) -> Any:
    """The object of this kind that `encoded` was given; `module` is the user's, if there is one.

    Raises
    ------
    BadFile
        If a part of it may not be made, or `module` is not the right one.
    """
    decoder = _Decoder(graph["objects"], arrays, module)
    root = decoder.value(graph["root"])
    while decoder.unfilled:
        decoder.unfilled.pop()()
    for finish in decoder.last:
        finish()
    if not isinstance(root, kind):
        raise BadFile(f"it holds a {type(root).__name__} in the place of a {kind.__name__}.")
    return root


class _Decoder:
    """Records, the objects that were made of them, and what is left to do.

    What may hold itself is made first and filled later.
    """

    def __init__(self, records: list, arrays: dict, module: nn.Module | None) -> None:
        self.records, self.arrays, self.module = records, arrays, module
        self.objects: dict[int, Any] = {}
        self.unfilled: list[Callable[[], None]] = []
        self.last: list[Callable[[], None]] = []  # when all is filled

    def value(self, what: Any) -> Any:
        """The object that JSON stands for."""
        if not isinstance(what, dict):
            return what
        number = what["ref"]
        if number not in self.objects:
            record = self.records[number]
            self.objects[number] = KINDS[record["kind"]](self, record)
        return self.objects[number]

    def items(self, record: dict) -> list:
        return [self.value(each) for each in record["items"]]

    def pairs(self, pairs: list) -> list[tuple]:
        return [(self.value(key), self.value(value)) for key, value in pairs]

    def named(self, name: str) -> Any:
        """The class or function of this name."""
        try:
            return found(name)
        except LookupError:
            raise BadFile(
                f"it names {name.replace(':', '.')}, which is no class that a file may hold, or "
                f"one of another version: load it with the versions it was saved with, if you "
                f"trust it."
            ) from None


# the object of each kind of record ----------------------------------------------------------------


def _list(decoder: _Decoder, record: dict) -> list:
    made: list = []
    decoder.unfilled.append(lambda: made.extend(decoder.items(record)))
    return made


def _dict(decoder: _Decoder, record: dict) -> dict:
    made: dict = {"dict": dict, "ordered dict": OrderedDict, "default dict": defaultdict}[
        record["kind"]
    ]()
    if isinstance(made, defaultdict):
        made.default_factory = decoder.value(record["factory"])
    decoder.unfilled.append(lambda: made.update(decoder.pairs(record["pairs"])))
    return made


def _object(decoder: _Decoder, record: dict) -> Any:
    kind: Any = decoder.named(record["class"])
    if not (isinstance(kind, type) and is_plain(kind)) or issubclass(kind, nn.Module):
        raise BadFile(f"it holds an object of {kind!r}, which no file of sgnn.save does.")
    made: Any = object.__new__(kind)

    def fill() -> None:
        state = dict(decoder.pairs(record["state"]))
        if hasattr(kind, "__setstate__"):
            decoder.last.append(lambda: made.__setstate__(state))
        else:
            made.__dict__.update(state)

    decoder.unfilled.append(fill)
    return made


def _module(decoder: _Decoder, record: dict) -> nn.Module:
    kind = decoder.named(record["class"])
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise BadFile(f"it holds a network of {kind!r}, which is none.")
    made: nn.Module = object.__new__(kind)
    nn.Module.__init__(made)
    decoder.unfilled.append(lambda: made.__dict__.update(decoder.pairs(record["state"])))
    return made


def _users_module(decoder: _Decoder, record: dict) -> nn.Module:
    name = record["class"].replace(":", ".")
    if decoder.module is None or name_of(type(decoder.module)) != record["class"]:
        raise BadFile(
            f"its network is of {name}: give module=, a network of that class, "
            f"got {type(decoder.module).__name__}."
        )
    made = copy.deepcopy(decoder.module)
    weights = dict(decoder.pairs(record["weights"]))
    made.train(record["training"])
    try:
        made.load_state_dict(weights, assign=True)  # of the dtype of the file
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise BadFile(f"module is not the {name} that was saved ({reason}).") from None
    return made


def _tensor(decoder: _Decoder, record: dict) -> torch.Tensor:
    made = torch.from_numpy(decoder.arrays[record["name"]].copy())
    if record["parameter"]:
        return nn.Parameter(made, requires_grad=record["grad"])
    return made.requires_grad_(record["grad"])


def _objects(decoder: _Decoder, record: dict) -> np.ndarray:
    dtype, items = np.dtype(record["dtype"]), decoder.items(record)
    if dtype.kind not in "OU" or math.prod(record["shape"]) != len(items):
        raise BadFile(f"it holds an array of {dtype} and shape {record['shape']} that is none.")
    made = np.empty(len(items), dtype=dtype)
    for i, item in enumerate(items):  # one by one, as an item may be an array
        made[i] = item
    return made.reshape(record["shape"])


def _masked(decoder: _Decoder, record: dict) -> np.ma.MaskedArray:
    data, mask = (decoder.value(part) for part in record["parts"])
    return np.ma.MaskedArray(data, mask, fill_value=decoder.value(record["fill"]))


def _torch_dtype(decoder: _Decoder, record: dict) -> torch.dtype:
    dtype = getattr(torch, record["name"])
    if not isinstance(dtype, torch.dtype):
        raise BadFile(f"it names torch.{record['name']} as a dtype.")
    return dtype


KINDS: dict[str, Callable[[_Decoder, dict], Any]] = {
    "float": lambda decoder, record: float(record["value"]),
    "list": _list, "dict": _dict, "ordered dict": _dict, "default dict": _dict,
    "tuple": lambda decoder, record: tuple(decoder.items(record)),
    "set": lambda decoder, record: set(decoder.items(record)),
    "frozenset": lambda decoder, record: frozenset(decoder.items(record)),
    "slice": lambda decoder, record: slice(*decoder.items(record)),
    "range": lambda decoder, record: range(*decoder.items(record)),
    "array": lambda decoder, record: decoder.arrays[record["name"]],
    "objects": _objects, "masked": _masked,
    "scalar": lambda decoder, record: decoder.value(record["array"])[()],
    "dtype": lambda decoder, record: np.dtype(record["name"]),
    "tensor": _tensor, "torch dtype": _torch_dtype,
    "named": lambda decoder, record: decoder.named(record["name"]),
    "object": _object, "module": _module, "user's module": _users_module,
}  # fmt: skip
