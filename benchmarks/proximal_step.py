"""What the prox adds to a step of the optimizer.

    python benchmarks/proximal_step.py [--seconds 0.1] [--rounds 9]

Two networks: 784-256-64-10 with 28 groups of inputs, batches of 200, and 48-32-32-11 with every
input and hidden unit a group, batches of 32; the optimizers of the estimators.  "proximal" is
algorithm="proximal" as they run it: the prox of all tensors, biases included, once after every 16
mini-batches, whose steps it takes together.  "every 1" is the same with the prox after each, which
costs the small network more than its step does.  They are compared with the same steps without a
penalty, and with the step that one writes in torch: nn.Sequential, autograd, the same optimizer.
The four are timed in turn, and a ratio is the median over the rounds of the ratio within a round.
All start from the same weights; without a penalty they must end with the same.
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
from sgnn.algorithms import (
    DenseNetwork,
    FullGradient,
    Problem,
    Proximal,
    StoredRows,
    Term,
)
from sgnn.groups import Blocks, Groups
from sgnn.losses import CrossEntropy
from sgnn.modules import MLP, InputTransform
from sgnn.optimizers import OPTIMIZERS, SGD
from sgnn.regularizers import GroupLasso
from tests.naive import network as sequential
from tests.problems import begin

LR = 1e-3
BATCHES = 64  # an epoch
NETWORKS = {
    "784-256-64-10, 28 groups": (784, 28, (256, 64), 10, 200),
    "48-32-32-11, every unit": (48, 1, (32, 32), 11, 32),
}


def new_network(p, size, hidden, classes, batch_size, *, lam, n_batches):
    """Random rows, and the groups of paper 2 on the whole network."""
    rng = np.random.default_rng(0)
    n = n_batches * batch_size
    groups = Groups.of(size, p)
    module = MLP(
        InputTransform(p),
        hidden,
        classes,
        first_bias=True,
        generator=torch.Generator().manual_seed(0),
    )
    X = torch.from_numpy(rng.normal(size=(n, p)).astype(np.float32))
    problem = Problem(
        loss=CrossEntropy(), rows=StoredRows(groups, n, batch_size, X),
        y=torch.from_numpy(rng.integers(0, classes, n)), weight=None, groups=groups,
        lam=lam, active=np.ones(len(groups), dtype=bool), rng=rng,
    )  # fmt: skip
    network = DenseNetwork(problem, module)
    labels = torch.from_numpy(groups.labels.copy())
    blocks = [(network.theta, Blocks.columns(network.theta.shape, labels))]
    blocks += [(tensor, Blocks(tensor.shape, (-1,)))
               for tensor in (*module.weights, *module.biases[:-1])]  # fmt: skip
    problem.terms = [Term(tensor, cut.to(tensor), GroupLasso()) for tensor, cut in blocks]
    return network


def steps_of(name, parameters):
    """The optimizer of that name, as the estimators make it; "momentum" is SGD with 0.9."""
    made = SGD(momentum=0.9) if name == "momentum" else OPTIMIZERS.made(name)
    return made.kind(parameters, lr=LR, **made.arguments)


def ours(algorithm, trained, name):
    """A function that runs an epoch, and the network that it trains."""
    optimizer = steps_of(name, trained.parameters)
    begin(algorithm, trained, optimizer, 1)

    def epoch():
        with torch.no_grad():
            algorithm.enter(-1)
            for batch in trained.problem.rows.batches:
                algorithm.objective(batch)
                algorithm.update()
            algorithm.leave(-1)

    return epoch, lambda: trained.theta.detach()


def torchs(trained, name):
    module, problem = trained.module, trained.problem
    net = sequential([module.theta, *module.weights], list(module.biases))
    optimizer = steps_of(name, net.parameters())

    def epoch():
        for batch in problem.rows.batches:
            optimizer.zero_grad()
            X, y = problem.rows.read(batch), problem.y[batch]
            torch.nn.functional.cross_entropy(net(X), y).backward()
            optimizer.step()

    return epoch, lambda: net[0].weight.detach()


def contestants(shape, name, lam, n_batches=BATCHES):
    def fresh(lam):
        return new_network(*shape, lam=lam, n_batches=n_batches)

    return {
        "plain": ours(FullGradient(), fresh(0.0), name),
        "torch": torchs(fresh(0.0), name),
        "proximal": ours(Proximal(), fresh(lam), name),
        "every 1": ours(Proximal(prox_every=1), fresh(lam), name),
    }


def check(shape, name):
    """Without a penalty all are the same training; later, Adam blows rounding up to whole steps."""
    runs = contestants(shape, name, lam=0.0, n_batches=16)
    for epoch, _ in runs.values():
        epoch()
    weights = [weight() for _, weight in runs.values()]
    for other in weights[1:]:
        torch.testing.assert_close(other, weights[0], rtol=0, atol=LR / 10)


def seconds_a_step(epoch, seconds):
    epoch()
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        epoch()
        steps += BATCHES
    return (time.perf_counter() - began) / steps


def compare(shape, name, seconds, rounds):
    check(shape, name)
    runs = contestants(shape, name, lam=1e-4)
    times = {who: [] for who in runs}
    for _ in range(rounds):
        for who, (epoch, _) in runs.items():
            times[who].append(seconds_a_step(epoch, seconds))
    cells = [f"{who} {1e6 * median(taken):.0f} us" for who, taken in times.items()]
    for who in ("proximal", "every 1"):
        for rival in ("plain", "torch"):
            ratios = [a / b for a, b in zip(times[who], times[rival], strict=True)]
            cells.append(f"{who} / {rival} {median(ratios):.2f}")
    print(f"  {name}: " + ", ".join(cells), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.1)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    for network_name, shape in NETWORKS.items():
        print(f"{network_name}:")
        for name in ("sgd", "momentum", "adam", "adamax", "rmsprop"):
            compare(shape, name, arguments.seconds, arguments.rounds)
