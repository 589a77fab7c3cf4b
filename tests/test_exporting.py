"""A pipeline as one ONNX graph: from raw columns to probabilities, as the pipeline itself."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sgnn
from sgnn import GroupLassoClassifier, GroupLassoMLP, LambdaSearchCV, SGINRegressor
from sgnn.datasets import load_heart_costs, make_grouped_regression

HEART = load_heart_costs(as_frame=True)
X, Y = HEART.data, HEART.target
NETWORK = GroupLassoMLP(sgnn.source_columns(X.columns), max_groups=5, max_epochs=6, random_state=0)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def mixed(last):
    """Words one-hot encoded, numbers imputed and scaled."""
    encoders = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_include="category"),
        ),
        remainder=make_pipeline(SimpleImputer(), StandardScaler()),
    )
    return make_pipeline(encoders.set_output(transform="pandas"), last)


def run(path, X):
    """What onnxruntime says of these rows."""
    pytest.importorskip("skl2onnx")
    session = pytest.importorskip("onnxruntime").InferenceSession(path)
    if not hasattr(X, "iloc"):
        return session.run(None, {"X": X.astype(np.float32)})[0]
    rows = {
        name: X[[name]].to_numpy(np.float32 if X[name].dtype.kind in "if" else object) for name in X
    }
    return session.run(None, rows)[0]


@pytest.mark.parametrize(
    "model",
    [
        mixed(NETWORK),
        mixed(GroupLassoClassifier(sgnn.source_columns(X.columns), lam=0.03)),
        LambdaSearchCV(mixed(NETWORK), lams=[0.002, 0.004], cv=2),
        GridSearchCV(mixed(NETWORK), {"grouplassomlp__lam": [0.002]}, cv=2),
    ],
    ids=["network", "linear", "search", "grid"],
)
def test_a_mixed_table_from_raw_columns_to_probabilities(model, tmp_path):
    pytest.importorskip("skl2onnx")
    missing = X.copy()
    missing["age"] = missing["age"].astype(float)
    missing.loc[::5, "age"] = np.nan
    model.fit(missing, Y)
    sgnn.to_onnx(model, missing, tmp_path / "model.onnx", probabilities=True)
    np.testing.assert_allclose(
        run(tmp_path / "model.onnx", missing), model.predict_proba(missing), atol=1e-4
    )


def test_numbers_of_an_array(tmp_path):
    pytest.importorskip("skl2onnx")
    made = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    model = make_pipeline(
        StandardScaler(), SGINRegressor(made.groups, max_groups=2, max_epochs=5, random_state=0)
    ).fit(made.data, made.target)
    for each in (model, model[-1].fit(made.data, made.target)):
        sgnn.to_onnx(each, made.data, tmp_path / "model.onnx")
        np.testing.assert_allclose(
            run(tmp_path / "model.onnx", made.data)[:, 0], each.predict(made.data), rtol=1e-3,
            atol=1e-3 * made.target.std(),
        )  # fmt: skip


def test_the_last_step_must_be_ours(tmp_path):
    pytest.importorskip("skl2onnx")
    model = make_pipeline(StandardScaler(), LogisticRegression())
    numbers = X.select_dtypes("number")
    model.fit(numbers, Y)
    with pytest.raises(TypeError, match="must end in an estimator of sgnn, got LogisticRegression"):
        sgnn.to_onnx(model, numbers, tmp_path / "model.onnx")
