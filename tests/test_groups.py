"""Groups.of: every accepted form of `groups=`, and every error with its advice."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from sgnn.groups import Groups

NAMES = ["age__years", "age__months", "sex", "scan__left", "scan__right__deep"]


def members(groups):
    """{name: columns} as plain lists."""
    return {name: groups.columns(g).tolist() for g, name in enumerate(groups.names)}


# accepted forms ----------------------------------------------------------------------------

ACCEPTED = {
    "None": (None, {0: [0], 1: [1], 2: [2], 3: [3], 4: [4], 5: [5]}),
    "block size": (2, {0: [0, 1], 1: [2, 3], 2: [4, 5]}),
    "numpy block size": (np.int64(3), {0: [0, 1, 2], 1: [3, 4, 5]}),
    "int labels are sorted": ([7, 3, 7, 3, 5, 5], {3: [1, 3], 5: [4, 5], 7: [0, 2]}),
    "label array": (np.array([1, 0, 0, 1, 1, 0], dtype=np.int8), {0: [1, 2, 5], 1: [0, 3, 4]}),
    "string labels keep their order": (list("bbacab"), {"b": [0, 1, 5], "a": [2, 4], "c": [3]}),
    "string array": (np.array(list("bbaaab")), {"b": [0, 1, 5], "a": [2, 3, 4]}),
    "object array": (np.array(list("bbaaab"), dtype=object), {"b": [0, 1, 5], "a": [2, 3, 4]}),
    "tuple of labels": (("x", "x", "y", "y", "x", "x"), {"x": [0, 1, 4, 5], "y": [2, 3]}),
    "index lists": ([[0, 5], [4, 1, 2], [3]], {0: [0, 5], 1: [1, 2, 4], 2: [3]}),
    "index arrays": ([np.arange(4), np.array([5, 4])], {0: [0, 1, 2, 3], 1: [4, 5]}),
    "slices": ([slice(0, 4), slice(4, None)], {0: [0, 1, 2, 3], 1: [4, 5]}),
    "strided slices": ([slice(None, None, 2), slice(1, None, 2)], {0: [0, 2, 4], 1: [1, 3, 5]}),
    "dict of indices": ({"b": [3, 0], "a": [1, 2, 4, 5]}, {"b": [0, 3], "a": [1, 2, 4, 5]}),
    "dict of a single column": ({"b": 3, "a": [0, 1, 2, 4, 5]}, {"b": [3], "a": [0, 1, 2, 4, 5]}),
    "dict of slices": ({"b": slice(3), "a": slice(3, 6)}, {"b": [0, 1, 2], "a": [3, 4, 5]}),
    "dict of masks": (
        {"b": np.array([1, 0, 0, 0, 0, 1], dtype=bool), "a": [False] + 4 * [True] + [False]},
        {"b": [0, 5], "a": [1, 2, 3, 4]},
    ),
    "dict of ranges": ({"b": range(2), "a": range(2, 6)}, {"b": [0, 1], "a": [2, 3, 4, 5]}),
    "dict with int names": ({4: [0, 1, 2], 2: [3, 4, 5]}, {4: [0, 1, 2], 2: [3, 4, 5]}),
}


@pytest.mark.parametrize("form", ACCEPTED)
def test_accepted_form(form):
    spec, expected = ACCEPTED[form]
    groups = Groups.of(spec, 6)
    assert members(groups) == expected
    assert list(members(groups)) == list(expected)  # the order of the groups


NAMED = {
    "None takes the names": (None, {name: [i] for i, name in enumerate(NAMES)}),
    "prefix": ("prefix", {"age": [0, 1], "sex": [2], "scan": [3, 4]}),
    "prefix with a separator": (
        "prefix:a",
        {"": [0, 1], "sex": [2], "sc": [3, 4]},
    ),
    "dict of names": (
        {"who": ["sex", "age__months", "age__years"], "scan": NAMES[3:]},
        {"who": [0, 1, 2], "scan": [3, 4]},
    ),
    "dict of one name": ({"sex": "sex", "rest": [0, 1, 3, 4]}, {"sex": [2], "rest": [0, 1, 3, 4]}),
    "lists of names": ([NAMES[:3], NAMES[3:]], {0: [0, 1, 2], 1: [3, 4]}),
    "group of each column": (
        dict(zip(reversed(NAMES), ["scan", "scan", "who", "when", "when"], strict=True)),
        {"when": [0, 1], "who": [2], "scan": [3, 4]},
    ),
    "number of each column's group": (
        dict(zip(NAMES, np.array([2, 2, 0, 1, 1]), strict=True)),
        {0: [2], 1: [3, 4], 2: [0, 1]},
    ),
    "one group for all columns": (dict.fromkeys(NAMES, 0), {0: [0, 1, 2, 3, 4]}),
    "group of each column, called like a column": (
        dict.fromkeys(NAMES, "sex"),
        {"sex": [0, 1, 2, 3, 4]},
    ),
    "own name of each column": (
        {name: name for name in NAMES},
        {n: [i] for i, n in enumerate(NAMES)},
    ),
    "groups called like columns": (
        {"sex": ["sex", "age__months", "age__years"], "scan__left": NAMES[3:]},
        {"sex": [0, 1, 2], "scan__left": [3, 4]},
    ),
    "series by the names": (
        pd.Series(["scan", "scan", "who", "when", "when"], index=NAMES[::-1]),
        {"when": [0, 1], "who": [2], "scan": [3, 4]},
    ),
    "series of numbers by the names": (
        pd.Series(range(5), index=NAMES[::-1]),
        {0: [4], 1: [3], 2: [2], 3: [1], 4: [0]},
    ),
    "series in the order of the columns": (
        pd.Series(["when", "when", "who", "scan", "scan"]),
        {"when": [0, 1], "who": [2], "scan": [3, 4]},
    ),
    "callable of names": (
        lambda names, n: [name.partition("__")[0] for name in names],
        {"age": [0, 1], "sex": [2], "scan": [3, 4]},
    ),
    "callable of the number": (
        lambda names, n: [[0], list(range(1, n))],
        {0: [0], 1: [1, 2, 3, 4]},
    ),
    "callable that returns a form": (
        lambda names, n: "prefix",
        {"age": [0, 1], "sex": [2], "scan": [3, 4]},
    ),
}


@pytest.mark.parametrize("form", NAMED)
@pytest.mark.parametrize("container", [list, np.array, tuple])
def test_accepted_form_with_names(form, container):
    spec, expected = NAMED[form]
    groups = Groups.of(spec, len(NAMES), container(NAMES))
    assert members(groups) == expected
    assert list(members(groups)) == list(expected)


def test_groups_are_accepted_as_groups():
    groups = Groups.of({"b": [2, 0], "a": [1]}, 3)
    again = Groups.of(groups, 3)
    assert again.names == groups.names
    np.testing.assert_array_equal(again.labels, groups.labels)


def test_arguments_are_not_changed():
    spec = {"b": np.array([3, 0]), "a": [1, 2]}
    Groups.of(spec, 4)
    assert spec["b"].tolist() == [3, 0]
    assert spec["a"] == [1, 2]


def test_sizes_and_expand():
    groups = Groups.of([1, 0, 1, 2, 1], 5)
    assert len(groups) == 3
    assert groups.sizes.tolist() == [1, 3, 1]
    assert groups.expand(np.array([True, False, True])).tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert groups.expand([0.5, 2.0, 1.0]).tolist() == [2.0, 0.5, 2.0, 1.0, 2.0]


def test_groups_are_immutable():
    groups = Groups.of(None, 3)
    for array in (groups.labels, groups.weights, groups.costs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        groups.names = ()


def test_repr_is_short():
    assert repr(Groups.of(None, 9647)) == "Groups(n_groups=9647, n_features=9647)"


# weights and costs -------------------------------------------------------------------------


def test_weights():
    spec = [0, 1, 1, 1, 1]
    assert Groups.of(spec, 5).weights.tolist() == [1.0, 2.0]
    assert Groups.of(spec, 5, weights="none").weights.tolist() == [1.0, 1.0]
    assert Groups.of(spec, 5, weights=[3, 0.5]).weights.tolist() == [3.0, 0.5]
    assert Groups.of(spec, 5, weights=np.array([0, 2])).weights.tolist() == [0.0, 2.0]


def test_costs():
    spec = {"blood": [0, 1, 2, 3], "scan": [4]}
    assert Groups.of(spec, 5).costs.tolist() == [1.0, 1.0]
    assert Groups.of(spec, 5, costs={"scan": 40}).costs.tolist() == [1.0, 40.0]
    assert Groups.of(spec, 5, costs=(2, 3)).costs.tolist() == [2.0, 3.0]
    assert Groups.of(spec, 5, costs={"scan": 3, "blood": 5}).penalties.tolist() == [10.0, 3.0]


def test_arguments_of_weights_and_costs_stay_writable():
    weights, costs = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    Groups.of([0, 1], 2, weights=weights, costs=costs)
    weights[0] = costs[0] = 5.0


# errors ------------------------------------------------------------------------------------


class Refused(NamedTuple):
    """An invalid form, and words of the error and of its advice."""

    spec: Any
    fault: str
    advice: str
    error: type[Exception] = ValueError
    n_features: int = 2
    names: list | None = None


REFUSED = {
    "too few labels": Refused([0], "1 labels for the 2 columns", "one label per column"),
    "too many labels": Refused([0, 1, 1], "3 labels for the 2 columns", "one label per column"),
    "sizes": Refused([2, 2], "2 labels for the 4 columns", "list of column lists", n_features=4),
    "empty list": Refused([], "0 labels for the 2 columns", "one label per column"),
    "two-dimensional labels": Refused(
        np.array([[0, 1], [1, 0]]), "overlap", "duplicate the column"
    ),
    "overlap": Refused(
        [[0, 1], [1]], "column 1 is in group 0 and in group 1", "duplicate the column in X"
    ),
    "overlap of names": Refused(
        {"a": ["x", "y"], "b": ["y"]},
        "column 'y' is in group 'a' and in group 'b'",
        "duplicate the column in X",
        names=["x", "y"],
    ),
    "column twice": Refused({"a": [0, 1, 1]}, "group 'a' twice", "list it once"),
    "uncovered": Refused(
        [[0, 1], [3]],
        "2 of the 5 columns without a group (2, 4)",
        "add them to a group, or drop them from X",
        n_features=5,
    ),
    "many uncovered": Refused(
        [[0]],
        "8 of the 9 columns without a group (1, 2, 3, 4, 5, ...)",
        "drop them from X",
        n_features=9,
    ),
    "uncovered names": Refused(
        {"a": ["x"]}, "without a group ('y')", "add them to a group", names=["x", "y"]
    ),
    "empty group": Refused({"a": [], "b": [0, 1]}, "empty group 'a'", "leave it out"),
    "empty slice": Refused({"a": slice(2, 2), "b": [0, 1]}, "empty group 'a'", "leave it out"),
    "empty mask": Refused({"a": [False, False], "b": [0, 1]}, "empty group 'a'", "leave it out"),
    "negative index": Refused([[0, -1], [1]], "column -1 in group 0", "indices in that range"),
    "index out of range": Refused(
        [[0, 1], [2]], "column 2 in group 1 but X has columns 0 to 1", "indices in that range"
    ),
    "unknown column name": Refused(
        {"a": ["x", "z"], "b": ["y"]},
        "unknown column 'z' in group 'a'",
        "the columns of X are x, y",
        names=["x", "y"],
    ),
    "names without a data frame": Refused(
        {"a": ["x"], "b": ["y"]},
        "group 'a' but X has no column names",
        'call .set_output(transform="pandas")',
    ),
    "two readings, by index": Refused(
        {"x": 1, "y": 0},
        "(group 'x' has column 1) or as the group of each column (column 'x' is in group 1)",
        "give lists of columns, {'x': [1], ...}, or the label of each column, [1, ...]",
        names=["x", "y"],
    ),
    "two readings, in the order of the columns": Refused(
        {"y": 1, "x": 0},
        "(group 'y' has column 1) or as the group of each column (column 'y' is in group 1)",
        "give lists of columns, {'y': [1], ...}, or the label of each column, [0, ...]",
        names=["x", "y"],
    ),
    "two readings, by name": Refused(
        {"x": "y", "y": "x"},
        "(group 'x' has column 'y') or as the group of each column (column 'x' is in group 'y')",
        "give lists of columns, {'x': ['y'], ...}, or the label of each column, ['y', ...]",
        names=["x", "y"],
    ),
    "columns without their group": Refused(
        {"x": "a", "z": "b"},
        "leave 2 of the 4 columns without a group ('w', 'y')",
        "add them to a group",
        n_features=4,
        names=list("wxyz"),
    ),
    "columns without their group, by number": Refused(
        {"x": 0}, "leave 1 of the 2 columns without a group ('y')", "add", names=["x", "y"]
    ),
    "series without a column": Refused(
        pd.Series(["a"], index=["x"]),
        "leave 1 of the 2 columns without a group ('y')",
        "add them to a group",
        names=["x", "y"],
    ),
    "series with a column twice": Refused(
        pd.Series(["a", "b", "c"], index=["x", "x", "y"]),
        "3 labels for the 2 columns",
        "one label per column",
        names=["x", "y"],
    ),
    "ints and strings by the names": Refused(
        {"x": 0, "y": "a"}, "got 0 (int)", "convert the labels", TypeError, names=["x", "y"]
    ),
    "group of another column": Refused(
        {"x": "a", "z": "a"}, "unknown column 'a' in group 'x'", "are x, y", names=["x", "y"]
    ),
    "group of each column without names": Refused(
        {"x": "a", "y": "a"}, "group 'x' but X has no column names", "give a data frame"
    ),
    "prefix without names": Refused(
        "prefix", "groups='prefix' needs column names", '.set_output(transform="pandas")'
    ),
    "unknown string": Refused(
        "suffix", "'suffix' is not understood", "'prefix' and 'prefix:SEP'", names=["x", "y"]
    ),
    "lists and labels": Refused(
        [[0, 1], 2], "mixes column lists with single labels", "whose every item is a list"
    ),
    "ints and strings": Refused([0, "a"], "got 0 (int)", "convert the labels", TypeError),
    "float labels": Refused([0.0, 1.0], "got 0.0 (float)", "convert the labels", TypeError),
    "NaN label": Refused(["a", float("nan")], "got nan (float)", "convert the labels", TypeError),
    "bool labels": Refused([True, False], "got True (bool)", "convert the labels", TypeError),
    "None label": Refused([None, 1], "got None (NoneType)", "convert the labels", TypeError),
    "negative label": Refused([-1, 0], "negative label -1", "the weight 0 by group_weights"),
    "float columns": Refused(
        [[0.0, 1.0]], "columns of group 0 as float64", "give integer indices", TypeError
    ),
    "bool for a column": Refused(
        {"a": True, "b": [0]}, "boolean mask of length 1 for group 'a'", "for each of the 2 columns"
    ),
    "mask of the wrong length": Refused(
        {"a": [True, False, True]}, "mask of length 3 for group 'a'", "for each of the 2 columns"
    ),
    "size that does not divide": Refused(
        4, "groups=4 must be", "divides the 6 columns", n_features=6
    ),
    "size 0": Refused(0, "groups=0 must be a positive block size", "give such a size"),
    "negative size": Refused(-2, "groups=-2 must be a positive", "give such a size"),
    "size larger than X": Refused(3, "groups=3 must be", "divides the 2 columns"),
    "bool": Refused(True, "got bool", "the label of each of the 2 columns", TypeError),
    "float": Refused(2.0, "got float", "the label of each", TypeError),
    "slice": Refused(slice(2), "got slice", "the label of each", TypeError),
    "set": Refused({0, 1}, "got set", "the label of each", TypeError),
    "callable that returns a callable": Refused(
        lambda names, n: len, "got builtin_function", "the label of each", TypeError
    ),
    "callable that returns too few": Refused(
        lambda names, n: [0], "1 labels for the 2 columns", "one label per column"
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_invalid_forms_raise(form):
    refused = REFUSED[form]
    with pytest.raises(refused.error) as caught:
        Groups.of(refused.spec, refused.n_features, refused.names)
    assert_one_sentence(caught.value, "groups", refused.fault, refused.advice)


REFUSED_NUMBERS = {
    "negative": ([1.0, -2.0], "must be finite and not negative, got -2.0", "give numbers >= 0"),
    "NaN": ([float("nan"), 1.0], "must be finite and not negative, got nan", "give numbers >= 0"),
    "infinite": ([1.0, float("inf")], "must be finite and not negative, got inf", "numbers >= 0"),
    "too few": ([1.0], "got [1.0]", "one number for each of the 2 groups"),
    "too many": ([1.0, 2.0, 3.0], "got [1.0, 2.0, 3.0]", "one number for each of the 2 groups"),
    "strings": (["1", "2"], "got ['1', '2']", "one number for each of the 2 groups"),
    "one number": (2.0, "got 2.0", "one number for each of the 2 groups"),
}


@pytest.mark.parametrize("argument", ["weights", "costs"])
@pytest.mark.parametrize("form", REFUSED_NUMBERS)
def test_invalid_weights_and_costs(form, argument):
    numbers, fault, advice = REFUSED_NUMBERS[form]
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the words are checked below
        Groups.of([0, 1, 1], 3, **{argument: numbers})
    assert_one_sentence(caught.value, f"group_{argument}", fault, advice)


def test_invalid_name_of_weights():
    with pytest.raises(ValueError, match="group_weights='size' is not understood") as caught:
        Groups.of([0, 1], 2, weights="size")
    advice = "give 'sqrt_size', 'none' or one number per group"
    assert_one_sentence(caught.value, "group_weights", "'size'", advice)


def test_cost_of_an_unknown_group():
    with pytest.raises(ValueError, match="unknown group 'scam'") as caught:
        Groups.of({"blood": [0], "scan": [1]}, 2, costs={"scam": 40})
    assert_one_sentence(caught.value, "group_costs", "'scam'", "the groups are 'blood', 'scan'")


def test_negative_cost_by_name():
    with pytest.raises(ValueError, match="finite and not negative, got -1") as caught:
        Groups.of({"blood": [0], "scan": [1]}, 2, costs={"scan": -1})
    assert_one_sentence(caught.value, "group_costs", "-1.0", "give numbers >= 0")


def assert_one_sentence(raised, argument, fault, advice):
    """One sentence that names the argument, the problem and the remedy."""
    message = str(raised)
    assert message.startswith(argument)
    assert fault in message
    assert advice in message
    assert message.endswith(".")
    assert ". " not in message.replace("...", "")
    assert "\n" not in message
