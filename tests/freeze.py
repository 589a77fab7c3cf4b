"""The weights, supports and histories of many small fits, to compare two versions of the package.

    python -m tests.freeze save FILE
    python -m tests.freeze compare FILE

Compare prints what differs, and by how much, and ends with status 1 if anything does.
"""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, load_digits

from sgnn import (
    GroupLassoMLP,
    GroupLassoMLPRegressor,
    SGINClassifier,
    SGINRegressor,
    SparseGroupCNN,
)
from sgnn.selection import LambdaSearchCV, StabilitySelector

from .estimators.instances import CASES, CNN, VARIANTS, outputs

SETTINGS: list[dict[str, Any]] = [
    {},
    {"batch_size": 40, "refit": True},
    {"early_stopping": True, "max_groups": None},
    {"dtype": "float32", "batch_size": 50, "standardize": False},
    {"optimizer": "sgd", "learning_rate": 0.01, "lam": 0.0},
    {"hidden": False},
]


def fits() -> Iterator[tuple[str, Any, Any]]:
    """Name, fitted estimator and rows to predict."""
    for case in VARIANTS:
        for settings in SETTINGS:
            yield f"{case} {settings}", case(**settings).fit(case.X, case.y), case.X
        weight = np.random.default_rng(0).integers(0, 3, len(case.y)).astype(float)
        weighted = case(batch_size=30).fit(case.X, case.y, weight)
        yield f"{case} weighted", weighted, case.X
        warm = case(warm_start=True, max_epochs=4).fit(case.X, case.y).fit(case.X, case.y)
        yield f"{case} warm", warm, case.X
        X = case.X.copy()
        X.flat[::7] = np.nan
        yield f"{case} missing", case(missing="mean").fit(X, case.y), X
    for settings in (
        {"polish_iter": 30, "max_groups": None},
        {"polish_iter": 30, "regularize": ("input",), "regularizer": "sparse_group_lasso"},
        {"polish_iter": 30, "regularizer": "cges", "max_groups": None},
        {"regularize": ("hidden", "bias"), "max_groups": 3},
    ):
        case = CASES[2]
        yield f"{case} {settings}", case(**settings).fit(case.X, case.y), case.X
    for settings in (
        {"grouping": "oicsr", "algorithm": "subgradient"},
        {"regularizer": "scad", "unit_step": True},
        {"regularizer": "group_l0", "algorithm": "gates"},
        {"regularizer": "shsq_gl_half", "grouping": "filter"},
    ):
        yield f"{CNN} {settings}", CNN(**settings).fit(CNN.X, CNN.y), CNN.X
    X, y = load_digits(return_X_y=True)
    rows = np.repeat(range(8), 8)
    quick = {"random_state": 0, "max_epochs": 3, "device": "cpu"}
    for model in (
        SGINClassifier(rows, lam=0.05, **quick),
        SGINClassifier(rows, algorithm="b", lam=0.05, warmup_epochs=0, **quick),
        GroupLassoMLP(rows, polish_iter=5, **quick),
        SparseGroupCNN(image_shape=(1, 8, 8), augment="shift_flip", **quick),
        SparseGroupCNN(
            np.arange(8) // 2, image_shape=(8, 8), architecture_options={"dropout": 0.3}, **quick
        ),
        SparseGroupCNN(
            image_shape=(1, 8, 8),
            architecture="resnet18",
            architecture_options={"widths": (4, 8)},
            **quick,
        ),
    ):
        yield f"digits {model!r}", model.fit(X[:400], y[:400]), X[400:500]


def replicas() -> Iterator[tuple[str, Any, Any]]:
    """Fits that are trained as one."""
    X, y = load_digits(return_X_y=True)
    X, y, f = X[:300], y[:300], load_diabetes().target[:300]
    weights = [
        np.random.default_rng(r).multinomial(300, np.full(300, 1 / 300)).astype(float)
        for r in range(4)
    ]
    quick = {"hidden_layer_sizes": (12, 7), "max_epochs": 6, "random_state": 0, "device": "cpu"}
    for cls, settings in (
        (SGINClassifier, {"algorithm": "a"}),
        (SGINClassifier, {"algorithm": "b", "optimizer": "sgd", "max_groups": 4}),
        (SGINRegressor, {"algorithm": "a", "batch_size": 64, "refit": True}),
        (SGINRegressor, {"algorithm": "sgd", "lam": 0.1}),
        (GroupLassoMLP, {"polish_iter": 10, "class_weight": "balanced"}),
        (GroupLassoMLP, {"algorithm": "rmda", "polish_iter": 5, "group_weights": "none"}),
        (GroupLassoMLPRegressor, {"algorithm": "subgradient", "tol": 0.05, "n_iter_no_change": 1}),
    ):
        model = cls(np.repeat(range(8), 8), **quick | settings)
        target = f if cls in (SGINRegressor, GroupLassoMLPRegressor) else y
        found = model.fit_replicas(X, target, [0.001, 0.01, 0.03, 0.1], weights, [0, 1, 2, 3])
        for r, fit in enumerate(found):
            yield f"replica {r} of {model!r}", fit, X[:50]


def searches() -> dict[str, Any]:
    """What two small studies find."""
    data = load_diabetes()
    quick = {"hidden_layer_sizes": (8,), "max_epochs": 6, "random_state": 0, "device": "cpu"}
    search = LambdaSearchCV(SGINRegressor(**quick), 5, 3).fit(data.data[:120], data.target[:120])
    stability = StabilitySelector(
        GroupLassoMLPRegressor(polish_iter=3, **quick), 6, lams=2, random_state=0
    ).fit(data.data[:120], data.target[:120])
    results = {k: v for k, v in search.cv_results_.items() if k.startswith(("mean_test", "split"))}
    return {
        "search": results | {"lams": search.lams_, "supports": search.supports_},
        "stability": {"lams": stability.lams_, "supports": stability.supports_},
    }


def record() -> dict[str, dict[str, Any]]:
    """Everything, by name."""
    found = searches()
    for name, model, X in (*fits(), *replicas()):
        keys = ("loss", "regularization", "n_groups", "lr", "removed", "valid_loss")
        history = {k: [row.get(k) for row in model.history_] for k in keys}
        found[name] = {
            "weights": np.concatenate([p.detach().double().cpu().numpy().ravel()
                                       for p in model.module_.parameters()]),
            "support": model.get_group_support(),
            "norms": model.group_norms_,
            "outputs": outputs(model, X),
        } | history  # fmt: skip
    return found


def differences(before: dict, after: dict) -> Iterator[str]:
    """A line for each value that is not the same to the bit."""
    for name in before.keys() | after.keys():
        for key in before.get(name, {}).keys() | after.get(name, {}).keys():
            a, b = before.get(name, {}).get(key), after.get(name, {}).get(key)
            if key == "removed" or a is None or b is None:
                same, apart = a == b, f"{a} != {b}"
            else:
                a, b = (np.array(v, dtype=float) for v in (a, b))
                same = np.array_equal(a, b, equal_nan=True)
                alike = a.shape == b.shape
                apart = f"{np.nanmax(np.abs(a - b)):.2g}" if alike and not same else "shapes"
            if not same:
                yield f"{name} | {key}: {apart}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    action, file = sys.argv[1:]
    now = record()
    if action == "save":
        with open(file, "wb") as out:
            pickle.dump(now, out)
        print(len(now), "recorded")
    else:
        with open(file, "rb") as saved:
            found = sorted(differences(pickle.load(saved), now))
        print("\n".join(found) or f"{len(now)} alike to the bit")
        sys.exit(bool(found))
