"""docs/regularizers.md is the page that examples/regularizers_page.py writes."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from sgnn import regularizers

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "regularizers.md"


@pytest.fixture
def script(monkeypatch, registry):
    """Return the script, with all regularizers already drawn."""
    monkeypatch.syspath_prepend(ROOT / "examples")
    script = importlib.import_module("regularizers_page")
    monkeypatch.setattr(script.RegularizerDisplay, "from_names", lambda: registry)
    return script


@pytest.mark.parametrize("name", regularizers.names())
def test_every_registered_regularizer_has_a_row(name):
    rows = re.findall(rf"^\| .*`{name}`.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 1, "run python examples/regularizers_page.py"
    assert f"<br>`{regularizers.get(name)}` |" in rows[0]


def test_every_row_has_as_many_cells():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line.replace(r"\|", "").split("|") for line in lines if line.startswith("|")]
    assert {len(row) for row in rows} == {len(rows[0])}


def test_the_page_is_what_the_script_writes(script, tmp_path):
    script.main(["--out", str(tmp_path)])
    written = (tmp_path / "regularizers.md").read_text(encoding="utf-8")
    assert written == PAGE.read_text(encoding="utf-8"), "run python examples/regularizers_page.py"
    assert (tmp_path / "regularizers.png").read_bytes().startswith(b"\x89PNG")
    assert (PAGE.parent / "regularizers.png").is_file()


def test_the_parts_of_a_docstring_are_in_their_cells(script):
    class Made(regularizers.Regularizer):
        """R(w) = |w|, `s_g` aside: remark.

        r(x) is
        explained.

        Notes
        -----
        prox: R(w) = not this.

        Source: someone
        (2000); x.y.

        Examples
        --------
        """

        value = prox = None

    assert script.penalty(Made()) == r"`R(w) = \|w\|, s_g aside`<br>r(x) is explained."
    assert script.source(Made()) == "someone (2000); x.y"
