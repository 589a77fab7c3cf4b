"""The reference holds what is public, in the pages of docs/api."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest
from sklearn.linear_model import Lasso

import sgnn
from tests.test_public import FILE

API = Path(__file__).parents[2] / "docs" / "api"


def listed() -> list[str]:
    """The names under each autosummary of the pages, in full."""
    names = []
    for page in API.glob("?*.rst"):
        _, *parts = re.split(r"currentmodule:: (\S+)", page.read_text(encoding="utf-8"))
        for module, text in zip(parts[::2], parts[1::2], strict=True):
            for block in re.findall(r":toctree: generated\n\n((?:   \S+\n)+)", text):
                names += [f"{module}.{name}" for name in block.split()]
    return names


def test_every_public_name_has_one_page():
    public = [line.partition("(")[0] for line in FILE.read_text().splitlines()]
    modules = {f"sgnn.{name}" for name in sgnn._MODULES}
    objects = {}  # by identity: sgnn.BudgetSelector is sgnn.selection.BudgetSelector
    for name in public:
        parent = resolve_name(name.rpartition(".")[0])
        if name not in modules and not isinstance(parent, type):
            objects.setdefault(id(resolve_name(name)), set()).add(name)
    found = [id(resolve_name(name)) for name in listed()]
    assert len(found) == len(set(found))
    assert set(found) == set(objects), sorted(objects[key] for key in set(objects) - set(found))


@pytest.mark.parametrize(
    "estimator",
    [
        sgnn.SGINClassifier(),
        sgnn.SGINRegressor(),
        sgnn.GroupLassoMLP(),
        sgnn.GroupLassoMLPRegressor(),
        sgnn.SparseGroupCNN(),
        sgnn.GroupLassoClassifier(),
        sgnn.GroupLassoRegressor(),
        sgnn.BudgetSelector(Lasso()),
        sgnn.LambdaSearchCV(Lasso()),
        sgnn.StabilitySelector(Lasso()),
        sgnn.GroupSelectFromModel(Lasso()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_the_diagram_of_an_estimator_links_to_its_page(estimator):
    (link,) = re.findall(r'href="(https://sgnn[^"#]*)"', estimator._repr_html_())[:1]
    page = link.rpartition("/api/generated/")[2].removesuffix(".html")
    assert page in listed()
    assert resolve_name(page) is type(estimator)


def test_a_class_of_the_user_links_nowhere():
    class Mine(sgnn.SGINClassifier):
        pass

    assert Mine()._get_doc_link() == ""
