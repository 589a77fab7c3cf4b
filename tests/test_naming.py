"""groups="prefix": warnings for names that are probably not meant."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sgnn import GroupLassoClassifier, SGINClassifier
from sgnn.groups import Groups

from .test_groups import assert_one_sentence

NUMBERS, WORDS = ["age", "blood_pressure", "blood_sugar"], ["sex", "cp"]
FRAME = pd.DataFrame(
    {name: np.arange(6.0) for name in NUMBERS}
    | {"sex": list("fmfmfm"), "cp": ["a", "b_c", "d__e"] * 2}
)
Y = [0, 0, 0, 1, 1, 1]


def joined(feature, category):
    return f"{feature}__{category}"


def onehot(**settings):
    return OneHotEncoder(sparse_output=False, **settings)


def named(scale, encode, hot=None, **settings):
    """A transformer whose steps have these names."""
    steps = [(scale, StandardScaler(), NUMBERS), (encode, hot or onehot(), WORDS)]
    return ColumnTransformer(steps, **settings)


def made(rest, hot=None, **settings):
    """A transformer with steps named by scikit-learn."""
    steps = [(StandardScaler(), NUMBERS[:1]), (hot or onehot(), WORDS)]
    return make_column_transformer(*steps, remainder=rest, **settings)


TRANSFORMERS = {
    "num and cat": (named("num", "cat"), "'num', 'cat'"),
    "words and spellings": (
        named("Numeric_features", "cat_pipe"),
        "'Numeric_features', 'cat_pipe'",
    ),
    "names that scikit-learn gives": (
        made("passthrough"),
        "'standardscaler', 'onehotencoder', 'remainder'",
    ),
    "names that are numbered": (
        make_column_transformer(*[(StandardScaler(), [name]) for name in NUMBERS]),
        "'standardscaler-1', 'standardscaler-2', 'standardscaler-3'",
    ),
    "names joined by __ inside": (
        named("num", "cat", onehot(feature_name_combiner=joined)),
        "'num', 'cat'",
    ),
}


@pytest.mark.parametrize(
    ("form", "groups"),
    [*((form, "prefix") for form in TRANSFORMERS), ("num and cat", "prefix:_")],
)
def test_groups_named_like_transformers_warn(form, groups):
    table, shown = TRANSFORMERS[form]
    names = table.fit(FRAME).get_feature_names_out()
    with pytest.warns(UserWarning, match="transformers") as caught:
        Groups.of(groups, len(names), names)
    assert_one_warning(caught, groups, shown, "groups=sgnn.source_columns(X.columns)")


SINGLE = {
    "encoders without prefixes": named("num", "cat", verbose_feature_names_out=False)
    .fit(FRAME)
    .get_feature_names_out(),
    "plain names": NUMBERS,
    "another separator": ["age.1", "age.2"],
    "prefixes that all differ": ["a__x", "b__x"],
}


@pytest.mark.parametrize("form", SINGLE)
def test_groups_of_single_columns_warn(form):
    names = SINGLE[form]
    with pytest.warns(UserWarning, match="alone") as caught:
        groups = Groups.of("prefix", len(names), names)
    assert len(groups) == len(names)
    fault = f"each of the {len(names)} columns of X alone"
    advice = "groups=sgnn.source_columns(X.columns)"
    assert_one_warning(caught, "prefix", fault, advice)


SILENT = {
    "one column": ["age"],
    "one column of a transformer of the user's": ["blood__age"],
    "categories joined by __": made(
        "passthrough", onehot(feature_name_combiner=joined), verbose_feature_names_out=False
    )
    .fit(FRAME)
    .get_feature_names_out(),
    "categories joined by __ alone": onehot(feature_name_combiner=joined)
    .fit(FRAME[WORDS])
    .get_feature_names_out(),
    "transformers that are groups": named("blood", "person").fit(FRAME).get_feature_names_out(),
    "one transformer that is a group": named("num", "person").fit(FRAME).get_feature_names_out(),
    "columns called like transformers": ["num__1", "num__2", "cat", "text"],
    "columns that begin like transformers": ["num_rooms__1", "num_rooms__2", "category__a"],
    "sensors": ["rotary_encoder__1", "rotary_encoder__2", "shaft_encoder__1"],
    "parts of features": ["brain_features__1", "brain_features__2", "face_features__1"],
}


@pytest.mark.parametrize("form", SILENT)
def test_meaningful_prefixes_do_not_warn(form):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Groups.of("prefix", len(SILENT[form]), SILENT[form])


@pytest.mark.parametrize("model", [SGINClassifier(lam=0.0, max_epochs=1), GroupLassoClassifier()])
def test_a_fit_warns_once(model):
    X = named("num", "cat").set_output(transform="pandas").fit_transform(FRAME)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.set_params(groups="prefix").fit(X, Y)
    assert ["transformers" in str(warning.message) for warning in caught].count(True) == 1


def assert_one_warning(caught, groups, fault, advice):
    assert len(caught) == 1
    assert_one_sentence(caught[0].message, f"groups={groups!r}", fault, advice)
