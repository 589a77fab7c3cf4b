"""scikit-learn's own tools work with every estimator: pipelines, searches, selectors, routing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import softmax
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

import sgnn

from .instances import outputs

EVERYTHING = 100.0  # a lam that removes all that can be removed


def table(case):
    """Two categories, which side and which quarter of the targets, and a number of no use."""
    rank = case.y.argsort(kind="stable").argsort() * 4 // len(case.y)
    return pd.DataFrame(
        {
            "hue": np.array(["dark", "pale"])[rank // 2],
            "site_a": np.array(["north", "south", "west", "east"])[rank],
            "age": np.random.default_rng(0).normal(size=len(case.y)),
        }
    )


def encoder(**settings):
    onehot = OneHotEncoder(sparse_output=False)
    steps = [
        ("hue", onehot, ["hue"]),
        ("site", onehot, ["site_a"]),
        ("age", "passthrough", ["age"]),
    ]
    return ColumnTransformer(steps, **settings)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_grid_search_over_lam(case):
    search = GridSearchCV(case(), {"lam": [EVERYTHING, case.settings["lam"]]}, cv=3)
    search.fit(case.X, case.y)
    assert search.best_params_ == {"lam": case.settings["lam"]}
    assert search.best_estimator_.selected_groups_ == case.planted


def test_pipeline_equals_its_steps(case):
    pipe = make_pipeline(StandardScaler(), case()).fit(case.X, case.y)
    scaled = StandardScaler().fit_transform(case.X)
    expected = outputs(case().fit(scaled, case.y), scaled)
    np.testing.assert_array_equal(outputs(pipe, case.X), expected)


@pytest.mark.parametrize(
    ("groups", "verbose_names", "names"),
    [
        ("prefix", True, ("hue", "site", "age")),
        ("prefix:_", False, ("hue", "site", "age")),
        (
            {
                "paint": ["hue_dark", "hue_pale"],
                "place": ["site_a_east", "site_a_north", "site_a_south", "site_a_west"],
                "years": "age",
            },
            False,
            ("paint", "place", "years"),
        ),
        (lambda names, n: [name[0] for name in names], False, ("h", "s", "a")),
        (lambda names, n: [0, 0] + (n - 3) * [1] + [2], True, (0, 1, 2)),
    ],
    ids=["prefix", "prefix:_", "names", "callable by names", "callable by number"],
)
def test_groups_of_an_encoded_table(case, groups, verbose_names, names):
    X = table(case)
    encode = encoder(verbose_feature_names_out=verbose_names).set_output(transform="pandas")
    pipe = make_pipeline(encode, case(groups=groups)).fit(X, case.y)
    labels = [0, 0, 1, 1, 1, 1, 2]
    assert pipe[-1].groups_.names == names
    assert pipe[-1].groups_.labels.tolist() == labels
    encoded = encoder().fit_transform(X)
    by_labels = case(groups=labels).fit(encoded, case.y)
    np.testing.assert_array_equal(outputs(pipe, X), outputs(by_labels, encoded))


def test_names_lost_on_the_way_are_asked_for(case):
    pipe = make_pipeline(encoder(), case(groups="prefix"))
    with pytest.raises(ValueError, match=r"set_output\(transform=\"pandas\"\)"):
        pipe.fit(table(case), case.y)


def test_a_pipeline_of_selector_and_model(case):
    pipe = make_pipeline(case(), case(groups=None)).fit(case.X, case.y)
    alone = case(groups=None).fit(case.X[:, case.informative], case.y)
    expected = outputs(alone, case.X[:, case.informative])
    np.testing.assert_array_equal(outputs(pipe, case.X), expected)


@pytest.mark.parametrize("prefit", [False, True])
@pytest.mark.parametrize(
    ("settings", "kept"),
    [({"lam": 0.0, "max_groups": None}, 5), ({}, 2), ({"max_groups": 1}, 1)],
    ids=["all", "planted", "one"],
)
def test_select_from_model_keeps_what_the_model_kept(case, settings, kept, prefit):
    model = case(**settings)
    fitted = clone(model).fit(case.X, case.y)
    assert fitted.get_group_support().sum() == kept
    selector = SelectFromModel(fitted if prefit else model, prefit=prefit).fit(case.X, case.y)
    np.testing.assert_array_equal(selector.get_support(), fitted.get_support())
    np.testing.assert_array_equal(selector.transform(case.X), fitted.transform(case.X))


def test_select_from_model_keeps_the_least_of_the_groups(case):
    model = case().fit(case.X, case.y)
    model.group_norms_[np.flatnonzero(model.group_support_)[0]] = 1e-9
    selector = SelectFromModel(model, prefit=True)
    np.testing.assert_array_equal(selector.get_support(), case.informative)


def test_transform_and_back(case, fitted):
    kept = fitted.transform(case.X)
    np.testing.assert_array_equal(kept, case.X[:, case.informative])
    back = fitted.inverse_transform(kept)
    np.testing.assert_array_equal(back, np.where(case.informative, case.X, 0))
    np.testing.assert_array_equal(fitted.get_support(), case.informative)
    indices = np.flatnonzero(case.informative)
    np.testing.assert_array_equal(fitted.get_support(indices=True), indices)
    assert fitted.get_feature_names_out().tolist() == [f"x{j}" for j in indices]


def test_transform_of_a_data_frame(case, fitted):
    frame = case.frame.set_index(np.arange(len(case.X)) + 7)
    estimator = case(groups="prefix").fit(frame, case.y)
    names = frame.columns[case.informative].tolist()
    assert estimator.get_feature_names_out().tolist() == names
    plain = estimator.transform(frame)
    assert type(plain) is np.ndarray
    np.testing.assert_array_equal(plain, fitted.transform(case.X))
    estimator.set_output(transform="pandas")
    pd.testing.assert_frame_equal(estimator.transform(frame), frame[names])


def test_transform_of_an_array_into_a_data_frame(case):
    estimator = case().set_output(transform="pandas").fit(case.X, case.y)
    names = [f"x{j}" for j in np.flatnonzero(case.informative)]
    expected = pd.DataFrame(case.X[:, case.informative], columns=names)
    pd.testing.assert_frame_equal(estimator.transform(case.X), expected)


def test_columns_under_other_names_are_refused(case):
    estimator = case(groups="prefix").fit(case.frame, case.y)
    with pytest.raises(ValueError, match="feature names"):
        estimator.predict(case.frame.rename(columns=str.upper))
    with pytest.raises(ValueError, match="9 features"):
        case().fit(case.X, case.y).predict(case.X[:, :9])


def test_sample_weights_are_routed_by_cross_validate(case):
    weight = np.linspace(0, 3, len(case.X))
    folds = KFold(3)
    with config_context(enable_metadata_routing=True):
        estimator = case().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        routed = cross_validate(
            estimator, case.X, case.y, cv=folds, params={"sample_weight": weight}
        )
    expected = [
        case()
        .fit(case.X[train], case.y[train], sample_weight=weight[train])
        .score(case.X[test], case.y[test], sample_weight=weight[test])
        for train, test in folds.split(case.X)
    ]
    np.testing.assert_array_equal(routed["test_score"], expected)
    unweighted = cross_validate(case(), case.X, case.y, cv=folds)["test_score"]
    assert not np.array_equal(routed["test_score"], unweighted)


def test_the_kinds_of_estimator(case):
    assert case.kind.penalty == "l1"
    assert hasattr(case(), "predict_proba") == is_classifier(case())


def test_four_classes_of_ours_at_most_make_an_estimator(case):
    ours = [kind for kind in case.kind.__mro__ if kind.__module__.startswith("sgnn.")]
    assert len(ours) <= 4


def test_decision_values_are_the_logits_of_the_probabilities(classifier):
    X, y = classifier.X, classifier.y
    model = classifier(max_epochs=4, lam=0.0).fit(X, y)
    p = model.predict_proba(X)
    values = model.decision_function(X)
    np.testing.assert_allclose(values, np.log(p[:, 1]) - np.log(p[:, 0]), atol=1e-5)
    three = classifier(max_epochs=4, lam=0.0).fit(X, np.arange(len(y)) % 3)
    values = three.decision_function(X)
    assert values.shape == (len(y), 3)
    np.testing.assert_allclose(softmax(values, axis=1), three.predict_proba(X), atol=1e-12)


def test_regressors_have_no_decision_values(regressor):
    assert not hasattr(regressor(), "decision_function")


@pytest.mark.parametrize("activation", ["gelu", "silu", nn.Mish])
def test_activations_of_torch(case, activation, tmp_path):
    if not case.takes(["activation"]):
        pytest.skip("its architecture has its own")
    stream = torch.get_rng_state()
    model = case(activation=activation, max_epochs=6, lam=0.0).fit(case.X, case.y)
    assert torch.equal(torch.get_rng_state(), stream)
    losses = [row["loss"] for row in model.history_]
    assert losses[-1] < losses[0]
    sgnn.save(model, tmp_path / "model.sgnn")
    again = sgnn.load(tmp_path / "model.sgnn")
    np.testing.assert_array_equal(outputs(again, case.X), outputs(model, case.X))
    rows = torch.tensor(model.transform(case.X))
    with torch.no_grad():
        said = model.compact()(rows.to(next(model.module_.parameters())))
        expected = model.module_.from_kept(rows.to(next(model.module_.parameters())))
    torch.testing.assert_close(said, expected)
    alone = case(activation=activation, max_epochs=6).fit_replicas(case.X, case.y, [0.0, 0.0])
    np.testing.assert_allclose(outputs(alone[0], case.X), outputs(model, case.X), atol=1e-5)
