"""A Display draws in the axes it is given, or in a new figure."""

from __future__ import annotations

import sys

import pytest

from sgnn.inspection._axes import axes_or_new

from ..programs import printed


def test_given_axes_are_returned(pyplot):
    ax = pyplot.figure().add_subplot()
    assert axes_or_new(ax) is ax


def test_a_new_figure_has_the_given_arguments(pyplot):
    before = set(pyplot.get_fignums())
    ax = axes_or_new(None, figsize=(3, 2))
    assert ax.figure.number not in before
    assert ax.figure.get_size_inches().tolist() == [3, 2]


def test_other_axes_raise(pyplot):
    with pytest.raises(
        TypeError, match=r"ax=<Figure .*> is not Matplotlib axes: give Matplotlib axes"
    ):
        axes_or_new(pyplot.figure())


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "sgnn\[plot\]"'):
        axes_or_new(None)


def test_matplotlib_is_imported_lazily():
    program = "import sgnn.inspection, sys; print('matplotlib' in sys.modules)"
    assert printed(program) == "False\n"
