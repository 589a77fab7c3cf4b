"""Which channels belong together: against sets written down by hand, and by what they mean."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

from sgnn.modules import ARCHITECTURES
from sgnn.modules.coupling import couple
from sgnn.regularizers.oicsr import join_units, split_units

from ..versions import needs_sizes_in_tuples


class Net(nn.Module):
    """A user's own module: layers by name, and `forward` handed in."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.way = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.way(self, x)


def user_module():
    """Every kind of coupling at once: strided sums, products, cat, depthwise, flattening."""

    def forward(net, x):
        x = F.relu(net.stem(x), inplace=True)
        y = net.norm2(net.conv2(torch.relu_(net.norm1(net.conv1(x)))))
        x = x + y
        x = F.max_pool2d(net.act(x), kernel_size=3, stride=2, padding=1)
        gate = torch.sigmoid(net.gate(x.mean((2, 3), keepdim=True)))
        x = torch.cat([net.deep(x) * 0.5, gate * x], dim=1)
        x = F.avg_pool2d(net.mixed(x), 2, padding=1)
        x = F.dropout(x, training=net.training)
        return net.head(x.view(x.size(0), -1))

    return Net(
        forward,
        stem=nn.Conv2d(3, 6, 3, padding=1),
        conv1=nn.Conv2d(6, 5, 3, padding=1, bias=False),
        norm1=nn.BatchNorm2d(5),
        conv2=nn.Conv2d(5, 6, 3, padding=1, padding_mode="circular", bias=False),
        norm2=nn.BatchNorm2d(6),
        act=nn.PReLU(6),
        deep=nn.Conv2d(6, 12, 3, padding=1, groups=6),
        gate=nn.Conv2d(6, 6, 1),
        mixed=nn.Conv2d(18, 4, 2),
        head=nn.Linear(4 * 4, 3),
    )


def sets(coupling):
    """{(layer, "in" or "out", position)}: the sets, as a set of sets."""
    found: dict = {}
    for layer in coupling.layers:
        for end, units in (("in", layer.reads), ("out", layer.makes)):
            for position, unit in enumerate(units.tolist()):
                found.setdefault(unit, set()).add((layer.name, end, position))
    for scale in coupling.scales:
        for position, unit in enumerate(scale.units.tolist()):
            found[unit].add((scale.name, "scale", position))
    return sorted(map(sorted, found.values()))


# sets written down by hand -------------------------------------------------------------------


def test_a_chain_with_a_flattened_channel():
    net = nn.Sequential(
        nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(),
        nn.Linear(6, 2), nn.Tanh(), nn.Linear(2, 1),
    )  # fmt: skip
    expected = [[("0", "in", c)] for c in range(2)]
    expected += [
        [("0", "out", c), ("1", "scale", c), ("5", "in", 2 * c), ("5", "in", 2 * c + 1)]
        for c in range(3)
    ]
    expected += [[("5", "out", u), ("7", "in", u)] for u in range(2)]
    coupling = couple(net, (2, 5))
    assert sets(coupling) == sorted([*expected, [("7", "out", 0)]])
    assert [(layer.name, layer.kind) for layer in coupling.layers] == [
        ("0", "conv"), ("5", "dense"), ("7", "dense"),
    ]  # fmt: skip
    assert coupling.held.tolist() == coupling.layers[-1].makes.tolist()
    assert coupling.inputs.tolist() == coupling.layers[0].reads.tolist()


def test_a_sequential_that_calls_an_activation_twice():
    one, other, act = nn.Linear(2, 3), nn.Linear(3, 3), nn.ReLU()
    coupling = couple(nn.Sequential(one, act, other, act, nn.Linear(3, 1)), (2,))
    assert [step.role.name for step in coupling.trace.steps] == ["MIX", "KEEP"] * 2 + ["MIX"]
    with pytest.raises(ValueError, match="uses the layer 1 2 times in forward"):
        couple(nn.Sequential(one, other, act, other), (2,))


def test_a_sum_couples_everyone_who_adds_and_everyone_who_reads():
    net = Net(
        lambda net, x: net.head((net.b(torch.relu(net.a(x))) + net.short(x)).mean(2)),
        a=nn.Conv1d(2, 4, 3, padding=1), b=nn.Conv1d(4, 2, 1),
        short=nn.Conv1d(2, 2, 1), head=nn.Linear(2, 1),
    )  # fmt: skip
    expected = [[("a", "in", c), ("short", "in", c)] for c in range(2)]
    expected += [[("a", "out", c), ("b", "in", c)] for c in range(4)]
    expected += [[("b", "out", c), ("head", "in", c), ("short", "out", c)] for c in range(2)]
    assert sets(couple(net, (2, 5))) == sorted([*expected, [("head", "out", 0)]])


def test_a_sum_with_the_input_couples_the_input():
    net = Net(lambda net, x: net.head((x + net.a(x)).flatten(1)),
              a=nn.Conv1d(2, 2, 1), head=nn.Linear(6, 1))  # fmt: skip
    expected = [
        [("a", "in", c), ("a", "out", c), *(("head", "in", 3 * c + i) for i in range(3))]
        for c in range(2)
    ]
    assert sets(couple(net, (2, 3))) == sorted([*expected, [("head", "out", 0)]])


def test_a_concatenation_puts_channels_one_after_the_other():
    net = Net(
        lambda net, x: net.head(torch.cat((net.a(x), x, net.a_twice(x)), 1)),
        a=nn.Linear(2, 1), a_twice=nn.Linear(2, 2), head=nn.Linear(5, 1),
    )  # fmt: skip
    expected = [
        [("a", "out", 0), ("head", "in", 0)],
        *([("a", "in", c), ("a_twice", "in", c), ("head", "in", 1 + c)] for c in range(2)),
        *([("a_twice", "out", c), ("head", "in", 3 + c)] for c in range(2)),
        [("head", "out", 0)],
    ]
    assert sets(couple(net, (2,))) == sorted(expected)


def test_a_tensor_concatenated_with_itself():
    net = Net(lambda net, x: net.head(torch.cat(tensors=[net.a(x)] * 2, dim=1)),
              a=nn.Linear(1, 2), head=nn.Linear(4, 1))  # fmt: skip
    coupling = couple(net, (1,))
    assert coupling.layers[1].reads.tolist() == coupling.layers[0].makes.tolist() * 2


def test_a_depthwise_convolution_passes_units_on():
    net = nn.Sequential(nn.Conv1d(1, 2, 1), nn.Conv1d(2, 4, 1, groups=2), nn.Conv1d(4, 1, 1))
    expected = [[("0", "in", 0)], [("2", "out", 0)]]
    for c in range(2):
        pair = (2 * c, 2 * c + 1)
        expected.append([("0", "out", c), ("1", "in", c), *(("1", "out", i) for i in pair),
                         *(("2", "in", i) for i in pair)])  # fmt: skip
    coupling = couple(net, (1, 3))
    assert sets(coupling) == sorted(expected)
    assert coupling.layers[1].kind == "depthwise"


def test_what_a_softmax_reads_is_held():
    net = nn.Sequential(nn.Linear(2, 3), nn.Softmax(1), nn.Linear(3, 1))
    coupling = couple(net, (2,))
    held = [*coupling.layers[0].makes.tolist(), *coupling.layers[1].makes.tolist()]
    assert sorted(coupling.held.tolist()) == sorted(held)


# neurons and pairs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "neurons"),
    [
        ("lenet5", (1, 28, 28), 20 + 50 + 800 + 500),
        ("cnn4", (1, 28, 28), 2120),
        ("resnet40", (3, 32, 32), 1520),
        ("wrn28_10", (3, 32, 32), 10_736),
    ],
)
def test_neurons_as_paper_3_counts_them(name, shape, neurons):
    net = ARCHITECTURES.made(name)(shape, 10, generator=torch.Generator())
    assert couple(net, shape).n_neurons == neurons


def test_the_weights_of_a_neuron():
    net = nn.Sequential(nn.Conv1d(2, 3, 2), nn.Flatten(), nn.Linear(3, 4))
    conv, dense = couple(net, (2, 2)).layers
    with torch.no_grad():
        conv.weight[1] = 0
        dense.weight[:, 2] = 0
    assert (conv.neurons.norm(conv.weight) == 0).tolist() == [False, True, False]
    assert (dense.neurons.norm(dense.weight) == 0).tolist() == [False, False, True]
    assert conv.weight is net[0].weight


def pairs(net, shape):
    return [(pair.lower.name, pair.upper.name, pair.m) for pair in couple(net, shape).pairs()]


def test_pairs_of_lenet():
    net = ARCHITECTURES.made("lenet5")((1, 28, 28), 10)
    assert pairs(net, (1, 28, 28)) == [
        ("conv1", "conv2", 1), ("conv2", "dense1", 16), ("dense1", "output", 1),
    ]  # fmt: skip


def test_pairs_of_a_resnet_are_inside_its_blocks():
    net = ARCHITECTURES.made("resnet18")((3, 32, 32), 10)
    expected = [(f"block{i}.conv1", f"block{i}.conv2", 1) for i in range(1, 9)]
    assert pairs(net, (3, 32, 32)) == expected


@pytest.mark.parametrize(
    "forward",
    [
        lambda net, x: (lambda a: net.b(a) + net.c(a))(net.a(x)),
        lambda net, x: net.wide(torch.cat([net.a(x), x], 1)),
        lambda net, x: net.b(net.a(x) + net.c(x)),
        lambda net, x: torch.cat([net.a(x), net.b(x)], 1),
    ],
)
def test_no_pair_where_others_read_or_make_the_units(forward):
    net = Net(forward, a=nn.Linear(2, 2), b=nn.Linear(2, 2), c=nn.Linear(2, 2),
              wide=nn.Linear(4, 1))  # fmt: skip
    assert pairs(net, (2,)) == []


def test_pairs_are_the_rows_of_oicsr():
    net = ARCHITECTURES.made("lenet5")((1, 28, 28), 10)
    _, pair, _ = couple(net, (1, 28, 28)).pairs()
    lower, upper = pair.lower.weight.detach(), pair.upper.weight.detach()
    rows = join_units(lower, upper)
    rows[7] = 0  # the unit 7, its filter and all that reads it
    lower, upper = split_units(rows, lower, upper)
    assert not lower[7].any()
    read = pair.upper.reads == pair.lower.makes[7]
    assert read.sum() == pair.m
    assert not upper[:, read].any()
    assert torch.equal(upper[:, ~read], pair.upper.weight[:, ~read])


# what the sets mean --------------------------------------------------------------------------


def cases():
    for name in ("lenet5", "alexnet", "resnet18"):
        yield name, ARCHITECTURES.made(name)((3, 16, 16), 3), (3, 16, 16)
    yield "resnet40", ARCHITECTURES.made("resnet40", depth=10)((3, 8, 8), 3), (3, 8, 8)
    yield "user", user_module(), (3, 8, 8)


CASES = {name: (net, shape) for name, net, shape in cases()}


@pytest.mark.parametrize("name", CASES)
def test_what_nothing_reads_may_be_anything(name):
    """Without the columns of a set of units, their rows cannot change an output."""
    net, shape = copy.deepcopy(CASES[name])
    net.eval()
    coupling = couple(net, shape)
    g = torch.Generator().manual_seed(0)
    gone = torch.rand(coupling.n_units, generator=g) < 0.5
    gone[coupling.held] = gone[coupling.inputs] = False
    x = torch.randn(3, *shape, generator=g)
    with torch.no_grad():
        full = net(x)
        for layer in coupling.layers:
            if layer.kind != "depthwise":
                layer.weight[:, gone[layer.reads]] = 0
        expected = net(x)
        for layer in coupling.layers:
            for tensor in layer.module.parameters():
                tensor[gone[layer.makes]] = 5.0
            if layer.kind != "depthwise":
                layer.weight[:, gone[layer.reads]] = 0
        for scale in coupling.scales:
            for tensor in (*scale.module.parameters(), *scale.module.buffers()):
                if tensor.dim():
                    tensor[gone[scale.units]] = 3.0
        assert gone.any()
        torch.testing.assert_close(net(x), expected)
        assert not torch.allclose(full, expected)


@pytest.mark.parametrize("name", CASES)
def test_the_module_is_left_alone(name):
    net, shape = copy.deepcopy(CASES[name])
    before = copy.deepcopy(net.state_dict())
    couple(net.train(), shape)
    assert all(module.training for module in net.modules())
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key])


# refusals ------------------------------------------------------------------------------------


def conv(**settings):
    return nn.Conv2d(4, 4, 1, **settings)


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda net, x: net.conv(x).transpose(2, 3), r"transpose\(\) in forward, but channels are"),
        (lambda net, x: net.conv(x)[:, :2], r"getitem\(\) in forward, but channels are not"),
        (lambda net, x: net.norm(net.conv(x)), r"the layer norm \(GroupNorm\)"),
        (lambda net, x: net.grouped(x), r"the layer grouped \(Conv2d\)"),
        (lambda net, x: net.conv(x) * net.factor, "the tensor factor in forward"),
        (lambda net, x: net.conv(x).view(-1, 36), r"view\(\) .* channels, 36: call flatten\(1\)"),
        (lambda net, x: net.conv(x).reshape((-1, 12, 3)), "writes down the number of channels, 12"),
        (lambda net, x: net.conv(x).view(x.size(0), -1, 2, 3, 6), "cuts channels up"),
        (lambda net, x: net.conv(x).squeeze(), "drops every axis of size 1"),
        (lambda net, x: net.conv(x).mean(), "moves axis 0, the rows"),
        (lambda net, x: net.conv(x).mean(1, keepdim=True), "makes 1 channels of"),
        (lambda net, x: net.conv(x).sum((0, 2), keepdim=True), "moves axis 0, the rows"),
        (lambda net, x: torch.amax(net.three(x), (1, 2)), r"reduces dim=\(1, 2\)"),
        (lambda net, x: torch.cat([x, net.conv(x)]), "moves axis 0, the rows"),
        (lambda net, x: torch.cat([x, net.conv(x)], 2), r"call torch.cat\(..., 1\)"),
        (lambda net, x: x + net.one(x), r"makes 4 channels of \[4, 1\]"),
        (lambda net, x: (lambda a: a + a.mean((2, 3)))(net.two(x)), r"tensors of \[4, 2\] axes"),
        (lambda net, x: torch.clamp(x, min=net.conv(x)), "reads 2 tensors: give it one"),
        (lambda net, x: net.conv(x) / x.size(1), r"truediv\(\) .* computes with the size"),
        (lambda net, x: net.conv(net.conv(x)), "the layer conv 2 times in forward"),
        (lambda net, x: net.dense(net.conv(x)), r"reads 4 axes .* call flatten\(1\) before"),
        (lambda net, x: net.still(x), "no running statistics"),
        (lambda net, x: net.parametrized(x), r"the layer parametrized \(Parametrized"),
        (lambda net, x: (net.conv(x).relu_(), x)[1], "its result is not used"),
        (lambda net, x: x if x.sum() > 0 else -x, "module cannot be followed .*control flow"),
        (lambda net, x: x.view(len(x), -1), "module cannot be followed .*len"),
        (lambda net, x: net.first(x), r"shape=\(4, 3, 3\) does not fit the module"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused_in_one_sentence(forward, message):
    net = Net(
        forward,
        conv=conv(), grouped=conv(groups=2), one=nn.Conv2d(4, 1, 1), norm=nn.GroupNorm(2, 4),
        two=nn.Conv2d(4, 2, 2), three=nn.Conv2d(4, 3, 1),
        dense=nn.Linear(3, 2), first=nn.Conv2d(3, 1, 1),
        still=nn.BatchNorm2d(4, track_running_stats=False),
        parametrized=nn.utils.parametrizations.weight_norm(conv()),
    )  # fmt: skip
    net.factor = nn.Parameter(torch.ones(1))
    with pytest.raises(ValueError, match=message) as error:
        couple(net, (4, 3, 3))
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def weight_norm():
    with pytest.warns(FutureWarning, match="weight_norm"):
        return nn.utils.weight_norm(conv())


@pytest.mark.parametrize(
    "make", [weight_norm, lambda: prune.random_unstructured(conv(), "weight", 1)]
)
def test_a_weight_that_a_hook_computes_is_refused(make):
    with pytest.raises(ValueError, match="a layer 1 whose weight is computed by a hook"):
        couple(nn.Sequential(nn.ReLU(), make()), (4, 3, 3))


@pytest.mark.parametrize(
    "forward",
    [
        lambda net, x: net.head(net.conv(x).view(x.shape[0], -1)),
        pytest.param(
            lambda net, x: net.head(torch.reshape(net.conv(x), (x.size(0), -1))),
            marks=needs_sizes_in_tuples,
        ),
        lambda net, x: net.head(torch.flatten(net.conv(x), start_dim=1)),
        lambda net, x: net.head(net.conv(x).flatten(2).flatten(1)),
        lambda net, x: net.head(1 - net.conv(x).unsqueeze(-1).squeeze(-1).flatten(1) ** 2),
        lambda net, x: {"out": net.head(net.conv(x).flatten(1)), "shape": x.shape},
    ],
)
def test_ways_to_write_the_same(forward):
    net = Net(forward, conv=conv(), head=nn.Linear(36, 1))
    coupling = couple(net, (4, 3, 3))
    first, head = coupling.layers
    assert head.reads.tolist() == first.makes.repeat_interleave(9).tolist()
    assert coupling.held.tolist() == head.makes.tolist()
