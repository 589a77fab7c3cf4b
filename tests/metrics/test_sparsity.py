"""Zeros counted by hand, on the papers' architectures, and against torch's own counter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sgnn.metrics import count_flops, group_sparsity, neuron_sparsity, weight_sparsity

# Layers of LeNet-5-Caffe in torch's shapes, two convolutions and two dense layers.
LENET = [(20, 1, 5, 5), (50, 20, 5, 5), (500, 800), (10, 500)]


def lenet(zeros=()):
    """Return weights of ones and biases of ones; `zeros` are (layer, index) set to zero."""
    weights = [np.ones(shape) for shape in LENET]
    for layer, index in zeros:
        weights[layer][index] = 0.0
    return weights, [np.ones(shape[0]) for shape in LENET]


def test_group_sparsity_by_hand():
    # Groups a (columns 0, 3), b (1), c (2): b and c are zero in both rows, a in one.
    theta = np.array([[0.0, 0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert group_sparsity(theta, ["a", "b", "c", "a"]) == 2 / 3
    assert group_sparsity(theta[0], [7, 5, 5, 7]) == 1 / 2
    assert group_sparsity(theta[1], [7, 5, 5, 7]) == 1.0
    assert group_sparsity(theta + 1, [7, 5, 5, 7]) == 0.0


def test_weight_sparsity_by_hand():
    assert weight_sparsity([np.eye(3), np.zeros(2)]) == 8 / 11
    assert weight_sparsity(np.eye(4)) == 12 / 16
    assert weight_sparsity([[[0.0, 1.0]], [[2.0], [3.0]]]) == 1 / 4


def test_tolerance():
    w = np.array([[1e-6, -1e-6, 1e-4]])
    for tol, share in [(0.0, 0.0), (1e-6, 2 / 3), (1e-5, 2 / 3), (1e-4, 1.0)]:
        assert weight_sparsity(w, tol=tol) == share
        assert group_sparsity(w, [0, 1, 2], tol=tol) == share
        assert neuron_sparsity([w], tol=tol) == share
    assert neuron_sparsity([np.zeros((1, 2)), [[0.0]]], [[1e-6], None], tol=1e-6) == 1.0


def test_nan_is_not_zero():
    w = np.array([[np.nan, 0.0]])
    assert weight_sparsity(w) == group_sparsity(w, [0, 1]) == neuron_sparsity([w]) == 1 / 2
    assert neuron_sparsity([np.zeros((1, 1)), [[0.0]]], [[np.nan], None]) == 1 / 2


def test_a_neuron_needs_both_zero():
    # 3 inputs, 2 hidden units: input 1 and unit 0 have no outgoing weight.
    W1 = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0]])
    W2 = np.array([[0.0, 1.0]])
    assert neuron_sparsity([W1, W2]) == 2 / 5
    assert neuron_sparsity([W1, W2], [[0.0, 1.0], [1.0]]) == 2 / 5
    assert neuron_sparsity([W1, W2], [[1.0, 0.0], [0.0]]) == 1 / 5
    assert neuron_sparsity([W1, W2], [None, [0.0]]) == 2 / 5


def test_the_counts_of_lenet():
    """Paper 3, section 3.1.1: 1,370 neurons and 431,080 weight parameters."""
    weights, biases = lenet()
    # One zero neuron per layer: output channels of the convolutions, inputs of the dense layers.
    zero_neurons = [(0, 3), (1, 7), (2, np.s_[:, 11]), (3, np.s_[:, 13])]
    for neuron in zero_neurons:
        assert neuron_sparsity(lenet([neuron])[0]) == pytest.approx(1 / 1370, rel=1e-12)
    assert neuron_sparsity(lenet(zero_neurons)[0]) == pytest.approx(4 / 1370, rel=1e-12)
    biases[3][:] = 0.0
    assert weight_sparsity([*weights, *biases]) == pytest.approx(10 / 431_080, rel=1e-12)


def test_biases_of_lenet():
    """A channel has its own bias, a unit behind dense layers that of the layer below."""
    weights, biases = lenet([(1, 7), (2, np.s_[:, 11]), (3, np.s_[:, 13])])
    # The unit that fc1 reads has no bias, so that its weights decide.
    assert neuron_sparsity(weights, biases) == pytest.approx(1 / 1370, rel=1e-12)
    biases[1][7] = 0.0
    assert neuron_sparsity(weights, biases) == pytest.approx(2 / 1370, rel=1e-12)
    biases[2][13] = 0.0
    assert neuron_sparsity(weights, biases) == pytest.approx(3 / 1370, rel=1e-12)


@pytest.mark.parametrize(
    ("n_inputs", "n_outputs", "printed"), [(48, 11, 2987), (784, 10, 26_506), (54, 7, 3047)]
)
def test_paper_2_counts_weights_as_neurons(n_inputs, n_outputs, printed):
    """Its totals for 32-32 hidden units are those of weights and biases, not of units."""
    sizes = [n_inputs, 32, 32, n_outputs]
    layers = [np.ones((sizes[i + 1], sizes[i])) for i in range(3)]
    biases = [np.zeros(1), *(np.ones(size) for size in sizes[1:])]
    assert weight_sparsity([*layers, *biases]) == pytest.approx(1 / (printed + 1), rel=1e-12)


def test_flops_equal_torchs_count():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.Conv2d(8, 8, (1, 5), groups=4),
        nn.Flatten(),
        nn.Linear(8 * 7 * 3, 20),
        nn.Linear(20, 5),
    )
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, 16, 16))
    weights = [layer.weight.detach().numpy() for layer in net if hasattr(layer, "weight")]
    assert count_flops(weights, [(7, 7), (7, 3), (), ()]) == counter.get_total_flops()


def test_flops_by_hand():
    assert count_flops([np.ones((4, 3)), np.ones((2, 4))]) == 2 * (12 + 8)
    assert count_flops([np.ones((4, 3, 5))], [(10,)]) == 2 * 4 * 3 * 5 * 10


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (group_sparsity, (np.ones((2, 3)), [0, 1]), r"labels has shape \(2,\) but w has \(2, 3\)"),
        (group_sparsity, ([], []), r"labels has shape \(0,\)"),
        (group_sparsity, (1.0, [[0]]), r"labels has shape \(1, 1\)"),
        (weight_sparsity, ([],), "weights has no entry"),
        (weight_sparsity, (np.ones((0, 3)),), "weights has no entry"),
        (neuron_sparsity, ([],), r"weights has shapes \[\]"),
        (neuron_sparsity, ([np.ones(3)],), r"weights has shapes \[\(3,\)\]"),
        (neuron_sparsity, ([np.ones((2, 3))], [[1.0]]), r"biases has shapes \[\(1,\)\]"),
        (neuron_sparsity, ([np.ones((2, 3))], []), r"biases has shapes \[\].*\[\(2,\)\]"),
        (count_flops, ([np.ones(3)],), r"weights has shapes \[\(3,\)\]"),
        (count_flops, ([np.ones((2, 1, 3, 3))],), r"output_sizes=None .* along \[2\] axes"),
        (count_flops, ([np.ones((2, 3))], [(4, 4)]), r"output_sizes=\[\(4, 4\)\] does not fit"),
        (count_flops, ([np.ones((2, 3))], [(), ()]), r"output_sizes=\[\(\), \(\)\] does not fit"),
    ],
)
def test_errors(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
