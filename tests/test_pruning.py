"""The pruned network computes what the whole one does, and is as small as it should be."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from sgnn.modules import ARCHITECTURES
from sgnn.modules.coupling import couple
from sgnn.pruning import compare, layer_flops, layer_sparsity, live_units, measure, prune, to_onnx

from .modules.test_coupling import Net, user_module

DEPTH = {"resnet40": {"depth": 10}, "wrn28_10": {"depth": 10, "widen_factor": 1}}


def generator(seed):
    return torch.Generator().manual_seed(seed)


def build(name, shape, seed=0):
    """A network in float64, any of whose numbers may be zero: see `plant`."""
    if name == "user":
        return user_module().double().eval()
    return (
        ARCHITECTURES.made(name, **DEPTH.get(name, {}))(shape, 3, generator=generator(seed))
        .double()
        .eval()
    )


def plant(net, seed, fraction):
    """Zero filters and columns at random; biases and batch norms with and without zeros."""
    g = generator(seed)

    def some(n):
        return torch.rand(n, generator=g) < fraction

    with torch.no_grad():
        for module in net.modules():
            for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
                if tensor.dim() == 1:
                    tensor.uniform_(0.5, 2, generator=g)
                    tensor *= torch.where(some(len(tensor)), -1, 1)
            if isinstance(module, _BatchNorm | nn.PReLU):
                module.weight[some(len(module.weight))] = 0
            if isinstance(module, _BatchNorm):
                module.running_var.abs_()
                module.bias[some(len(module.bias))] = 0
            if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
                module.weight[some(len(module.weight))] = 0
                module.weight[:, some(module.weight.shape[1])] = 0
                if module.bias is not None:
                    module.bias[some(len(module.bias))] = 0
    return net


def assert_equal_outputs(small, net, shape, kept=None, seed=0, tol=1e-10):
    kept = torch.ones(shape[0], dtype=torch.bool) if kept is None else torch.tensor(kept)
    like = next(net.parameters())
    x = 3 * torch.randn(4, *shape, generator=generator(seed), dtype=torch.float64).to(like)
    x[:, ~kept] = 0
    with torch.no_grad():
        expected, out = net.eval()(x), small.eval()(x[:, kept])
    scale = max(1, expected.abs().max())
    torch.testing.assert_close(out / scale, expected / scale, rtol=0, atol=tol)


def n_parameters(net):
    return sum(p.numel() for p in net.parameters())


# equal outputs -------------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.8])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lenet5", (3, 20, 16)), ("lenet5", (3, 2)), ("cnn4", (2, 40)), ("alexnet", (2, 12, 9)),
        ("vgg11_bn", (3, 32, 32)), ("resnet18", (3, 20, 20)), ("resnet18", (2, 9, 9, 9)),
        ("resnet40", (3, 8, 8)), ("wrn28_10", (3, 30)), ("user", (3, 8, 8)),
    ],
)  # fmt: skip
def test_equal_outputs_with_fewer_parameters(name, shape, fraction):
    net = plant(build(name, shape), 1, fraction)
    small = prune(net, shape)
    assert_equal_outputs(small, net, shape)
    assert n_parameters(small) < n_parameters(net)
    for module in small.modules():
        if isinstance(module, nn.Linear):
            assert (module.out_features, module.in_features) == module.weight.shape
        elif hasattr(module, "groups"):
            shape = (module.out_channels, module.in_channels // module.groups)
            assert shape == module.weight.shape[:2]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), fraction=st.sampled_from([0.1, 0.3, 0.6]), masked=st.booleans())
def test_equal_outputs_of_a_users_own_module(seed, fraction, masked):
    net, shape = plant(user_module().double(), seed, fraction), (3, 8, 8)
    kept = [True, False, True] if masked else None
    assert_equal_outputs(prune(net, shape, kept), net, shape, kept, seed)


@pytest.mark.parametrize("name", ["lenet5", "vgg11_bn", "resnet18", "resnet40"])
def test_equal_outputs_on_the_kept_input_channels(name):
    shape, kept = (4, 32, 32), [False, True, True, False]
    net = plant(build(name, shape), 2, 0.4)
    small = prune(net, shape, kept)
    first = couple(small, (2, 32, 32)).layers[0]
    assert first.weight.shape[1] == 2
    assert_equal_outputs(small, net, shape, kept)


@pytest.mark.parametrize("name", ["lenet5", "vgg11_bn", "resnet18"])
def test_single_precision(name):
    shape = (3, 32, 32)
    net = plant(build(name, shape), 3, 0.4).float()
    assert_equal_outputs(prune(net, shape), net, shape, tol=1e-5)


@pytest.mark.parametrize("name", ["lenet5", "vgg11_bn", "resnet18", "user"])
def test_nothing_to_prune(name):
    shape = (3, 8, 8) if name == "user" else (3, 32, 32)
    net = build(name, shape)
    small = prune(net, shape)
    for key, value in small.state_dict().items():
        assert torch.equal(value, net.state_dict()[key])


@pytest.mark.parametrize("name", ["lenet5", "vgg11_bn", "resnet18", "resnet40"])
def test_pruning_again_changes_nothing_more(name):
    shape = (3, 32, 32)
    once = prune(plant(build(name, shape), 4, 0.5), shape)
    assert n_parameters(prune(once, shape)) == n_parameters(once)


@pytest.mark.parametrize("name", ["lenet5", "vgg11_bn", "resnet18", "user"])
def test_when_every_weight_is_zero(name):
    shape = (3, 8, 8) if name == "user" else (3, 32, 32)
    net = build(name, shape)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter.zero_()
    small = prune(net, shape)
    assert_equal_outputs(small, net, shape)
    inner = couple(small, shape).layers[:-1]
    assert all(len(layer.makes.unique()) == 1 for layer in inner if layer.name != "deep")


# how small -----------------------------------------------------------------------------------


def widths(net, shape):
    return [tuple(layer.weight.shape[:2]) for layer in couple(net, shape).layers]


def test_dead_filters_and_unread_units_of_lenet():
    shape = (1, 28, 28)
    net = build("lenet5", shape)
    with torch.no_grad():
        net.conv1.weight[:3] = 0  # constant: their biases go on
        net.conv1.bias.fill_(0.5)
        net.conv2.weight[:, 3:5] = 0  # not read
        net.conv2.weight[7] = 0
        net.dense1.weight[:, 16:32] = 0  # channel 1 at its 16 positions
        net.dense1.weight[:, 32] = 0  # channel 2 at one of them
        net.dense1.weight[:50] = 0
        net.output.weight[:, 400:] = 0
    small = prune(net, shape)
    assert widths(small, shape) == [(15, 1), (48, 15), (350, 48 * 16), (3, 350)]
    assert_equal_outputs(small, net, shape)


def padded(bias, mode="zeros"):
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Conv2d(6, 2, 3, padding=1, padding_mode=mode),
        nn.Flatten(), nn.Linear(2 * 36, 1),
    ).double()  # fmt: skip
    with torch.no_grad():
        net[0].weight[:4] = 0
        net[0].bias[:4] = torch.tensor(bias)
    return net


@pytest.mark.parametrize(
    ("bias", "mode", "left"),
    [
        ([0.0, 0.0, 0.0, 0.0], "zeros", 2),
        ([-1.0, -2.0, 0.0, -3.0], "zeros", 2),  # constant 0 behind the ReLU
        ([0.3, 1.0, -2.0, 5.0], "zeros", 3),  # one constant does for the three
        ([0.3, 1.0, -2.0, 5.0], "circular", 2),
        ([0.3, 1.0, -2.0, 5.0], "reflect", 2),
        ([0.3, 1.0, -2.0, 5.0], "replicate", 2),
    ],
)
def test_constant_channels_under_padding(bias, mode, left):
    net = padded(bias, mode)
    small = prune(net, (1, 8, 8))
    assert len(small[0].weight) == left
    assert_equal_outputs(small, net, (1, 8, 8))


def test_constants_without_padding_leave_no_channel():
    net = nn.Sequential(
        nn.Conv1d(1, 3, 3), nn.Tanh(), nn.AvgPool1d(2), nn.Conv1d(3, 2, 2, bias=False),
        nn.Flatten(), nn.Linear(2 * 3, 1),
    ).double()  # fmt: skip
    with torch.no_grad():
        net[0].weight[1] = 0
    small = prune(net, (1, 10))
    assert small[0].weight.shape == (2, 1, 3)
    constant = torch.tanh(net[0].bias[1]) * net[3].weight[:, 1].sum(1)
    torch.testing.assert_close(small[3].bias, constant)
    assert_equal_outputs(small, net, (1, 10))


def test_a_batch_norm_without_gamma_passes_beta_alone():
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 2)
    ).double()
    with torch.no_grad():
        net[1].weight[:2] = 0
        net[1].bias[:2] = torch.tensor([-1.0, 2.0])
    small = prune(net, (2, 6, 6))
    assert small[1].num_features == 2
    torch.testing.assert_close(small[3].bias, net[3].bias + 2 * net[3].weight[:, 1].sum((1, 2)))
    assert_equal_outputs(small, net, (2, 6, 6))


def test_a_channel_made_uneven_by_a_border_stays_or_is_folded_position_by_position():
    """A padded convolution that reads a constant: uneven, yet the same for every input."""
    conv = [nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 3, padding=1)]
    with torch.no_grad():
        conv[0].weight[0] = 0
        conv[1].weight[0, 1] = 0  # its channel 0 reads the constant channel alone
    head = nn.Sequential(*copy.deepcopy(conv), nn.Flatten(), nn.Linear(2 * 25, 1)).double()
    small = prune(head, (1, 5, 5))
    assert small[1].weight.shape[:2] == (1, 2)
    assert_equal_outputs(small, head, (1, 5, 5))
    more = nn.Sequential(*copy.deepcopy(conv), nn.Conv2d(2, 1, 2)).double()
    small = prune(more, (1, 5, 5))
    assert small[1].weight.shape[:2] == (2, 2)
    assert_equal_outputs(small, more, (1, 5, 5))


def test_constants_through_a_depthwise_convolution():
    net = nn.Sequential(
        nn.Conv1d(1, 4, 1), nn.PReLU(), nn.Conv1d(4, 8, 2, groups=4), nn.Conv1d(8, 1, 2)
    ).double()  # fmt: skip
    with torch.no_grad():
        net[0].weight[0] = 0  # constant before, and so behind
        net[2].weight[2:4] = 0  # constant behind
        net[2].weight[4] = 0  # of two filters, one constant
    small = prune(net, (1, 6))
    assert widths(small, (1, 6)) == [(2, 1), (4, 1), (1, 4)]
    assert_equal_outputs(small, net, (1, 6))


def test_a_concatenated_part_that_nothing_reads_keeps_one_channel():
    net = Net(lambda net, x: net.head(torch.cat([net.a(x), net.b(x)], 1)),
              a=nn.Linear(2, 2), b=nn.Linear(2, 3), head=nn.Linear(5, 1)).double()  # fmt: skip
    with torch.no_grad():
        net.head.weight[:, 2:] = 0
    small = prune(net, (2,))
    assert widths(small, (2,)) == [(2, 2), (1, 2), (1, 3)]
    assert_equal_outputs(small, net, (2,))


def test_what_a_layer_reads_before_another_works_in_place():
    net = Net(
        lambda net, x: (lambda a: net.b(a) + torch.relu_(a))(net.a(x)),
        a=nn.Linear(2, 3), b=nn.Linear(3, 3),
    ).double()  # fmt: skip
    with torch.no_grad():
        net.a.weight[0] = 0
        net.a.bias[0] = -1
    assert_equal_outputs(prune(net, (2,)), net, (2,))


def test_constants_through_a_softmax():
    net = nn.Sequential(
        nn.Linear(2, 3), nn.Softmax(1), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)
    ).double()  # fmt: skip
    with torch.no_grad():
        net[0].weight[0] = 0  # constant, but what leaves the softmax is not
        net[2].weight[:, 1] = 0  # not read, but a part of the softmax's sum
    small = prune(net, (2,))
    assert widths(small, (2,)) == [(3, 2), (4, 3), (1, 4)]
    assert_equal_outputs(small, net, (2,))
    with torch.no_grad():
        net[0].weight[:] = 0
    small = prune(net, (2,))
    assert widths(small, (2,)) == [(3, 2), (1, 3), (1, 1)]
    assert_equal_outputs(small, net, (2,))


def residual(stem, a, b, head):
    return Net(
        lambda net, x: net.head((lambda s: s + net.b(torch.relu(net.a(s))))(net.stem(x)).mean(2)),
        stem=stem, a=a, b=b, head=head,
    ).double()  # fmt: skip


def test_a_channel_of_a_sum_goes_when_all_who_add_are_constant():
    net = residual(nn.Conv1d(1, 3, 1), nn.Conv1d(3, 4, 1), nn.Conv1d(4, 3, 1), nn.Linear(3, 1))
    with torch.no_grad():
        net.stem.weight[:2] = 0
        net.b.weight[1:] = 0
    small = prune(net, (1, 5))  # of the sum, only channel 1 is constant
    assert widths(small, (1, 5)) == [(2, 1), (4, 2), (2, 4), (1, 2)]
    assert_equal_outputs(small, net, (1, 5))


def test_units_that_feed_only_each_other_go():
    net = residual(nn.Conv1d(1, 3, 1), nn.Conv1d(3, 4, 1), nn.Conv1d(4, 3, 1), nn.Linear(3, 1))
    with torch.no_grad():
        net.head.weight[:, 0] = 0  # channel 0 is read by a, whose units make it,
        net.b.weight[1:] = 0  # and nothing else
    small = prune(net, (1, 5))
    assert widths(small, (1, 5)) == [(2, 1), (1, 2), (2, 1), (1, 2)]
    assert_equal_outputs(small, net, (1, 5))


def test_what_is_added_to_a_channel_that_nothing_reads_any_more_goes():
    net = residual(nn.Conv1d(1, 3, 1), nn.Conv1d(3, 4, 1), nn.Conv1d(4, 3, 1), nn.Linear(3, 1))
    with torch.no_grad():
        net.head.weight[:, 0] = 0  # a reads channel 0 of the stem, and that is all
        net.b.weight[1:, 2:] = 0  # units 2 and 3 of a go into channel 0 alone
    small = prune(net, (1, 5))
    assert widths(small, (1, 5)) == [(3, 1), (2, 3), (3, 2), (1, 3)]
    assert_equal_outputs(small, net, (1, 5))


def test_live_units_by_hand():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        net[0].weight[2] = 0  # constant, but read
        net[2].weight[:, 1] = 0
    coupling = couple(net, (3,))
    first, second = coupling.layers
    live = live_units(coupling)
    assert live[first.makes].tolist() == [True, False, True, True]
    assert live[first.reads].all()
    assert live[second.makes].all()


# arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [[True], [False, False], [0, 1], [True, False, True], "no"])
def test_a_mask_that_does_not_fit_is_refused(kept):
    with pytest.raises(ValueError, match="kept must be 2 bools"):
        prune(nn.Sequential(nn.Linear(2, 1)), (2,), kept)


def test_a_mask_without_a_channel_that_is_added_to_is_refused():
    net = Net(lambda net, x: net.head(x + net.a(x)), a=nn.Linear(2, 2), head=nn.Linear(2, 1))
    with pytest.raises(ValueError, match=r"kept leaves out the input channels \[1\]"):
        prune(net, (2,), np.array([True, False]))
    with torch.no_grad():
        net.a.weight[1] = 0
    assert_equal_outputs(prune(net, (2,), [True, False]), net, (2,), [True, False], tol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_original_is_left_alone(training):
    net = plant(build("resnet18", (3, 16, 16)), 5, 0.4).train(training)
    before = copy.deepcopy(net.state_dict())
    small = prune(net, (3, 16, 16))
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.fill_(1.0)
    assert {module.training for module in (*net.modules(), *small.modules())} == {training}
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key])


def test_the_pruned_network_trains_on_and_can_be_pickled():
    net = plant(build("vgg11_bn", (3, 32, 32)), 6, 0.4)
    net.output.weight.requires_grad_(False)
    small = prune(net, (3, 32, 32)).train()
    x = torch.randn(4, 3, 32, 32, dtype=torch.float64, generator=generator(0))
    small(x).square().mean().backward()
    for name, parameter in small.named_parameters():
        assert parameter.requires_grad == (name != "output.weight")
        assert (parameter.grad is not None) == parameter.requires_grad
        assert parameter.is_leaf
    again = pickle.loads(pickle.dumps(small)).eval()
    assert torch.equal(again(x), small.eval()(x))


# what it costs -------------------------------------------------------------------------------


def test_costs_counted_by_hand():
    net = ARCHITECTURES.made("lenet5")((1, 28, 28), 10)
    cost = measure(net, (1, 28, 28), min_run_time=0.001)
    assert cost.parameters == 431_080
    assert cost.bytes == 4 * 431_080
    # 24 x 24 and 8 x 8 positions
    by_hand = {
        "conv1": 2 * 20 * 25 * 24 * 24, "conv2": 2 * 50 * 20 * 25 * 8 * 8,
        "dense1": 2 * 800 * 500, "output": 2 * 500 * 10,
    }  # fmt: skip
    assert cost.flops == sum(by_hand.values())
    assert layer_flops(net, (1, 28, 28)) == by_hand
    assert 1e-6 < cost.seconds < 10


def test_before_and_after():
    shape, kept = (3, 32, 32), [True, False, True]
    net = plant(build("vgg11_bn", shape), 7, 0.6)
    costs = compare(net, prune(net, shape, kept), shape, kept, min_run_time=0.01)
    assert list(costs) == ["parameters", "flops", "bytes", "seconds"]
    for name in ("parameters", "flops", "bytes"):
        before, after = costs[name]
        assert 0 < after < before / 2


def test_sparsity_of_layers_by_hand():
    net = ARCHITECTURES.made("lenet5")((2, 28, 28), 10)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0)
        net.conv1.weight[:5] = 0
        net.conv1.weight[:, 1] = 0
        net.output.weight[:, 100:] = 0
        net.dense1.weight[0, 0] = 0
    rows = layer_sparsity(net, (2, 28, 28), kept=[True, False])
    expected = [
        ("conv1", 20 * 2 * 25, 5 * 2 * 25 + 15 * 25, 20, 5, 20 * 2 * 576, 15 * 576),
        ("conv2", 50 * 20 * 25, 0, 50, 0, 50 * 20 * 64, 50 * 15 * 64),
        ("dense1", 800 * 500, 1, 800, 0, 800 * 500, 800 * 100),
        ("output", 5000, 4000, 500, 400, 5000, 1000),
    ]
    per_kernel = {"conv1": 25, "conv2": 25, "dense1": 1, "output": 1}
    keys = ["name", "weights", "zero_weights", "neurons", "zero_neurons", "flops", "flops_left"]
    for row, (name, *counts, flops, left) in zip(rows, expected, strict=True):
        macs = 2 * per_kernel[name]
        assert row == dict(zip(keys, [name, *counts, macs * flops, macs * left], strict=True))


def test_nothing_is_left_of_layers_without_an_input():
    rows = layer_sparsity(
        ARCHITECTURES.made("lenet5")((2, 28, 28), 10), (2, 28, 28), [False, False]
    )
    assert [row["flops_left"] for row in rows] == [0] * 4


# export --------------------------------------------------------------------------------------


def test_export_without_onnx_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("sgnn.pruning.export.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'onnx and onnxscript: pip install "sgnn\[onnx\]"'):
        to_onnx(nn.Linear(2, 1), tmp_path / "net.onnx", torch.zeros(1, 2))


LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("vgg11_bn", "resnet18")]


@pytest.mark.parametrize("name", ["lenet5", *LARGE])
def test_onnx_runtime_computes_the_same(name, tmp_path):
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    import onnxruntime

    shape = (3, 32, 32)
    small = prune(plant(build(name, shape), 8, 0.4).float(), shape)
    to_onnx(small, tmp_path / "net.onnx", torch.zeros(1, *shape))
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    for rows in (1, 5):
        x = torch.randn(rows, *shape, generator=generator(rows))
        (out,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(out, small(x).numpy(), rtol=1e-3, atol=1e-4)
