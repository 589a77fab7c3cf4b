"""Every code block of every page is run, as a doctest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "docs/guide", "docs/papers")  # those that `make doctest` runs
PAGES = [ROOT / "README.md", *(page for name in FOLDERS for page in (ROOT / name).glob("*.md"))]


def blocks(page: Path) -> list[str]:
    """The code blocks of Python in a page."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```(?:python|py)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_code_block_is_a_doctest(page):
    for block in blocks(page):
        assert block.startswith(">>> "), block
        assert block.endswith("\n\n"), "an empty line ends what is expected"


def test_only_pages_that_are_run_have_code():
    worked = ROOT.glob("docs/contributing/*.md")  # those of tests/test_contributing.py
    others = {*ROOT.glob("docs/*/*.md"), *ROOT.glob("*.md")} - {*PAGES, *worked}
    assert not [page for page in others if blocks(page)]


def test_what_is_not_run_needs_other_machines():
    skipped = {page.name for page in PAGES if "doctest: +SKIP" in page.read_text(encoding="utf-8")}
    assert skipped == {"large-studies.md"}
