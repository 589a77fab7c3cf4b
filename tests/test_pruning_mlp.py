"""The compact network takes the kept columns alone and gives the same outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.base import is_classifier

from sgnn.modules import MLP, InputTransform
from sgnn.modules.activations import ACTIVATIONS
from sgnn.pruning import mlp_sparsity, prune_mlp

from .estimators.instances import CASES, VARIANTS, outputs

SETTINGS = [
    {},
    {"standardize": True},
    {"missing": "mean"},
    {"standardize": True, "missing": "mean"},
    {"dtype": "float32"},
    {"hidden": False},
    {"lam": 0.0},
    {"lam": 100.0},
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("case", VARIANTS, ids=str)
def test_equals_the_estimator_on_the_kept_columns(case, settings):
    X = case.X.copy()
    if "missing" in settings:
        X.flat[::7] = np.nan
    estimator = case(**settings).fit(X, case.y)
    small = estimator.compact()
    kept = estimator.transform(X)
    assert small.input_transform.n_features == kept.shape[1] == estimator.get_support().sum()
    with torch.no_grad():
        out = small(torch.tensor(kept)).double().numpy()
    said = softmax(out, axis=1) if is_classifier(estimator) else out[:, 0]
    np.testing.assert_allclose(said, outputs(estimator, X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_savings_are_those_of_the_compact_network(case):
    estimator = case().fit(case.X, case.y)
    costs, small = estimator.savings(n_rows=5), estimator.compact()
    modules = (estimator.module_, small)
    assert costs["parameters"] == tuple(sum(p.numel() for p in m.parameters()) for m in modules)
    assert costs["flops"][1] < costs["flops"][0]
    assert costs["bytes"][1] < costs["bytes"][0]
    assert min(costs["seconds"]) > 0


@pytest.mark.parametrize(
    "settings",
    [
        {"standardize": True, "missing": "mean"},
        pytest.param({}, marks=pytest.mark.slow),
    ],
    ids=str,
)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_onnx_runtime_computes_the_same(case, settings, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    estimator = case(dtype="float32", **settings).fit(case.X, case.y)
    estimator.to_onnx(tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    kept = estimator.transform(case.X).astype(np.float32)
    (out,) = session.run(None, {"input": kept})
    with torch.no_grad():
        expected = estimator.compact()(torch.from_numpy(kept)).numpy()
    np.testing.assert_allclose(out, expected, atol=1e-5)


def module():
    columns = InputTransform(3, shift=np.array([1.0, 2.0, 3.0]), scale=np.array([2.0, 4.0, 8.0]))
    net = MLP(columns, [4], 2, generator=torch.Generator().manual_seed(0))
    net.input_transform.keep(torch.tensor([True, False, True]))
    return net


def test_fewer_numbers_and_the_same_outputs():
    net = module()
    small = prune_mlp(net)
    assert sum(p.numel() for p in small.parameters()) == 2 * 4 + (4 + 1) * 2
    x = torch.tensor([[1.0, np.nan, 5.0], [0.0, 7.0, -2.0]])
    torch.testing.assert_close(small(x[:, [0, 2]]), net(x))


def test_the_original_is_left_alone():
    net = module()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    small = prune_mlp(net)
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.zero_()
    for name, value in net.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_compacting_twice_changes_nothing_more():
    once = prune_mlp(module())
    twice = prune_mlp(once)
    x = torch.tensor([[1.0, 5.0]])
    assert torch.equal(twice(x), once(x))
    assert twice.theta.shape == once.theta.shape


def with_dead_units(activation):
    """Hidden layers of 5 and 4: one unit of each is not read, one of each reads nothing."""
    generator = torch.Generator().manual_seed(1)
    net = MLP(InputTransform(3), [5, 4], 2, activation, first_bias=True, generator=generator)
    with torch.no_grad():
        for bias in net.biases:
            bias.uniform_(-1, 1, generator=generator)
        net.weights[0][:, 0] = 0
        net.weights[1][:, 1] = 0
        net.theta[2] = 0
        net.weights[0][3] = 0
    return net


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_units_that_do_nothing_are_left_out(activation):
    net = with_dead_units(activation)
    small = prune_mlp(net)
    shapes = [tuple(W.shape) for W in (small.theta, *small.weights)]
    assert shapes == [(3, 3), (2, 3), (2, 2)]
    assert [len(b) for b in small.biases] == [3, 2, 2]
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(small(x), net(x))


def test_units_that_only_feed_dead_units_go_too():
    net = MLP(InputTransform(2), [3, 2], 1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        net.weights[1][0, 0] = 0  # nothing reads the first unit of the second layer,
        net.weights[0][1, 2] = 0  # the only one that reads the third unit of the first
    small = prune_mlp(net)
    assert [tuple(W.shape) for W in (small.theta, *small.weights)] == [(2, 2), (1, 2), (1, 1)]
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
    torch.testing.assert_close(small(x), net(x))


@pytest.mark.parametrize("hidden", [(), (4,), (5, 4)], ids=len)
def test_without_a_column_only_constants_are_left(hidden):
    net = MLP(InputTransform(3), hidden, 2, "elu", generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        net.biases[0].fill_(0.5)
    net.input_transform.keep(torch.zeros(3, dtype=torch.bool))
    small = prune_mlp(net)
    assert sum(p.numel() for p in small.parameters()) == 2
    x = torch.ones(6, 3)
    torch.testing.assert_close(small(x[:, :0]), net(x), rtol=0, atol=0)
    assert [row["flops_left"] for row in mlp_sparsity(net)] == [0] * (1 + len(hidden))
    assert prune_mlp(small).theta.shape == (2, 0)


def test_sparsity_counted_by_hand():
    net = with_dead_units("relu")
    with torch.no_grad():
        net.theta[:, 1] = 0
        net.biases[0][0] = 0  # the unread unit of the first layer has no bias left
    first, second, third = mlp_sparsity(net)
    assert first == {
        "name": "input",
        "weights": 15,
        "zero_weights": 5 + 3 - 1,  # a column, a row, and where they cross
        "neurons": 3,
        "zero_neurons": 1,
        "flops": 2 * 15,
        "flops_left": 2 * 3 * 3,
    }
    assert (second["weights"], second["zero_weights"]) == (20, 4 + 5 - 1)
    assert (second["neurons"], second["zero_neurons"]) == (5, 1)
    # the second layer's unread unit has its bias, and so it is not gone
    assert (third["weights"], third["zero_weights"]) == (8, 2)
    assert (third["neurons"], third["zero_neurons"]) == (4, 0)
    assert (second["flops_left"], third["flops_left"]) == (2 * 2 * 3, 2 * 2 * 2)
