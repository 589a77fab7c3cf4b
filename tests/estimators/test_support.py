"""The support is what the function reads, and who reads nothing is told so."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from sgnn import GroupLassoClassifier, GroupLassoMLP, GroupLassoRegressor
from sgnn.modules import MLP, InputTransform, couple
from sgnn.modules.reach import read_channels, read_inputs

from .instances import MLPS, NUMBERS, SGIN, outputs


def depends_on(network, shape, seed=0):
    """Whether the outputs change with each channel of inputs of that shape, by trying."""
    x = torch.randn(20, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    with torch.no_grad():
        expected, found = network(x), []
        for channel in range(shape[0]):
            other = x.clone()
            other[:, channel] += torch.linspace(-5, 5, 20)[(...,) + (None,) * (x.ndim - 2)]
            found.append(not torch.equal(network(other), expected))
    return found


class Branches(nn.Module):
    """Sums, concatenation, a depthwise convolution, batch norms, flattening and a softmax."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(4, 3, 3, padding=1), nn.Conv2d(4, 3, 1)
        self.norm = nn.BatchNorm2d(3)
        self.alone = nn.Conv2d(3, 6, 3, groups=3)
        self.wide = nn.Conv2d(3, 4, 3)
        self.dense, self.out = nn.Linear(10 * 9, 5), nn.Linear(5, 2)

    def forward(self, x):
        z = torch.relu(self.norm(self.one(x)) + self.two(x))
        z = torch.cat([self.alone(z), self.wide(z)], 1)
        return torch.softmax(self.out(torch.relu(self.dense(z.flatten(1)))), 1)


def thinned(network, share, seed):
    """The network with that share of its weights' slices, at random, set to zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in network.parameters():
            nn.init.normal_(p, generator=generator)
            if p.ndim > 1:
                kept = torch.rand(p.shape[:2], generator=generator) > share
                p.mul_(kept.view(*p.shape[:2], *[1] * (p.ndim - 2)))
            else:
                p.mul_(torch.rand(p.shape, generator=generator) > share / 2).abs_()
    return network.double().eval()


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("seed", range(6))
def test_channels_that_are_read_are_those_that_count(share, seed):
    network = thinned(Branches(), share, seed)
    read = read_channels(couple(network, (4, 5, 5))).tolist()
    depends = depends_on(network, (4, 5, 5))
    # a dead ReLU may hide a channel from these inputs, but none can show what is not read
    assert all(r or not d for r, d in zip(read, depends, strict=True))


def test_what_ends_in_zero_weights_further_up_is_not_read():
    network = thinned(Branches(), 0.0, 0)
    with torch.no_grad():
        network.two.weight[:, 1] = 0
        network.norm.weight[:2] = 0  # of what `one` makes only the third channel passes
        network.one.weight[2, [1, 2]] = 0
        network.two.weight[:, 2] = 0
        assert read_channels(couple(network, (4, 5, 5))).tolist() == [True, False, False, True]
        assert depends_on(network, (4, 5, 5)) == [True, False, False, True]
        network.out.weight.zero_()
    assert read_channels(couple(network, (4, 5, 5))).tolist() == [False] * 4


@pytest.mark.parametrize("seed", range(5))
def test_columns_that_an_mlp_reads(seed):
    generator = torch.Generator().manual_seed(seed)
    module = MLP(InputTransform(6), [4, 3], 2, "tanh", dtype=torch.float64, generator=generator)
    with torch.no_grad():
        for W in (module.theta, *module.weights):
            W.mul_(torch.rand(W.shape, generator=generator) > 0.6)
    read = read_inputs([module.theta, *module.weights]).tolist()
    assert read == depends_on(module, (6,))
    assert read == read_channels(couple(module.as_sequential(), (6,))).tolist()


def test_the_support_is_what_the_outputs_depend_on(variant):
    case = variant
    fitted = case().fit(case.X, case.y)
    module = fitted.module_
    module.input_transform.keep(torch.ones(module.input_transform.n_features, dtype=torch.bool))
    with torch.no_grad():
        expected = module(torch.tensor(case.X))
        for name, kept in zip(fitted.groups_.names, fitted.group_support_, strict=True):
            X = np.where(case.made.groups == name, 3 * case.X + 1, case.X)
            assert torch.equal(module(torch.tensor(X)), expected) != kept


@pytest.mark.parametrize("case", MLPS, ids=str)
@pytest.mark.parametrize("refit", [False, True])
def test_groups_whose_units_all_died_are_not_selected(case, refit):
    model = case(
        regularize=("hidden",), lam=50.0, max_groups=None, refit=refit, algorithm__polish_iter=50
    )
    with pytest.warns(ConvergenceWarning, match="no group is left .* constant: lower lam") as told:
        model.fit(case.X, case.y)
    assert len(told) == 1
    assert not model.group_support_.any()
    assert np.ptp(outputs(model, case.X), axis=0).max() == 0
    assert model.compact().input_transform.n_features == 0
    assert model.history_[-1]["n_groups"] == 0
    removed = [name for row in model.history_ for name in row["removed"]]
    assert sorted(removed) == sorted(model.groups_.names)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_last_row_of_the_history_is_the_support(variant):
    fitted = variant(max_groups=None, lam=0.3).fit(variant.X, variant.y)
    assert fitted.history_[-1]["n_groups"] == fitted.group_support_.sum()


@pytest.mark.parametrize("bar", ["lam", "lam_tau"])
@pytest.mark.parametrize("algorithm", ["a", "b"])
@pytest.mark.parametrize("case", SGIN, ids=str)
def test_the_last_group_of_sgin_is_doubted(case, algorithm, bar):
    settings = {"algorithm": algorithm, "bar": bar, "refit": True}
    message = r"lam=1000 .* last group, 'group \d', is left by rule alone.*: lower lam"
    with pytest.warns(ConvergenceWarning, match=message) as told:
        model = case(lam=1000.0, **settings).fit(case.X, case.y)
    assert len(told) == 1
    assert len(model.selected_groups_) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        case(lam=1e-4, max_groups=1, **settings).fit(case.X, case.y)


def test_constant_predictions_are_doubted():
    case = MLPS[0]
    model = case(warm_start=True, max_groups=None).fit(case.X, case.y)
    with torch.no_grad():
        model.module_.biases[0].fill_(-1e3)  # no unit is active for any row
    model.set_params(learning_rate=1e-12, max_epochs=1)
    with pytest.warns(ConvergenceWarning, match=r"same for every row.*lower learning_rate") as told:
        model.fit(case.X, case.y)
    assert len(told) == 1


EMPTY = [
    GroupLassoMLP(lam=10.0, max_epochs=25),
    GroupLassoClassifier(lam=1e3),
    GroupLassoRegressor(lam=1e3),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", EMPTY, ids=lambda model: type(model).__name__)
def test_a_frame_of_which_no_group_is_left(model):
    frame = pd.DataFrame(NUMBERS.data).add_prefix("c")
    y = (NUMBERS.target > np.median(NUMBERS.target)).astype(int)
    model = model.fit(frame, y)
    assert not model.group_support_.any()
    np.testing.assert_array_equal(model.predict(frame), model.predict(frame)[:1].repeat(len(frame)))
    assert model.transform(frame).shape == (len(frame), 0)
    framed = model.set_output(transform="pandas").transform(frame)
    assert framed.shape == (len(frame), 0)
    assert framed.index.equals(frame.index)


@pytest.mark.parametrize("case", MLPS + SGIN, ids=str)
def test_a_group_of_weight_zero_is_never_removed(case):
    noise = next(name for name in case.made.groups if name not in case.made.planted)
    names = case().fit(case.X, case.y).groups_.names
    weights = [0.0 if name == noise else 1.0 for name in names]
    model = case(group_weights=weights, max_groups=2, lam=0.0).fit(case.X, case.y)
    assert noise in model.selected_groups_
    assert len(model.selected_groups_) == 2
