"""`import sgnn` is light, and its public names are all there."""

from __future__ import annotations

import pytest

import sgnn

from .programs import printed

HEAVY = {"torch", "skorch", "sklearn", "scipy", "pandas", "matplotlib"}
PROMISED = {
    "FilterDisplay",
    "FrontDisplay",
    "GroupImportanceDisplay",
    "GroupLassoClassifier",
    "GroupLassoMLP",
    "GroupLassoMLPRegressor",
    "GroupLassoRegressor",
    "GroupSelectFromModel",
    "LambdaSearchCV",
    "LayerSparsityDisplay",
    "PathDisplay",
    "RegularizerDisplay",
    "SGINClassifier",
    "SGINRegressor",
    "SparseGroupCNN",
    "StabilityDisplay",
    "StabilitySelector",
    "datasets",
    "inspection",
    "lambda_path",
    "metrics",
    "regularizers",
    "selection",
    "source_columns",
}


def test_importing_loads_nothing_heavy():
    program = "import sgnn, sys; dir(sgnn); print(*{name.split('.')[0] for name in sys.modules})"
    loaded = set(printed(program).split())
    assert "sgnn" in loaded
    assert not HEAVY & loaded


def test_the_promised_names_are_public():
    assert set(sgnn.__all__) >= PROMISED
    listed = [name for name in dir(sgnn) if not name.startswith("__")]
    assert sorted(listed) == sorted(sgnn.__all__)  # each once, and nothing else
    assert "__version__" in dir(sgnn)


@pytest.mark.parametrize("name", sgnn.__all__)
def test_every_public_name_resolves(name):
    assert getattr(sgnn, name).__name__ in (name, f"sgnn.{name}")


@pytest.mark.parametrize("name", ["SGIN", "torch", "estimator"])
def test_unknown_names_are_refused(name):
    with pytest.raises(AttributeError, match=f"'sgnn' has no attribute '{name}'"):
        getattr(sgnn, name)
