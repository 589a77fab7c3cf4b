"""Types are there, say what is accepted, and help those who check a program of theirs."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

import sgnn
from sgnn import algorithms, estimators, modules, optimizers, selection
from sgnn.rules import Rule

from .test_public import MODULES

NOTHING = inspect.Parameter.empty
PUBLIC = [sgnn, *(getattr(sgnn, name) for name in MODULES), algorithms, modules, optimizers]
RIGHT = """
import numpy as np
from sklearn.model_selection import GridSearchCV

import sgnn
from sgnn import BudgetSelector, GroupLassoMLP, LambdaSearchCV, SGINClassifier, SparseGroupCNN
from sgnn.algorithms import Proximal
from sgnn.losses import Quantile
from sgnn.optimizers import SGD
from sgnn.selection import StabilitySelector, SubsetSearch

X, y = np.zeros((60, 3)), np.arange(60) % 2


def by_letter(names: list[str] | None, n_features: int) -> list[str]:
    return [name[0] for name in names or []]


model: SGINClassifier = SGINClassifier(groups=[[0, 1], [2]], lam=0.1, random_state=0).fit(X, y)
labels: np.ndarray = model.predict(X)
SGINClassifier(["a", "a", "b"], group_costs={"a": 2.0}, dtype="float64")
SGINClassifier(np.array([0, 0, 1]), group_costs=[2, 1], group_weights=np.ones(2))
SGINClassifier({"a": [0, 1], "b": slice(2, 3), "c": "column"}, hidden_layer_sizes=())
SGINClassifier(by_letter, lr_schedule=lambda epoch: 0.9**epoch, class_weight={0: 1, 1: 2.5})
sgnn.SGINRegressor("prefix", loss=Quantile(0.9), optimizer=SGD(momentum=0.9))
GroupLassoMLP(sgnn.source_columns(["a", "b"]), algorithm=Proximal(), regularize=["input"])
SparseGroupCNN(image_shape=(1, 8, 8), architecture="lenet5", augment="flip")
grid = GridSearchCV(model, {"lam": [0.1, 1.0]}).fit(X, y)
chosen = BudgetSelector(model, max_groups=1, group_costs=len, search=SubsetSearch(max_steps=9))
chosen.fit(X, y).choose(max_cost=2)["cost"]
LambdaSearchCV(grid, np.geomspace(0.1, 1, 3), select="one_se", scoring="accuracy").fit(X, y)
StabilitySelector(chosen, 20, 0.7, lams=[0.1, 0.2], memory="folder").fit(X, y)
"""
WRONG = """
from sgnn import BudgetSelector, GroupLassoClassifier, LambdaSearchCV, SGINClassifier

SGINClassifier(lam="x")
SGINClassifier(algorithm="proximal")
SGINClassifier(hidden_layer_sizes=100)
SGINClassifier(lambd=0.1)
GroupLassoClassifier(group_weights="sqrt")
BudgetSelector(estimator="SGINClassifier")
BudgetSelector(SGINClassifier(), max_groups=2.5)
LambdaSearchCV(SGINClassifier(), select="bets")
"""


def functions() -> Iterator[tuple[str, Callable]]:
    """The public functions, and the constructors and methods of public classes, that are ours."""
    for place in PUBLIC:
        for name in place.__all__:
            what = getattr(place, name)
            if inspect.isfunction(what):
                yield name, what
            elif inspect.isclass(what):
                for owner in what.__mro__:
                    if owner.__module__.startswith("sgnn."):
                        yield from methods(owner)


def methods(owner: type) -> Iterator[tuple[str, Callable]]:
    for name, member in vars(owner).items():
        if isinstance(member, property):
            member = member.fget
        member = inspect.unwrap(getattr(member, "__func__", member))
        own = inspect.isfunction(member) and member.__module__.startswith("sgnn.")
        if own and (name == "__init__" or not name.startswith("_")):
            yield f"{owner.__name__}.{name}", member


def bare(function: Callable) -> list[str]:
    """The arguments without an annotation, and "return"."""
    signature = inspect.signature(function)
    found = [name for name, p in signature.parameters.items() if p.annotation is NOTHING]
    found += ["return"] * (signature.return_annotation is NOTHING)
    return [name for name in found if name not in ("self", "cls")]


def literals(hint: Any) -> set[str]:
    """The strings of a type."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return set().union(*map(literals, get_args(hint)))


def rules(kind: type) -> dict[str, Rule]:
    return getattr(kind, "_rules", None) or sys.modules[kind.__module__].RULES


def words(rule: Rule) -> set[str]:
    """The strings that a rule says it accepts, alone or in a tuple."""
    said = re.findall(r"'(\w+)'", rule.wanted)
    return {word for word in said if rule.accepts(word) or rule.accepts((word,))}


CHOICES = [
    (kind, name)
    for place in (estimators, selection)
    for kind in map(vars(place).get, place.__all__)
    if hasattr(kind, "get_params")
    for name, hint in get_type_hints(kind.__init__).items()
    if name in rules(kind) and literals(hint)
]


def test_everything_public_has_types():
    assert {name: bare(function) for name, function in functions() if bare(function)} == {}


def test_what_has_no_types_is_found():
    class Bare:
        def __init__(self, a, *, b: int = 0):
            pass

    assert bare(Bare.__init__) == ["a", "return"]


@pytest.mark.parametrize(("kind", "name"), CHOICES)
def test_types_name_the_strings_that_are_accepted(kind, name):
    named = literals(get_type_hints(kind.__init__)[name])
    accepted = words(rules(kind)[name])
    # each estimator names the algorithms that are its own
    assert named <= accepted if name == "algorithm" else named == accepted


def test_type_checkers_see_the_names_that_are_loaded_at_first_use():
    tree = ast.parse(Path(sgnn.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    seen = {
        alias.asname: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    modules = dict.fromkeys(sgnn._MODULES)
    assert seen == {**sgnn._HOME, **modules, "__version__": "version"}


def test_a_strict_type_checker_finds_what_is_wrong_and_nothing_else(tmp_path):
    pytest.importorskip("mypy")
    programs = {"right": RIGHT, "wrong": WRONG}
    for name, program in programs.items():
        (tmp_path / f"{name}.py").write_text(program, encoding="utf-8")
    options = ["--strict", "--ignore-missing-imports", "--follow-imports=silent", "--config-file="]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, f"--cache-dir={tmp_path / 'cache'}",
         *(str(tmp_path / f"{name}.py") for name in programs)],
        cwd=Path(sgnn.__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.findall(r"(right|wrong)\.py:(\d+): error", done.stdout)
    calls = [n for n, line in enumerate(WRONG.splitlines(), 1) if "(" in line]
    assert found == [("wrong", str(n)) for n in calls], done.stdout + done.stderr
