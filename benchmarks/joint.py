"""Studies in one training against the same fits one after the other, and against LassoNet's path.

    python benchmarks/joint.py [search] [small] [stability] [drive] [rows] [lassonet] [--part 10]

In one process, without n_jobs:

search
    donor splice sites, 11,220 x 28, [30, 20, 10] as paper 1 trains it: LambdaSearchCV over 50 lams
    and 5 folds against scikit-learn's GridSearchCV over the same estimator
small
    scikit-learn's diabetes, 331 x 10: LambdaSearchCV of SGINRegressor, both at their defaults,
    against GridSearchCV over the lams that it found, on the same folds, every fit of which is made
stability
    the same data: StabilitySelector with 100 bootstraps against 100 fits
drive
    20,000 x 48 in 12 groups, [32, 32], batches of 32 as paper 2 trains it: 100 bootstraps of
    GroupLassoMLP against 100 fits
rows
    MNIST in rows, [1000, 100, 50]: nothing is gained by joint training, nor lost
lassonet
    2000 x 100 in 20 groups of 5, 100 hidden units: lambda_path against LassoNet's path

The rival makes every --part-th of the fits and its time is multiplied; 1 makes all.  Both must keep
the same groups, and score the same rows alike.  Donor sites and MNIST are fetched, or read from
$SGNN_DATA; LassoNet is to be installed beside.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split

sys.path.insert(0, str(Path(__file__).parents[1]))
from sgnn import (
    GroupLassoMLP,
    LambdaSearchCV,
    SGINClassifier,
    SGINRegressor,
    StabilitySelector,
    lambda_path,
)
from sgnn.datasets import (
    fetch_donor_splice_sites,
    fetch_mnist_rows,
    make_grouped_classification,
)

PAPER = {
    "optimizer": "sgd", "learning_rate": 0.1, "lr_schedule": 0.5, "warmup_epochs": 0,
    "n_iter_no_change": None, "random_state": 0,
}  # fmt: skip
ALIKE = 1e-3  # by which the scores of one fit may differ
AGREE = 0.98  # share of the groups in which supports must agree: a removal may hang by a rounding


def timed(function):
    """Seconds, and what it returns."""
    began = time.perf_counter()
    result = function()
    return time.perf_counter() - began, result


def report(name, ours, rival, n_fits, n_made, agreement):
    """Print a line of the table; the rival's seconds are for `n_made` of `n_fits`."""
    rival *= n_fits / n_made
    print(
        f"{name}: {n_fits} fits, ours {ours:.1f} s, rival {rival:.1f} s ({n_made} fits timed), "
        f"{rival / ours:.1f} x; supports agree in {100 * agreement:.1f} %",
        flush=True,
    )
    assert agreement >= AGREE, "the two did not compute the same"


def donor_sites():
    """The down-sampled training sites: as many false ones as true ones for two thirds."""
    sites = fetch_donor_splice_sites()
    true, false = (np.flatnonzero(sites.target == label) for label in (1, 0))
    rng = np.random.default_rng(0)
    rows = rng.permutation(np.r_[rng.permutation(true)[:5610], rng.permutation(false)[:5610]])
    model = SGINClassifier(
        sites.groups, hidden_layer_sizes=(30, 20, 10), batch_size=100, max_epochs=5, **PAPER
    )
    return sites.data[rows], sites.target[rows], model


def search(part):
    X, y, model = donor_sites()
    lams = np.geomspace(1e-4, 1e-1, 50)
    cv = StratifiedKFold(5)
    seconds, ours = timed(lambda: LambdaSearchCV(model, lams, cv, refit=False).fit(X, y))
    chosen = np.arange(0, len(lams), part)
    rival, theirs = timed(
        lambda: GridSearchCV(model, {"lam": lams[chosen]}, cv=cv, refit=False).fit(X, y)
    )
    differ = ours.cv_results_["mean_test_score"][chosen] - theirs.cv_results_["mean_test_score"]
    alike = np.mean(np.abs(differ) <= ALIKE)
    report("search", seconds, rival, 5 * len(lams), 5 * len(chosen), alike)


def small(part):
    X, y = load_diabetes(return_X_y=True)
    X, _, y, _ = train_test_split(X, y, test_size=1 / 4, random_state=0)
    model = SGINRegressor(random_state=0)
    model.fit(X, y)  # the first fit of a process imports parts of torch, for whichever comes first
    seconds, ours = timed(lambda: LambdaSearchCV(model, lams=50, cv=5).fit(X, y))
    # refit as ours; without the fits that ours makes to find its grid
    rival, theirs = timed(lambda: GridSearchCV(model, {"lam": ours.lams_}, cv=5).fit(X, y))
    differ = ours.cv_results_["mean_test_score"] - theirs.cv_results_["mean_test_score"]
    alike = np.mean(np.abs(differ) <= ALIKE)
    n_fits = 5 * len(ours.lams_) + 1
    report("small", seconds, rival, n_fits, n_fits, alike)


class Alone:
    """Fits of a study one after the other."""

    def replicas_at_once(self, shape):
        return 1


class AloneSGIN(Alone, SGINClassifier):
    pass


class AloneMLP(Alone, GroupLassoMLP):
    pass


def bootstraps(name, X, y, model, rival_class, part, n_bootstraps=100):
    seconds, ours = timed(lambda: StabilitySelector(model, n_bootstraps, random_state=0).fit(X, y))
    n_made = n_bootstraps // part
    rival_model = rival_class(**model.get_params())
    # its bootstraps are the first ones of ours
    rival, theirs = timed(lambda: StabilitySelector(rival_model, n_made, random_state=0).fit(X, y))
    agreement = np.mean(ours.supports_[0][:n_made] == theirs.supports_[0])
    report(name, seconds, rival, n_bootstraps, n_made, agreement)


def stability(part):
    X, y, model = donor_sites()
    bootstraps("stability", X, y, model.set_params(lam=0.01), AloneSGIN, part)


def drive(part):
    data = make_grouped_classification(
        20_000, n_groups=12, group_size=4, n_informative=5, random_state=0
    )
    model = GroupLassoMLP(
        data.groups, hidden_layer_sizes=(32, 32), batch_size=32, max_epochs=3, lam=0.01,
        warmup_epochs=1, polish_iter=5, n_iter_no_change=None, random_state=0,
    )  # fmt: skip
    bootstraps("drive", data.data.astype(np.float32), data.target, model, AloneMLP, part)


def rows(part):
    mnist = fetch_mnist_rows()
    X, y = mnist.data[:6000], mnist.target[:6000]
    model = SGINClassifier(
        mnist.groups, hidden_layer_sizes=(1000, 100, 50), batch_size=1000, max_epochs=1,
        **PAPER | {"lr_schedule": 0.9},
    )  # fmt: skip
    lams = np.geomspace(1e-4, 1e-3, 2)
    ours, found = timed(lambda: LambdaSearchCV(model, lams, 2, refit=False).fit(X, y))
    rival, theirs = timed(lambda: GridSearchCV(model, {"lam": lams}, cv=2, refit=False).fit(X, y))
    same = found.cv_results_["mean_test_score"] == theirs.cv_results_["mean_test_score"]
    report("rows", ours, rival, 4, 4, same.mean())


def lassonet(part):
    from lassonet import LassoNetClassifier

    data = make_grouped_classification(
        4000, n_groups=20, group_size=5, n_informative=5, random_state=0
    )
    X = ((data.data - data.data.mean(0)) / data.data.std(0)).astype(np.float32)
    X, X_test, y, y_test = train_test_split(X, data.target, test_size=0.5, random_state=0)
    model = GroupLassoMLP(
        data.groups, hidden_layer_sizes=(100,), max_epochs=10, warmup_epochs=4, polish_iter=8,
        random_state=0, regularize=("input",),
    )  # fmt: skip
    lams = np.geomspace(1e-3, 3e-2, 25)

    def path():
        found = lambda_path(model, X, y, lams, X_val=X_test, y_val=y_test)
        f1 = [f1_score(data.support, support) for support in found.support_]
        return max(zip(f1, found.scores, strict=True))

    seconds, (f1, accuracy) = timed(path)
    columns = [np.flatnonzero(data.groups == g).tolist() for g in np.unique(data.groups)]
    rival_model = LassoNetClassifier(
        hidden_dims=(100,), groups=columns, verbose=0, random_state=0, torch_seed=0
    )

    def rival_path():
        found = []
        for item in rival_model.path(X, y, return_state_dicts=True, disable_lambda_warning=True):
            support = np.array([item.selected.numpy()[group].any() for group in columns])
            rival_model.load(item.state_dict)
            score = accuracy_score(y_test, rival_model.predict(X_test))
            found.append((f1_score(data.support, support), score))
        return len(found), max(found)

    rival, (n, (rival_f1, rival_accuracy)) = timed(rival_path)
    print(
        f"lassonet: ours {seconds:.1f} s for {len(lams)} lams, best support F1 {f1:.2f} with test "
        f"accuracy {accuracy:.3f}; LassoNet {rival:.1f} s for {n}, {rival_f1:.2f} with "
        f"{rival_accuracy:.3f}; {rival / seconds:.1f} x",
        flush=True,
    )
    assert f1 >= rival_f1
    assert accuracy >= rival_accuracy - ALIKE


STUDIES = {f.__name__: f for f in (search, small, stability, drive, rows, lassonet)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="*", choices=[*STUDIES, []], default=[])
    parser.add_argument("--part", type=int, default=10)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*no group is left")
    for name in arguments.studies or STUDIES:
        STUDIES[name](arguments.part)
