"""A path of 20 lam of the linear baselines, and that of celer for regression.

    python benchmarks/linear_path.py [--rounds 5] [--tol 1e-8]

Tall: 2000 x 200 in 20 groups of 10; wide: 64 x 9647 in 109 uneven groups; lam from lambda_max to
a hundredth of it, weights sqrt(p_g).  Both solvers get the same columns, the same lam and the same
tol, and take turns in one process; reading and checking X counts for ours, celer gets it centered.
Both objectives are computed here, from the coefficients: ours may not be worse anywhere.  celer has
no logistic group lasso, so classes are timed alone; their KKT residual is checked instead.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path
from statistics import median

import numpy as np
from celer import celer_path

sys.path.insert(0, str(Path(__file__).parents[1]))
from sgnn.estimators.linear import GroupLassoClassifier, GroupLassoRegressor

TABLES = {"tall": (2000, 200, 20), "wide": (64, 9647, 109)}
LAMS = np.geomspace(1.0, 0.01, 20)  # over lambda_max
WORSE = 1e-8  # by which our objective may not exceed celer's


def table(n, p, n_groups):
    """X, labels of the columns, and numbers that four groups explain in part."""
    rng = np.random.default_rng(0)
    if p % n_groups == 0:
        labels = np.repeat(np.arange(n_groups), p // n_groups)
    else:
        drawn = rng.choice(n_groups, p - n_groups, p=rng.dirichlet(np.full(n_groups, 2.0)))
        labels = np.sort(np.concatenate([np.arange(n_groups), drawn]))
    X = rng.normal(size=(n, p))
    theta = np.zeros(p)
    for g in range(4):
        size = np.count_nonzero(labels == g)
        theta[labels == g] = rng.normal(size=size) / np.sqrt(size)
    return X, labels, X @ theta + 0.5 * rng.normal(size=n)


def objectives(X, y, labels, lams, coefs):
    """mean 1/2 (y - X coef)^2 + lam * sum_g sqrt(p_g) ||coef_g|| of centered data, (n_lams,)."""
    loss = np.square(y - coefs @ X.T).mean(1) / 2
    groups = [labels == g for g in range(labels.max() + 1)]
    norms = np.array([np.linalg.norm(coefs[:, group], axis=1) for group in groups])
    return loss + lams * (np.sqrt(np.bincount(labels)) @ norms)


def timed(function):
    began = time.perf_counter()
    result = function()
    return time.perf_counter() - began, result


def against_celer(name, X, labels, y, rounds, tol):
    model = GroupLassoRegressor(labels, tol=tol)
    lams = LAMS * model.path(X, y, lams=1).lams[0]
    Xc, yc = np.asfortranarray(X - X.mean(0)), y - y.mean()
    groups = [np.flatnonzero(labels == g).tolist() for g in range(labels.max() + 1)]
    weights = np.sqrt(np.bincount(labels))

    def rival():
        return celer_path(
            Xc, yc, "grouplasso", groups=groups, weights=weights, alphas=lams, tol=tol
        )

    times = []
    for _ in range(rounds):
        ours, path = timed(lambda: model.path(X, y, lams=lams))
        theirs, (_, coefs, *_) = timed(rival)
        times.append((ours, theirs))
    mine, its = (objectives(Xc, yc, labels, lams, c) for c in (path.coefs, coefs.T))
    assert (mine <= its + WORSE * np.maximum(its, 1.0)).all()
    ours, theirs = (median(column) for column in zip(*times, strict=True))
    ratio = median(a / b for a, b in times)
    print(
        f"{name} regression: ours {ours:.3f} s, celer {theirs:.3f} s, ratio {ratio:.2f}; "
        f"our objective minus celer's is {(mine - its).min():.1e} to {(mine - its).max():.1e}, "
        f"KKT residual {path.kkt_residuals.max():.1e}"
    )


def alone(name, X, labels, y, rounds, tol):
    model = GroupLassoClassifier(labels, tol=tol)
    lams = LAMS * model.path(X, y, lams=1).lams[0]
    runs = [timed(lambda: model.path(X, y, lams=lams)) for _ in range(rounds)]
    residual = runs[0][1].kkt_residuals.max()
    assert residual <= tol
    seconds = median(spent for spent, _ in runs)
    print(f"{name}, {len(np.unique(y))} classes: {seconds:.3f} s, KKT residual {residual:.1e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tol", type=float, default=1e-8)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # celer's, on the duality gaps that it does not reach
    for name, shape in TABLES.items():
        X, labels, y = table(*shape)
        against_celer(name, X, labels, y, arguments.rounds, arguments.tol)
        alone(name, X, labels, (y > 0).astype(int), arguments.rounds, arguments.tol)
        alone(name, X, labels, np.digitize(y, [-0.5, 0.5]), arguments.rounds, arguments.tol)
