"""What the prox adds to a step of the optimizer.

    python benchmarks/proximal_step.py [--seconds 2] [--rounds 7]

Two networks: 784-256-64-10 with 28 groups of inputs, batches of 200, and 48-32-32-11 with every
input and hidden unit a group, batches of 32; Adam.  "proximal" is algorithm="proximal" as the
estimators run it (the prox of all tensors, biases included, after every 16 mini-batches) and
"every 1" the same with the prox after each.  They are compared with the same steps without a
penalty, and with the plain step that one writes in torch: nn.Sequential, autograd, fused Adam.
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
from sgnn.algorithms import DenseProblem, Proximal, StoredRows, Term, WholeNetwork
from sgnn.groups import Blocks, Groups
from sgnn.modules import MLP, Columns, CrossEntropy
from sgnn.regularizers import GroupLasso
from tests.naive import network

LR = 1e-3
NETWORKS = {
    "784-256-64-10, 28 groups": (784, 28, (256, 64), 10, 200),
    "48-32-32-11, every unit": (48, 1, (32, 32), 11, 32),
}


def new_problem(p, size, hidden, classes, batch_size, *, lam, n_batches=64):
    """Random rows, and the groups of paper 2 on the whole network."""
    rng = np.random.default_rng(0)
    n = n_batches * batch_size
    groups = Groups.of(size, p)
    module = MLP(
        Columns(p), hidden, classes, first_bias=True, generator=torch.Generator().manual_seed(0)
    )
    X = torch.from_numpy(rng.normal(size=(n, p)).astype(np.float32))
    problem = DenseProblem(
        module=module, loss=CrossEntropy(), rows=StoredRows(groups, X, batch_size),
        y=torch.from_numpy(rng.integers(0, classes, n)), weight=None, groups=groups,
        regularizer=GroupLasso(), lam=lam, alive=np.ones(len(groups), dtype=bool), rng=rng,
    )  # fmt: skip
    for tensor in [*module.weights, *module.biases[:-1]]:
        problem.terms.append(
            Term(tensor, Blocks(tensor.shape, (-1,)).to(tensor), problem.regularizer)
        )
    return problem


def ours(algorithm, problem):
    """A function that runs an epoch, and the network that it trains."""
    module = problem.module
    optimizer = torch.optim.Adam(module.parameters(), lr=LR, fused=True)
    algorithm.begin(problem, optimizer, 1)

    def epoch():
        with torch.no_grad():
            algorithm.enter(-1)
            for batch in problem.rows.batches:
                algorithm.objective(batch)
                algorithm.update()
            algorithm.leave(-1)

    return epoch, lambda: module.theta.detach()


def torchs(problem):
    module = problem.module
    net = network([module.theta, *module.weights], list(module.biases))
    optimizer = torch.optim.Adam(net.parameters(), lr=LR, fused=True)

    def epoch():
        for batch in problem.rows.batches:
            optimizer.zero_grad()
            X, y = problem.rows.read(batch), problem.y[batch]
            torch.nn.functional.cross_entropy(net(X), y).backward()
            optimizer.step()

    return epoch, lambda: net[0].weight.detach()


def contestants(shape, lam):
    return {
        "plain": ours(WholeNetwork(), new_problem(*shape, lam=0.0)),
        "torch": torchs(new_problem(*shape, lam=0.0)),
        "proximal": ours(Proximal(), new_problem(*shape, lam=lam)),
        "every 1": ours(Proximal(every=1), new_problem(*shape, lam=lam)),
    }


def check(shape):
    """Without a penalty all are the same training."""
    runs = contestants(shape, lam=0.0)
    for epoch, _ in runs.values():
        epoch()
    weights = [weight() for _, weight in runs.values()]
    for other in weights[1:]:
        torch.testing.assert_close(other, weights[0], rtol=0, atol=1e-5)


def compare(name, shape, seconds, rounds):
    check(shape)
    runs = contestants(shape, lam=1e-4)
    times = {who: [] for who in runs}
    for _ in range(rounds):
        for who, (epoch, _) in runs.items():
            epoch()
            steps, began = 0, time.perf_counter()
            while time.perf_counter() - began < seconds / rounds:
                epoch()
                steps += 64
            times[who].append((time.perf_counter() - began) / steps)
    step = {who: 1e6 * median(taken) for who, taken in times.items()}
    print(f"{name}: " + ", ".join(f"{who} {us:.0f} us" for who, us in step.items()))
    for who in ("proximal", "every 1"):
        print(
            f"  {who}: {step[who] / step['plain']:.2f} x our plain step, "
            f"{step[who] / step['torch']:.2f} x torch's"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    for name, shape in NETWORKS.items():
        compare(name, shape, arguments.seconds, arguments.rounds)
