"""What a newcomer does on the first day, in the order of the day."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import sgnn
from sgnn import (
    GroupImportanceDisplay,
    GroupLassoClassifier,
    GroupLassoMLP,
    GroupLassoMLPRegressor,
    GroupLassoRegressor,
    LambdaSearchCV,
    LayerSparsityDisplay,
    PathDisplay,
    SGINClassifier,
    SGINRegressor,
    StabilityDisplay,
    StabilitySelector,
)
from sgnn.datasets import load_heart_costs

HEART = load_heart_costs(as_frame=True)
X, X_TEST, Y, Y_TEST = train_test_split(
    HEART.data, HEART.target, stratify=HEART.target, random_state=0
)
# from one that keeps nearly all tests to one that keeps a few
LAMS = {
    SGINClassifier: [0.03, 0.1],
    GroupLassoMLP: [0.002, 0.008],
    GroupLassoClassifier: [0.01, 0.05],
}
CLASSIFIERS = list(LAMS)
REGRESSORS = [SGINRegressor, GroupLassoMLPRegressor, GroupLassoRegressor]


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    pyplot.close("all")


def made(kind, *args, **settings):
    """An estimator with its own defaults, and a seed where it takes one."""
    seed = {"random_state": 0} if "random_state" in kind().get_params() else {}
    return kind(*args, **seed, **settings)


def pipeline(kind, **settings):
    """Words one-hot encoded, numbers as they come, a group for each test."""
    encoder = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_include="category"),
        ),
        remainder="passthrough",
    ).set_output(transform="pandas")
    return make_pipeline(encoder, made(kind, sgnn.source_columns(X.columns), **settings))


def on_one_worker(kind):
    """So that its search is made once."""
    return pytest.param(kind, id=kind.__name__, marks=pytest.mark.xdist_group(kind.__name__))


@pytest.fixture(scope="module", params=map(on_one_worker, CLASSIFIERS))
def kind(request):
    return request.param


def test_a_mixed_table_by_default(kind):
    model = pipeline(kind).fit(X, Y)
    assert model.score(X_TEST, Y_TEST) > 0.75
    assert set(model[-1].groups_.names) == set(X.columns)
    assert len(model[-1].groups_.labels) == 9 + 4 + 3 + 3 + 3
    assert set(model[-1].selected_groups_) <= set(X.columns)


def test_prices(kind):
    costs = HEART.group_costs
    free, priced = (pipeline(kind, lam=0.01, group_costs=c).fit(X, Y) for c in (None, costs))
    spent = [sum(costs[name] for name in model[-1].selected_groups_) for model in (free, priced)]
    assert spent[1] < spent[0]


def test_grid_search(kind):
    search = GridSearchCV(pipeline(kind), {f"{kind.__name__.lower()}__lam": LAMS[kind]}, cv=3)
    assert search.fit(X, Y).best_score_ > 0.75
    assert search.score(X_TEST, Y_TEST) > 0.75


@pytest.fixture(scope="module")
def searched(kind):
    return LambdaSearchCV(pipeline(kind), lams=6, cv=3).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lambda_search(searched):
    assert searched.score(X_TEST, Y_TEST) > 0.75
    assert set(searched.selected_groups_) <= set(X.columns)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lambda_search_for_fewer(kind, searched):
    search = LambdaSearchCV(pipeline(kind), lams=6, cv=3, select="one_se").fit(X, Y)
    assert search.score(X_TEST, Y_TEST) > 0.65
    assert 0 < len(search.selected_groups_) <= len(searched.selected_groups_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lambda_search_for_so_many(kind):
    fits = [pipeline(kind, lam=lam).fit(X, Y) for lam in LAMS[kind]]
    k = len(fits[-1][-1].selected_groups_)
    search = LambdaSearchCV(pipeline(kind), lams=LAMS[kind], cv=2, select=k).fit(X, Y)
    assert len(search.selected_groups_) == k
    assert 0 < k < 13


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_stability(kind):
    selector = StabilitySelector(
        pipeline(kind, lam=LAMS[kind][-1]), n_bootstraps=6, random_state=0
    ).fit(X, Y)
    assert selector.selection_probabilities_.shape == (1, 13)
    assert len(StabilityDisplay.from_estimator(selector).ax_.patches) == 13


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_displays(kind, searched):
    fitted = searched.best_estimator_[-1]
    assert len(GroupImportanceDisplay.from_estimator(fitted).ax_.patches) == 13
    assert PathDisplay.from_estimator(searched).ax_.lines
    if kind is GroupLassoMLP:
        assert LayerSparsityDisplay.from_estimator(fitted).ax_.patches


@pytest.mark.parametrize("kind", REGRESSORS, ids=lambda kind: kind.__name__)
def test_regression_in_raw_units(kind):
    raw, y = load_diabetes(return_X_y=True, scaled=False)
    ridge = cross_val_score(Ridge(), raw, y, cv=5).mean()
    assert cross_val_score(made(kind), raw, y, cv=5).mean() >= ridge - 0.03
    model = made(kind).fit(raw, y)
    assert np.abs(model.predict(raw).mean() - y.mean()) < 0.05 * y.std()
    cents = clone(model).fit(raw, 100 * y)
    np.testing.assert_allclose(cents.predict(raw), 100 * model.predict(raw), atol=0.1 * y.std())


# the second day: keep it, choose again, deploy it ---------------------------------------------


def say_the_same(one, other, rows=X_TEST):
    np.testing.assert_allclose(one.predict_proba(rows), other.predict_proba(rows), rtol=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_choosing_again(kind, searched):
    again = clone(searched).fit(X, Y)
    fewer = again.choose("one_se")
    assert fewer["lam"] >= again.best_lam_
    refitted = again.choose("one_se", X, Y)
    assert refitted == fewer
    assert again.best_lam_ == fewer["lam"]
    assert again.score(X_TEST, Y_TEST) > 0.6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_keeping_a_search_in_a_file(kind, searched, tmp_path):
    sgnn.save(searched, tmp_path / "search.sgnn")
    say_the_same(sgnn.load(tmp_path / "search.sgnn"), searched)


def test_keeping_a_pipeline_by_skops(kind):
    skops = pytest.importorskip("skops.io")
    model = pipeline(kind, lam=0.01).fit(X, Y)
    data = skops.dumps(model)
    say_the_same(skops.loads(data, trusted=skops.get_untrusted_types(data=data)), model)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_pipeline_of_fewer_columns(kind):
    """The estimator behind the encoders takes the encoded columns that it kept, and no others."""
    model = pipeline(kind, lam=LAMS[kind][-1]).fit(X, Y)
    encoder, network = model
    encoded = encoder.transform(X_TEST)
    kept = encoded.columns[network.get_support()]
    assert 0 < len(kept) < encoded.shape[1]
    np.testing.assert_allclose(
        network.predict_proba(encoded[kept[::-1]]), model.predict_proba(X_TEST), rtol=1e-12
    )


def test_the_whole_pipeline_as_one_graph(kind, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("skl2onnx")
    model = pipeline(kind, lam=0.01).fit(X, Y)
    sgnn.to_onnx(model, X, tmp_path / "model.onnx", probabilities=True)
    rows = {
        name: X_TEST[[name]].to_numpy(np.float32 if X_TEST[name].dtype.kind in "if" else object)
        for name in X_TEST
    }
    said = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, rows)[0]
    np.testing.assert_allclose(said, model.predict_proba(X_TEST), atol=1e-4)


def test_few_of_many_columns_matter_and_the_defaults_find_them():
    X, y = make_friedman1(n_samples=1000, n_features=20, noise=1.0, random_state=0)
    X_test, y_test = make_friedman1(n_samples=1000, n_features=20, noise=1.0, random_state=1)
    model = GroupLassoMLPRegressor(random_state=0).fit(X, y)
    assert model.get_group_support()[:5].all()
    assert model.get_group_support().sum() < 20
    assert model.score(X_test, y_test) > 0.85
