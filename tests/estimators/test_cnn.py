"""SparseGroupCNN: images in every form, channels, architectures, groupings and compaction."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from sgnn import SparseGroupCNN, regularizers
from sgnn.algorithms import Gates, Splitting, Subgradient
from sgnn.estimators.augment import AUGMENTATIONS
from sgnn.modules import ARCHITECTURES, LeNet5
from sgnn.regularizers import L1, OnLayers, SparseGroupLasso

from .instances import CNN

QUICK = {
    "architecture": LeNet5(filters=(6, 8), units=(10,)),
    "learning_rate": 0.01,
    "max_epochs": 12,
    "device": "cpu",
    "random_state": 0,
}


def images(n=90, channels=4, side=8, seed=0):
    """Two classes: a bright left or right half, in channels 1 and 3; the others are noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, channels, side, side)).astype(np.float32)
    y = rng.integers(0, 2, n)
    for row, label in zip(X, y, strict=True):
        half = slice(0, side // 2) if label else slice(side // 2, side)
        row[1, :, half] += 1.5
        row[3, :, half] += 1.5
    return X, np.array(["left", "right"])[y]


X, Y = images()
SHAPE = X.shape[1:]


@pytest.fixture(scope="module")
def fitted():
    return SparseGroupCNN(lam=1e-3, max_groups=2, **QUICK).fit(X, Y)


def test_the_planted_channels_are_found(fitted):
    assert fitted.selected_groups_ == [1, 3]
    assert fitted.score(*images(seed=1)) > 0.9
    assert fitted.n_features_in_ == 4
    assert fitted.get_support().tolist() == [False, True, False, True]
    assert fitted.get_feature_names_out().tolist() == ["x1", "x3"]
    np.testing.assert_array_equal(fitted.feature_importances_ > 0, fitted.get_support())


@pytest.mark.parametrize("poison", [0.0, 1e30, np.nan, np.inf])
def test_removed_channels_are_not_looked_at(fitted, poison):
    spoilt = X.copy()
    spoilt[:, [0, 2]] = poison
    np.testing.assert_array_equal(fitted.predict_proba(spoilt), fitted.predict_proba(X))
    np.testing.assert_array_equal(fitted.transform(spoilt), X[:, [1, 3]])
    back = fitted.inverse_transform(fitted.transform(X))
    np.testing.assert_array_equal(back, X * np.array([0, 1, 0, 1])[:, None, None])


def test_kept_channels_are_looked_at(fitted):
    spoilt = X.copy()
    spoilt[3, 1, 2, 2] = np.nan
    with pytest.raises(ValueError, match="X contains NaN in column 'channel 1'"):
        fitted.predict(spoilt)


def test_flat_rows_are_the_same_images(fitted):
    flat = X.reshape(len(X), -1)
    other = SparseGroupCNN(image_shape=SHAPE, lam=1e-3, max_groups=2, **QUICK).fit(flat, Y)
    np.testing.assert_array_equal(other.predict_proba(flat), fitted.predict_proba(X))
    assert other.get_support().tolist() == np.repeat([False, True, False, True], 64).tolist()
    assert other.transform(flat).shape == (90, 128)
    inferred = SparseGroupCNN(image_shape=(4, -1, 8), lam=1e-3, max_groups=2, **QUICK)
    np.testing.assert_array_equal(
        inferred.fit(flat, Y).predict_proba(flat), fitted.predict_proba(X)
    )


def test_groups_of_channels():
    settings = QUICK | {"lam": 1e-3, "max_groups": 1}
    model = SparseGroupCNN({"noise": [0, 2], "signal": [1, 3]}, **settings).fit(X, Y)
    assert model.selected_groups_ == ["signal"]
    assert model.groups_.sizes.tolist() == [2, 2]


def test_signals_of_one_dimension():
    signals = X.mean(2)  # (90, 4, 8)
    model = SparseGroupCNN(lam=1e-3, max_groups=2, **QUICK).fit(signals, Y)
    assert model.selected_groups_ == [1, 3]
    assert model.score(signals, Y) > 0.9


def test_standardized_channels_keep_their_pattern():
    scaled = X * np.array([1, 100, 1, 0.01], dtype=np.float32)[:, None, None] + 5
    model = SparseGroupCNN(lam=1e-3, max_groups=2, standardize=True, **QUICK).fit(scaled, Y)
    assert model.selected_groups_ == [1, 3]
    columns = model.module_.input_transform
    shift, scale = columns.shift.reshape(4, -1), columns.scale.reshape(4, -1)
    assert (shift == shift[:, :1]).all()
    np.testing.assert_allclose(shift[:, 0], scaled.mean((0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(scale[:, 0], scaled.std((0, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("grouping", ["neuron", "channel", "filter"])
@pytest.mark.parametrize("algorithm", ["splitting", "proximal", "subgradient"])
@pytest.mark.parametrize("name", regularizers.names())
def test_every_regularizer_trains_and_compacts(name, algorithm, grouping):
    settings = QUICK | {"max_epochs": 2, "lam": 1e-3}
    model = SparseGroupCNN(
        regularizer=name, algorithm=algorithm, grouping=grouping, **settings
    ).fit(X[:40], Y[:40])
    said = model.predict_proba(X)
    assert np.isfinite(said).all()
    assert all(np.isfinite(row["regularization"]) for row in model.history_)
    with torch.no_grad():
        small = model.compact()(torch.from_numpy(model.transform(X)))
    np.testing.assert_allclose(torch.softmax(small.double(), 1), said, atol=1e-5)


def by_loops(model, name):
    """lam * R over the layers that the regularizer is for, written out."""
    body, lam = model.module_.body, model.lam
    convs, dense = [body.conv1.weight, body.conv2.weight], [body.dense1.weight, body.output.weight]
    convs, dense = ([W.detach().double().numpy() for W in part] for part in (convs, dense))
    total = 0.0
    if name == "sgl_l1":
        blocks = [W[i] for W in convs for i in range(len(W))]
        blocks += [W[:, j] for W in dense for j in range(W.shape[1])]
        for w in blocks:
            total += np.sqrt(w.size) * np.sqrt((w**2).sum()) + np.abs(w).sum()
    else:  # HSQ-GL, neuron-wise: output channels outside, kernels inside
        for W in convs:
            for out in W:
                total += sum(np.sqrt((kernel**2).sum()) for kernel in out) ** 2
    return lam * total


@pytest.mark.parametrize("name", ["sgl_l1", "hsq_gl"])
def test_the_penalty_is_the_papers_formula(name):
    settings = QUICK | {"max_epochs": 3, "lam": 1e-3, "regularize": ("hidden",)}
    model = SparseGroupCNN(regularizer=name, algorithm=Subgradient(zero_tol=0.0), **settings)
    model.fit(X, Y)
    assert model.history_[-1]["regularization"] == pytest.approx(by_loops(model, name), rel=1e-5)


def test_oicsr_joins_what_leads_into_and_out_of_a_unit():
    settings = QUICK | {"lam": 1e-3, "regularizer": "group_lasso", "max_epochs": 3}
    algorithm = Subgradient(zero_tol=0.0)
    model = SparseGroupCNN(grouping="oicsr", algorithm=algorithm, **settings).fit(X, Y)
    body = model.module_.body
    W1, W2 = (W.detach().double().numpy() for W in (body.conv1.weight, body.conv2.weight))
    W3, W4 = (W.detach().double().numpy() for W in (body.dense1.weight, body.output.weight))
    total = sum(np.sqrt((W1[u] ** 2).sum() + (W2[:, u] ** 2).sum()) for u in range(6))
    m = W3.shape[1] // 8
    total += sum(
        np.sqrt((W2[u] ** 2).sum() + (W3[:, m * u : m * u + m] ** 2).sum()) for u in range(8)
    )
    total += sum(np.sqrt((W3[u] ** 2).sum() + (W4[:, u] ** 2).sum()) for u in range(10))
    assert model.history_[-1]["regularization"] == pytest.approx(1e-3 * total, rel=1e-5)


@pytest.mark.parametrize(
    ("regularizer", "group", "entry"),
    [
        (SparseGroupLasso(), 1.0, 1.0),
        (SparseGroupLasso(alpha=0.25), 0.25, 0.75),
        (L1(), 0.0, 1.0),
    ],
)
@pytest.mark.parametrize("layers", ["all", "conv"])
def test_oicsr_counts_no_entry_twice_and_respects_layers(layers, regularizer, group, entry):
    settings = QUICK | {"lam": 1e-3, "max_epochs": 2, "algorithm": Subgradient(zero_tol=0.0)}
    R = OnLayers(regularizer, layers)
    model = SparseGroupCNN(regularizer=R, grouping="oicsr", **settings).fit(X, Y)
    body = model.module_.body
    names = ["conv1", "conv2"] + ["dense1", "output"] * (layers == "all")
    weights = [getattr(body, name).weight.detach().double().numpy() for name in names]
    total = entry * sum(np.abs(W).sum() for W in weights)
    for lower, upper in itertools.pairwise(weights):
        m = upper.shape[1] // len(lower)
        for u in range(len(lower)):
            out = upper[:, m * u : m * u + m]
            total += group * np.sqrt((lower[u] ** 2).sum() + (out**2).sum())
    assert model.history_[-1]["regularization"] == pytest.approx(1e-3 * total, rel=1e-5)


def test_oicsr_of_convolutions_leaves_dense_layers_alone():
    settings = QUICK | {"lam": 10.0, "max_epochs": 8}
    arguments = {"grouping": "oicsr", "algorithm": Subgradient(zero_tol=1e-2)}
    found = {}
    for layers in ("all", "conv"):
        model = SparseGroupCNN(regularizer=OnLayers("sgl_l1", layers), **arguments, **settings).fit(
            X, Y
        )
        found[layers] = {row["name"]: row["zero_weights"] for row in model.sparsity_}
    assert found["conv"]["dense1"] == found["conv"]["output"] == 0 < found["all"]["dense1"]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "grouping", ["neuron", *(pytest.param(g, marks=SLOW) for g in ("channel", "filter"))]
)
@pytest.mark.parametrize("regularizer", ["group_l0", "group_lasso"])
def test_gates_shut_and_compact(regularizer, grouping):
    settings = QUICK | {"lam": 0.03, "max_epochs": 40, "batch_size": 15}
    model = SparseGroupCNN(
        regularizer=regularizer, algorithm=Gates(zero_tol=1e-3), grouping=grouping, **settings
    ).fit(X, Y)
    assert sum(layer["zero_weights"] for layer in model.sparsity_) > 100
    assert model.score(X, Y) > 0.9
    with torch.no_grad():
        small = model.compact()(torch.from_numpy(model.transform(X)))
    said = torch.softmax(small.double(), 1)
    np.testing.assert_allclose(said, model.predict_proba(X), atol=1e-5)


def test_lenet_has_the_papers_neurons():
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(20, 784)), np.arange(20) % 10
    model = SparseGroupCNN(image_shape=(1, 28, 28), max_epochs=1).fit(rows, labels)
    assert [layer["neurons"] for layer in model.sparsity_] == [20, 50, 800, 500]
    assert sum(layer["weights"] for layer in model.sparsity_) == 430_500


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("cnn4", {"filters": (4, 6), "units": (8,)}),
        ("simple", {"filters": (4, 6), "units": (8, 8)}),
        ("resnet18", {"widths": (3, 4, 5, 6)}),
    ],
)
def test_architectures(architecture, options):
    made = ARCHITECTURES.made(architecture, **options)
    settings = QUICK | {"architecture": made, "batch_size": 30, "lam": 1e-4}
    before = torch.get_rng_state()
    model, again = (SparseGroupCNN(**settings).fit(X, Y) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    assert model.score(X, Y) > 0.8
    with torch.no_grad():
        small = model.compact()(torch.from_numpy(model.transform(X)))
    said = torch.softmax(small.double(), 1)
    np.testing.assert_allclose(said, model.predict_proba(X), atol=1e-5)


class Residual(nn.Module):
    """A user's own network."""

    def __init__(self, n_outputs=2):
        super().__init__()
        self.stem = nn.Conv2d(4, 6, 3, padding=1)
        self.inner = nn.Conv2d(6, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(6, n_outputs)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = torch.relu(x + self.norm(self.inner(x)))
        return self.head(x.mean((2, 3)))


def test_a_users_own_network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        mine = Residual()
    before = {name: value.clone() for name, value in mine.state_dict().items()}
    settings = QUICK | {"architecture": mine, "max_epochs": 30}
    model = SparseGroupCNN(lam=3e-3, algorithm="proximal", **settings).fit(X, Y)
    assert all(torch.equal(value, before[name]) for name, value in mine.state_dict().items())
    assert model.score(X, Y) > 0.9
    with torch.no_grad():
        small = model.compact()(torch.from_numpy(model.transform(X)))
    said = torch.softmax(small.double(), 1)
    np.testing.assert_allclose(said, model.predict_proba(X), atol=1e-5)


REFUSED = {
    "too many outputs": ({"architecture": Residual(3)}, r"architecture returns.*\(n, 2\)"),
    "no tensor": (
        {"architecture": nn.Sequential(nn.Flatten(), nn.LSTM(256, 2))},
        "module returns no tensor",
    ),
    "no layer": ({"architecture": nn.Flatten()}, "architecture has no convolution or dense"),
    "too small": ({"architecture": "vgg11_bn"}, "too small"),
    "no gates": ({"algorithm": "gates"}, "regularizer=SparseGroupLasso.* has no gates"),
    "overlapping groups": ({"grouping": "oicsr"}, 'give algorithm="subgradient"'),
    "wrong shape": ({"image_shape": (1, 8, 8)}, r"image_shape=\(1, 8, 8\) is not the \(4, 8, 8\)"),
    "shape in words": ({"image_shape": "8x8"}, "image_shape must be None or a tuple"),
    "two unknowns": ({"image_shape": (-1, -1, 8)}, "image_shape must be.*at most one of them -1"),
    "unknown architecture": ({"architecture": "lenet"}, "architecture must be one of 'alexnet'"),
    "falling beta": ({"algorithm": Splitting(sigma=0.5)}, "sigma must be a finite number >= 1"),
    "unknown change": ({"augment": "rotate"}, "augment must be None or one of 'shift'"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_refused(wrong):
    changes, message = REFUSED[wrong]
    with pytest.raises(ValueError, match=message) as error:
        SparseGroupCNN(**{**QUICK, **changes}).fit(X, Y)
    assert "\n" not in str(error.value)


def test_other_shapes_than_that_of_the_fit_are_refused(fitted):
    with pytest.raises(ValueError, match=r"shape.*give \(4, 8, 8\)"):
        fitted.predict(X[:, :, :4])
    with pytest.raises(ValueError, match=r"shape.*give \(4, 8, 8\)"):
        fitted.predict(X[:, :2])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentation_moves_images_about(name):
    change = AUGMENTATIONS[name]((2, 16, 16))
    x = torch.arange(3 * 512, dtype=torch.float32).reshape(3, 512) + 1
    once, twice = (change(x, torch.Generator().manual_seed(seed)) for seed in (0, 0))
    assert torch.equal(once, twice)
    moved = [change(x, torch.Generator().manual_seed(seed)) for seed in range(20)]
    assert any(not torch.equal(m, x) for m in moved)
    for m in moved:
        # what is not 0 came from its own image
        for image, own in zip(m, x, strict=True):
            assert set(image.tolist()) <= {0.0, *own.tolist()}


def test_a_shift_by_hand():
    from sgnn.estimators.augment import _moved

    x = torch.arange(6.0).reshape(2, 1, 3) + 1
    moved = _moved(x, 2, torch.tensor([1, -2]))
    assert moved.tolist() == [[[0.0, 1.0, 2.0]], [[6.0, 0.0, 0.0]]]


def test_augmented_training():
    model = SparseGroupCNN(augment="shift", lam=1e-4, **QUICK).fit(X, Y)
    plain = SparseGroupCNN(lam=1e-4, **QUICK).fit(X, Y)
    assert model.score(X, Y) > 0.8
    assert not np.array_equal(model.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize("settings", [{}, {"refit": True}, {"regularize": ("hidden",)}], ids=str)
def test_a_module_is_traced_once_in_a_fit(monkeypatch, settings):
    import sgnn.modules.coupling as coupling

    calls, trace = [], coupling.trace
    monkeypatch.setattr(coupling, "trace", lambda *args: calls.append(1) or trace(*args))
    CNN(**settings).fit(CNN.X, CNN.y)
    assert len(calls) == 1
