"""Docstrings are in numpydoc's form, and every public name has an example."""

from __future__ import annotations

import inspect
import re
from pkgutil import resolve_name
from types import FunctionType

import pytest
from torch import nn

from .test_reference import listed

validate = pytest.importorskip("numpydoc.validate").validate

FORM = {
    "GL01", "GL02", "GL03", "GL05", "GL06", "GL07", "GL08", "GL09", "GL10",
    "SS01", "SS02", "SS03", "SS04",
    "PR01", "PR02", "PR03", "PR04", "PR05", "PR06", "PR07", "PR09", "PR10",
    "RT01", "RT03", "RT05", "YD01",
}  # fmt: skip
# without PR08 and RT04: a description may begin with a name or a formula
# a method of one sentence says all of it
SECTIONS = {"PR01", "RT01", "YD01"}
# names, numbers and formulas begin as they are written
WRITTEN_SO = re.compile(r"[a-z]\S*[\d_(]|\W|\d|[a-z] ")


def members() -> list[str]:
    """The public methods and properties that the classes of the reference define themselves."""
    found = []
    for name in listed():
        kind = resolve_name(name)
        if inspect.isclass(kind):
            for member, value in vars(kind).items():
                made = isinstance(value, FunctionType | property | classmethod)
                if made and not member.startswith("_"):
                    found.append(f"{name}.{member}")
    return found


def inherits_its_docstring(name: str) -> bool:
    """Whether a member says nothing itself, and a base class of it: there or in Attributes."""
    kind, _, member = name.rpartition(".")
    bases = resolve_name(kind).__mro__
    said = any(
        getattr(vars(base).get(member), "__doc__", None)
        or re.search(rf"^ *(\w+, )*{member}(, \w+)* : ", base.__doc__ or "", re.MULTILINE)
        for base in bases
    )
    return said and not resolve_name(name).__doc__


def faults(name: str, codes: set[str]) -> list[str]:
    summary = (inspect.getdoc(resolve_name(name)) or "").partition("\n")[0]
    if WRITTEN_SO.match(summary):
        codes = codes - {"SS02"}
    if getattr(resolve_name(name), "__init__", None) is nn.Module.__init__:
        codes = codes - {"PR01"}  # its arguments are passed on to nobody
    return [f"{code}: {text}" for code, text in validate(name)["errors"] if code in codes]


@pytest.mark.parametrize("name", listed())
def test_public_names(name):
    assert not faults(name, FORM | {"EX01"})


@pytest.mark.parametrize("name", members())
def test_members(name):
    if inherits_its_docstring(name):
        return
    text = inspect.getdoc(resolve_name(name)) or ""
    assert not faults(name, FORM if "\n---" in text else FORM - SECTIONS)
