"""StabilityDisplay draws a bar or a line per group, colored by the threshold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso

from sgnn.datasets import make_grouped_regression
from sgnn.inspection.stability import OTHER, SELECTED, StabilityDisplay
from sgnn.selection import StabilitySelector

NAMES = ("blood", "scan", "age", "sex")
SHARES = np.array([[1.0, 0.7, 0.5, 1.0], [1.0, 0.2, 0.55, 1.0]])


def color(bar):
    """The color of a bar as "#rrggbb"."""
    from matplotlib.colors import to_hex

    return to_hex(bar.get_facecolor())


def test_bars_from_the_most_probable_group_to_the_least():
    display = StabilityDisplay(np.array([0.1]), SHARES[:1], 0.6, NAMES).plot()
    assert [bar.get_width() for bar in display.ax_.patches] == [1.0, 1.0, 0.7, 0.5]
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["blood", "sex", "scan", "age"]
    colors = [color(bar) for bar in display.ax_.patches]
    assert colors == [SELECTED, SELECTED, SELECTED, OTHER]
    (threshold,) = display.ax_.lines
    assert set(threshold.get_xdata()) == {0.6}


def test_lines_over_several_lams():
    display = StabilityDisplay(np.array([0.1, 1.0]), SHARES, 0.6, NAMES).plot()
    other, threshold, *groups = display.ax_.lines
    np.testing.assert_array_equal(other.get_ydata(), SHARES[:, NAMES.index("age")])
    assert other.get_color() == "0.8"
    for line in groups:
        np.testing.assert_array_equal(
            line.get_xydata(), np.c_[[0.1, 1.0], SHARES[:, NAMES.index(line.get_label())]]
        )
    assert set(threshold.get_ydata()) == {0.6}
    legend = display.ax_.get_legend()
    # those that are selected up to a larger lam come first
    labels = [text.get_text() for text in legend.get_texts()]
    assert set(labels[:2]) == {"blood", "sex"}
    assert labels[2:] == ["scan"]


def test_selected_lines_can_be_told_apart():
    shares = np.linspace(1.0, 0.5, 25)[None] * np.ones((3, 1))
    names = [f"group {g}" for g in range(25)]
    display = StabilityDisplay(np.geomspace(0.1, 1, 3), shares, 0.6, names).plot()
    lines = [line for line in display.ax_.lines if line.get_label() in names]
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == len(lines) == (shares[0] >= 0.6).sum()


def test_it_shows_the_result_of_the_selector(pyplot):
    made = make_grouped_regression(60, 6, 2, 2, random_state=0)
    selector = StabilitySelector(Lasso(0.2), 6, groups=made.groups, random_state=0)
    ax = pyplot.figure().add_subplot()
    display = StabilityDisplay.from_estimator(selector.fit(made.data, made.target), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    selected = [color(bar) == SELECTED for bar in ax.patches]
    names = [label.get_text() for label in ax.get_yticklabels()]
    chosen = {name for name, kept in zip(names, selected, strict=True) if kept}
    assert chosen == set(selector.selected_groups_)


def test_names_of_very_many_groups_are_omitted():
    display = StabilityDisplay(np.array([0.1]), np.ones((1, 200)), 0.6, range(200)).plot()
    assert len(display.ax_.patches) == 200
    assert len(display.ax_.get_yticks()) == 0


def test_a_selector_that_is_not_fitted():
    with pytest.raises(NotFittedError):
        StabilityDisplay.from_estimator(StabilitySelector(Lasso()))
