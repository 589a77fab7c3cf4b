"""Who may import whom, how long files and functions are, and what has a name of its own.

Every file of sgnn/ is read.  The tables say what does not hold yet: the tests ask for equality with
them, so that whoever mends a line deletes it.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

import sgnn

ROOT = Path(sgnn.__file__).parent

# layer -> the layers it may import besides itself; a layer is a file or folder of sgnn/
MAY_IMPORT = {
    "__init__": {"version"},
    "version": set(),
    "rules": set(),
    "components": {"rules"},
    "config": {"rules"},
    "optimizers": {"components", "rules"},
    "naming": set(),
    "sources": {"naming"},
    "grouping": {"naming"},
    "groups": {"grouping"},
    "regularizers": {"components", "groups", "rules"},
    "losses": {"components"},
    "modules": {"components", "groups", "rules"},
    "algorithms": {
        "components",
        "config",
        "groups",
        "losses",
        "modules",
        "regularizers",
        "rules",
    },
    "checkpoints": set(),
    "linear": {"groups"},
    "persistence": {"version"},
    "exporting": set(),
    "training": {"algorithms", "checkpoints", "groups", "modules", "persistence", "regularizers"},
    "pruning": {"modules"},
    "typing": {"groups", "losses", "modules", "optimizers", "regularizers"},
    "estimators": {
        "components",
        "optimizers",
        "rules",
        "training",
        "checkpoints",
        "linear",
        "algorithms",
        "losses",
        "modules",
        "pruning",
        "regularizers",
        "groups",
        "typing",
    },
    "selection": {
        "config",
        "rules",
        "estimators",
        "groups",
        "losses",
        "metrics",
        "modules",
        "naming",
        "persistence",
        "training",
        "typing",
        "version",
    },
    "inspection": {"estimators", "selection", "regularizers", "groups", "rules", "typing"},
    "datasets": {"components", "groups"},
    "metrics": set(),
}
ONLY_IN = {"skorch": {"training"}}
NEVER_IN = {"sklearn": {"algorithms", "linear", "losses", "modules", "regularizers"}}
NUMPY_ALONE = {"metrics"}

# What does not hold yet
CIRCLES: list[list[str]] = []
LONG_FILES: list[str] = []
LONG_FUNCTIONS: list[str] = []
CLASSES_TWICE: dict[str, list[str]] = {}
# name of several files -> why
MAY_REPEAT = {
    "__init__": "every package has one",
    "base": "what the files of its package share",
    "gates": "the penalty in regularizers, its algorithm in algorithms",
    "layers": "the Display in inspection, what architectures share in modules",
    "mlp": "the network in modules, its estimator in estimators",
    "path": "along lam: of linear models in linear, of any in selection, its Display in inspection",
    "problem": "of networks in algorithms, of linear models in linear",
    "sparsity": "of arrays in metrics, of modules in pruning",
    "stability": "the measures in metrics, the study in selection, its Display in inspection",
}
MOST_LINES = {"file": 400, "function": 40}


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


def dotted(path: str) -> str:
    """The name of a file as of a module, sgnn.losses.__init__ for a package."""
    return ".".join(["sgnn", *PurePosixPath(path).with_suffix("").parts])


def dependencies(files: Mapping[str, str]) -> dict[str, set[str]]:
    """Which files each file imports.

    Imports in functions and under TYPE_CHECKING count like others.  `from ..losses import Loss`
    imports losses/__init__.py, and `from ..losses.base import Loss` that and losses/base.py, as
    Python does, but a file does not import the packages that it is in by importing its siblings:
    an `__init__` that imports its own files makes no circle with them, unless one of them asks the
    `__init__` itself for a name.

    `files` has the source of each by its path from sgnn/ on, as in all checks below.
    """
    modules = {dotted(path).removesuffix(".__init__"): path for path in files}
    graph = {path: set() for path in files}
    for path, source in files.items():
        package = dotted(path).rpartition(".")[0]
        for name, _ in imports(source, package):
            parts = name.split(".")
            prefixes = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
            run = [prefix for prefix in prefixes if prefix in modules]
            others = [above for above in run[:-1] if not f"{package}.".startswith(f"{above}.")]
            graph[path] |= {modules[module] for module in [*others, *run[-1:]]}
    return graph


def circles(files: Mapping[str, str]) -> list[list[str]]:
    """The files that import one another, at once or by others between them."""
    graph = dependencies(files)
    reached: dict[str, set[str]] = {}
    for path in graph:
        found, ahead = set(), [path]
        while ahead:
            new = graph[ahead.pop()] - found
            found |= new
            ahead += new
        reached[path] = found
    each = {
        frozenset(other for other in reached[path] if path in reached[other])
        for path in graph
        if path in reached[path]
    }
    return sorted(sorted(circle) for circle in each)


def long_files(files: Mapping[str, str]) -> list[str]:
    return [path for path, source in files.items() if source.count("\n") > MOST_LINES["file"]]


def long_functions(files: Mapping[str, str]) -> list[str]:
    """Functions by the lines of their bodies without the docstring; constructors may be long."""
    found = []
    for path, source in files.items():
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            body = node.body if ast.get_docstring(node) is None else node.body[1:]
            n_lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            if n_lines > MOST_LINES["function"] and node.name != "__init__":
                found.append(f"{path}: {node.name}")
    return found


def twice(names: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """The paths of each name that has several; `names` are pairs of a name and a path."""
    paths = defaultdict(list)
    for name, path in names:
        paths[name].append(path)
    return {name: found for name, found in paths.items() if len(found) > 1}


def classes_twice(files: Mapping[str, str]) -> dict[str, list[str]]:
    return twice(
        (node.name, path)
        for path, source in files.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    )


def files_twice(files: Mapping[str, str]) -> dict[str, list[str]]:
    return twice((PurePosixPath(path).stem, path) for path in files)


FILES = sorted(ROOT.rglob("*.py"))
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES}


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


def test_no_circle_of_files():
    assert circles(SOURCES) == CIRCLES


def test_no_file_is_long():
    assert long_files(SOURCES) == LONG_FILES


def test_no_function_is_long():
    assert long_functions(SOURCES) == LONG_FUNCTIONS


def test_no_two_classes_have_one_name():
    assert classes_twice(SOURCES) == CLASSES_TWICE


def test_no_two_files_have_one_name_without_a_reason():
    found = files_twice(SOURCES)
    assert found.keys() == MAY_REPEAT.keys()


@pytest.mark.parametrize(
    "files",
    [
        {"a/x.py": "from .y import f", "a/y.py": "from .x import g"},
        {"a/x.py": "from .y import f", "a/y.py": "if TYPE_CHECKING:\n    from .x import g"},
        {"a/x.py": "from .y import f", "a/y.py": "def f():\n    from . import x"},
        {"a/x.py": "import sgnn.b", "b.py": "from .c import f", "c.py": "from sgnn.a import x"},
        # two packages, by what their `__init__` import
        {
            "a/__init__.py": "from .x import f",
            "a/x.py": "from ..b import g",
            "b/__init__.py": "from .y import g",
            "b/y.py": "from ..a import f",
        },
        # the `__init__` runs before b/z.py does
        {
            "a.py": "from .b.z import f",
            "b/__init__.py": "from .y import g",
            "b/y.py": "from ..a import h",
            "b/z.py": "",
        },
        # a file that asks its own package
        {"a/__init__.py": "from .x import f", "a/x.py": "from . import f"},
    ],
)
def test_circles_are_found(files):
    assert circles(files) == [sorted(files.keys() - {"b/z.py"})]


def test_siblings_and_their_package_make_no_circle():
    files = {
        "__init__.py": "from .version import v",
        "version.py": "",
        "a/__init__.py": "from .x import f\nfrom .y import g",
        "a/x.py": "from .y import g\nfrom . import y\nimport torch",
        "a/y.py": "from .. import version\nfrom ..b import h",
        "b.py": "",
    }
    assert circles(files) == []
    assert dependencies(files)["a/y.py"] == {"version.py", "b.py"}


def test_long_files_are_found():
    assert long_files({"a.py": "x\n" * 400, "b.py": "x\n" * 401}) == ["b.py"]


@pytest.mark.parametrize(
    ("name", "n_lines", "found"), [("f", 40, []), ("f", 41, ["a.py: f"]), ("__init__", 41, [])]
)
@pytest.mark.parametrize("keyword", ["def", "async def"])
@pytest.mark.parametrize("docstring", ["", '    """One.\n\n    Two.\n    """\n'])
def test_long_functions_are_found(keyword, docstring, name, n_lines, found):
    method = f"{keyword} {name}(\n    a,\n):\n{docstring}" + "    a = 1\n" * n_lines
    assert long_functions({"a.py": method}) == found


def test_names_of_several_are_found():
    files = {
        "a/x.py": "class A:\n    class B: ...",
        "b/x.py": "def f():\n    class B: ...",
        "c.py": "",
    }
    assert classes_twice(files) == {"B": ["a/x.py", "b/x.py"]}
    assert files_twice(files) == {"x": ["a/x.py", "b/x.py"]}
