"""save and load: the same estimator again, or one sentence; and no code of the file's choice."""

from __future__ import annotations

import hashlib
import json
import os
import struct

import numpy as np
import pytest
import torch
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils import Bunch

import sgnn
from sgnn import (
    BudgetSelector,
    GroupLassoClassifier,
    GroupLassoMLP,
    GroupLassoRegressor,
    GroupSelectFromModel,
    LambdaSearchCV,
    SGINClassifier,
    SparseGroupCNN,
    StabilitySelector,
)
from sgnn.datasets import load_heart_costs, make_grouped_classification
from sgnn.losses import Loss
from sgnn.persistence.files import _digest

MADE = make_grouped_classification(random_state=0)
X, Y = MADE.data, MADE.target
QUICK = {"max_epochs": 4, "hidden_layer_sizes": (4,), "random_state": 0}
NETWORK = SGINClassifier(MADE.groups, **QUICK)
ESTIMATORS = {
    "linear": GroupLassoClassifier(MADE.groups, lam=0.05),
    "linear regressor": GroupLassoRegressor(MADE.groups, lam=0.05),
    "search": LambdaSearchCV(NETWORK, lams=3, cv=2),
    "stability": StabilitySelector(NETWORK, n_bootstraps=3, lams=2, random_state=0),
    "select from model": GroupSelectFromModel(NETWORK, max_groups=2),
    "budget": BudgetSelector(
        make_pipeline(StandardScaler(), LogisticRegression()),
        groups=MADE.groups, max_groups=2, random_state=0,
    ),
    "pipeline": make_pipeline(FunctionTransformer(np.arctan), StandardScaler(), NETWORK),
    "torch loss": SGINClassifier(MADE.groups, loss=torch.nn.CrossEntropyLoss, **QUICK),
    "callable of ours": BudgetSelector(
        make_pipeline(StandardScaler(), NETWORK), groups=MADE.groups, max_groups=2, evaluate=None,
        random_state=0,
    ),
}  # fmt: skip


@pytest.fixture(params=ESTIMATORS.values(), ids=ESTIMATORS.keys())
def estimator(request):
    return request.param.fit(X, Y)


def loaded(estimator, folder, **arguments):
    sgnn.save(estimator, folder / "file.sgnn")
    return sgnn.load(folder / "file.sgnn", **arguments)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_saved_estimator_says_the_same(estimator, tmp_path):
    again = loaded(estimator, tmp_path)
    for name in ("predict", "predict_proba", "transform", "predict_partial"):
        if hasattr(estimator, name):
            np.testing.assert_array_equal(getattr(again, name)(X), getattr(estimator, name)(X))
    assert repr(again) == repr(estimator)
    assert os.listdir(tmp_path) == ["file.sgnn"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_can_be_saved_again_and_fitted(estimator, tmp_path):
    again = loaded(loaded(estimator, tmp_path), tmp_path)
    np.testing.assert_array_equal(again.fit(X, Y).transform(X), estimator.transform(X))


def test_a_mixed_table(tmp_path):
    heart = load_heart_costs(as_frame=True)
    encoder = make_column_transformer(
        (OneHotEncoder(sparse_output=False), make_column_selector(dtype_include="category")),
        remainder="passthrough",
    ).set_output(transform="pandas")
    network = GroupLassoMLP(sgnn.source_columns(heart.data.columns), **QUICK)
    model = make_pipeline(encoder, network).fit(heart.data, heart.target)
    again = loaded(model, tmp_path)
    np.testing.assert_array_equal(again.predict_proba(heart.data), model.predict_proba(heart.data))


class Body(torch.nn.Module):
    """A network of the user's."""

    def __init__(self, width=6, n_outputs=2):
        super().__init__()
        self.first = torch.nn.Conv1d(1, 3, 3)
        self.last = torch.nn.Linear(3 * width, n_outputs)

    def forward(self, x):
        return self.last(self.first(x).relu().flatten(1))


def test_a_network_of_the_users_class_is_given_again(tmp_path):
    n = X.shape[1]
    model = SparseGroupCNN(architecture=Body(n - 2), max_epochs=2, random_state=0).fit(X, Y)
    again = loaded(model, tmp_path, module=Body(n - 2))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    with pytest.raises(ValueError, match="give module=, a network of that class, got NoneType"):
        sgnn.load(tmp_path / "file.sgnn")
    with pytest.raises(ValueError, match=r"module is not the .*Body that was saved"):
        sgnn.load(tmp_path / "file.sgnn", module=Body(n))


class Own(Loss):
    """A loss of the user's."""


class OwnNetwork(SGINClassifier):
    """An estimator of the user's."""


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (SGINClassifier(lr_schedule=lambda epoch: 1.0), "estimator.lr_schedule = .*lambda"),
        (SGINClassifier(loss=Own), "estimator.loss = .*Own"),
        (OwnNetwork(), "estimator, an object of .*OwnNetwork"),
        (SGINClassifier(random_state=np.random.default_rng(0)), "estimator.random_state"),
        (make_pipeline(StandardScaler(), FunctionTransformer(os.getcwd)), r"steps\[1\].*func"),
        (RandomForestClassifier(n_estimators=2).fit(X, Y), r"estimators_\[0\].tree_"),
        (SGINClassifier(callbacks=[open]), r"callbacks\[0\]"),
        (SGINClassifier(groups=Bunch(a=[0])), "estimator.groups, an object of .*Bunch"),
    ],
)
def test_what_cannot_be_kept_is_named(made, named, tmp_path):
    with pytest.raises(TypeError, match=named):
        sgnn.save(made, tmp_path / "file.sgnn")
    assert os.listdir(tmp_path) == []


def test_only_estimators_are_saved(tmp_path):
    with pytest.raises(TypeError, match="estimator must be an estimator, got dict"):
        sgnn.save({}, tmp_path / "file.sgnn")


def test_there_must_be_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="give the path that"):
        sgnn.load(tmp_path / "file.sgnn")


# damaged and hostile files ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    return GroupLassoClassifier(MADE.groups, lam=0.05).fit(X, Y)


@pytest.fixture(scope="module")
def content(small, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "file.sgnn"
    sgnn.save(small, path)
    return path.read_bytes()


def damages(content):
    """500 ways to damage a file."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        flipped = bytearray(content)
        flipped[rng.integers(len(content))] ^= 1 << rng.integers(8)
        yield bytes(flipped)
    for _ in range(100):
        yield content[: rng.integers(len(content))]
    for _ in range(50):
        at = rng.integers(len(content))
        yield content[:at] + rng.bytes(rng.integers(1, 40)) + content[at:]
    for _ in range(50):
        yield rng.bytes(rng.integers(0, 2000))


def test_a_damaged_file_is_refused_or_the_same(small, content, tmp_path):
    refused, expected = [], small.predict_proba(X)
    for damaged in damages(content):
        (tmp_path / "file.sgnn").write_bytes(damaged)
        try:
            again = sgnn.load(tmp_path / "file.sgnn")
        except ValueError as error:
            refused.append("is not a file of sgnn.save, or is damaged" in str(error))
        else:
            np.testing.assert_array_equal(again.predict_proba(X), expected)
    assert all(refused)
    assert len(refused) > 450


def forged(content, change):
    """The file with a changed graph of objects and a digest that agrees."""
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    graph = json.loads(header["__metadata__"]["sgnn"])
    change(graph)
    text = json.dumps(graph)
    offsets = {name: entry for name, entry in header.items() if name != "__metadata__"}
    dtypes = {"F64": "<f8", "I64": "<i8", "BOOL": "|b1", "F32": "<f4"}
    data = content[8 + size :]
    arrays = {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], dtypes[entry["dtype"]]).reshape(
            entry["shape"]
        )
        for name, entry in offsets.items()
    }
    header["__metadata__"] = {"sgnn": text, "sha256": _digest(text, arrays)}
    new = json.dumps(header).encode()
    return struct.pack("<Q", len(new)) + new + data


def first(graph, kind):
    return next(record for record in graph["objects"] if record["kind"] == kind)


def named(name):
    """The root is an object of this class."""

    def change(graph):
        first(graph, "object")["class"] = name

    return change


def function(name):
    """groups= is this function."""

    def change(graph):
        graph["objects"].append({"kind": "named", "name": name})
        state = first(graph, "object")["state"]
        state.append(["groups", {"ref": len(graph["objects"]) - 1}])

    return change


def added(record):
    """A part like this."""

    def change(graph):
        graph["objects"].append(record)
        first(graph, "object")["state"].append(["groups", {"ref": len(graph["objects"]) - 1}])

    return change


def itself(graph):
    graph["objects"].append({"kind": "tuple", "items": [{"ref": len(graph["objects"])}]})
    first(graph, "object")["state"].append(["groups", {"ref": len(graph["objects"]) - 1}])


HOSTILE = {
    "an array as root": lambda graph: graph.update(root=3),
    "another format": lambda graph: graph.update(format=99),
    "a tuple of itself": itself,
    **{
        name: named(name)
        for name in (
            "subprocess:Popen", "os:_wrap_close", "builtins:type", "sgnn.groups:np.ndarray",
            "sklearn.ensemble._forest:RandomForestClassifier.fit", "numpy:ndarray", "nowhere:Thing",
            "torch.nn.modules.linear:Linear", "sklearn.tree._tree:Tree", "sgnn.files:Missing",
        )
    },
    **{
        name: function(name)
        for name in (
            "os:system", "builtins:eval", "builtins:exec", "sgnn.persistence.files:load",
            "numpy:load", "torch.serialization:load", "sklearn.utils._testing:SkipTest",
        )
    },
    **{
        str(record): added(record)
        for record in (
            {"kind": "objects", "dtype": "|O", "shape": [10**12], "items": []},
            {"kind": "objects", "dtype": "<f8", "shape": [1], "items": [1.0]},
            {"kind": "array", "name": "none"}, {"kind": "eval", "items": []}, {"kind": "float"},
            {"kind": "torch dtype", "name": "load"}, {"kind": "dtype", "name": "os.system"},
            {"kind": "module", "class": "sgnn.groups:Groups", "state": []}, {}, 7,
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused(content, change, tmp_path):
    path = tmp_path / "file.sgnn"
    path.write_bytes(forged(content, change))
    with pytest.raises(ValueError, match=str(path)) as refusal:
        sgnn.load(path)
    assert "\n" not in str(refusal.value)


def test_the_digest_is_that_of_the_file(content):
    """`forged` without a change is the file again."""
    size = struct.unpack("<Q", content[:8])[0]
    kept = json.loads(content[8 : 8 + size])["__metadata__"]["sha256"]
    again = forged(content, lambda graph: None)
    size = struct.unpack("<Q", again[:8])[0]
    assert json.loads(again[8 : 8 + size])["__metadata__"]["sha256"] == kept
    assert len(kept) == len(hashlib.sha256().hexdigest())
