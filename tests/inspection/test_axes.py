"""A Display draws in the axes it is given, or in a new figure."""

from __future__ import annotations

import sys

import pytest

from sgnn.inspection._axes import axes_or_new

from ..programs import printed


def test_axes_are_given_back(pyplot):
    ax = pyplot.figure().add_subplot()
    assert axes_or_new(ax) is ax


def test_a_new_figure_is_made_as_asked(pyplot):
    before = set(pyplot.get_fignums())
    ax = axes_or_new(None, figsize=(3, 2))
    assert ax.figure.number not in before
    assert ax.figure.get_size_inches().tolist() == [3, 2]


def test_what_is_no_axes_is_refused(pyplot):
    with pytest.raises(
        TypeError, match=r"ax=<Figure .*> is no place to draw: give Matplotlib axes"
    ):
        axes_or_new(pyplot.figure())


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "sgnn\[plot\]"'):
        axes_or_new(None)


def test_matplotlib_is_not_imported_before_something_is_drawn():
    program = "import sgnn.inspection, sys; print('matplotlib' in sys.modules)"
    assert printed(program) == "False\n"
