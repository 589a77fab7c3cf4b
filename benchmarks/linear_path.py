"""A path of 20 lam of the linear baselines, and those of celer and skglm.

    python benchmarks/linear_path.py [--rounds 3] [--tol 1e-8]

Tall: 2000 x 200 in 20 groups of 10; wide: 64 x 9647 in 109 uneven groups; lam from lambda_max to
a hundredth of it, weights sqrt(p_g).  The rivals are celer for numbers and skglm's GroupProxNewton
for two classes, each warm-started along the path, compiled before the clock starts, and with the
same tol, of its own criterion; they take turns with ours in one process.  Reading and checking X
counts for ours.  No rival has several classes.

All objectives are computed here, from the coefficients.  Ours may be above the rival's by WORSE at
most, and on all six problems above the minimum by WORSE at most: the dual objective of a more
precise solution bounds that from below, whoever found the coefficients.
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
from scipy.special import softmax, xlogy
from skglm.datafits import LogisticGroup
from skglm.penalties import WeightedGroupL2
from skglm.solvers import GroupProxNewton

sys.path.insert(0, str(Path(__file__).parents[1]))
from sgnn.estimators.linear import GroupLassoClassifier, GroupLassoRegressor

TABLES = {"tall": (2000, 200, 20), "wide": (64, 9647, 109)}
LAMS = np.geomspace(1.0, 0.01, 20)  # over lambda_max
WORSE = 1e-8  # by which our objective may exceed another's
CUTS = {"numbers": None, "two classes": [0.0], "three classes": [-0.5, 0.5]}


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


# the objective and its dual, by definition -----------------------------------------------------


def targets(y):
    """(n, n_outputs): numbers, or one column of 0 and 1 for each class."""
    return y[:, None] if y.dtype == float else np.eye(y.max() + 1)[y]


def outputs(X, y, coef, intercept):
    """(n, n_outputs), of two classes with 0 for the first: their softmax is the logistic model."""
    Z = X @ np.atleast_2d(coef).T + intercept
    return np.hstack([np.zeros_like(Z), Z]) if y.dtype != float and Z.shape[1] == 1 else Z


def objective(X, y, labels, lam, coef, intercept):
    """Mean loss + lam * sum_g sqrt(p_g) ||coef_g||."""
    Z, T = outputs(X, y, coef, intercept), targets(y)
    if y.dtype == float:
        losses = np.square(Z - T).sum(1) / 2
    else:
        losses = np.logaddexp.reduce(Z, axis=1) - (T * Z).sum(1)
    squares = np.bincount(labels, np.square(np.atleast_2d(coef)).sum(0))
    return losses.mean() + lam * (np.sqrt(np.bincount(labels)) @ np.sqrt(squares))


def dual(X, y, labels, lam, coef, intercept):
    """A bound of the minimum from below, tight for the coefficients of the minimum.

    The dual is to maximize -mean loss*(U) over U (n, n_outputs) whose columns sum to 0 and for
    which ||X_g^T U|| <= n lam sqrt(p_g).  At the minimum U is the derivative of the loss in the
    outputs; beside it that is centered, and shrunk until it obeys.
    """
    Z, T = outputs(X, y, coef, intercept), targets(y)
    numbers = y.dtype == float
    U = Z - T if numbers else softmax(Z, axis=1) - T
    off, mean = U.mean(0), T.mean(0)
    U -= off
    if not numbers:  # T + U stays a probability, if only just, with a little of the null model's U
        little = np.abs(off).max() / mean.min()
        U = (1 - little) * U + little * (mean - T)
    pull = X.T @ U[:, -len(np.atleast_2d(coef)) :]  # of two classes only the second one's
    size = np.sqrt(np.bincount(labels, np.square(pull).sum(1)))
    U /= max(1.0, (size / (len(X) * lam * np.sqrt(np.bincount(labels)))).max())
    conjugate = (np.square(U) / 2 + U * T if numbers else xlogy(T + U, T + U)).sum(1)
    return -conjugate.mean()


# rivals: (coefs, intercepts) along decreasing lams ---------------------------------------------


def celer(X, y, labels, lams, tol):
    groups = [np.flatnonzero(labels == g).tolist() for g in range(labels.max() + 1)]
    weights = np.sqrt(np.bincount(labels))
    center = X.mean(0)
    _, coefs, *_ = celer_path(
        np.asfortranarray(X - center), y - y.mean(), "grouplasso", groups=groups, weights=weights,
        alphas=lams, tol=tol,
    )  # fmt: skip
    return coefs.T, y.mean() - coefs.T @ center


def skglm(X, y, labels, lams, tol):
    pointers = np.append(0, np.cumsum(np.bincount(labels))).astype(np.int32)
    cut = (pointers, np.arange(len(labels), dtype=np.int32))
    weights = np.sqrt(np.bincount(labels))
    solver = GroupProxNewton(max_iter=100, tol=tol, fit_intercept=True)
    X, y, w, found = np.asfortranarray(X), 2.0 * y - 1.0, np.zeros(X.shape[1] + 1), []
    for lam in lams:
        Xw = X @ w[:-1] + w[-1]
        penalty = WeightedGroupL2(lam, weights, *cut)
        w = solver.solve(X, y, LogisticGroup(*cut), penalty, w.copy(), Xw)[0]
        found.append(w)
    coefs = np.array(found)
    return coefs[:, :-1], coefs[:, -1]


RIVALS = {"numbers": celer, "two classes": skglm}


def ours(X, y, labels, lams, tol):
    kind = GroupLassoRegressor if y.dtype == float else GroupLassoClassifier
    path = kind(labels, standardize=False, tol=tol).path(X, y, lams=lams)
    assert path.kkt_residuals.max() <= tol
    return path.coefs, path.intercepts


def timed(solver, *problem):
    began = time.perf_counter()
    result = solver(*problem)
    return time.perf_counter() - began, result


def compare(name, kind, rounds, tol):
    """Print one line, once it is known that ours is nowhere worse."""
    X, labels, y = table(*TABLES[name])
    y = y if CUTS[kind] is None else np.digitize(y, CUTS[kind])
    model = GroupLassoRegressor if y.dtype == float else GroupLassoClassifier
    lams = LAMS * model(labels, standardize=False).path(X, y, lams=1).lams[0]
    solvers = [ours, RIVALS[kind]] if kind in RIVALS else [ours]
    for solver in solvers[1:]:
        solver(X, y, labels, lams[:2], tol)  # compiles
    runs = [[timed(s, X, y, labels, lams, tol) for s in solvers] for _ in range(rounds)]
    seconds = [median(run[i][0] for run in runs) for i in range(len(solvers))]
    values = [
        np.array([objective(X, y, labels, *each) for each in zip(lams, *found, strict=True)])
        for _, found in runs[0]
    ]
    precise = ours(X, y, labels, lams, tol / 100)
    bounds = [dual(X, y, labels, *each) for each in zip(lams, *precise, strict=True)]
    gap, excess = ((values[0] - other).max() for other in (bounds, np.min(values, axis=0)))
    assert max(gap, excess) <= WORSE
    line = f"{name}, {kind}: ours {seconds[0]:.3f} s"
    if len(solvers) > 1:
        ratio = median(run[0][0] / run[1][0] for run in runs)
        line += f", {solvers[1].__name__} {seconds[1]:.3f} s, ratio {ratio:.2f}"
        line += f"; objective above the rival's by {excess:.1e} at most"
    print(f"{line}; above the minimum by {gap:.1e} at most", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tol", type=float, default=1e-8)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # celer's, on the duality gaps that it does not reach
    for name in TABLES:
        for kind in CUTS:
            compare(name, kind, arguments.rounds, arguments.tol)
