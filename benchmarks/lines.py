"""Lines of sgnn/ that are not in docstrings, now or at a revision of git.

Total, in docstrings, blank (outside of docstrings), and the rest: code with its comments.  With two
revisions, those of the second less those of the first.

    python benchmarks/lines.py [REVISION [REVISION]]
"""

from __future__ import annotations

import argparse
import ast
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def git(*arguments: str) -> str:
    """What a command of git prints."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def sources(revision: str | None) -> Iterator[str]:
    """The files of sgnn/ at a revision; None for the working tree."""
    if revision is None:
        for path in ROOT.glob("sgnn/**/*.py"):
            yield path.read_text(encoding="utf-8")
        return
    for name in git("ls-tree", "-r", "--name-only", revision, "sgnn/").splitlines():
        if name.endswith(".py"):
            yield git("show", f"{revision}:{name}")


def in_docstrings(source: str) -> set[int]:
    """The numbers of the lines that docstrings take, from 1."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            lines.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def count(revision: str | None) -> Counter[str]:
    """Lines of each kind."""
    found: Counter[str] = Counter()
    for source in sources(revision):
        docstrings, lines = in_docstrings(source), source.splitlines()
        blank = {i for i, line in enumerate(lines, 1) if not line.strip()} - docstrings
        found += Counter(
            total=len(lines),
            docstrings=len(docstrings),
            blank=len(blank),
            rest=len(lines) - len(docstrings) - len(blank),
        )
    found["rest and blank"] = found["rest"] + found["blank"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revisions", nargs="*", metavar="REVISION")
    revisions = parser.parse_args().revisions or [None]
    if len(revisions) > 2:
        parser.error("two revisions at most")
    counts = [count(revision) for revision in revisions]
    for kind in counts[0]:
        numbers = [found[kind] for found in counts]
        change = f"{numbers[1] - numbers[0]:+8,}" if len(numbers) == 2 else ""
        print(f"{kind:15}" + "".join(f"{number:8,}" for number in numbers) + change)


if __name__ == "__main__":
    main()
