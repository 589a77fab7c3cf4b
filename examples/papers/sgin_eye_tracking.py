"""Paper 1, figure 2: a study of 109 stimuli, 9647 columns and 64 children, with a planted signal.

    python examples/papers/sgin_eye_tracking.py [--quick | --tiny] [--out FOLDER] [--cache FOLDER]

Data: the measurements are private, so the signal is planted in random numbers; which column
belongs to which stimulus is the study's own map, $SGNN_DATA/eye_tracking/columns.csv.gz (a made-up
one if --tiny).  Objective: accuracy and area under the ROC curve by 10-fold cross-validation
against the average number of removed stimuli.  Solvers: SGIN, NN and NN + tau as in the paper,
SGIN a tenth as wide, trained on without the penalty once the stimuli are chosen, and the logistic
lasso.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from _report import Report, arguments
from _solvers import Setting, nn_tau, sgin
from joblib import Memory
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Bunch

CHILDREN = 64
FOLDS = 10
PLANTED = 11  # as many stimuli as the paper keeps
PAPER_REMOVED, PAPER = 98, {"accuracy": 0.7813, "auc": 0.8291}  # of the study's own measurements
SHIFT = 0.25  # distance of the two diagnoses' means from 0, in a planted stimulus' columns
SHARED = 0.3  # part of a column's variance that its whole stimulus shares

SGIN, NARROW, NN, TAU, LASSO = (
    "SGIN, paper's settings", "SGIN, narrow, refit", "NN", "NN + tau", "logistic lasso",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How much is tried; `factor` epochs of NN for each of SGIN's (the paper's: 109)."""

    hidden: tuple[int, ...] = (3000, 500)
    lams: tuple[float, ...] = (1e-5, 1e-4, 3e-4, 1e-3)
    tau_lams: tuple[float, ...] = (1e-3,)
    factor: int = 3
    narrow: tuple[int, ...] = (300, 50)
    narrow_lams: tuple[float, ...] = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3)
    lasso_lams: tuple[float, ...] = (1e-3, 1e-2, 3e-2, 1e-1, 2e-1)
    folds: int = FOLDS
    made_up: dict[str, Any] = field(default_factory=dict)


SIZES = {
    "full": Size(),
    "quick": Size(hidden=(300, 50), lams=(1e-4, 1e-3), narrow_lams=(3e-4,), folds=5),
    "tiny": Size(
        hidden=(30,), lams=(1e-3,), narrow=(30,), narrow_lams=(3e-3,), lasso_lams=(1e-1,),
        folds=2,
        made_up={"n_groups": 8, "n_planted": 3, "group_size": 10},
    ),
}  # fmt: skip


# data ------------------------------------------------------------------------------------------


def stimuli() -> np.ndarray:
    """The study's map: the stimulus of each of the 9647 columns."""
    folder = os.environ.get("SGNN_DATA")
    if not folder:
        raise FileNotFoundError("SGNN_DATA must name the folder with eye_tracking/columns.csv.gz.")
    text = gzip.decompress((Path(folder) / "eye_tracking" / "columns.csv.gz").read_bytes())
    return np.array([line.split(",")[1] for line in text.decode().split()[1:]])


def planted(groups: np.ndarray, n_planted: int) -> Bunch:
    """Normal columns that correlate within a stimulus; the diagnosis shifts some stimuli.

    Column j of child i is sqrt(SHARED) f_ig + sqrt(1 - SHARED) e_ij, and in a planted stimulus
    SHIFT (2 y_i - 1) more, f and e standard normal.
    """
    rng = np.random.default_rng(0)
    names, labels = np.unique(groups, return_inverse=True)
    y = np.arange(CHILDREN) % 2
    shared = rng.standard_normal((CHILDREN, len(names)))[:, labels]
    X = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * rng.standard_normal(shared.shape)
    support = np.isin(names, rng.choice(names, n_planted, replace=False))
    X += SHIFT * np.outer(2 * y - 1, support[labels])
    return Bunch(data=X.astype(np.float32), target=y, groups=labels, support=support)


# solvers and objective -------------------------------------------------------------------------


def solvers(groups: np.ndarray, size: Size) -> Iterator[tuple[str, float, Any]]:
    """Name, lam, estimator."""
    setting = Setting(hidden=size.hidden, batch_size=CHILDREN, epochs=5, decay=0.5)
    for lam in size.lams:
        yield SGIN, lam, sgin(setting, groups, lam, 0)
    for lam in size.narrow_lams:
        # epochs before the first removal do harm here: a network that knows all children by heart
        # misses no stimulus
        narrow = replace(setting, hidden=size.narrow)
        yield NARROW, lam, sgin(narrow, groups, lam, 0, refit=True)
    yield NN, 0.0, nn_tau(setting, groups, 0.0, 0, factor=size.factor)
    for lam in size.tau_lams:
        yield TAU, lam, nn_tau(setting, groups, lam, 0, factor=size.factor)
    for lam in size.lasso_lams:
        # mean loss + lam ||w||_1 is C sum of losses + ||w||_1 with C = 1 / (lam n)
        strength = 1 / (lam * CHILDREN)
        yield LASSO, lam, LogisticRegression(l1_ratio=1.0, C=strength, solver="liblinear")


@dataclass(frozen=True)
class Result:
    """One solver by cross-validation; `kept` (n_folds, n_groups)."""

    solver: str
    lam: float
    accuracy: float
    auc: float
    kept: np.ndarray
    seconds: float

    @property
    def removed(self) -> float:
        """Average number of removed stimuli."""
        return float((~self.kept).sum(1).mean())


def cross_validated(name: str, lam: float, estimator: Any, data: Bunch, folds: int) -> Result:
    """Accuracy and area under the curve of all children, each removable by a model without it."""
    score = np.zeros(len(data.target))
    kept, seconds = [], 0.0
    splits = StratifiedKFold(folds, shuffle=True, random_state=0).split(data.data, data.target)
    for training, held in splits:
        start = time.process_time()
        estimator.fit(data.data[training], data.target[training])
        seconds += time.process_time() - start
        score[held] = estimator.predict_proba(data.data[held])[:, 1]
        kept.append(kept_groups(estimator, data.groups))
    return Result(
        solver=name,
        lam=lam,
        accuracy=float(np.mean((score > 0.5) == data.target)),
        auc=float(roc_auc_score(data.target, score)),
        kept=np.array(kept),
        seconds=seconds,
    )


def kept_groups(estimator: Any, groups: np.ndarray) -> np.ndarray:
    """Which groups the fitted model reads: (n_groups,)."""
    if hasattr(estimator, "group_support_"):
        return estimator.group_support_
    return np.bincount(groups, np.abs(estimator.coef_[0])) > 0


# report ----------------------------------------------------------------------------------------


def table_row(result: Result, support: np.ndarray) -> list[str]:
    """Solver, lam, removed, accuracy, AUC, planted among the kept, kept among the planted."""
    found = (result.kept & support).sum(1)
    return [
        f"**{result.solver}**",
        f"{result.lam:g}",
        f"{result.removed:.1f}",
        f"{100 * result.accuracy:.1f}",
        f"{100 * result.auc:.1f}",
        f"{found.mean():.1f} of {support.sum()}",
        f"{100 * (found / result.kept.sum(1).clip(1)).mean():.0f}",
        f"{result.seconds:.0f}",
    ]


def draw(results: Sequence[Result]) -> Figure:
    """Accuracy and area under the curve against the average number of removed stimuli."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True)
    styles = {SGIN: "C0o-", NARROW: "C1s-", TAU: "C2^", NN: "C3v", LASSO: "C4d:"}
    for ax, name in zip(axes, ("accuracy", "auc"), strict=True):
        for solver, style in styles.items():
            mine = sorted((r for r in results if r.solver == solver), key=lambda r: r.removed)
            values = [100 * getattr(r, name) for r in mine]
            ax.plot([r.removed for r in mine], values, style, ms=5, label=solver)
        ax.plot(PAPER_REMOVED, 100 * PAPER[name], "kx", ms=8, label="the paper, its own data")
        ax.set(xlabel="removed stimuli, mean of the folds")
    axes[0].set_ylabel("accuracy (%)")
    axes[1].set_ylabel("area under the ROC curve (%)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    size = SIZES[options.size]
    made_up = size.made_up
    groups = np.repeat(range(made_up["n_groups"]), made_up["group_size"]) if made_up else stimuli()
    data = planted(groups, made_up.get("n_planted", PLANTED))
    remembered = Memory(options.cache, verbose=0).cache(cross_validated)
    results = []
    for name, lam, estimator in solvers(data.groups, size):
        result = remembered(name, lam, estimator, data, size.folds)
        print(f"{name}: lam={lam:g} removed {result.removed:.1f}, "
              f"AUC {result.auc:.3f}, {result.seconds:.0f} s", flush=True)  # fmt: skip
        results.append(result)

    report = Report("sgin", "sgin_eye_tracking", options.out)
    report.table(
        ["solver", "lam", "removed (mean)", "accuracy %", "AUC %", "planted ones kept",
         "planted among the kept %", f"CPU seconds, {size.folds} folds"],
        [table_row(result, data.support) for result in results],
    )  # fmt: skip
    report.figure(draw(results), "Figure 2: cross-validated accuracy and AUC, planted signal.")
    report.close(seeds={0}, fits=size.folds * len(results), seconds=sum(r.seconds for r in results))


if __name__ == "__main__":
    main()
