"""Paper 4's training: its 17 criteria, feature-wise, on convolutions, in full and cut short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from _cnn import MOMENTUM_DECAY, Cosine, Fit, lam_of
from _report import Report
from _runs import Data

from sgnn import SparseGroupCNN
from sgnn.algorithms import Subgradient
from sgnn.regularizers import CGES, Exclusive, OnLayers, SparseGroupLasso

# name in the paper: what SparseGroupCNN is given
CRITERIA: dict[str, dict[str, Any]] = {
    "L2": {"regularizer": "l2"},
    "L1": {"regularizer": "l1"},
    "GL": {"regularizer": "group_lasso"},
    "ES": {"regularizer": Exclusive(half=False)},
    "GL1/2": {"regularizer": "gl_half"},
    "SGL": {"regularizer": SparseGroupLasso(0.5)},
    "SGL1/2": {"regularizer": "sgl_half"},
    "CGES": {"regularizer": CGES(0.8)},
    "OICSR-GL": {"regularizer": "group_lasso", "grouping": "oicsr"},
    "HSQRT-GL": {"regularizer": "hsqrt_gl"},
    "HSQ-GL": {"regularizer": "hsq_gl"},
    "HSQRT-ES": {"regularizer": "hsqrt_es"},
    "HSQ-ES": {"regularizer": "hsq_es"},
    "HSQRT-GL1/2": {"regularizer": "hsqrt_gl_half"},
    "HSQ-GL1/2": {"regularizer": "hsq_gl_half"},
    "SHSQRT-GL1/2": {"regularizer": "shsqrt_gl_half"},
    "SHSQ-GL1/2": {"regularizer": "shsq_gl_half"},
}
SMALL = 1e-3  # weights that count as zero in the paper, and are set to zero here


@dataclass(frozen=True)
class Size:
    """How much is trained.

    Attributes
    ----------
    strengths : tuple of float
        lam is what makes the penalty of the untrained network so large; of several the one with
        the smallest error on the held-out images is shown.
    """

    epochs: int
    batch_size: int
    n_images: int | None = None
    n_test: int | None = None
    strengths: tuple[float, ...] = (1.0,)
    learning_rate: float = 0.02


def model(data: Data, criterion: str, strength: float, size: Size, **settings: Any) -> Any:
    """SGD with momentum and subgradients, the convolutions cut by their input channels."""
    penalty = {"grouping": "channel", "group_weights": "none"} | CRITERIA[criterion]
    penalty["regularizer"] = OnLayers(penalty["regularizer"], "conv")
    net = SparseGroupCNN(
        algorithm=Subgradient(zero_tol=SMALL),
        optimizer=MOMENTUM_DECAY,
        learning_rate=size.learning_rate,
        lr_schedule=Cosine(size.epochs),
        max_epochs=size.epochs,
        batch_size=size.batch_size,
        n_iter_no_change=None,
        random_state=0,
        **penalty,
        **{"standardize": False} | settings,
    )
    return net.set_params(lam=lam_of(strength, net, data))


def models(data: Data, size: Size, **settings: Any) -> Iterator[tuple[str, Any]]:
    """Every criterion at every strength."""
    for criterion in CRITERIA:
        for strength in size.strengths:
            yield criterion, model(data, criterion, strength, size, **settings)


def chosen(fits: Sequence[Fit], criterion: str) -> Fit:
    """The strength with the smallest error on the held-out images."""
    return min((fit for fit in fits if fit.name == criterion), key=lambda fit: fit.last.valid)


def conv_zeros(fit: Fit) -> float:
    """Percent of the weights of the convolutions that are zero."""
    layers = [layer for layer in fit.layers if "conv" in layer["name"]]
    zero = sum(layer["zero_weights"] for layer in layers)
    return 100 * zero / sum(layer["weights"] for layer in layers)


def table(
    report: Report,
    titles: dict[str, str],
    printed: dict[str, Sequence[tuple[float, float]]],
    fits: dict[str, Sequence[Fit]],
) -> None:
    """A row for each criterion: the paper's numbers and ours, on each data set or network."""
    header = ["criterion"]
    for title in titles.values():
        header += [f"{title}, paper: accuracy %", "zero weights %"]
        header += ["here: accuracy %", "zero weights %", "lam"]
    rows = []
    for at, name in enumerate(CRITERIA):
        row: list[Any] = [name]
        for key, own in fits.items():
            fit = chosen(own, name)
            row += [*printed[key][at], f"{100 - fit.last.test:.2f}", f"{conv_zeros(fit):.2f}"]
            row.append(f"{fit.lam:.2g}")
        rows.append(row)
    report.table(header, rows)
