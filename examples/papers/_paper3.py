"""Paper 3's training of MNIST: its networks, criteria and schedules, in full and cut short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from _cnn import Fit, Stages, State, percent
from _images import images
from _runs import Data

from sgnn import SparseGroupCNN
from sgnn.algorithms import Splitting
from sgnn.modules import ARCHITECTURES
from sgnn.regularizers import OnLayers

# name in the paper: regularizer, algorithm, as the paper trains each
CRITERIA = {
    "l0": ("group_l0", "gates"),
    "CGES": ("cges", "subgradient"),  # by plain gradients, as its authors do
    "GL": ("group_lasso", "subgradient"),
    "SGL1": ("sgl_l1", "splitting"),
    "SGL0": ("sgl_l0", "splitting"),
    "SGSCAD": ("sgl_scad", "splitting"),
    "SGTL1": ("sgl_tl1", "splitting"),
    "SGL1-L2": ("sgl_l1l2", "splitting"),
}
# architecture: its title, beta / lam at the start, the alpha of lam = alpha / number of images
NETWORKS = {
    "lenet5": ("LeNet-5-Caffe", 25, (0.1, 0.2, 0.3, 0.4, 0.5)),
    "cnn4": ("4-layer CNN", 5, (0.2, 0.4, 0.6, 0.8, 1.0)),
}


@dataclass(frozen=True)
class Size:
    """How much is trained; `n_alphas` counts from the largest.

    `times` is what lam = alpha / number of images is multiplied by, so that fewer steps make zeros.
    """

    epochs: int
    times: float = 1.0
    batch_size: int = 128
    n_images: int | None = None
    n_test: int | None = None
    n_alphas: int = 5
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    networks: tuple[str, ...] = tuple(NETWORKS)

    def data(self) -> Data:
        return images("mnist", self.n_images, self.n_test)

    def alphas(self, network: str) -> tuple[float, ...]:
        return NETWORKS[network][2][-self.n_alphas :]

    def describe(self, data: Data) -> str:
        """What was trained, in a sentence."""
        return (
            f"Here: {len(data.y)} training images, {self.epochs} epochs in batches of "
            f"{self.batch_size}, {len(self.seeds)} seeds, lam = {self.times:g} alpha / number of "
            f"images; the paper: 60000 images, 200 epochs, 5 runs, lam = alpha / number of images."
        )


SIZES = {
    "full": Size(epochs=200),
    "quick": Size(
        epochs=10, times=10.0, batch_size=64, n_images=10_000, n_alphas=1, seeds=(0,)
    ),
    "tiny": Size(
        epochs=5, batch_size=50, n_images=200, n_test=200, n_alphas=1, seeds=(0,),
        networks=("lenet5",),
    ),
}  # fmt: skip


def model(
    network: str, criterion: tuple[str, str], alpha: float, seed: int, size: Size, n_images: int
) -> SparseGroupCNN:
    """Adam, the learning rate and beta in five stages, all layers penalized."""
    regularizer, algorithm = criterion
    lam = size.times * alpha / n_images
    splitting = Splitting(beta=NETWORKS[network][1] * lam)
    return SparseGroupCNN(
        architecture=ARCHITECTURES.made(network, dropout=0.0),
        regularizer=OnLayers(regularizer, "all"),
        algorithm=splitting if algorithm == "splitting" else algorithm,
        lam=lam,
        optimizer="adam",
        learning_rate=1e-3,
        lr_schedule=Stages(size.epochs),
        max_epochs=size.epochs,
        batch_size=size.batch_size,
        n_iter_no_change=None,
        standardize=False,
        random_state=seed,
    )


def mean(states: Sequence[State]) -> State:
    """Over the seeds."""
    return State(*(
        sum(getattr(state, name) for state in states) / len(states)
        for name in ("valid", "test", "weights", "neurons")
    ))  # fmt: skip


def cells(fits: Sequence[Fit], which: str) -> list[str]:
    """The mean of `last` or `best` over the seeds, as a table shows it."""
    return percent(mean([getattr(fit, which) for fit in fits]))
