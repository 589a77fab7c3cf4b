"""The architectures of papers 3 and 4: their sizes, what they compute, how they start."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgnn.modules import ARCHITECTURES, Architecture

# by name: parameters that make it small, and how many positions an axis needs
ROWS = {
    "alexnet": ({}, 8),
    "cnn4": ({}, 1),
    "lenet5": ({}, 1),
    "resnet18": ({}, 1),
    "resnet40": ({"depth": 10}, 1),
    "simple": ({}, 1),
    "vgg11_bn": ({}, 32),
    "wrn28_10": ({"depth": 10, "widen_factor": 2}, 1),
}
LARGE = [(name, smallest) for name, (_, smallest) in ROWS.items() if smallest > 1]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def build(name, shape, n_outputs=3, seed=0):
    small, _ = ROWS[name]
    return ARCHITECTURES.made(name, **small)(shape, n_outputs, generator=generator(seed))


def layers(net, kinds=(nn.Conv2d, nn.Linear)):
    """The weights in order, those of shortcuts left out, as the papers list them."""
    return [m for name, m in net.named_modules() if isinstance(m, kinds) and "short" not in name]


def n_parameters(net):
    return sum(p.numel() for p in net.parameters())


# sizes, from the papers ----------------------------------------------------------------------


def test_lenet5_of_paper_3():
    net = ARCHITECTURES.made("lenet5")((1, 28, 28), 10)
    # 28 - 4 = 24, halved 12, - 4 = 8, halved 4: the dense layer reads 50 * 4 * 4 = 800
    weights = 20 * 5 * 5 + 50 * 20 * 5 * 5 + 500 * 800 + 10 * 500
    assert sum(layer.weight.numel() for layer in layers(net)) == weights == 430_500
    assert n_parameters(net) == weights + 20 + 50 + 500 + 10 == 431_080


def test_cnn4_of_paper_3():
    net = ARCHITECTURES.made("cnn4")((1, 28, 28), 10)
    weights = 32 * 5 * 5 + 64 * 32 * 5 * 5 + 1000 * 1024 + 10 * 1000
    assert n_parameters(net) == weights + 1000 + 10 == 1_087_010


@pytest.mark.parametrize(
    ("name", "shape", "n_outputs", "widths"),
    [
        ("simple", (1, 28, 28), 10, [16, 32, 128, 10]),
        ("alexnet", (3, 32, 32), 10, [8, 16, 32, 16, 16, 128, 128, 10]),
        ("resnet18", (3, 32, 32), 10, [8] * 5 + [16] * 4 + [32] * 4 + [64] * 4 + [10]),
        ("vgg11_bn", (3, 32, 32), 100, [16, 32, 64, 64, 128, 128, 128, 128, 128, 128, 100]),
    ],
)
def test_widths_of_paper_4(name, shape, n_outputs, widths):
    net = ARCHITECTURES.made(name)(shape, n_outputs)
    assert [len(layer.weight) for layer in layers(net)] == widths


def wide_resnet_parameters(blocks, widen):
    """Counted stage by stage, for three input channels and ten classes."""
    total, width = 3 * 16 * 9, 16
    for n in (16 * widen, 32 * widen, 64 * widen):
        total += width * n * (width != n)  # the shortcut
        for _ in range(blocks):
            total += 9 * width * n + 9 * n * n + 2 * (width + n)  # convolutions, batch norms
            width = n
    return total + 2 * width + 10 * width + 10


def test_resnet40_and_wrn28_10_of_paper_3():
    resnet40 = n_parameters(ARCHITECTURES.made("resnet40")((3, 32, 32), 10))
    assert resnet40 == wide_resnet_parameters(6, 1)
    assert resnet40 == pytest.approx(570_000, rel=0.02)  # "approximately", in the paper
    wrn28_10 = n_parameters(ARCHITECTURES.made("wrn28_10")((3, 32, 32), 10))
    assert wrn28_10 == wide_resnet_parameters(4, 10)
    assert wrn28_10 == pytest.approx(36_500_000, rel=0.002)


def test_widths_on_request():
    net = build("simple", (1, 28, 28))
    assert [len(layer.weight) for layer in layers(net)] == [16, 32, 128, 3]
    net = ARCHITECTURES.made("simple", filters=(4, 5, 6), units=(7, 8))((1, 28, 28), 3)
    assert [len(layer.weight) for layer in layers(net)] == [4, 5, 6, 7, 8, 3]
    net = ARCHITECTURES.made("alexnet", stages=((2,), (3, 4)), units=())((3, 96, 96), 10)
    assert [len(layer.weight) for layer in layers(net)] == [2, 3, 4, 10]
    net = ARCHITECTURES.made("resnet18", widths=(2, 2, 3), blocks=1)((3, 32, 32), 10)
    assert [len(layer.weight) for layer in layers(net)] == [2, 2, 2, 2, 2, 3, 3, 10]
    assert net.eval()(torch.ones(1, 3, 32, 32)).shape == (1, 10)


@pytest.mark.parametrize(("size", "positions"), [(8, 1), (16, 2), (24, 3), (32, 4), (96, 4)])
def test_alexnet_takes_four_means_along_an_axis_or_what_there_is(size, positions):
    assert build("alexnet", (1, size)).dense1.in_features == 16 * positions


# what they compute ---------------------------------------------------------------------------


def settle(net):
    """Let batch norms have anything but their first statistics; eval mode, float64."""
    g = generator(7)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                tensor.data.uniform_(0.5, 1.5, generator=g)
    return net.double().eval()


def images(*shape):
    return torch.randn(4, *shape, generator=generator(3), dtype=torch.float64)


@pytest.mark.parametrize("name", ["lenet5", "cnn4", "simple"])
def test_plain_networks_equal_their_formula(name):
    net, x = settle(build(name, (2, 16, 20))), images(2, 16, 20)
    conv1, conv2, *dense = layers(net)
    a = F.max_pool2d(F.relu(F.conv2d(x, conv1.weight, conv1.bias)), 2)
    a = F.max_pool2d(F.relu(F.conv2d(a, conv2.weight, conv2.bias)), 2).reshape(4, -1)
    for layer in dense[:-1]:
        a = F.relu(a @ layer.weight.T + layer.bias)
    torch.testing.assert_close(net(x), a @ dense[-1].weight.T + dense[-1].bias)


def norm(x, layer):
    """Batch norm in eval mode."""
    return F.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias)


def test_resnet18_equals_its_formula():
    net, x = settle(build("resnet18", (3, 20, 20))), images(3, 20, 20)
    a = F.conv2d(x, net.conv.weight, stride=2, padding=3)
    a = F.max_pool2d(F.relu(norm(a, net.norm)), 3, stride=2, padding=1)
    for i in range(1, 9):
        block, stride = net.get_submodule(f"block{i}"), 2 if i in {3, 5, 7} else 1
        inner = F.relu(norm(F.conv2d(a, block.conv1.weight, stride=stride, padding=1), block.norm1))
        inner = norm(F.conv2d(inner, block.conv2.weight, padding=1), block.norm2)
        if stride == 2:
            conv, scale = block.shortcut
            a = norm(F.conv2d(a, conv.weight, stride=2), scale)
        a = F.relu(inner + a)
    expected = a.mean((2, 3)) @ net.output.weight.T + net.output.bias
    torch.testing.assert_close(net(x), expected)


def test_wide_resnet_equals_its_formula():
    net, x = settle(build("wrn28_10", (3, 9, 9))), images(3, 9, 9)
    x = F.conv2d(x, net.conv.weight, padding=1)
    for i in range(1, 4):
        block, stride = net.get_submodule(f"block{i}"), 2 if i > 1 else 1
        a = F.relu(norm(x, block.norm1))
        inner = F.relu(norm(F.conv2d(a, block.conv1.weight, stride=stride, padding=1), block.norm2))
        inner = F.conv2d(inner, block.conv2.weight, padding=1)
        x = inner + F.conv2d(a, block.shortcut.weight, stride=stride)
    a = F.relu(norm(x, net.norm)).mean((2, 3))
    torch.testing.assert_close(net(images(3, 9, 9)), a @ net.output.weight.T + net.output.bias)


@pytest.mark.parametrize(("name", "kernels"), [("alexnet", 5), ("vgg11_bn", 8)])
def test_staged_networks_equal_their_formula(name, kernels):
    net, x = settle(build(name, (2, 32, 32))), images(2, 32, 32)
    scales = iter([m for m in net.modules() if isinstance(m, nn.BatchNorm2d)])
    pooled = {"alexnet": {1, 2, 5}, "vgg11_bn": {1, 2, 4, 6, 8}}[name]
    for i, conv in enumerate(layers(net, nn.Conv2d), 1):
        x = F.conv2d(x, conv.weight, conv.bias, padding=1)
        x = F.relu(norm(x, next(scales)) if name == "vgg11_bn" else x)
        x = F.max_pool2d(x, 2) if i in pooled else x
    assert i == kernels
    # on 32 x 32 the means of AlexNet run over one position each, and VGG has one left
    hidden1, hidden2, output = layers(net, nn.Linear)
    a = F.relu(x.reshape(4, -1) @ hidden1.weight.T + hidden1.bias)
    a = F.relu(a @ hidden2.weight.T + hidden2.bias)
    torch.testing.assert_close(net(images(2, 32, 32)), a @ output.weight.T + output.bias)


def test_dropout_where_the_papers_have_it():
    def rates(name):
        return [m.p for m in build(name, (3, 32, 32)).modules() if isinstance(m, nn.Dropout)]

    assert rates("lenet5") == rates("simple") == rates("resnet18") == []
    assert rates("cnn4") == [0.5] * 3
    assert rates("alexnet") == rates("vgg11_bn") == [0.5] * 2
    assert rates("resnet40") == [0.3] * 3


# sizes of inputs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channels", "larger"),
    [(1, (0,)), (1, (1,)), (3, (6,)), (2, (0, 0)), (1, (4, 8)), (2, (0, 1, 2))],
    ids=str,
)
@pytest.mark.parametrize("name", ROWS)
def test_any_size_from_the_smallest_on_will_do(name, channels, larger):
    shape = (channels, *(ROWS[name][1] + n for n in larger))
    out = build(name, shape).eval()(torch.ones(2, *shape))
    assert out.shape == (2, 3)
    assert out.isfinite().all()


@pytest.mark.parametrize(("name", "smallest"), LARGE)
def test_what_is_too_small_is_refused(name, smallest):
    shape = (1, smallest, smallest + 1)
    assert build(name, shape).eval()(torch.ones(2, *shape)).shape == (2, 3)
    with pytest.raises(ValueError, match=rf"shape=\(1, .* needs at least {smallest} positions"):
        build(name, (1, smallest, smallest - 1))


@pytest.mark.parametrize("shape", [(), (4,), (1, 2, 3, 4, 5), (0, 4), (1, -2), (1, 2.5)], ids=str)
@pytest.mark.parametrize("name", ROWS)
def test_what_is_no_shape_is_refused(name, shape):
    with pytest.raises(ValueError, match="shape must be"):
        build(name, shape)


class Given(Architecture):
    """The layers that it is given."""

    def __init__(self, makes):
        self.makes = makes

    def layers(self, shape, n_outputs):
        return nn.Sequential(*(make() for make in self.makes))


def test_norms_begin_with_ones_and_zeros():
    norms = [lambda: nn.GroupNorm(2, 4), lambda: nn.LayerNorm((4, 5)), lambda: nn.BatchNorm1d(4)]
    for norm in Given(norms)((4, 5), 3):
        assert (norm.weight == 1).all()
        assert (norm.bias == 0).all()


@pytest.mark.parametrize(
    "make", [lambda: nn.RNN(4, 4), lambda: nn.MultiheadAttention(8, 2), lambda: nn.PReLU()]
)
def test_a_layer_whose_first_weights_are_not_known_is_refused(make):
    kind = type(make()).__name__
    before = torch.random.get_rng_state()
    with pytest.raises(ValueError, match=f"has a {kind}, .* give a network of yours"):
        Given([make])((4, 5), 3)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("depth", [4, 27, 1])
def test_a_depth_that_makes_no_blocks_is_refused(depth):
    with pytest.raises(ValueError, match=f"depth must be 6 k .* got {depth}"):
        ARCHITECTURES.made("wrn28_10", depth=depth)((3, 32, 32), 10)


# first weights -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROWS)
def test_the_generator_alone_decides(name):
    before = torch.get_rng_state()
    net = build(name, (3, 32))
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(5)  # moves the global stream on
    again, other = build(name, (3, 32)), build(name, (3, 32), seed=1)
    state = net.state_dict()
    for key, value in again.state_dict().items():
        assert torch.equal(value, state[key])
    assert not torch.equal(other.output.weight, net.output.weight)


@pytest.mark.parametrize("name", ROWS)
def test_weights_start_as_he_et_al_say_and_the_rest_at_rest(name):
    for module in build(name, (3, 32, 32)).modules():
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert (module.running_var == 1).all()
            assert not module.running_mean.any()
            assert module.num_batches_tracked == 0
        if getattr(module, "bias", None) is not None:
            assert not module.bias.any()
        if isinstance(module, nn.Conv2d | nn.Linear):
            scaled = module.weight.detach().numpy() * np.sqrt(module.weight[0].numel() / 2)
            # of n draws: mean within 5 and mean square within 7 standard errors
            assert abs(scaled.mean()) < 5 / np.sqrt(scaled.size)
            assert abs(np.square(scaled).mean() - 1) < 7 * np.sqrt(2 / scaled.size)
            # normal, and not uniform with that mean square
            assert scaled.size < 1000 or abs(scaled).max() > 2


@pytest.mark.parametrize("name", ROWS)
def test_training_lowers_the_loss(name):
    side = max(8, ROWS[name][1])
    net = build(name, (1, side, side))
    x = torch.randn(30, 1, side, side, generator=generator(1))
    y = (x.mean((1, 2, 3)) > 0).long()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    losses = []
    with torch.random.fork_rng():
        torch.manual_seed(0)  # of dropout
        for _ in range(40):
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert min(losses) < losses[0] / 2
