"""Prediction on the kept columns alone, as a deployed model has them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from sgnn import (
    BudgetSelector,
    GroupLassoClassifier,
    GroupLassoMLP,
    GroupLassoRegressor,
    GroupSelectFromModel,
    LambdaSearchCV,
    SGINClassifier,
    SGINRegressor,
    SparseGroupCNN,
    StabilitySelector,
)
from sgnn.datasets import make_grouped_classification

MADE = make_grouped_classification(random_state=0)
X = pd.DataFrame(MADE.data, columns=[f"column {j}" for j in range(MADE.data.shape[1])])
X["column 3"] = X["column 3"].astype("float32")
Y = MADE.target
QUICK = {"max_epochs": 6, "hidden_layer_sizes": (4,), "random_state": 0}
NETWORK = SGINClassifier(MADE.groups, max_groups=3, **QUICK)
MADE_OF = {
    "SGIN": NETWORK,
    "SGIN regressor": SGINRegressor(MADE.groups, max_groups=3, **QUICK),
    "MLP": GroupLassoMLP(MADE.groups, max_groups=3, **QUICK),
    "CNN": SparseGroupCNN(MADE.groups, image_shape=(-1, 1), max_groups=3, max_epochs=2,
                          random_state=0),
    "linear": GroupLassoClassifier(MADE.groups, lam=0.1),
    "linear regressor": GroupLassoRegressor(MADE.groups, lam=0.1),
    "search": LambdaSearchCV(NETWORK, lams=2, cv=2),
    "stability": StabilitySelector(NETWORK, n_bootstraps=3, lams=2, random_state=0),
    "select from model": GroupSelectFromModel(NETWORK, max_groups=2),
    "budget": BudgetSelector(
        LogisticRegression(), groups=MADE.groups, max_groups=2, evaluate=None, random_state=0
    ),
}  # fmt: skip
METHODS = ("predict", "predict_proba", "decision_function", "transform")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module", params=MADE_OF.values(), ids=MADE_OF.keys())
def fitted(request):
    return request.param.fit(X, Y)


def methods(fitted):
    return [getattr(fitted, name) for name in METHODS if hasattr(fitted, name)]


def test_the_kept_columns_in_any_order_are_enough(fitted):
    kept = X.columns[fitted.get_support()]
    assert 0 < len(kept) < X.shape[1]
    more = [*kept[::-1], X.columns[~fitted.get_support()][0]]
    for method in methods(fitted):
        np.testing.assert_allclose(method(X[kept]), method(X), rtol=1e-12)
        np.testing.assert_allclose(method(X[more]), method(X), rtol=1e-12)


def test_frames_come_out_as_frames(fitted):
    kept = X.columns[fitted.get_support()]
    fitted.set_output(transform="pandas")
    try:
        few, all_columns = fitted.transform(X[kept[::-1]]), fitted.transform(X)
    finally:
        fitted.set_output(transform="default")
    pd.testing.assert_frame_equal(few, all_columns)


def test_what_lacks_a_kept_column_is_refused(fitted):
    kept = X.columns[fitted.get_support()]
    for method in methods(fitted):
        with pytest.raises(ValueError, match=r"(?s)feature names should match.*missing"):
            method(X[kept[1:]])


def test_unseen_names_and_another_order_are_refused(fitted):
    kept = X.columns[fitted.get_support()]
    for method in methods(fitted):
        with pytest.raises(ValueError, match=r"(?s)feature names should match.*unseen"):
            method(X[kept].assign(new=0.0))
        with pytest.raises(ValueError, match=r"(?s)feature names should match.*same order"):
            method(X[X.columns[::-1]])


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_arrays_have_all_columns(fitted):
    with pytest.raises(ValueError, match="features"):
        fitted.transform(X.to_numpy()[:, fitted.get_support()])
