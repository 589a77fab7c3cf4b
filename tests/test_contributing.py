"""Each page of docs/contributing is done as it says: one new file, one row, and the laws hold."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest

from .contributing import PAGES, Page, add_row, contents, copy_of_the_project, run

ROWS = {"algorithm": 1, "architecture": 1, "dataset": 1, "estimator": 2, "regularizer": 1}


DESIGN = "tests/test_architecture.py"  # which `make test` runs besides


def with_the_design(arguments):
    """The arguments of pytest, whose -k, if there is one, also selects DESIGN."""
    return [
        f"({argument}) or test_architecture" if before == "-k" else argument
        for before, argument in pairwise(["", *arguments])
    ]


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.stem)
def page(request):
    return Page.read(request.param)


def test_every_kind_has_a_page():
    assert [path.stem for path in PAGES] == sorted(ROWS)


def test_a_page_is_a_screen_of_words(page):
    text = page.path.read_text(encoding="utf-8")
    code = [*page.files.values(), *(row for *_, row in page.rows)]
    assert text.count("\n") - sum(part.count("\n") for part in code) <= 50
    assert all(part in text for part in code)
    assert text.count("```python") == len(code)  # each block was read


def test_one_new_file_and_its_rows_are_all(page, tmp_path):
    folder = copy_of_the_project(tmp_path)
    before = contents(folder)
    for path, text in page.files.items():
        (folder / path).write_text(text, encoding="utf-8")
    unknown = run(folder, "tests/test_registered.py")
    assert unknown.returncode == 1, unknown.stdout + unknown.stderr  # it is found, and has no row
    for path, table, row in page.rows:
        add_row(folder / path, table, row)
    after = contents(folder)

    done = run(folder, "-v", DESIGN, *with_the_design(page.arguments))
    assert done.returncode == 0, done.stdout + done.stderr
    for _, _, row in page.rows:
        name = re.search(r'"(.+?)"', row)[1]  # by which the laws call it
        assert len(re.findall(rf"\[.*{name}.*\] PASSED", done.stdout)) >= 4
    new = after.keys() - before.keys()
    changed = [path for path in before if after[path] != before[path]]
    assert [*new] == [*page.files]
    assert len(new) == 1
    assert len(changed) == len(page.rows) == ROWS[page.path.stem]
    for path in changed:
        added = after[path].decode().splitlines()
        assert len(added) == len(before[path].decode().splitlines()) + 1
    assert contents(folder) == after  # the tests have written nothing


def test_its_code_is_written_as_the_rest(page):
    (text,) = page.files.values()
    assert ast.get_docstring(ast.parse(text))
    assert max(map(len, text.splitlines())) <= 100
