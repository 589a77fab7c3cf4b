"""compact and to_onnx: the kept columns alone give the same outputs elsewhere."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sgnn import (
    BudgetSelector,
    GroupLassoClassifier,
    GroupLassoMLP,
    GroupLassoRegressor,
    LambdaSearchCV,
    SGINRegressor,
)
from sgnn.datasets import make_grouped_classification, make_grouped_regression

MADE = make_grouped_classification(random_state=0)
X, Y = MADE.data, MADE.target
THREE = np.arange(len(Y)) % 3
NUMBERS = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
QUICK = {"max_epochs": 4, "hidden_layer_sizes": (4,), "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CLASSIFIERS = {
    "linear": GroupLassoClassifier(MADE.groups, lam=0.05),
    "linear, missing": GroupLassoClassifier(MADE.groups, lam=0.05, missing="mean"),
    "network": GroupLassoMLP(MADE.groups, max_groups=3, **QUICK),
    "search": LambdaSearchCV(GroupLassoClassifier(MADE.groups), lams=[0.02, 0.05], cv=2),
    "budget": BudgetSelector(
        GroupLassoMLP(MADE.groups, **QUICK), max_groups=2, evaluate=None, random_state=0
    ),
}


def dtype_of(module):
    return next(module.parameters()).dtype


@pytest.mark.parametrize("y", [Y, THREE], ids=["two classes", "three classes"])
@pytest.mark.parametrize("model", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_the_softmax_of_a_compact_classifier_is_its_probability(model, y):
    model.fit(X, y)
    small = model.compact()
    rows = torch.as_tensor(model.transform(X)).to(dtype_of(small))
    with torch.no_grad():
        p = small(rows).softmax(-1).numpy()
    np.testing.assert_allclose(p, model.predict_proba(X), atol=1e-6)


def test_a_compact_linear_regressor_is_exact_and_fills_in():
    spoilt = NUMBERS.data.copy()
    spoilt[::7, ::3] = np.nan
    model = GroupLassoRegressor(NUMBERS.groups, lam=0.1, missing="mean")
    model.fit(spoilt, np.c_[NUMBERS.target, -NUMBERS.target])
    with torch.no_grad():
        said = model.compact()(torch.from_numpy(model.transform(spoilt))).numpy()
    np.testing.assert_allclose(said, model.predict(spoilt), rtol=1e-12)


@pytest.mark.parametrize("model", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_onnx_of_probabilities(model, tmp_path, caplog, capfd):
    onnxruntime = pytest.importorskip("onnxruntime")
    model.fit(X, Y)
    with caplog.at_level(logging.WARNING):
        model.to_onnx(tmp_path / "model.onnx", probabilities=True)
    assert "torchvision" not in caplog.text + "".join(capfd.readouterr())
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    dtype = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    (entry,) = session.get_inputs()
    (p,) = session.run(None, {entry.name: model.transform(X).astype(dtype[entry.type])})
    np.testing.assert_allclose(p, model.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)


def test_a_search_over_a_pipeline_exports_its_last_step(tmp_path):
    pipeline = make_pipeline(StandardScaler(), GroupLassoRegressor(NUMBERS.groups))
    search = LambdaSearchCV(pipeline, [0.05, 0.1], cv=2).fit(NUMBERS.data, NUMBERS.target)
    scaler, model = search.best_estimator_
    rows = torch.from_numpy(model.transform(scaler.transform(NUMBERS.data)))
    with torch.no_grad():
        said = search.compact()(rows)[:, 0].numpy()
    np.testing.assert_allclose(said, search.predict(NUMBERS.data), rtol=1e-12)


def test_what_has_no_network_has_no_compact():
    selector = BudgetSelector(LogisticRegression(), groups=MADE.groups)
    assert not hasattr(selector, "compact")
    assert not hasattr(selector, "to_onnx")


@pytest.mark.parametrize(
    "model", [SGINRegressor(NUMBERS.groups, **QUICK), GroupLassoRegressor(NUMBERS.groups)]
)
def test_regressors_have_no_probabilities(model, tmp_path):
    model.fit(NUMBERS.data, NUMBERS.target)
    with pytest.raises(ValueError, match="probabilities=True is for classifiers"):
        model.to_onnx(tmp_path / "model.onnx", probabilities=True)
