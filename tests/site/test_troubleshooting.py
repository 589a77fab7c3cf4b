"""docs/guide/troubleshooting.md has every warning of the package."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guide" / "troubleshooting.md"
SHORT = 12  # characters: "." and the like are on any page


def returned(source: ast.Module) -> dict[str, list[ast.expr]]:
    """What each function returns."""
    functions = [node for node in ast.walk(source) if isinstance(node, ast.FunctionDef)]
    return {
        function.name: [
            node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value
        ]
        for function in functions
    }


def messages() -> Iterator[ast.expr]:
    """The messages that are given to warnings.warn, and those that functions make for it."""
    for path in sorted((ROOT / "sgnn").rglob("*.py")):
        source = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(source):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn":
                yield node.args[0]
        if path.name == "advice.py":
            for values in returned(source).values():
                yield from values


def fragments() -> list[str]:
    """The parts of messages between their values, on one line each."""
    found = {
        re.sub(r"\s+", " ", part.value).strip()
        for message in messages()
        for part in getattr(message, "values", [message])
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
    return sorted(text for text in found if len(text) > SHORT)


@pytest.mark.parametrize("text", fragments())
def test_a_warning_is_explained(text):
    page = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
    assert text in page


def test_the_warnings_are_found():
    assert any("is so large that no group is left" in text for text in fragments())
    assert any("KKT residual" in text for text in fragments())
