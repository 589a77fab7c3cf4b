"""The public names with their signatures and defaults are those of tests/public.txt.

    python -m tests.test_public > tests/public.txt

writes the file anew, after a change that CHANGELOG.md tells of.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import sgnn
from sgnn.algorithms import Algorithm
from sgnn.modules import Architecture

FILE = Path(__file__).with_name("public.txt")
MODULES = (
    "datasets", "inspection", "losses", "metrics", "optimizers", "regularizers", "selection"
)  # fmt: skip
# of these modules what is made for users: the classes that derive from one
PARTS = {"algorithms": Algorithm, "modules": Architecture}


def signature(of: object) -> str:
    """Arguments and defaults, without annotations."""
    found = inspect.signature(of)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in found.parameters.values()
    ]
    return str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def lines() -> Iterator[str]:
    """A line for each public name, and for each public method and property of a class."""
    places = {"sgnn": sgnn, **{f"sgnn.{name}": getattr(sgnn, name) for name in (*MODULES, *PARTS)}}
    for place, module in places.items():
        part = PARTS.get(place.rpartition(".")[2], object)
        for name in sorted(module.__all__):
            what = getattr(module, name)
            if part is not object and not (inspect.isclass(what) and issubclass(what, part)):
                continue
            if inspect.ismodule(what):
                yield f"{place}.{name}"
            elif inspect.isclass(what):
                yield f"{place}.{name}{signature(what)}"
                yield from members(f"{place}.{name}", what)
            elif callable(what):
                yield f"{place}.{name}{signature(what)}"
            else:
                yield f"{place}.{name}"


def members(name: str, kind: type) -> Iterator[str]:
    """Those that are ours."""
    for member in sorted(dir(kind)):
        # requests of metadata are made by scikit-learn
        if member.startswith("_") or member.endswith("_request"):
            continue
        owner = next(base for base in kind.__mro__ if member in vars(base))
        if not owner.__module__.startswith("sgnn."):
            continue
        what = inspect.getattr_static(kind, member)
        if isinstance(what, property):
            yield f"{name}.{member}"
        elif inspect.isfunction(inspect.unwrap(getattr(kind, member))) or isinstance(
            what, classmethod
        ):
            yield f"{name}.{member}{signature(getattr(kind, member))}"


def test_the_public_names_are_those_that_were_agreed():
    assert "\n".join(lines()) + "\n" == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    print("\n".join(lines()))
