"""RegularizerDisplay draws the panels of its regularizers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sgnn import regularizers
from sgnn.inspection import RegularizerDisplay
from sgnn.regularizers import SCAD, SparseGroupLasso

HIERARCHICAL = {
    f"{outer}_{inner}" for outer in ("hsq", "hsqrt") for inner in ("gl", "es", "gl_half")
} | {"shsq_gl_half", "shsqrt_gl_half"}


@pytest.fixture(scope="module")
def three(agg):
    """Return the display of three regularizers, one of them hierarchical."""
    return RegularizerDisplay.from_names(["l0", "hsq_gl", "group_lasso"], lam=0.5, step=2.0)


def panels(display, name):
    """The three panels of a regularizer."""
    return dict(zip([p.name for p in display.portraits], display.axes_, strict=True))[name]


def test_every_registered_regularizer_is_drawn(registry):
    assert registry.axes_.shape == (len(registry.portraits), 3)
    titles = [ax.get_title(loc="left") for ax in registry.axes_[:, 0]]
    assert sorted(", ".join(titles).split(", ")) == regularizers.names()


def test_names_of_the_same_regularizer_share_their_panels(registry):
    assert "sgl_l1, sparse_group_lasso" in [portrait.name for portrait in registry.portraits]
    alone = RegularizerDisplay.from_names(["sparse_group_lasso"])
    assert [portrait.name for portrait in alone.portraits] == ["sparse_group_lasso"]


def test_titles_do_not_overlap(registry):
    from matplotlib.text import Text

    registry.figure_.draw_without_rendering()

    def box(ax, words):
        (title,) = (text for text in ax.findobj(Text) if text.get_text() == words)
        return title.get_window_extent()

    # from left to right, row after row
    titles = [
        box(ax, ax.get_title(loc))
        for left, _, right in registry.axes_
        for ax, loc in ((left, "left"), (right, "right"))
    ]
    assert all(a.x1 < b.x0 or a.y0 > b.y1 for a, b in pairwise(titles))


def test_the_curves_are_those_of_the_portrait(three):
    for portrait, (value, prox, _) in zip(three.portraits, three.axes_, strict=True):
        (line,) = value.lines
        np.testing.assert_array_equal(line.get_xydata(), np.c_[portrait.w, portrait.value])
        itself, line = prox.lines
        np.testing.assert_array_equal(*itself.get_xydata().T)
        x, y = line.get_xydata().T
        np.testing.assert_array_equal(x, portrait.w)
        np.testing.assert_array_equal(y[~np.isnan(y)], portrait.prox[~np.isnan(y)])


def test_the_prox_has_gaps_at_discontinuities_only(three):
    x, hard = panels(three, "l0")[1].lines[1].get_xydata().T
    # step * lam = 1, and l0 jumps at sqrt(2) on either side
    assert x[np.isnan(hard)] == pytest.approx([-np.sqrt(2), np.sqrt(2)], abs=x[1] - x[0])
    assert not np.isnan(panels(three, "group_lasso")[1].lines[1].get_ydata()).any()


def test_kernels_are_to_the_left_and_blocks_to_the_right(three):
    portrait = next(p for p in three.portraits if p.name == "hsq_gl")
    image = panels(three, "hsq_gl")[2].images[0].get_array()
    half = image.shape[1] // 2
    np.testing.assert_array_equal(image[:, :half], portrait.kernel.zeros[:, :half])
    np.testing.assert_array_equal(image[:, half:], portrait.block.zeros[:, half:])
    assert (image[:, :half] == 0).all()
    assert (image[:, half:] == 1).any()


def test_lines_of_equal_values_pass_the_diagonal_at_equal_distances(three):
    (lines,) = panels(three, "group_lasso")[2].collections
    # in one block of the group lasso they are circles
    radii = [np.hypot(*path.vertices.T) for path in lines.get_paths()]
    for radius, expected in zip(radii, (1, 2, 3, 4), strict=True):
        assert radius == pytest.approx(expected, abs=0.01)


def test_l0_has_no_lines_of_equal_values(three):
    assert len(panels(three, "l0")[2].collections) == 0


def test_only_hierarchical_criteria_distinguish_kernels(registry):
    divided = {
        portrait.name
        for portrait, (_, _, zeros) in zip(registry.portraits, registry.axes_, strict=True)
        if "1 kernel" in [label.get_text() for label in zeros.get_xticklabels()]
    }
    assert divided == HIERARCHICAL


def test_lam_and_step_are_in_the_legend(three):
    words = [text.get_text() for text in three.ax_.get_legend().get_texts()]
    assert words[:2] == ["value, lam = 0.5", "prox, step = 2"]


def test_plot_replaces_the_given_axes(three, pyplot):
    portraits = RegularizerDisplay(three.portraits, lam=0.5, step=2.0)
    figure, (_, right) = pyplot.subplots(1, 2, figsize=(16, 3))
    assert portraits.plot(right) is portraits
    assert portraits.figure_ is figure
    assert portraits.ax_ is right
    place = right.get_position()
    for ax in portraits.axes_.flat:
        box = ax.get_position()
        assert place.x0 <= box.x0 < box.x1 <= place.x1
        assert place.y0 <= box.y0 < box.y1 <= place.y1


def test_number_of_columns(three):
    one = RegularizerDisplay(three.portraits, lam=0.5, step=2.0).plot(n_cols=1)
    assert len({ax.get_position().x0 for ax in one.axes_[:, 0]}) == 1
    assert len({ax.get_position().x0 for ax in three.axes_[:, 0]}) == 3


def test_custom_parameters():
    own = {"a = 2.5": SCAD(2.5), "mixed": SparseGroupLasso(alpha=0.0)}
    display = RegularizerDisplay.from_regularizers(own, lam=2.0, limit=6.0)
    assert [portrait.name for portrait in display.portraits] == list(own)
    assert display.portraits[0].value.max() == pytest.approx((2.5 + 1) * 2.0**2 / 2)
    assert display.portraits[1].vanishing == ("entries",)


@pytest.mark.parametrize("argument", ["lam", "step", "limit"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), "1"])
def test_numbers_that_are_not_positive_raise(argument, value):
    with pytest.raises(ValueError, match=rf"{argument}=.* must be a finite number above 0"):
        RegularizerDisplay.from_names(["l1"], **{argument: value})


def test_unknown_names_are_listed():
    with pytest.raises(ValueError, match=r"names holds \['lasso', 3\], .* group_lasso"):
        RegularizerDisplay.from_names(["l1", "lasso", 3])


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="regularizers is empty"):
        RegularizerDisplay.from_names([])


def test_other_types_than_dict_raise():
    with pytest.raises(TypeError, match=r"regularizers=\['l1'\] must be a dict.* from_names"):
        RegularizerDisplay.from_regularizers(["l1"])


@pytest.mark.parametrize("n_cols", [0, -1, 1.5, "3"])
def test_invalid_numbers_of_columns(three, n_cols):
    with pytest.raises(ValueError, match=r"n_cols=.* whole number of at least 1"):
        three.plot(n_cols=n_cols)


def test_axes_outside_of_a_grid_raise(three, pyplot):
    loose = pyplot.figure().add_axes((0, 0, 1, 1))
    with pytest.raises(TypeError, match=r"ax=.* has no place in a grid"):
        RegularizerDisplay(three.portraits, lam=0.5, step=2.0).plot(loose)
