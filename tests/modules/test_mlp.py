"""The network's hand-written passes against torch's own layers and autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sgnn.modules import MLP, InputTransform
from sgnn.modules.activations import ACTIVATIONS

REFERENCE = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
OF_TORCH = {nn.Mish: nn.Mish, nn.Softplus: nn.Softplus}
N_FEATURES, N_OUTPUTS = 4, 3


def network(hidden, activation="relu", **settings):
    generator = torch.Generator().manual_seed(0)
    columns = InputTransform(N_FEATURES)
    return MLP(columns, hidden, N_OUTPUTS, activation, generator=generator, **settings)


def by_torch(net):
    """The same network out of torch's own layers; a bias fewer than layers is the first's."""
    matrices = [net.theta, *net.weights]
    biases = [None] * (len(matrices) - len(net.biases)) + list(net.biases)
    layers = []
    for W, b in zip(matrices, biases, strict=True):
        layer = nn.Linear(W.shape[1], W.shape[0], bias=b is not None, dtype=W.dtype)
        state = {"weight": W} if b is None else {"weight": W, "bias": b}
        layer.load_state_dict({name: value.detach().clone() for name, value in state.items()})
        layers += [layer, (REFERENCE | OF_TORCH)[net.activation]()]
    return nn.Sequential(*layers[:-1])


def test_every_activation_has_a_reference():
    assert {name: activation.module for name, activation in ACTIVATIONS.items()} == REFERENCE


@pytest.mark.parametrize("hidden", [(), (5,), (5, 4, 6)], ids=len)
@pytest.mark.parametrize("first_bias", [False, True])
def test_as_sequential_holds_the_parameters_themselves(hidden, first_bias):
    net, stream = network(hidden, "tanh", first_bias=first_bias), torch.get_rng_state()
    layers = net.as_sequential()
    assert torch.equal(torch.get_rng_state(), stream)
    assert set(map(id, layers.parameters())) == set(map(id, net.parameters()))
    x = torch.randn(7, N_FEATURES, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(layers(x), net(x))
    linear = [name for name, layer in layers.named_children() if isinstance(layer, nn.Linear)]
    assert linear == ["input", *(f"hidden {i + 1}" for i in range(len(hidden)))]


@pytest.mark.parametrize("hidden", [(), (5,), (5, 4, 6)], ids=len)
@pytest.mark.parametrize("activation", [*REFERENCE, *OF_TORCH])
@pytest.mark.parametrize("first_bias", [False, True])
def test_forward_and_backward_equal_autograd(activation, hidden, first_bias):
    net = network(hidden, activation, first_bias=first_bias, dtype=torch.float64)
    with torch.no_grad():
        for b in net.biases:
            b.uniform_(-1, 1, generator=torch.Generator().manual_seed(1))
    reference = by_torch(net)
    x = torch.randn(7, N_FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    expected = reference(x)
    out = net(x)
    torch.testing.assert_close(out, expected)

    expected.square().sum().backward()
    with torch.no_grad():
        layers = net.upper_layers.forward(x @ net.theta.T)
        assert torch.equal(layers[-1], out)  # bit for bit
        g = net.upper_layers.backward(layers, 2 * layers[-1])
    ours = [g.T @ x, *(W.grad for W in net.weights), *(b.grad for b in net.biases)]
    linear = [layer for layer in reference if isinstance(layer, nn.Linear)]
    theirs = [layer.weight.grad for layer in linear]
    theirs += [layer.bias.grad for layer in linear if layer.bias is not None]
    for mine, yours in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, yours)


def test_backward_replaces_the_old_gradients():
    net = network((5,))
    x = torch.ones(2, N_FEATURES)
    with torch.no_grad():
        for _ in range(2):
            layers = net.upper_layers.forward(x @ net.theta.T)
            net.upper_layers.backward(layers, torch.ones(2, N_OUTPUTS))
    assert net.biases[-1].grad.tolist() == [2.0] * N_OUTPUTS


def upper(net):
    return [*net.weights, *net.biases]


def test_parameters_by_depth():
    assert [tuple(p.shape) for p in upper(network((5, 2)))] == [
        (2, 5),
        (3, 2),
        (2,),
        (3,),
    ]
    biased = network((5, 2), first_bias=True)
    assert [tuple(p.shape) for p in upper(biased)] == [(2, 5), (3, 2), (5,), (2,), (3,)]
    assert [tuple(p.shape) for p in upper(network(()))] == [(3,)]


def test_weights_start_within_torchs_bound_and_biases_at_zero():
    net = network((400,))
    for W in (net.theta, *net.weights):
        bound = W.shape[1] ** -0.5
        assert 0.95 * bound < W.abs().max() <= bound
    assert all((b == 0).all() for b in net.biases)


def test_both_precisions_start_from_the_same_network():
    single, double = (network((5, 2), dtype=dtype) for dtype in (torch.float32, torch.float64))
    for a, b in zip(single.parameters(), double.parameters(), strict=True):
        assert torch.equal(a, b.float())


def test_drawing_leaves_the_global_stream_alone():
    before = torch.get_rng_state()
    network((5,))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e30])
def test_removed_columns_are_not_read(poison):
    net = network((5,))
    x = torch.ones(3, N_FEATURES)
    with torch.no_grad():
        net.theta[:, 1] = 0
        expected = net(x)
        net.input_transform.keep(torch.tensor([True, False, True, True]))
        x[:, 1] = poison
        torch.testing.assert_close(net(x), expected)
