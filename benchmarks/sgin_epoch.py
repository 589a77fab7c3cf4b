"""One SGIN epoch with the cached first layer against the naive algorithm, in turn.

    python benchmarks/sgin_epoch.py [--visits 28] [--rounds 3] [--profile]

59,000 x 784 in 28 groups, batches of 1000, float32, SGD with learning rate 0.1.  Both sides
start from the same network, visit the same groups in the same order on the same pre-batched
tensors, and must end with the same weights.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from sgnn.algorithms import Blockwise
from tests.naive import NaiveSGIN, network
from tests.problems import begin, sgin_network

N, P, K, BATCH = 59_000, 784, 28, 1000
SGD = partial(torch.optim.SGD, lr=0.1)
FUSED = partial(torch.optim.SGD, lr=0.1, fused=True)


def data():
    """Rows with the spread of pixels and labels that depend on them."""
    rng = np.random.default_rng(0)
    X = rng.random((N, P), dtype=np.float32)
    return X, (X[:, ::28] @ rng.normal(size=(28, 10))).argmax(1)


def ours(trained, visits):
    algorithm = Blockwise()
    start = time.perf_counter()
    with torch.no_grad():
        begin(algorithm, trained, FUSED(trained.parameters), 1)
        for block in list(algorithm.sweep())[:visits]:
            algorithm.enter(block)
            for batch in trained.problem.rows.batches:
                algorithm.objective(batch)
                algorithm.update()
            algorithm.leave(block)
        trained.store()
    return time.perf_counter() - start


def naive(transcript, batches, order):
    start = time.perf_counter()
    transcript.epoch(batches, order)
    return time.perf_counter() - start


def peak_gflops(m=1000):
    a, b = torch.randn(m, m), torch.randn(m, m)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2 * m**3 / min(times) / 1e9


def multiplies(hidden):
    """Floating-point operations in the matrix products of one batch of ours."""
    sizes = [*hidden, 10]
    head = sum(a * b for a, b in pairwise(sizes))
    group = P // K * hidden[0]
    # group: into the product, its gradient, out of and into H; head: two forward, two backward
    return 2 * BATCH * (4 * group + 4 * head)


def show_profile(hidden, visits):
    """Which of torch's operations our visits spend their time in."""
    X, y = data()
    labels = np.arange(P) // (P // K)
    trained = sgin_network(
        X, y, labels, lam=1e-3, hidden=hidden, batch_size=BATCH, dtype=torch.float32
    )
    with torch.profiler.profile() as profile:
        ours(trained, visits)
    operations = sorted(profile.key_averages(), key=lambda o: -o.self_cpu_time_total)
    total = sum(operation.self_cpu_time_total for operation in operations)
    shares = (f"{o.key} {100 * o.self_cpu_time_total / total:.0f} %" for o in operations[:10])
    print(f"{hidden!s:16} time in {', '.join(shares)}")


def compare(hidden, visits, rounds):
    X, y = data()
    labels = np.arange(P) // (P // K)
    ratios, own = [], []
    for _ in range(rounds):
        trained = sgin_network(
            X, y, labels, lam=1e-3, hidden=hidden, batch_size=BATCH, dtype=torch.float32
        )
        module, problem = trained.module, trained.problem
        net = network([module.theta, *module.weights], list(module.biases))
        columns = [torch.arange(g * P // K, (g + 1) * P // K) for g in range(K)]
        transcript = NaiveSGIN(net, columns, 1e-3, optimizer=SGD)
        batches = [(problem.rows.read(b), problem.y[b], None) for b in problem.rows.batches]
        order = copy.deepcopy(problem.rng).permutation(K)[:visits]
        slow, fast = naive(transcript, batches, order), ours(trained, visits)
        assert problem.active.tolist() == transcript.active
        worst = (module.theta - net[0].weight).abs().max().item()
        assert worst < 5e-3
        ratios.append(slow / fast)
        own.append(fast)
    batches_seen = visits * len(batches)
    gflops = multiplies(hidden) * batches_seen / median(own) / 1e9
    print(
        f"{hidden!s:16} naive/ours {median(ratios):5.2f} (of {[round(r, 2) for r in ratios]}), "
        f"{1e3 * median(own) / batches_seen:.2f} ms a batch, {gflops:.0f} GFLOP/s in matrix "
        f"products = {100 * gflops / peak_gflops():.0f} % of the peak; same groups removed, "
        f"weights agree to {worst:.0e}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=28, help="groups visited of an epoch's 28")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="where the time goes, instead")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    for layers in ([1000, 100, 50], [100]):
        if arguments.profile:
            show_profile(layers, arguments.visits)
        else:
            compare(layers, arguments.visits, arguments.rounds)
