"""FrontDisplay draws the sets of a BudgetSelector, the efficient ones joined, and their groups."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge

from sgnn import BudgetSelector
from sgnn.datasets import make_grouped_classification, make_grouped_regression
from sgnn.inspection._front_points import abscissa
from sgnn.inspection.front import FrontDisplay
from sgnn.selection import SubsetSearch

QUICK = {"search": SubsetSearch((16,), max_steps=60), "random_state": 0}
SCORED = [("chosen", 1), ("all", 5), (None, 0)]
NAN = float("nan")


def point(groups, cost, loss, score=NAN, partial_loss=0.9):
    """One of front_, whose errors are tenths."""
    return {
        "groups": list(groups), "n_groups": len(groups), "cost": cost, "loss": loss,
        "loss_se": loss / 10, "partial_loss": partial_loss, "score": score, "score_se": score / 10,
    }  # fmt: skip


# by size and cost: "b" and "ac" cost more than "a" and "bc" and lose more
FRONT = [
    point("", 0, 2.0),
    point("a", 5, 0.8),
    point("b", 50, 0.9),
    point("bc", 60, 0.5),
    point("ac", 70, 0.6),
    point("abc", 80, 0.3),
]
EFFICIENT = [1, 3, 5]


def efficient(display):
    """The joined points, and the ends of their bars: (n, 2), (n, 2)."""
    (container,) = display.ax_.containers
    line, _, (bars,) = container
    return line.get_xydata(), np.array([bar[:, 1] for bar in bars.get_segments()])


def others(display):
    (line,) = [line for line in display.ax_.lines if line.get_label() == "other sets"]
    return line.get_xydata()


def star(display):
    """Where the chosen set is, and what is said of it."""
    (line,) = [line for line in display.ax_.lines if line.get_marker() == "*"]
    (place,) = line.get_xydata().tolist()
    return place, line.get_label()


def budgets(display):
    return [
        line.get_xdata()[0] for line in display.ax_.lines if line.get_label().startswith("budget")
    ]


def squares(display):
    """Names of the rows, and 1 (2 if chosen) where a column has the group: (n_rows, n_columns)."""
    (mesh,) = display.groups_ax_.collections
    names = [label.get_text() for label in display.groups_ax_.get_yticklabels()]
    return names, np.ma.filled(mesh.get_array(), -1).reshape(len(names), -1)


def columns(display):
    return [label.get_text() for label in display.groups_ax_.get_xticklabels()]


def in_legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def priced(x):
    """Rows, targets, groups of two columns and what these cost."""
    costs = {"a": 5.0, "b": 50.0, "c": 7.0, "d": 700.0, "e": 0.0}
    return x.data, x.target, [name for name in "abcde" for _ in range(2)], costs


@pytest.fixture(scope="module")
def classes():
    return priced(make_grouped_classification(120, 5, 2, n_informative=2, random_state=0))


@pytest.fixture(scope="module")
def fitted(classes):
    return select(classes)


def select(data, **changes):
    """A selector fitted to these rows."""
    X, y, groups, costs = data
    settings = QUICK | {"groups": groups, "group_costs": costs, "evaluate": None} | changes
    return BudgetSelector(settings.pop("estimator", LogisticRegression()), **settings).fit(X, y)


def test_losses_over_costs():
    display = FrontDisplay(FRONT, chosen=4, budget=75).plot()
    places, bars = efficient(display)
    assert places.tolist() == [[5, 0.8], [60, 0.5], [80, 0.3]]
    np.testing.assert_allclose(bars, [[0.72, 0.88], [0.45, 0.55], [0.27, 0.33]])
    assert others(display).tolist() == [[50, 0.9], [70, 0.6]]  # not the set without any group
    assert star(display) == ([70, 0.6], "chosen: 2 groups, cost 70")
    assert budgets(display) == [75]
    assert display.ax_.get_xlabel() == "cost"
    assert display.ax_.get_ylabel() == "held-out loss per row"


def test_the_line_is_the_least_loss_at_every_price():
    display = FrontDisplay([*FRONT, point("abcd", 100, 0.4)]).plot()
    (line,) = [line for line in display.ax_.lines if line.get_drawstyle() == "steps-post"]
    assert line.get_xydata().tolist() == [[5, 0.8], [60, 0.5], [80, 0.3], [100, 0.3]]


def test_the_chosen_set_has_a_column_though_another_is_better():
    display = FrontDisplay(FRONT, chosen=4).plot()
    names, filled = squares(display)
    assert names == ["a", "c", "b"]  # of those in as many sets the first comes first
    assert filled.tolist() == [[1, 0, 2, 1], [0, 1, 2, 1], [0, 1, 0, 1]]
    assert columns(display) == ["5", "60", "70", "80"]


def test_over_numbers_of_groups_columns_are_below_their_points():
    display = FrontDisplay(FRONT[:5], x="n_groups", chosen=1, budget=2).plot()
    assert efficient(display)[0].tolist() == [[1, 0.8], [2, 0.5]]
    assert others(display).tolist() == [[1, 0.9], [2, 0.6]]
    (mesh,) = display.groups_ax_.collections
    assert mesh.get_coordinates()[0, :, 0].tolist() == [0.5, 1.5, 2.5]
    assert display.groups_ax_.get_xlim() == display.ax_.get_xlim()
    assert "budget: 2 groups" in in_legend(display)
    assert display.ax_.get_xlabel() == display.groups_ax_.get_xlabel() == "groups"


def test_a_size_between_two_that_no_set_has_is_left_free():
    display = FrontDisplay([FRONT[1], FRONT[5]], x="n_groups").plot()
    assert squares(display)[1].tolist() == [[1, -1, 1], [0, -1, 1], [0, -1, 1]]


def test_two_columns_of_one_size_are_beside_each_other():
    display = FrontDisplay(FRONT, x="n_groups", chosen=4).plot()
    assert columns(display) == ["1", "2", "2", "3"]
    names, filled = squares(display)
    chosen = np.flatnonzero((filled == 2).any(axis=0))
    held = [{names[row] for row in np.flatnonzero(column)} for column in filled.T]
    assert [held[at] for at in chosen] == [{"a", "c"}]


def test_scores_if_all_sets_have_one():
    scored = [dict(p, score=0.5 + 0.1 * i, score_se=0.02) for i, p in enumerate(FRONT)]
    scored[0]["score"] = NAN
    display = FrontDisplay(scored, chosen=3, scoring="roc_auc").plot()
    places, bars = efficient(display)  # still those of least loss
    np.testing.assert_allclose(places, [[5, 0.6], [60, 0.8], [80, 1.0]])
    np.testing.assert_allclose(np.ptp(bars, axis=1), 0.04)
    assert display.ax_.get_ylabel() == "cross-validated score (roc_auc)"
    assert star(display) == ([60, 0.8], "chosen: 2 groups, cost 60\nscore 0.800 ± 0.020")


def test_one_score_is_said_where_losses_are_drawn():
    front = [dict(p, score=0.75, score_se=0.01) if i == 1 else p for i, p in enumerate(FRONT)]
    display = FrontDisplay(front, chosen=1).plot()
    assert star(display) == ([5, 0.8], "chosen: 1 group, cost 5\nscore 0.750 ± 0.010")
    assert display.ax_.get_ylabel() == "held-out loss per row"


def test_without_a_loss_of_the_choice_the_losses_of_predict_partial():
    front = [dict(p, loss=NAN, loss_se=NAN) if i else p for i, p in enumerate(FRONT)]
    front[3]["partial_loss"] = 0.4
    display = FrontDisplay(front, chosen=3).plot()
    places, bars = efficient(display)
    assert places.tolist() == [[5, 0.9], [60, 0.4]]
    assert np.ptp(bars, axis=1).tolist() == [0, 0]
    assert "predict_partial" in display.ax_.get_ylabel()


def test_sets_of_unknown_loss_are_left_out():
    front = [dict(p, loss=NAN) if i == 3 else p for i, p in enumerate(FRONT)]
    display = FrontDisplay(front, chosen=1).plot()
    assert efficient(display)[0].tolist() == [[5, 0.8], [70, 0.6], [80, 0.3]]
    assert np.isfinite(others(display)).all()


@pytest.mark.parametrize(
    ("costs", "scale"),
    [
        ([1, 10, 100, 1000], "log"),
        ([0, 10, 100, 1000], "symlog"),
        ([1, 80, 90, 100], "linear"),  # on a logarithmic axis three would lie on each other
        ([5, 6, 7, 8], "linear"),
        ([0, 0, 0, 0], "linear"),
    ],
)
def test_the_scale_of_costs(costs, scale):
    display = FrontDisplay([point("a", cost, 1 / (1 + cost)) for cost in costs]).plot()
    assert display.ax_.get_xscale() == scale
    low, high = display.ax_.get_xlim()
    assert low < min(costs) <= max(costs) < high
    assert low > -10


@pytest.mark.parametrize("n_groups", [60, 61])
def test_of_many_columns_some_are_left_out_and_names_shrink(n_groups):
    front = [point(range(k), k**2, 1 / k) for k in range(1, n_groups + 1)]
    display = FrontDisplay(front, chosen=18).plot()
    display.figure_.draw_without_rendering()
    assert 30 < len(columns(display)) <= 41
    assert {"1", f"{n_groups**2}", f"{19**2}"} <= set(columns(display))
    assert len(efficient(display)[0]) == n_groups
    labels = display.groups_ax_.get_yticklabels()
    assert len(labels) == (60 if n_groups == 60 else 0)
    boxes = [label.get_window_extent() for label in labels]
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))


def test_nothing_overlaps_above_and_below():
    display = FrontDisplay(FRONT, chosen=4, budget=75).plot()
    display.figure_.draw_without_rendering()
    legend = display.ax_.get_legend().get_window_extent()
    assert legend.y0 >= display.ax_.bbox.y1
    assert legend.y1 <= display.figure_.bbox.y1
    assert display.groups_ax_.get_tightbbox().y1 <= display.ax_.get_tightbbox().y0


@pytest.mark.parametrize(("evaluate", "n_scores"), SCORED)
def test_what_is_drawn_is_the_front_of_the_selector(classes, evaluate, n_scores):
    selector = select(classes, max_cost=60, evaluate=evaluate)
    display = FrontDisplay.from_estimator(selector)
    key = "score" if evaluate == "all" else "loss"
    drawn = np.concatenate([efficient(display)[0], others(display)])
    expected = [(p["cost"], p[key]) for p in selector.front_ if p["n_groups"]]
    np.testing.assert_allclose(sorted(map(tuple, drawn)), sorted(expected))
    (place, label) = star(display)
    assert place[0] == selector.cost_ <= 60
    assert f"cost {selector.cost_:g}" in label
    assert ("score" in label) == (n_scores > 0)
    assert budgets(display) == [60]
    names, filled = squares(display)
    chosen = {name for name, row in zip(names, filled, strict=True) if (row == 2).any()}
    assert chosen == set(selector.selected_groups_)


def test_every_column_is_a_set_of_the_front(fitted):
    names, filled = squares(FrontDisplay.from_estimator(fitted))
    sets = {frozenset(p["groups"]): p for p in fitted.front_}
    drawn = [sets[frozenset(np.array(names)[column > 0])] for column in filled.T]
    costs = [p["cost"] for p in drawn]
    assert costs == sorted(costs)
    cheaper = [p for p in fitted.front_ if p["n_groups"] > 0 and p["cost"] <= costs[-1]]
    assert drawn[-1]["loss"] == min(p["loss"] for p in cheaper)


def test_regression_and_names_that_are_numbers():
    made = make_grouped_regression(80, 4, 2, 2, random_state=0)
    groups = [g for g in range(4) for _ in range(2)]
    data = made.data, made.target, groups, None
    selector = select(data, estimator=Ridge(), max_groups=2)
    display = FrontDisplay.from_estimator(selector)
    assert (display.x, budgets(display)) == ("n_groups", [2])
    names, filled = squares(display)
    chosen = {int(name) for name, row in zip(names, filled, strict=True) if (row == 2).any()}
    assert chosen == set(selector.selected_groups_)


@pytest.mark.parametrize(
    ("costs", "budgets", "x", "expected"),
    [
        ("given", (2, None), "auto", ("n_groups", 2)),
        ("given", (2, None), "cost", ("cost", None)),
        ("given", (2, 60), "auto", ("cost", 60)),
        ("given", (2, 60), "n_groups", ("n_groups", 2)),
        ("given", (None, None), "auto", ("cost", None)),
        ("counted", (None, 3), "auto", ("n_groups", 3)),
        ("counted", (2, 3), "auto", ("n_groups", 2)),
        ("counted", (None, None), "auto", ("n_groups", None)),
        ("free", (None, 1), "auto", ("n_groups", None)),
    ],
)
def test_the_abscissa_and_its_budget(costs, budgets, x, expected):
    made = {"given": lambda p: p["cost"], "counted": lambda p: p["n_groups"], "free": lambda p: 0}
    front = [dict(p, cost=made[costs](p)) for p in FRONT]
    assert abscissa(front, x, *budgets) == expected


def test_after_a_refit_the_star_moves_and_the_budget_of_the_fit_goes(classes):
    selector = select(classes, max_cost=60)
    before = selector.cost_
    selector.refit(*classes[:2], max_cost=10)
    assert 0 < selector.cost_ <= 10 < before
    display = FrontDisplay.from_estimator(selector)
    assert star(display)[0][0] == selector.cost_
    assert budgets(display) == []


def test_it_draws_in_the_axes_it_is_given(pyplot):
    ax = pyplot.figure().add_subplot()
    display = FrontDisplay(FRONT).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.groups_ax_ is None
    assert len(pyplot.get_fignums()) == 1


@pytest.mark.parametrize("x", ["cost", "n_groups"])
def test_it_draws_in_two_axes(pyplot, x):
    pair = pyplot.figure().subplots(1, 2)
    display = FrontDisplay(FRONT, x=x).plot(pair)
    assert [display.ax_, display.groups_ax_] == list(pair)
    assert len(pyplot.get_fignums()) == 1
    assert squares(display)[1].shape == (3, 3)
    assert all(ax.xaxis.label.get_visible() for ax in pair)


def test_the_figure_to_report_is_named():
    for text in (FrontDisplay(FRONT).plot().ax_.get_legend().get_title().get_text(),
                 FrontDisplay.__doc__):  # fmt: skip
        assert "optimistic" in text
        assert "cross_validate(BudgetSelector(...)" in text


def test_a_selector_that_is_not_fitted():
    with pytest.raises(NotFittedError):
        FrontDisplay.from_estimator(BudgetSelector(Ridge()))


def test_what_is_no_selector():
    with pytest.raises(TypeError, match=r"a Ridge, has no front_: give a BudgetSelector"):
        FrontDisplay.from_estimator(Ridge())


def test_an_abscissa_that_is_none(fitted):
    with pytest.raises(ValueError, match="x='price' is no abscissa: give 'auto', 'cost' or"):
        FrontDisplay.from_estimator(fitted, x="price")
    with pytest.raises(ValueError, match="x='auto' is no abscissa: give 'cost' or 'n_groups'"):
        FrontDisplay(FRONT, x="auto").plot()


@pytest.mark.parametrize("front", [[], FRONT[:1], [point("a", 1, NAN, partial_loss=NAN)]])
def test_a_front_without_sets(pyplot, front):
    with pytest.raises(ValueError, match="front has no set of groups to draw: give front_"):
        FrontDisplay(front).plot()
    assert not pyplot.get_fignums()


def test_axes_that_are_none(pyplot):
    figure = pyplot.figure()
    with pytest.raises(TypeError, match="is not Matplotlib axes"):
        FrontDisplay(FRONT).plot(figure)
    with pytest.raises(TypeError, match="ax has 3 axes: give one, or two, or None"):
        FrontDisplay(FRONT).plot(figure.subplots(1, 3))
    pair = figure.subplots(2, sharex=True)
    with pytest.raises(ValueError, match=r"share their abscissa.*: give two that do not"):
        FrontDisplay(FRONT).plot(pair)
    assert FrontDisplay(FRONT, x="n_groups").plot(pair).groups_ax_ is pair[1]
