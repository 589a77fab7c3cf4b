"""The page that the experiments of a paper write: each one its own section, figure and table."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sklearn
import torch
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

import sgnn

PAGES = Path(__file__).parents[2] / "docs" / "papers"


def arguments(
    doc: str,
    argv: Sequence[str] | None = None,
    *,
    page: str = "full",
    quick: str = "a minute or two",
    whole: bool = False,
) -> argparse.Namespace:
    """Read the command line that all experiments have: size, out, cache.

    Parameters
    ----------
    doc : str
        The script's docstring; its first line becomes the help text.
    argv : sequence of str, optional
        Instead of sys.argv.
    page : {"full", "quick"}
        The size that the documentation shows.
    quick : str
        How long --quick takes.
    whole : bool, default=False
        Whether the paper tries more than the page shows.

    Returns
    -------
    Namespace
        `size` is "full", "quick", "tiny" or "whole"; `out` the folder of the page, None to print
        only; `cache` the folder of finished fits, or None.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.set_defaults(size="full")
    sizes = parser.add_mutually_exclusive_group()
    texts = {"full": "the default", "quick": quick, "tiny": "seconds, to see that it runs"}
    if whole:
        texts["whole"] = "all that the paper tries: many hours"
    for size, text in texts.items():
        sizes.add_argument(f"--{size}", dest="size", action="store_const", const=size, help=text)
    parser.add_argument(
        "--out", type=Path, help=f"folder of the page (default: docs/papers if {page}, else none)"
    )
    parser.add_argument(
        "--cache", type=Path, help="keep finished fits here, to resume or to draw again"
    )
    options = parser.parse_args(argv)
    if options.out is None and options.size == page:
        options.out = PAGES
    return options


class Report:
    """One section of a page: what is added is printed, and written when `close` is called.

    Parameters
    ----------
    page : str
        Name of the page without ".md".
    name : str
        The experiment's name: that of its script, its section and its figure.
    out : Path or None
        Folder of the page; None prints only.
    script : str, optional
        The script's name, where it writes more than one section.
    """

    def __init__(self, page: str, name: str, out: Path | None, script: str | None = None) -> None:
        self.page, self.name, self.out, self.script = page, name, out, script or name
        self.parts: list[str] = []

    def text(self, *paragraphs: str) -> None:
        """Add paragraphs."""
        self.parts += paragraphs
        print(*paragraphs, sep="\n\n", end="\n\n", flush=True)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add a table."""
        lines = [header, ["---"] * len(header), *rows]
        self.text("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))

    def figure(self, figure: Figure, caption: str) -> None:
        """Add a figure, saved beside the page."""
        if self.out is not None:
            path = self.out / "figures" / f"{self.name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, dpi=100, bbox_inches="tight")
        self.text(f"![{caption}](figures/{self.name}.png)", f"*{caption}*")

    def close(self, *, seeds: Iterable[int], fits: int, seconds: float) -> None:
        """Add how it was measured, and write the section between its markers."""
        self.text(
            f"*Measured by `examples/papers/{self.script}.py`: seeds "
            f"{listed(sorted(set(seeds)))}; {fits} fits, {seconds / 60:.1f} minutes "
            f"of processor time for the training, {torch.get_num_threads()} thread"
            f"{'s' * (torch.get_num_threads() > 1)}; sgnn {sgnn.__version__}, "
            f"torch {torch.__version__.split('+')[0]}, scikit-learn {sklearn.__version__}.*"
        )
        if self.out is not None:
            self.out.mkdir(parents=True, exist_ok=True)
            replace_section(self.out / f"{self.page}.md", self.name, "\n\n".join(self.parts))


def listed(seeds: Sequence[int]) -> str:
    """The seeds in words: "0, 1, 2", or "0 to 119"."""
    if len(seeds) > 3 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def plain(axis: Axis) -> None:
    """Mark a logarithmic axis at 1, 2 and 5 of every decade, in plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def replace_section(path: Path, name: str, text: str) -> None:
    """Put the text between the page's markers of that name; append them if there are none."""
    begin, end = (f"<!-- {word} {name} -->" for word in ("begin", "end"))
    section = f"{begin}\n{text}\n{end}"
    page = path.read_text() if path.exists() else ""
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(page):
        # a function, since a replacement string would read backslashes
        page = pattern.sub(lambda _: section, page)
    else:
        page += ("\n" if page else "") + section + "\n"
    path.write_text(page)
