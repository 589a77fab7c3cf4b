"""Paper 1, section 4.4: how stable selections are over bootstraps, and the linear methods beside.

    python examples/papers/stability.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: the donor splice sites of table 2, the eye-tracking-shaped data of figure 2, and a part of the
MNIST rows of figure 8.  Objective: agreement of the groups that 100 bootstraps select, by Jaccard,
Nogueira and the similarity-aware measure, and the score against the number of removed groups.
Methods: SGIN, lasso, group lasso and GLLR, all through the same StabilitySelector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from _mnist import mnist_rows
from _report import Report, arguments
from _solvers import Setting, sgin
from _stability import HEADER, METHODS, Found, Task, accuracy, draw, find, table_rows
from joblib import Memory
from sgin_eye_tracking import CHILDREN, FOLDS, PLANTED, planted, stimuli
from sgin_rna import PAPER as PAPER_RNA
from sgin_rna import RNA, samplings
from sklearn.base import is_classifier
from sklearn.model_selection import StratifiedKFold

from sgnn.datasets import fetch_donor_splice_sites
from sgnn.metrics import max_correlation_coefficient

PAPER_JACCARD = {"eye tracking": {"SGIN": "0.73", "lasso": "0.78", "GLLR": "0.82"}}
PAPER_SCORES = {
    "donor sites": {
        "SGIN": (range(4), PAPER_RNA["down-sampled"]["SGIN"]),
        "lasso": (range(4), (0.6148, 0.5627, 0.5180, 0.4782)),
        "GLLR": (range(4), (0.6208, 0.5655, 0.5599, 0.5190)),
    },
    "eye tracking": {"SGIN": ((98,), (0.7813,))},
    "MNIST rows": {"SGIN": ((0, 10, 20), (0.98, 0.9765, 0.9433))},
}
SCORES = {
    "donor sites": "Max CC on test sites",
    "eye tracking": "cross-validated accuracy",
    "MNIST rows": "accuracy on test images",
}


@dataclass(frozen=True)
class Size:
    """How much is tried."""

    bootstraps: int = 100
    n_lams: int = 16
    share: float = 1.0  # of the splice sites
    images: int = 2000  # to train on, and as many to test on
    hidden: tuple[int, ...] = (300, 50)  # of the eye-tracking network
    made_up: dict[str, Any] = field(default_factory=dict)


SIZES = {
    "full": Size(),
    "quick": Size(bootstraps=10, n_lams=8, share=0.2, images=300),
    "tiny": Size(
        bootstraps=3, n_lams=3, share=0.01, images=100, hidden=(20,),
        made_up={"n_groups": 12, "n_planted": 3, "group_size": 10},
    ),
}  # fmt: skip


# tasks -----------------------------------------------------------------------------------------


def max_cc(estimator: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Max CC of the probability of a true site, or of what a regression says."""
    said = estimator.predict_proba(X)[:, 1] if is_classifier(estimator) else estimator.predict(X)
    return max_correlation_coefficient(y, said)


def donor_sites(size: Size) -> Task:
    """The down-sampled sites of table 2."""
    _, sites, _ = next(samplings(fetch_donor_splice_sites(counts=True), size.share))
    return Task(
        X=sites.X,
        y=sites.y,
        groups=sites.groups,
        network=sgin(RNA, sites.groups, 1.0, 0),
        network_lams=(1e-3, 3e-3, 1e-2, 2e-2, 5e-2, 1e-1)[: size.n_lams],
        lams=np.geomspace(0.003, 0.12, size.n_lams),
        kept=(6, 4),
        score=max_cc,
        test=(sites.X_test, sites.y_test),
    )


def eye_tracking(size: Size) -> Task:
    """The study's columns with a planted signal."""
    shape = size.made_up
    groups = np.repeat(range(shape["n_groups"]), shape["group_size"]) if shape else stimuli()
    data = planted(groups, shape.get("n_planted", PLANTED))
    setting = Setting(hidden=size.hidden, batch_size=CHILDREN, epochs=5, decay=0.5)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(data.data, data.target)
    return Task(
        X=data.data,
        y=data.target,
        groups=data.groups,
        network=sgin(setting, data.groups, 1.0, 0),
        network_lams=(1e-5, 3e-5, 1e-4, 2e-4, 3e-4, 6e-4, 1e-3, 3e-3)[: size.n_lams],
        lams=np.geomspace(0.004, 0.22, size.n_lams),
        kept=(20, 11),
        score=accuracy,
        folds=list(folds),
        planted=data.support,
    )


def mnist(size: Size) -> Task:
    """A part of the images, and the paper's network of one hidden layer."""
    rows = mnist_rows(size.images)
    setting = Setting(hidden=(100,), batch_size=200, epochs=10, decay=0.9)
    return Task(
        X=rows.X,
        y=rows.y,
        groups=rows.groups,
        network=sgin(setting, rows.groups, 1.0, 0),
        network_lams=(1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 4e-3, 1e-2)[: size.n_lams],
        lams=np.geomspace(0.002, 0.05, size.n_lams),
        kept=(18, 8),
        score=accuracy,
        test=(rows.X_test, rows.y_test),
        tol=1e-4,
    )


TASKS = {"donor sites": donor_sites, "eye tracking": eye_tracking, "MNIST rows": mnist}


# report ----------------------------------------------------------------------------------------


def by_removed(results: Sequence[Found], n_groups: int) -> Iterator[list[str]]:
    """The lines of table 2: at each number of removed positions the smallest lam that has it."""
    printed = PAPER_SCORES["donor sites"]
    for found in results:
        removed = n_groups - found.left
        cells = [found.scores[removed == m] for m in range(4)]
        yield [f"**{found.method}**", *(f"{cell[0]:.4f}" if len(cell) else "-" for cell in cells)]
        if found.method in printed:
            yield [f"{found.method}, paper", *(f"{v:.4f}" for v in printed[found.method][1])]


def section(name: str, task: Task, results: Sequence[Found], report: Report) -> None:
    """The tables and the figure of one task."""
    jaccard = PAPER_JACCARD.get(name, {})
    digits = 4 if name == "donor sites" else 3
    report.table(
        HEADER if task.planted is None else [*HEADER, "of them planted"],
        [
            row
            for found in results
            for row in table_rows(found, jaccard.get(found.method, "-"), digits, task.planted)
        ],
    )
    names = list(dict.fromkeys(task.groups))
    if name == "donor sites":
        report.table(
            ["test Max CC", *(f"{m} removed" for m in range(4))], by_removed(results, len(names))
        )
    short = [str(label).removeprefix("position ").removeprefix("row ") for label in names]
    report.figure(
        draw(results, SCORES[name], short, PAPER_SCORES[name], task.planted),
        f"{name[0].upper()}{name[1:]}: {SCORES[name]}, and how often each group is selected.",
    )
    report.close(
        seeds={0}, fits=sum(f.fits for f in results), seconds=sum(f.seconds for f in results)
    )


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    size = SIZES[options.size]
    torch.set_num_threads(1)  # the networks are too small for more
    remembered = Memory(options.cache, verbose=0).cache(find)
    for name, make in TASKS.items():
        task, results = make(size), []
        for method in METHODS:
            found = remembered(method, task, size.bootstraps)
            print(f"{name}, {method}: {found.fits} fits, {found.seconds:.0f} s", flush=True)
            results.append(found)
        slug = "stability_" + name.lower().replace(" ", "_")
        section(name, task, results, Report("stability", slug, options.out, script="stability"))


if __name__ == "__main__":
    main()
