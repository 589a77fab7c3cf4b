"""source_columns: the source of every output column of scikit-learn's encoders, or an error."""

from __future__ import annotations

import copy
import pickle
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
)

from sgnn import GroupLassoClassifier, SGINClassifier, source_columns

from .programs import printed
from .test_groups import assert_one_sentence

ROWS = 24
NUMBERS = ["blood", "blood_pressure", "blood_pressure_2", "num", "a__b", "age"]
WORDS = ["cat", "city", "city_size", "c__d"]
CATEGORIES = ["x", "y_z", "y__z", "_w", "b", "tall", "x__age", "infrequent_sklearn_"]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    numbers = {name: rng.normal(size=ROWS) for name in NUMBERS}
    words = {name: rng.permutation(CATEGORIES * 3) for name in WORDS}
    return pd.DataFrame(numbers | words)


def onehot(**settings):
    return OneHotEncoder(sparse_output=False, **settings)


# encoders of one column after another, and what they encode
ENCODERS = {
    "one-hot": (onehot(), WORDS),
    "one-hot without the first": (onehot(drop="first"), WORDS),
    "one-hot of the frequent": (onehot(max_categories=3), WORDS),
    "one-hot with names joined by __": (
        onehot(feature_name_combiner=lambda feature, category: f"{feature}__{category}"),
        WORDS,
    ),
    "ordinal": (OrdinalEncoder(), WORDS),
    "one-hot of bins": (KBinsDiscretizer(3, encode="onehot-dense", strategy="uniform"), NUMBERS),
    "splines": (SplineTransformer(n_knots=3), NUMBERS),
    "scaled": (StandardScaler(), NUMBERS),
    "as it is": ("passthrough", NUMBERS),
    "imputed": (SimpleImputer(), NUMBERS),
    "imputed, scaled, in splines": (
        make_pipeline(SimpleImputer(), StandardScaler(), SplineTransformer(n_knots=3)),
        NUMBERS,
    ),
    "degree 1": (PolynomialFeatures(1, include_bias=False), NUMBERS),
}


def one_by_one(encoder, columns, frame):
    """The source of every output column, by encoding the columns one at a time."""
    if encoder == "passthrough":
        return columns
    widths = [clone(encoder).fit_transform(frame[[name]]).shape[1] for name in columns]
    return [name for name, width in zip(columns, widths, strict=True) for _ in range(width)]


@pytest.mark.parametrize("verbose", [True, False, "{transformer_name}__{feature_name}"])
@pytest.mark.parametrize("form", ENCODERS)
def test_an_encoder_beside_passthrough_columns(frame, form, verbose):
    encoder, columns = ENCODERS[form]
    table = ColumnTransformer(
        [("num", encoder, columns)], remainder="passthrough", verbose_feature_names_out=verbose
    )
    names = table.fit(frame).get_feature_names_out()
    others = [name for name in frame if name not in columns]
    expected = one_by_one(encoder, columns, frame) + others
    assert source_columns(frame.columns)(names, len(names)) == expected


@pytest.mark.parametrize("verbose", [True, False])
@pytest.mark.parametrize(("first", "second"), list(combinations(ENCODERS, 2)))
def test_two_encoders(frame, first, second, verbose):
    """Also of the same columns, where scikit-learn can name them."""
    chosen = {"enc": ENCODERS[first], "age_encoder": ENCODERS[second]}
    table = ColumnTransformer(
        [(name, *which) for name, which in chosen.items()], verbose_feature_names_out=verbose
    ).fit(frame)
    expected = [name for which in chosen.values() for name in one_by_one(*which, frame)]
    try:
        names = table.get_feature_names_out()
    except ValueError:  # not unique
        return
    assert source_columns(frame.columns)(names, len(names)) == expected


@pytest.mark.parametrize("verbose", [True, False])
def test_an_encoder_on_its_own_and_in_a_union(frame, verbose):
    encoder = onehot().fit(frame[WORDS])
    expected = one_by_one(encoder, WORDS, frame)
    read = source_columns(frame.columns)
    assert read(encoder.get_feature_names_out(), 1) == expected
    union = FeatureUnion(
        [("hot", onehot()), ("code", OrdinalEncoder())], verbose_feature_names_out=verbose
    )
    names = union.fit(frame[WORDS]).get_feature_names_out()
    assert read(names, len(names)) == expected + WORDS


@pytest.mark.parametrize("inner", [True, False])
@pytest.mark.parametrize("outer", [True, False])
def test_a_column_transformer_inside_another(frame, outer, inner):
    """Also if the inner transformer has the name of a column."""
    nested = ColumnTransformer(
        [
            ("num", StandardScaler(), ["blood", "blood_pressure"]),
            ("hot", onehot(), ["city", "city_size"]),
        ],
        verbose_feature_names_out=inner,
    )
    columns = ["blood", "blood_pressure", "city", "city_size"]
    table = ColumnTransformer(
        [("both", nested, columns), ("age", "passthrough", ["age"])],
        verbose_feature_names_out=outer,
    ).fit(frame)
    names = table.get_feature_names_out()
    n = len(CATEGORIES)
    expected = ["blood", "blood_pressure", *["city"] * n, *["city_size"] * n, "age"]
    assert source_columns(frame.columns)(names, len(names)) == expected


def test_names_that_make_column_transformer_gives(frame):
    table = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["blood"]),
        (make_pipeline(SimpleImputer(), SplineTransformer(n_knots=2)), ["age"]),
        (onehot(), ["city"]),
        ("drop", ["cat"]),
    ).fit(frame)
    names = table.get_feature_names_out()
    expected = ["blood"] + 4 * ["age"] + len(CATEGORIES) * ["city"]
    assert source_columns(frame.columns)(names, len(names)) == expected


@pytest.mark.parametrize("verbose", [True, False])
def test_the_indicator_of_missing_values_belongs_to_its_column(verbose):
    frame = pd.DataFrame({"age": [1.0, np.nan], "age_2": [np.nan, 1.0], "sex": [0.0, 1.0]})
    table = make_column_transformer(
        (SimpleImputer(add_indicator=True), ["age", "age_2", "sex"]),
        verbose_feature_names_out=verbose,
    )
    names = table.fit(frame).get_feature_names_out()
    expected = ["age", "age_2", "sex", "age", "age_2"]
    assert source_columns(frame.columns)(names, 5) == expected
    names = MissingIndicator().fit(frame).get_feature_names_out()
    assert source_columns(list(frame))(names, 2) == ["age", "age_2"]


READ = {
    "a column called like its transformer": (["num", "age"], ["num__num", "num__age"], [0, 1]),
    "a transformer called like another column": (["num", "age"], ["num__age"], [1]),
    "a transformer that goes on after a column": (["blood", "age"], ["blood_tests__age"], [1]),
    "the longest name": (["a", "a_b"], ["a_b_c", "a_c", "a_b"], [1, 0, 1]),
    "the exact name": (["a", "a_b"], ["t__a_b", "t__a"], [1, 0]),
    "__ in names without a prefix": (["b", "a__b"], ["a__b", "b"], [1, 0]),
    "__ in names after a prefix": (["b", "a__b"], ["t__a__b", "u__b"], [1, 0]),
    "a prefix and a name that is called so": (["t__b", "b"], ["t__t__b", "t__b"], [0, 1]),
    "a category that ends like a column": (["c", "b"], ["c_x__b", "c_y", "b"], [0, 0, 1]),
    "a category of a column and another": (["a", "a_b"], ["a_b"], [1]),
    "transformers inside transformers": (["in", "x"], ["out__in__x", "n__x_1"], [1, 1]),
    "indicators": (["a", "a_b"], ["t__missingindicator_a_b", "missingindicator_a"], [1, 0]),
    "a category called like a column": (["c", "b"], ["c__b", "c__d", "b"], [0, 0, 1]),
    "names that begin with _": (["_a", "a"], ["t___a", "t__a"], [0, 1]),
    "prefixes say what two names leave open": (
        ["cat", "hue"],
        ["cat__cat_x", "cat__hue_x", "n__hue"],
        [0, 1, 1],
    ),
    "ints": ([0, 10, 1], ["0_a", "10_a", "t__1"], [0, 1, 2]),
    "no column of some": (["a", "b", "c"], ["b"], [1]),
}


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("container", [list, tuple, np.array, pd.Index])
def test_accepted_names(form, container):
    names, columns, positions = READ[form]
    found = source_columns(container(names))(columns, len(columns))
    assert found == [str(names[position]) for position in positions]


REFUSED = {
    "components": (["pca", "b"], ["pca0", "pca1", "b"], "2 of the 3 columns of X ('pca0', 'pca1')"),
    "names joined by =": (["sex"], ["sex=0", "sex=1"], "('sex=0', 'sex=1')"),
    "names joined by = after a prefix": (["sex"], ["cat__sex=0"], "('cat__sex=0')"),
    "the transformer last": (["sex"], ["sex[num]"], "('sex[num]')"),
    "products": (["a", "b"], ["a", "b", "a^2", "a b", "b^2"], "('a^2', 'a b', 'b^2')"),
    "the beginning of a word": (["age"], ["ages", "page"], "('ages', 'page')"),
    "many": (["a"], list("bcdefgh"), "7 of the 7 columns of X ('b', 'c', 'd', 'e', 'f', ...)"),
    "two sources": (["cat", "hue"], ["cat__hue_x"], "'cat__hue_x' of X as 'cat'"),
    "two exact sources": (["b", "a__b"], ["a__b"], "'a__b' of X as 'a__b'"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_columns_without_one_source_raise(form):
    names, columns, fault = REFUSED[form]
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the words are checked below
        source_columns(names)(columns, len(columns))
    assert_one_sentence(caught.value, "groups=source_columns([", fault, "the label of each column")


def test_the_error_names_both_matches():
    with pytest.raises(ValueError, match="after the name of a transformer, as 'hue'"):
        source_columns(["cat", "hue"])(["cat__hue_x"], 1)


def test_components_of_a_real_pca_raise(frame):
    table = make_column_transformer((PCA(2), NUMBERS), (onehot(), WORDS)).fit(frame)
    names = table.get_feature_names_out()
    with pytest.raises(ValueError, match=r"2 of the 34 columns of X \('pca__pca0', 'pca__pca1'\)"):
        source_columns(frame.columns)(names, len(names))


WRONG_NAMES = {
    "a string": ("age", TypeError, "got the str 'age'"),
    "nothing": (None, TypeError, "got the NoneType None"),
    "a number": (3, TypeError, "got the int 3"),
    "empty": ([], ValueError, "is empty"),
    "twice": (["a", "b", "a"], ValueError, "has 'a' twice"),
    "twice as strings": ([1, "1"], ValueError, "has '1' twice"),
    "floats": (["a", 1.5], TypeError, "has 1.5 (float)"),
    "flags": ([True, False], TypeError, "has True (bool)"),
    "levels": (pd.MultiIndex.from_tuples([("a", "b")]), TypeError, "has ('a', 'b') (tuple)"),
}


@pytest.mark.parametrize("form", WRONG_NAMES)
def test_wrong_names_raise(form):
    names, error, fault = WRONG_NAMES[form]
    with pytest.raises(error) as caught:
        source_columns(names)
    assert_one_sentence(caught.value, "names", fault, "X.columns")


def test_data_without_names_raise(frame):
    model = SGINClassifier(groups=source_columns(NUMBERS))
    with pytest.raises(ValueError, match=r"set_output\(transform=\"pandas\"\)") as caught:
        model.fit(frame[NUMBERS].to_numpy(), np.tile([0, 1], ROWS // 2))
    assert_one_sentence(caught.value, "groups=source_columns([", "X has none", "give a data frame")


# as a parameter of an estimator ------------------------------------------------------------


def test_it_is_compared_and_copied_by_value():
    read = source_columns(["age", "sex"])
    assert read == source_columns(pd.Index(["age", "sex"]))
    assert hash(read) == hash(source_columns(("age", "sex")))
    assert read != source_columns(["age"])
    assert repr(read) == "source_columns(['age', 'sex'])"
    assert repr(source_columns(range(300))) == "source_columns(['0', '1', '2', '3', '4', ...])"
    copies = [clone(read, safe=False), copy.deepcopy(read), pickle.loads(pickle.dumps(read))]
    assert copies == [read] * 3


@pytest.mark.parametrize("verbose", [True, False])
def test_in_a_pipeline_and_a_grid_search(frame, verbose):
    encode = ColumnTransformer(
        [("num", StandardScaler(), NUMBERS), ("hot", onehot(handle_unknown="ignore"), WORDS)],
        verbose_feature_names_out=verbose,
    ).set_output(transform="pandas")
    model = GroupLassoClassifier(source_columns(frame.columns), lam=0.05)
    y = (frame["age"] + (frame["city"] == "x") > 0).astype(int)
    forms = [source_columns(frame.columns), source_columns(list(frame))]
    search = GridSearchCV(
        make_pipeline(encode, model), {"grouplassoclassifier__groups": forms}, cv=2,
        error_score="raise",
    )  # fmt: skip
    search = pickle.loads(pickle.dumps(clone(search).fit(frame, y)))
    groups = search.best_estimator_[-1].groups_
    assert groups.names == (*NUMBERS, *WORDS)
    assert groups.sizes.tolist() == [1] * len(NUMBERS) + [len(CATEGORIES)] * len(WORDS)
    assert len(set(search.cv_results_["mean_test_score"])) == 1


def test_importing_it_loads_nothing_heavy():
    program = "import sys, sgnn; sgnn.source_columns; print(*sys.modules)"
    assert not {"torch", "sklearn", "pandas"} & set(printed(program).split())
