"""sgnn: which groups of input variables can a neural network do without?"""

from importlib import import_module as _import_module
from typing import Any as _Any

from .version import __version__ as __version__

# The public names and where they live, loaded at first use: `import sgnn` loads no torch.
_HOME = {
    "BudgetSelector": "selection",
    "FilterDisplay": "inspection",
    "FrontDisplay": "inspection",
    "GroupImportanceDisplay": "inspection",
    "GroupLassoClassifier": "estimators",
    "GroupLassoMLP": "estimators",
    "GroupLassoMLPRegressor": "estimators",
    "GroupLassoRegressor": "estimators",
    "GroupSelectFromModel": "selection",
    "LambdaSearchCV": "selection",
    "LayerSparsityDisplay": "inspection",
    "PathDisplay": "inspection",
    "RegularizerDisplay": "inspection",
    "SGINClassifier": "estimators",
    "SGINRegressor": "estimators",
    "SparseGroupCNN": "estimators",
    "StabilityDisplay": "inspection",
    "StabilitySelector": "selection",
    "config_context": "config",
    "get_config": "config",
    "lambda_path": "selection",
    "load": "persistence",
    "save": "persistence",
    "set_config": "config",
    "source_columns": "sources",
    "to_onnx": "exporting",
}
_MODULES = (
    "algorithms",
    "datasets",
    "inspection",
    "losses",
    "metrics",
    "modules",
    "optimizers",
    "regularizers",
    "selection",
)

__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str) -> _Any:
    if name in _HOME:
        return getattr(_import_module(f".{_HOME[name]}", __name__), name)
    if name in _MODULES:
        return _import_module(f".{name}", __name__)
    raise AttributeError(f"module 'sgnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
