"""What `compact()` saves: operations and measured time, before and after.

    python benchmarks/compaction.py [--rows 1000] [--rounds 5] [--model lenet.joblib]

GroupLassoMLP [256, 128] on digits in 8 rows of pixels, fitted at growing lam; and LeNet-5-Caffe on
random 28 x 28 images, of whose filters and units a growing share is set to zero.  Both networks
take the same rows in turn, and must give the same outputs.  --model takes what
examples/papers/cnn_lenet.py leaves in its cache, the LeNet that was trained and cut down, and sets
it beside the whole one.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from pathlib import Path
from statistics import median

import joblib
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from sgnn import GroupLassoMLP
from sgnn.datasets import load_digit_rows
from sgnn.modules import ARCHITECTURES
from sgnn.pruning import compare, prune

LAMS = (1e-4, 3e-4, 1e-3, 3e-3)
SHARES = (0.5, 0.7, 0.8, 0.9)


def ratio(before, after, x, x_small, rounds, same=True):
    """Time before over time after, the two taken in turn."""
    with torch.no_grad():
        difference = float((before(x) - after(x_small)).abs().max())
        assert difference < 1e-4 or not same, difference
        ratios = []
        for _ in range(rounds):
            began = time.perf_counter()
            before(x)
            middle = time.perf_counter()
            after(x_small)
            ratios.append((middle - began) / (time.perf_counter() - middle))
    return median(ratios)


def mlp(rows, rounds):
    digits = load_digit_rows()
    for lam in LAMS:
        model = GroupLassoMLP(
            digits.groups, lam=lam, hidden_layer_sizes=(256, 128), max_epochs=60, dtype="float32",
            random_state=0,
        ).fit(digits.data[:1200], digits.target[:1200])  # fmt: skip
        whole = copy.deepcopy(model.module_)
        whole.input_transform.keep(torch.ones(64, dtype=torch.bool))
        X = digits.data[torch.arange(rows).numpy() % len(digits.data)]
        kept = torch.from_numpy(model.transform(X)).float()
        times = ratio(whole, model.compact(), torch.from_numpy(X).float(), kept, 20 * rounds)
        flops = model.savings(n_rows=1)["flops"]
        score = model.score(digits.data[1200:], digits.target[1200:])
        print(
            f"MLP, lam={lam:g}, accuracy {score:.3f}: {flops[0] / flops[1]:.1f} x fewer "
            f"operations, {times:.1f} x faster"
        )


def lenet(rows, rounds):
    x = torch.randn(rows, 1, 28, 28)
    for share in SHARES:
        net = ARCHITECTURES.made("lenet5")((1, 28, 28), 10).eval()
        with torch.no_grad():
            for layer in (net.conv1, net.conv2, net.dense1):
                gone = int(share * len(layer.weight))
                layer.weight[:gone] = 0
                layer.bias[:gone] = 0
        small = prune(net, (1, 28, 28))
        flops = compare(net, small, (1, 28, 28), min_run_time=0.01)["flops"]
        times = ratio(net, small, x, x, rounds)
        print(
            f"LeNet, {share:.0%} of the filters and units gone: {flops[0] / flops[1]:.1f} x fewer "
            f"operations, {times:.1f} x faster"
        )


def trained(path, rows, rounds):
    x, shape = torch.randn(rows, 1, 28, 28), (1, 28, 28)
    whole, small = (
        ARCHITECTURES.made("lenet5")(shape, 10).eval(),
        joblib.load(path).compact().eval(),
    )
    flops = compare(whole, small, shape, min_run_time=0.01)["flops"]
    last = x.to(memory_format=torch.channels_last)
    print(
        f"LeNet as cnn_lenet.py trains it: {flops[0] / flops[1]:.1f} x fewer operations, "
        f"{ratio(whole, small, x, x, rounds, same=False):.1f} x faster, "
        f"{ratio(whole, small, last, x, rounds, same=False):.1f} x if the whole one too takes "
        f"images whose channels lie last"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    mlp(arguments.rows, arguments.rounds)
    lenet(arguments.rows, arguments.rounds)
    if arguments.model is not None:
        sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "papers"))
        trained(arguments.model, arguments.rows, arguments.rounds)
