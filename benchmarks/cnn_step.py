"""What a penalty adds to a training step of LeNet-5-Caffe.

    python benchmarks/cnn_step.py [--batch 128] [--rounds 7] [--names sgl_l0 hsq_gl ...] [--all]

Random 28 x 28 images, Adam.  Every registered regularizer, or those named, under each algorithm
that takes it, is compared with the same step without a penalty, in turn and in processor time; the
loss of the first step must be the same, but for gates that are drawn.  Blocks are output channels,
of all layers for paper 3's criteria and of the convolutions for those that paper 4 alone has; with
--all of all layers for these too.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from sgnn import regularizers
from sgnn.algorithms import (
    FullGradient,
    Gates,
    ModuleNetwork,
    Problem,
    Proximal,
    Splitting,
    StoredRows,
    Subgradient,
)  # fmt: skip
from sgnn.estimators.penalties import input_weights_of, terms_of
from sgnn.groups import Groups
from sgnn.losses import CrossEntropy
from sgnn.modules import ARCHITECTURES, ChannelNet, InputTransform, couple
from sgnn.regularizers import OnLayers
from tests.problems import begin

LAM = 1e-5
ALGORITHMS = {
    "subgradient": Subgradient,
    "splitting": Splitting,
    "proximal": lambda: Proximal(polish_iter=0),
}
PAPER_3 = {"cges"}  # without a size factor
STEPS = 16  # an epoch, and so one prox of "proximal"


def network(regularizer, batch, everywhere):
    rng = np.random.default_rng(0)
    shape, n = (1, 28, 28), STEPS * batch
    body = ARCHITECTURES.made("lenet5")(shape, 10, generator=torch.Generator().manual_seed(0))
    groups, coupling = Groups.of(None, 1), couple(body, shape)
    input_weights, terms = input_weights_of(coupling, groups), []
    if regularizer is not None:
        R = regularizers.get(regularizer)
        R = OnLayers(R, "all") if everywhere or regularizer in PAPER_3 else R
        terms = terms_of(
            coupling, input_weights, R, grouping="neuron", sized=R.size_factor,
            by_input=False, inside=True,
        )  # fmt: skip
    module = ChannelNet(InputTransform(784), shape, body)
    module.try_channels_last()
    rows = Groups(("all",), np.zeros(784, dtype=np.int64), np.ones(1), np.ones(1))
    X = torch.from_numpy(rng.normal(size=(n, 784)).astype(np.float32))
    problem = Problem(
        loss=CrossEntropy(), rows=StoredRows(rows, len(X), batch, X),
        y=torch.from_numpy(rng.integers(0, 10, n)), weight=None, groups=groups, lam=LAM,
        active=np.ones(1, dtype=bool), rng=rng, terms=terms,
    )  # fmt: skip
    return ModuleNetwork(problem, module, coupling=coupling, input_weights=input_weights)


def steps(algorithm, regularizer, batch, everywhere):
    """A function that takes STEPS steps, and the loss of the very first."""
    made = network(regularizer, batch, everywhere)
    optimizer = torch.optim.Adam(made.module.parameters(), lr=1e-4, fused=True)
    begin(algorithm, made, optimizer, 1)

    def epoch():
        with torch.no_grad():
            algorithm.enter(-1)
            losses = []
            for piece in made.problem.rows.batches:
                losses.append(float(algorithm.objective(piece)))
                algorithm.update()
            algorithm.leave(-1)
        return losses[0]

    return epoch, epoch()


def compare(batch, rounds, names, everywhere):
    worst = 0.0
    for name in names or regularizers.names():
        algorithms = dict(ALGORITHMS)
        if regularizers.get(name).gating is not None:
            algorithms["gates"] = Gates
        for which, make in algorithms.items():
            plain, expected = steps(FullGradient(), None, batch, everywhere)
            ours, loss = steps(make(), name, batch, everywhere)
            drawn = which == "gates" and name == "group_l0"
            assert drawn or abs(loss - expected) < 1e-5, (name, which, loss, expected)
            ratios = []
            for _ in range(rounds):
                began = time.process_time()
                plain()
                middle = time.process_time()
                ours()
                ratios.append((time.process_time() - middle) / (middle - began))
            ratio = median(ratios)
            worst = max(worst, ratio)
            print(f"{name:20} {which:12} {ratio:.2f} x the step without a penalty", flush=True)
    print(f"worst: {worst:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--names", nargs="*", choices=regularizers.names())
    parser.add_argument("--all", action="store_true", help="penalize all layers with any")
    arguments = parser.parse_args()
    compare(arguments.batch, arguments.rounds, arguments.names, arguments.all)
