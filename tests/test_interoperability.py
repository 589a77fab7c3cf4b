"""Frames of other libraries, threads and processes: the same answers as with numpy."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegression

from sgnn import (
    BudgetSelector,
    GroupLassoClassifier,
    GroupSelectFromModel,
    LambdaSearchCV,
    SGINClassifier,
    SparseGroupCNN,
    StabilitySelector,
)
from sgnn.datasets import make_grouped_classification
from sgnn.selection import SubsetSearch

MADE = make_grouped_classification(random_state=0)
NAMES = [f"column {j}" for j in range(MADE.data.shape[1])]
X, Y = pd.DataFrame(MADE.data, columns=NAMES), MADE.target
LINEAR = GroupLassoClassifier(MADE.groups, lam=0.05)
MODELS = {
    "SGIN": SGINClassifier(MADE.groups, max_groups=3, max_epochs=5, random_state=0),
    "linear": LINEAR,
    "CNN": SparseGroupCNN(max_epochs=2, random_state=0),
    "search": LambdaSearchCV(LINEAR, lams=[0.02, 0.05], cv=2),
    "stability": StabilitySelector(LINEAR, 3, random_state=0),
    "select from model": GroupSelectFromModel(LINEAR, max_groups=2),
    "budget": BudgetSelector(
        LogisticRegression(), groups=MADE.groups, max_groups=2, evaluate=None, random_state=0,
        search=SubsetSearch(max_steps=60),
    ),
}  # fmt: skip
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def polars_frame():
    return pytest.importorskip("polars").DataFrame(MADE.data, schema=NAMES)


def nullable_frame():
    return X.convert_dtypes()


def pyarrow_frame():
    pytest.importorskip("pyarrow")
    return X.convert_dtypes(dtype_backend="pyarrow")


@pytest.fixture(params=MODELS.values(), ids=MODELS.keys())
def model(request):
    return request.param


@pytest.mark.parametrize("made", [polars_frame, nullable_frame, pyarrow_frame])
def test_frames_of_other_kinds(model, made):
    frame = made()
    expected = model.fit(X, Y).transform(X)
    said = model.predict(X) if hasattr(model, "predict") else None
    model.fit(frame, Y)
    np.testing.assert_array_equal(np.asarray(model.transform(frame), dtype=float), expected)
    assert model.feature_names_in_.tolist() == NAMES
    if said is not None:
        np.testing.assert_array_equal(model.predict(frame), said)


def test_polars_comes_out_and_kept_columns_are_enough(model):
    polars, frame = pytest.importorskip("polars"), polars_frame()
    model.fit(frame, polars.Series(Y))
    expected = np.asarray(model.transform(frame), dtype=float)
    kept = [name for name, chosen in zip(NAMES, model.get_support(), strict=True) if chosen]
    np.testing.assert_array_equal(np.asarray(model.transform(frame[kept]), dtype=float), expected)
    with config_context(transform_output="polars"):
        out = model.transform(frame)
    assert isinstance(out, polars.DataFrame)
    assert out.columns == kept
    np.testing.assert_array_equal(out.to_numpy(), expected)


def test_transform_output_of_the_configuration(model):
    model.fit(X, Y)
    with config_context(transform_output="pandas"):
        out = model.transform(X)
    pd.testing.assert_frame_equal(out, X.loc[:, model.get_support()])


def supports(seed):
    """A fit in another thread or process."""
    model = SGINClassifier(MADE.groups, max_groups=3, max_epochs=5, random_state=seed)
    model.fit(MADE.data, Y)
    return model.get_group_support().tolist(), model.predict_proba(MADE.data).tobytes()


def test_threads():
    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(supports, range(3))] == [*map(supports, range(3))]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes(method):
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        assert [*pool.map(supports, range(2))] == [*map(supports, range(2))]
