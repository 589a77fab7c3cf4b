"""Who may import whom: every import in sgnn/ is read, and only those of the design pass."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sgnn

ROOT = Path(sgnn.__file__).parent

# layer -> the layers it may import besides itself; a layer is a file or folder of sgnn/
MAY_IMPORT = {
    "__init__": {"version"},
    "version": set(),
    "naming": set(),
    "sources": {"naming"},
    "grouping": {"naming"},
    "groups": {"grouping"},
    "regularizers": {"groups"},
    "losses": set(),
    "modules": {"groups"},
    "algorithms": {"groups", "regularizers", "losses", "modules"},
    "checkpoints": set(),
    "linear": {"groups"},
    "training": {"algorithms", "checkpoints", "groups", "regularizers", "modules"},
    "compaction": {"modules"},
    "pruning": {"modules"},
    "estimators": {
        "training",
        "checkpoints",
        "linear",
        "algorithms",
        "losses",
        "modules",
        "compaction",
        "pruning",
        "regularizers",
        "groups",
    },
    "selection": {"estimators", "groups", "metrics", "version"},
    "inspection": {"selection", "regularizers", "groups"},
    "datasets": {"groups"},
    "metrics": set(),
}
ONLY_IN = {"skorch": {"training"}}
NEVER_IN = {"sklearn": {"algorithms", "linear", "losses", "modules", "regularizers"}}
NUMPY_ALONE = {"metrics"}


def imports(source: str, package: str) -> Iterator[tuple[str, bool]]:
    """The absolute name of everything imported, and whether at the level of the module.

    `package` is the dotted name that a relative import with one dot starts from.
    """
    tree = ast.parse(source)
    inside = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = parents[: len(parents) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *filter(None, [node.module])])
            # `from sgnn import x` and `from .. import x` name the layer after the import
            names = [f"{prefix}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield name, node not in inside


def violations(source: str, layer: str, package: str = "sgnn") -> list[str]:
    """The imports in a file of that layer that the design forbids."""
    found = []
    for name, at_top in imports(source, package):
        first, imported, *_ = [*name.split("."), "__init__"]
        if first == "sgnn":
            forbidden = imported not in MAY_IMPORT[layer] | {layer}
        else:
            forbidden = (
                layer not in ONLY_IN.get(first, {layer})
                or layer in NEVER_IN.get(first, ())
                or (layer in NUMPY_ALONE and first not in {"numpy", *sys.stdlib_module_names})
                or (first == "matplotlib" and at_top)
            )
        if forbidden:
            found.append(f"{layer} imports {name}")
    return found


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_design(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    package = ".".join(["sgnn", *parts[:-1]])
    assert parts[0] in MAY_IMPORT, f"{parts[0]} is new: say in MAY_IMPORT whom it may import"
    assert violations(path.read_text(encoding="utf-8"), parts[0], package) == []


def test_the_arrows_make_no_circle():
    left = dict(MAY_IMPORT)
    while left:
        leaves = {layer for layer, below in left.items() if not below & left.keys()}
        assert leaves, f"a circle among {sorted(left)}"
        left = {layer: below for layer, below in left.items() if layer not in leaves}


@pytest.mark.parametrize(
    ("layer", "package", "source"),
    [
        ("groups", "sgnn", "from .modules import MLP"),
        ("groups", "sgnn", "from . import modules"),
        ("regularizers", "sgnn.regularizers", "from ..modules.mlp import MLP"),
        ("regularizers", "sgnn.regularizers", "from .. import modules"),
        ("regularizers", "sgnn.regularizers", "import sgnn.modules"),
        ("regularizers", "sgnn.regularizers", "import sgnn"),
        ("regularizers", "sgnn.regularizers", "from sgnn import modules"),
        ("modules", "sgnn.modules", "from sklearn.base import BaseEstimator"),
        ("algorithms", "sgnn.algorithms", "def late():\n    import sklearn.utils as u"),
        ("estimators", "sgnn.estimators", "import skorch"),
        ("estimators", "sgnn.estimators.deep", "from ...selection import path"),
        ("training", "sgnn", "class A:\n    from .estimators import base"),
        ("inspection", "sgnn.inspection", "import matplotlib.pyplot as plt"),
        ("inspection", "sgnn.inspection", "if plot:\n    from matplotlib import cm"),
        ("metrics", "sgnn", "import pandas"),
        ("__init__", "sgnn", "from .estimators import SGINClassifier"),
    ],
)
def test_the_checker_catches(layer, package, source):
    assert len(violations(source, layer, package)) == 1


@pytest.mark.parametrize(
    ("layer", "package", "source"),
    [
        ("groups", "sgnn", "from .grouping import parse_groups"),
        ("regularizers", "sgnn.regularizers", "from .base import Regularizer\nimport torch"),
        ("training", "sgnn", "import skorch\nfrom .algorithms import Problem"),
        ("estimators", "sgnn.estimators", "from ..training import train\nimport sklearn"),
        ("inspection", "sgnn.inspection", "def plot():\n    import matplotlib.pyplot as plt"),
        ("metrics", "sgnn", "import math\nfrom numpy.typing import NDArray"),
    ],
)
def test_the_checker_lets_pass(layer, package, source):
    assert violations(source, layer, package) == []
