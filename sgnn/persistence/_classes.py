"""Classes and functions that a file may name."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np
import torch

__all__ = ["found", "is_known", "is_plain", "is_users_module", "name_of"]

# Packages whose classes may be named.  Their objects are made without calling their constructors.
CLASSES = ("sgnn.", "sklearn.", "torch.nn.modules.", "torch.optim.")
TYPES = {kind.__name__: kind for kind in (bool, int, float, str, object)}
FUNCTIONS = ("sgnn.selection.", "sklearn.metrics.")


def name_of(what: Any) -> str:
    """module:name of a class or function; numpy:name of a ufunc or scalar type."""
    if is_of_numpy(what):
        return f"numpy:{what.__name__}"
    return f"{what.__module__}:{what.__qualname__}"


def is_of_numpy(what: Any) -> bool:
    """Whether it is a ufunc or a scalar type."""
    return isinstance(what, np.ufunc) or (isinstance(what, type) and issubclass(what, np.generic))


def is_known(what: Any) -> bool:
    """Whether a file may name this class or function."""
    try:
        return found(name_of(what)) is what
    except (LookupError, AttributeError):
        return False


def is_plain(kind: type) -> bool:
    """Whether objects of the class are what their attributes are, and nothing besides."""
    builtin = (dict, list, tuple, set, frozenset, str, bytes, int, float)
    return (
        not issubclass(kind, builtin)
        and kind.__reduce__ is object.__reduce__
        and kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__dictoffset__ != 0
    )


def is_users_module(value: torch.nn.Module) -> bool:
    """Whether a network, not of sgnn, has parts of classes that no file may name."""
    ours = type(value).__module__.startswith("sgnn.")
    return not ours and not all(is_known(type(part)) for part in value.modules())


def found(name: str) -> Any:
    """The class or function of this name.

    Raises
    ------
    LookupError
        If there is none, or it is not one that a file may name.
    """
    module, _, qualname = name.partition(":")
    if module == "numpy":
        what = getattr(np, qualname, None)
        if is_of_numpy(what):
            return what
    if module == "builtins" and qualname in TYPES:
        return TYPES[qualname]
    if "." in qualname or not qualname.isidentifier():
        raise LookupError(name)
    if not (module + ".").startswith((*CLASSES, *FUNCTIONS)) or "test" in module:
        raise LookupError(name)
    if module not in sys.modules and not module.startswith("torch."):
        try:
            import_module(module)
        except ImportError:
            raise LookupError(name) from None
    what = getattr(sys.modules.get(module), qualname, None)
    kind_is_right = isinstance(what, type) and (module + ".").startswith(CLASSES)
    if not kind_is_right and not (callable(what) and (module + ".").startswith(FUNCTIONS)):
        raise LookupError(name)
    if getattr(what, "__module__", None) != module:
        raise LookupError(name)
    return what
