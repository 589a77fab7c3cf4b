"""What a page of docs/contributing asks for, done to a copy of the project."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "contributing").glob("*.md"))
# prose up to a path in backquotes and a colon, after which the block stands
FILE = re.compile(
    r"found[^`]*`(?P<path>sgnn/[^`]+)`:\n\n```python\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
ROW = re.compile(
    r"In `(?P<table>\w+)` of\s+`(?P<path>tests/[^`]+)`[^:]*:\n\n(?:<!-- .* -->\n\n)?"
    r"```python\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
COMMAND = re.compile(r"^```sh\n(pytest .*?)\n```$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A page in its parts."""

    path: Path
    files: dict[str, str] = field(default_factory=dict)  # path -> text
    rows: list[tuple[str, str, str]] = field(default_factory=list)  # path, table, text
    arguments: list[str] = field(default_factory=list)  # of pytest

    @classmethod
    def read(cls, path: Path) -> Page:
        text = path.read_text(encoding="utf-8")
        (command,) = COMMAND.findall(text)
        return cls(
            path,
            {found["path"]: found["text"] for found in FILE.finditer(text)},
            [(found["path"], found["table"], found["text"]) for found in ROW.finditer(text)],
            shlex.split(command)[1:],
        )


def copy_of_the_project(folder: Path) -> Path:
    """What the tests of a page need, and nothing that was compiled."""
    for name in ("sgnn", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def add_row(path: Path, table: str, row: str) -> None:
    """Put the row behind the last one of the list or dict of that name."""
    text = path.read_text(encoding="utf-8")
    (assigned,) = (
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == table
    )
    lines = text.splitlines(keepends=True)
    lines.insert(assigned.end_lineno - 1, row)
    path.write_text("".join(lines), encoding="utf-8")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The tests of the copy, by the copy's package."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
