"""What the arguments of estimators and searches may be, for type checkers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, Protocol, TypeAlias

import joblib
import numpy as np
import torch

from .groups import Groups
from .losses import Loss
from .modules import Architecture
from .optimizers import Optimizer
from .regularizers import Regularizer

__all__ = [
    "ActivationLike",
    "ArchitectureLike",
    "Callbacks",
    "ClassWeight",
    "Costs",
    "Dtype",
    "EstimatorLike",
    "GroupsLike",
    "Lams",
    "LossLike",
    "MemoryLike",
    "Missing",
    "Numbers",
    "OptimizerLike",
    "RandomState",
    "RegularizerLike",
    "Schedule",
    "Scoring",
    "Select",
    "Splits",
    "Splitter",
    "SupportsArray",
    "Weights",
]


class SupportsArray(Protocol):
    """An array, or what numpy makes one of, such as a pandas.Series."""

    def __array__(self) -> np.ndarray: ...


class EstimatorLike(Protocol):
    """What scikit-learn's `clone` copies, and `fit` fits."""

    def fit(self, *args: Any, **kwargs: Any) -> Any: ...

    def get_params(self, deep: bool = True) -> dict[str, Any]: ...


class Splitter(Protocol):
    """What makes the splits of a cross-validation."""

    def split(self, *args: Any, **kwargs: Any) -> Iterable[Any]: ...


Numbers: TypeAlias = Sequence[float] | SupportsArray

# groups: columns by indices, names, a mask or a slice, and groups by size, "prefix", the label of
# each column, the columns of each group, or what makes one of these
Columns: TypeAlias = Sequence[int] | Sequence[str] | slice | SupportsArray
GroupsLike: TypeAlias = (
    int
    | str
    | Sequence[int]
    | Sequence[str]
    | Sequence[Columns]
    | SupportsArray
    | Mapping[Any, int | str | Columns]
    | Groups
    | Callable[[list[str] | None, int], Any]
)
Weights: TypeAlias = Literal["sqrt_size", "none"] | Numbers
Costs: TypeAlias = Numbers | Mapping[Any, float]

# networks
ActivationLike: TypeAlias = (
    Literal["relu", "leaky_relu", "elu", "tanh", "sigmoid", "identity", "gelu", "silu"]
    | type[torch.nn.Module]
)
ArchitectureLike: TypeAlias = (
    Literal["lenet5", "cnn4", "simple", "alexnet", "vgg11_bn", "resnet18", "resnet40", "wrn28_10"]
    | Architecture
    | torch.nn.Module
)
LossLike: TypeAlias = (
    Literal[
        "squared_error",
        "absolute_error",
        "huber",
        "quantile",
        "poisson",
        "gamma",
        "log_loss",
    ]
    | Loss
    | torch.nn.Module
    | type[torch.nn.Module]
)
OptimizerLike: TypeAlias = (
    Literal["sgd", "adam", "adamw", "adamax", "rmsprop"] | Optimizer | type[torch.optim.Optimizer]
)
RegularizerLike: TypeAlias = str | Regularizer
Schedule: TypeAlias = float | Callable[[int], float]
Callbacks: TypeAlias = list[Any] | tuple[Any, ...]  # skorch has no types
Dtype: TypeAlias = Literal["auto", "float32", "float64"]

# rows
ClassWeight: TypeAlias = Mapping[Any, float] | Literal["balanced"]
Missing: TypeAlias = Literal["error", "mean"]
RandomState: TypeAlias = int | np.random.RandomState | np.random.Generator

# searches
Lams: TypeAlias = int | Numbers
MemoryLike: TypeAlias = str | PathLike[str] | joblib.Memory
Scoring: TypeAlias = str | Callable[..., float]
Select: TypeAlias = Literal["best", "one_se"] | float
Splits: TypeAlias = int | Splitter | Iterable[tuple[Any, Any]]
