"""What tells one training from another: its arguments, callables by what they do, and its data."""

from __future__ import annotations

import functools
import reprlib
import types
from collections.abc import Mapping
from typing import Any

import joblib
import numpy as np
import torch
from torch import nn

__all__ = ["identity"]

KNOWN = ("torch.", "builtins", "sgnn.")  # whose classes are what they are called
OF_MODULES = {name for name in vars(nn.Module()) if name.startswith("_")}


def identity(arguments: Mapping[str, Any], *data: Any) -> str:
    """A hash of the arguments by name and of the data.

    Raises
    ------
    ValueError
        Naming the argument that cannot be told from others.
    """
    hashes = {}
    for name, value in arguments.items():
        try:
            hashes[name] = joblib.hash(described(value))
        except Exception as error:
            raise ValueError(
                f"checkpoint cannot be kept with {name}={reprlib.repr(value)}, which cannot be "
                f"told from another ({type(error).__name__}: {reprlib.repr(str(error))}): give a "
                f"function or values that can be pickled, or leave out checkpoint."
            ) from None
    return joblib.hash((hashes, *data))


def described(value: Any, inside: tuple[int, ...] = ()) -> Any:
    """The value with its callables replaced by what they are made of.

    A function is its code, defaults, closure and the globals that it reads; a class of the user's
    its functions and constants; an instance that can be called its class and state.  `inside` are
    the ids of the values that are being described, which may contain themselves.
    """
    if id(value) in inside:
        return "itself"
    inside = (*inside, id(value))

    def each(values: Any) -> list:
        return [described(v, inside) for v in values]

    match value:
        case types.FunctionType():
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            keywords = sorted((value.__kwdefaults__ or {}).items())
            names = sorted(set(value.__code__.co_names) & value.__globals__.keys())
            read = [(name, value.__globals__[name]) for name in names]
            read = [(name, v) for name, v in read if not isinstance(v, types.ModuleType)]
            return [_code(value.__code__), *each([value.__defaults__, keywords, cells, read])]
        case types.MethodType():
            return each([value.__func__, value.__self__])
        case functools.partial():
            return each([value.func, value.args, sorted(value.keywords.items())])
        case types.BuiltinFunctionType() | np.ufunc() | types.WrapperDescriptorType():
            return [getattr(value, "__module__", None), value.__name__]
        case type():
            return _described_class(value, inside)
        case nn.Module():
            return _described_module(value, inside)
        case torch.Tensor():
            return value.detach().cpu().numpy()
        case Mapping():
            return [each(value.keys()), each(value.values())]
        case list() | tuple():
            return each(value)
        case _ if callable(value):
            return each([type(value), sorted(vars(value).items())])
    return value


def _code(code: types.CodeType) -> list:
    def constant(c: Any) -> Any:
        if isinstance(c, types.CodeType):
            return _code(c)
        return sorted(map(repr, c)) if isinstance(c, frozenset) else repr(c)

    constants = [constant(c) for c in code.co_consts]
    return [code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars]


def _described_class(kind: type, inside: tuple[int, ...]) -> list:
    own = {} if kind.__module__.startswith(KNOWN) else vars(kind)
    parts = {k: getattr(v, "__func__", v) for k, v in sorted(own.items())}
    kinds = types.FunctionType | int | float | str | tuple | list | dict
    made = {k: described(v, inside) for k, v in parts.items() if isinstance(v, kinds)}
    bases = [described(base, inside) for base in (kind.__bases__ if own else ())]
    return [kind.__qualname__, bases, made]


def _described_module(module: nn.Module, inside: tuple[int, ...]) -> list:
    arrays = {name: t.cpu().numpy() for name, t in module.state_dict().items()}
    plain = [
        (name, key, v)
        for name, part in module.named_modules()
        for key, v in sorted(vars(part).items())
        if key not in OF_MODULES
    ]
    kind, plain = described(type(module), inside), [described(v, inside) for v in plain]
    return [kind, repr(module), arrays, plain]
