"""An object with all it holds, as JSON and arrays."""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from ._classes import is_known, is_plain, is_users_module, name_of

__all__ = ["encoded"]

CALLBACKS = "_skl_callbacks"  # those of `set_callbacks` are no part of what was learned
NUMERIC = "biuf"  # kinds of arrays that safetensors keeps


def encoded(root: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """JSON {"root": value, "objects": records} and the arrays that it names.

    None, bools, ints, strings and finite floats are themselves.  Everything else is a record, and
    {"ref": its number} where it stands, so that what is shared stays shared.

    Raises
    ------
    TypeError
        For what cannot be kept, which is named.
    """
    encoder = _Encoder()
    return {"root": encoder.value(root, "estimator"), "objects": encoder.records}, encoder.arrays


class _Encoder:
    """Records so far, their arrays, and the numbers of the objects that have one."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.numbers: dict[int, int] = {}
        self.alive: list[Any] = []  # so that no other object gets the id of one that has a number

    def value(self, what: Any, where: str) -> Any:
        """The JSON of what stands `where`, a name for errors."""
        if what is None or type(what) in (bool, int, str):
            return what
        if type(what) is float and math.isfinite(what):
            return what
        if id(what) not in self.numbers:
            self.numbers[id(what)] = len(self.records)
            self.alive.append(what)
            self.records.append({})
            self.records[self.numbers[id(what)]] |= self._record(what, where)
        return {"ref": self.numbers[id(what)]}

    def _record(self, what: Any, where: str) -> dict[str, Any]:
        for kind in type(what).__mro__:
            if kind in KINDS and (kind is type(what) or kind in INHERITED):
                return KINDS[kind](self, what, where)
        if isinstance(what, type | np.ufunc) or hasattr(what, "__qualname__"):
            return self._named(what, where)
        return self._object(what, where)

    def items(self, what: Any, where: str) -> list[Any]:
        return [self.value(each, f"{where}[{i}]") for i, each in enumerate(what)]

    def pairs(self, what: dict, where: str) -> list[Any]:
        return [[self.value(key, where), self.value(value, f"{where}[{key!r}]")]
                for key, value in what.items()]  # fmt: skip

    def array(self, what: np.ndarray) -> str:
        """The name of an array of numbers."""
        name = f"array {len(self.arrays)}"
        self.arrays[name] = np.ascontiguousarray(what).reshape(what.shape)
        return name

    def _named(self, what: Any, where: str) -> dict[str, Any]:
        if not is_known(what):
            raise TypeError(
                f"{where} = {what!r:.60} cannot be saved: functions and classes of the user's "
                f"cannot be kept without pickle; give a name or numbers there, or use joblib.dump."
            )
        return {"kind": "named", "name": name_of(what)}

    def _object(self, what: Any, where: str) -> dict[str, Any]:
        kind = type(what)
        state = what.__getstate__() if is_plain(kind) and is_known(kind) else None
        if not isinstance(state, dict):
            raise TypeError(
                f"{where}, an object of {kind.__module__}.{kind.__qualname__}, cannot be saved: "
                f"only those of sgnn, scikit-learn, numpy and torch that consist of arrays, "
                f"numbers and names can be kept without pickle; use joblib.dump."
            )
        pairs = [[name, self.value(value, f"{where}.{name}")] for name, value in state.items()
                 if name != CALLBACKS]  # fmt: skip
        return {"kind": "object", "class": name_of(kind), "state": pairs}


# the record of each type --------------------------------------------------------------------------


def _array(encoder: _Encoder, what: np.ndarray, where: str) -> dict[str, Any]:
    if isinstance(what, np.ma.MaskedArray):
        parts = [np.asarray(what.data), np.ma.getmaskarray(what)]
        return {"kind": "masked", "parts": encoder.items(parts, where),
                "fill": encoder.value(what.fill_value, where)}  # fmt: skip
    if what.dtype.kind in NUMERIC and what.dtype.isnative:
        return {"kind": "array", "name": encoder.array(what)}
    if what.dtype.kind not in "OU":
        raise TypeError(
            f"{where}, an array of {what.dtype}, cannot be saved: only arrays of numbers, strings "
            f"and objects can be kept; use joblib.dump."
        )
    entries = encoder.items(what.ravel().tolist(), where)
    return {"kind": "objects", "dtype": what.dtype.str, "shape": what.shape, "items": entries}


def _tensor(encoder: _Encoder, what: torch.Tensor, where: str) -> dict[str, Any]:
    return {"kind": "tensor", "name": encoder.array(what.detach().cpu().numpy()),
            "parameter": isinstance(what, nn.Parameter), "grad": what.requires_grad}  # fmt: skip


def _module(encoder: _Encoder, what: nn.Module, where: str) -> dict[str, Any]:
    """A network by its parts, or by its weights alone if its class is the user's."""
    if is_users_module(what):
        weights = [[name, encoder.value(each, where)] for name, each in what.state_dict().items()]
        return {"kind": "user's module", "class": name_of(type(what)), "weights": weights,
                "training": what.training}  # fmt: skip
    # what every module has from the start: dicts of hooks, and so on
    fresh = vars(nn.Module())
    state = {name: value for name, value in vars(what).items()
             if name not in fresh or name[1:] in MODULE_PARTS or value != fresh[name]}  # fmt: skip
    pairs = [[name, encoder.value(value, f"{where}.{name}")] for name, value in state.items()]
    return {"kind": "module", "class": name_of(type(what)), "state": pairs}


MODULE_PARTS = ("parameters", "buffers", "modules")


def _float(encoder: _Encoder, what: float, where: str) -> dict[str, Any]:
    return {"kind": "float", "value": repr(what)}


def _scalar(encoder: _Encoder, what: np.generic, where: str) -> dict[str, Any]:
    return {"kind": "scalar", "array": encoder.value(np.asarray(what), where)}


def _dict(encoder: _Encoder, what: dict, where: str) -> dict[str, Any]:
    return {"kind": "dict", "pairs": encoder.pairs(what, where)}


def _ordered(encoder: _Encoder, what: OrderedDict, where: str) -> dict[str, Any]:
    return {"kind": "ordered dict", "pairs": encoder.pairs(what, where)}


def _default(encoder: _Encoder, what: defaultdict, where: str) -> dict[str, Any]:
    return {"kind": "default dict", "factory": encoder.value(what.default_factory, where),
            "pairs": encoder.pairs(what, where)}  # fmt: skip


def _items(kind: str) -> Callable:
    def record(encoder: _Encoder, what: Any, where: str) -> dict[str, Any]:
        return {"kind": kind, "items": encoder.items(what, where)}

    return record


def _slice(encoder: _Encoder, what: slice | range, where: str) -> dict[str, Any]:
    ends = (what.start, what.stop, what.step)
    return {"kind": type(what).__name__, "items": encoder.items(ends, where)}


def _dtype(encoder: _Encoder, what: np.dtype, where: str) -> dict[str, Any]:
    return {"kind": "dtype", "name": what.str}


def _torch_dtype(encoder: _Encoder, what: torch.dtype, where: str) -> dict[str, Any]:
    return {"kind": "torch dtype", "name": str(what).removeprefix("torch.")}


KINDS: dict[type, Callable] = {
    np.ndarray: _array, np.generic: _scalar, torch.Tensor: _tensor, nn.Module: _module,
    float: _float, dict: _dict, OrderedDict: _ordered, defaultdict: _default,
    list: _items("list"), tuple: _items("tuple"), set: _items("set"),
    frozenset: _items("frozenset"), slice: _slice, range: _slice,
    np.dtype: _dtype, torch.dtype: _torch_dtype,
}  # fmt: skip
INHERITED = (np.ndarray, np.generic, torch.Tensor, nn.Module, np.dtype)
