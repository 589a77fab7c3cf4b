"""Sparse groups of convolutional networks, and of the channels that they read (papers 3, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ..algorithms import Algorithm
from ..checkpoints import Checkpoint
from ..modules import ARCHITECTURES
from ..pruning import layer_sparsity
from ..rules import POSITIVE, Rule, choice, either, integer, number, places
from ..typing import (
    ArchitectureLike,
    Callbacks,
    ClassWeight,
    Costs,
    Dtype,
    GroupsLike,
    LossLike,
    Missing,
    OptimizerLike,
    RandomState,
    RegularizerLike,
    Schedule,
    Weights,
)
from .augment import AUGMENTATIONS
from .docs import documented
from .fit import SparseNet
from .identity import identity
from .images import ImageBody
from .parameters import SHARED
from .penalties import GROUPINGS
from .tables import Table
from .task import Classes

__all__ = ["SparseGroupCNN"]

AlgorithmName: TypeAlias = Literal["splitting", "proximal", "rmda", "subgradient", "gates"]
Place: TypeAlias = Literal["input", "hidden"]

OWN = {
    "groups": """None, int, str, array, list, dict or callable, default=None
        Which channels of the input belong together (image planes, spectral bands, electrodes), in
        the forms that columns have elsewhere; None: each channel alone.""",
    "image_shape": """tuple of int, default=None
        What a row of a 2-D X is: (channels, length), (channels, height, width) or (channels,
        depth, height, width), one of them -1 if it follows from the columns.  None: one channel,
        a signal of n_features positions; an X of three or more dimensions has the shape itself.""",
    "architecture": """str, Architecture or torch.nn.Module, default="lenet5"
        "lenet5", "cnn4", "simple", "alexnet", "vgg11_bn", "resnet18", "resnet40" or "wrn28_10"; an
        instance, such as `sgnn.modules.LeNet5(filters=(6, 16))`, has parameters; or a network of
        yours that takes (n, channels, ...) and returns (n, n_classes); it is copied.""",
    "lam": """float, default=1e-4
        Strength of the penalty, >= 0.  By "splitting" weights become zero only after thousands of
        steps: where `sparsity_` shows none, train longer, or give algorithm="proximal".""",
    "regularizer": """str or Regularizer, default="sgl_l1"
        One of `sgnn.regularizers.names()`, or an instance.  Those with a size factor penalize all
        layers (paper 3), the others convolutions (paper 4), unless `sgnn.regularizers.OnLayers`
        says otherwise.""",
    "grouping": """{"neuron", "channel", "filter", "oicsr"}, default="neuron"
        How the weights inside the network are cut: by output channels of a convolution and input
        units of a dense layer; by input channels; by single kernels; or by channels with all
        that leads into and out of them, which needs algorithm="subgradient"; of a
        regularizer for convolutions alone those between two of these.""",
    "regularize": """tuple of {"input", "hidden"}, default=("input", "hidden")
        Whether the first layer is cut by `groups`, where there is more than one, and whether
        the others are penalized.  ("hidden",) cuts the first layer like the others.""",
    "algorithm": """str or Algorithm, default="splitting"
        "splitting": paper 3's variable splitting; "proximal": steps of the optimizer with the prox
        of the penalty; "rmda": regularized dual averaging; "subgradient": steps along a
        subgradient, as in paper 4, and zeros for what is small in the end; "gates": steps with
        gates on the blocks, hard-concrete ones for regularizer="group_l0" (paper 3's l0), the
        factors of D-gating for "group_lasso".  An instance, such as
        `sgnn.algorithms.Splitting(beta=0.01, stages=10)`, has parameters.""",
    "alpha": """float or None, default=None
        The mix of regularizers given by a name that have one, such as "shsq_gl_half".""",
    "warmup_epochs": """int or "auto", default=0
        Epochs in which the strength of the penalty grows from 0 to lam; "auto" is two fifths of
        max_epochs, 20 at most.""",
    "standardize": """bool, default=True
        Scale every channel as a whole to weighted mean 0 and variance 1 inside the network: the
        objective is that of the scaled data.""",
    "augment": """{"shift", "flip", "shift_flip"} or None, default=None
        Random shifts by up to an eighth of each axis, flips of the last axis, or both, anew in
        every epoch.""",
    "checkpoint": """path or None, default=None
        A file, in a folder that exists, that holds the training after every epoch, with which the
        same fit, started again after it was killed, goes on and ends with the same bits; it
        needs an int for random_state.  `refit` keeps another beside it.  Callbacks start
        afresh.""",
    "group_weights": """{"sqrt_size", "none"} or array of shape (n_groups,), default="sqrt_size"
        The factor of each group: sqrt(number of its weights), inside the network too, 1, or
        these numbers for the groups of channels.  Regularizers whose source has no such factor
        have 1.""",
    "max_epochs": """int, default=30
        Epochs at most; an epoch sees every row once.""",
    "learning_rate": """float, default=0.001
        Step size of the optimizer.""",
    "lr_schedule": """float, callable or None, default=0.95
        Factor applied to the learning rate after every epoch, or epoch -> multiple of it: a
        function that returns 0.1 ** (epoch // 40) for paper 3's LeNet.""",
    "optimizer": """str, Optimizer or torch class, default="adam"
        "sgd", "adam", which paper 3 has for LeNet, "adamw", "adamax" or "rmsprop"; an instance, as
        paper 4's `sgnn.optimizers.SGD(momentum=0.9)`, has parameters; a class of torch is called
        with the parameters and lr.""",
}
REGULARIZE: tuple[Place, ...] = get_args(Place)


def _is_shape(value: Any) -> bool:
    if not isinstance(value, tuple | list) or not 1 < len(value) < 5:
        return False
    known = [n for n in value if n != -1]
    return len(value) - len(known) < 2 and all(map(POSITIVE.accepts, known))


@documented(**OWN)
class SparseGroupCNN(ClassifierMixin, SparseNet):
    """A convolutional network that drops groups of its weights, and channels of its input.

    minimize over the network: mean loss + lam * sum over layers of R(W)

    {arguments}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    sparsity_ : list of dict
        Zero weights and neurons of each layer, as paper 3 counts them: name, weights,
        zero_weights, neurons, zero_neurons, flops, flops_left.

    See Also
    --------
    GroupLassoMLP : The same for tables without an order of the columns.

    Notes
    -----
    Where groups of channels are removed, `transform` returns the others, and `predict` does not
    look at them.  The rows are assigned to new mini-batches in every epoch.

    References
    ----------
    .. [1] Bui, Park, Zhang, Qi and Xin, "Structured sparsity of convolutional neural networks via
       nonconvex sparse group regularization", 2021: equations 10 to 17, algorithm 1.
    .. [2] Mitsuno, Miyao and Kurita, "Hierarchical group sparse regularization for deep
       convolutional neural networks", 2020: equations 8 to 16.

    Examples
    --------
    >>> from sgnn import SparseGroupCNN
    >>> from sgnn.datasets import load_digit_rows
    >>> digits = load_digit_rows()
    >>> model = SparseGroupCNN(
    ...     image_shape=(1, 8, 8), lam=1e-3, algorithm="proximal", refit=True,
    ...     learning_rate=3e-3, max_epochs=10, random_state=0,
    ... )
    >>> model = model.fit(digits.data[:1000], digits.target[:1000])
    >>> model.score(digits.data[1000:], digits.target[1000:]) > 0.9
    True
    >>> [(layer["name"], layer["neurons"]) for layer in model.sparsity_]
    [('conv1', 20), ('conv2', 50), ('dense1', 50), ('output', 500)]
    """

    _task_kind = Classes

    _body_kind = ImageBody
    _rules = SHARED | {
        "image_shape": either(
            None, Rule(_is_shape, "a tuple of two to four ints >= 1, at most one of them -1")
        ),
        "architecture": ARCHITECTURES.rule(lambda v: isinstance(v, nn.Module), "a torch.nn.Module"),
        "grouping": choice(*GROUPINGS),
        "regularize": places(*REGULARIZE),
        "alpha": either(None, number(0, 1)),
        "warmup_epochs": either("auto", integer(0)),
        "augment": either(None, choice(*AUGMENTATIONS)),
        "checkpoint": either(None, Rule(lambda v: isinstance(v, str | PathLike), "a path")),
    }

    def __init__(
        self,
        groups: GroupsLike | None = None,
        *,
        image_shape: Sequence[int] | None = None,
        architecture: ArchitectureLike = "lenet5",
        lam: float = 1e-4,
        max_groups: int | None = None,
        max_cost: float | None = None,
        group_costs: Costs | None = None,
        class_weight: ClassWeight | None = None,
        missing: Missing = "error",
        verbose: int = 0,
        random_state: RandomState | None = None,
        max_epochs: int = 30,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: float = 1e-3,
        lr_schedule: Schedule | None = 0.95,
        optimizer: OptimizerLike = "adam",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        refit: bool = False,
        warm_start: bool = False,
        augment: Literal["shift", "flip", "shift_flip"] | None = None,
        checkpoint: str | PathLike[str] | None = None,
        regularizer: RegularizerLike = "sgl_l1",
        regularize: Sequence[Place] = REGULARIZE,
        grouping: Literal["neuron", "channel", "filter", "oicsr"] = "neuron",
        alpha: float | None = None,
        algorithm: AlgorithmName | Algorithm = "splitting",
        warmup_epochs: int | Literal["auto"] = 0,
        group_weights: Weights = "sqrt_size",
        loss: LossLike | None = None,
        standardize: bool = True,
        device: str = "auto",
        dtype: Dtype = "auto",
        callbacks: Callbacks | None = None,
    ) -> None:
        self.groups = groups
        self.image_shape = image_shape
        self.architecture = architecture
        self.lam = lam
        self.max_groups = max_groups
        self.max_cost = max_cost
        self.group_costs = group_costs
        self.class_weight = class_weight
        self.missing = missing
        self.verbose = verbose
        self.random_state = random_state
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.lr_schedule = lr_schedule
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.refit = refit
        self.warm_start = warm_start
        self.augment = augment
        self.checkpoint = checkpoint
        self.regularizer = regularizer
        self.regularize = regularize
        self.grouping = grouping
        self.alpha = alpha
        self.algorithm = algorithm
        self.warmup_epochs = warmup_epochs
        self.group_weights = group_weights
        self.loss = loss
        self.standardize = standardize
        self.device = device
        self.dtype = dtype
        self.callbacks = callbacks

    # the network and its penalty --------------------------------------------------------------

    def _checkpoint(self, table: Table) -> Checkpoint | None:
        if self.checkpoint is None:
            return None
        if not isinstance(self.random_state, Integral):
            raise ValueError(
                f"checkpoint needs the same random numbers in every run, which "
                f"random_state={self.random_state!r} does not give: give an int."
            )
        path = Path(self.checkpoint)
        if path.is_dir() or not path.parent.is_dir():
            raise ValueError(
                f"checkpoint={str(self.checkpoint)!r} must be a file in a folder that exists, for "
                f"the training to be written to: name one."
            )
        apart = {"checkpoint", "callbacks", "verbose"}
        arguments = {k: v for k, v in self.get_params(deep=False).items() if k not in apart}
        return Checkpoint(self.checkpoint, identity(arguments, *table))

    # prediction and export --------------------------------------------------------------------

    def transform(self, X: Any) -> Any:
        """Reduce X to the channels of the kept groups; the others are not looked at.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, channels, ...)
            The rows to reduce.

        Returns
        -------
        X_r : ndarray or data frame of shape (n_samples, n_kept), or (n_samples, kept, ...)
            The kept channels as they came.
        """
        check_is_fitted(self)
        return super().transform(X) if self._body.flat else self._kept(X)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Undo `transform`, with zeros in the channels that were removed.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_kept) or (n_samples, kept, ...)
            What `transform` returned.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features) or (n_samples, channels, ...)
            The rows in the shape of the fit.
        """
        check_is_fitted(self)
        body = self._body
        if body.flat:
            return super().inverse_transform(X)
        X = np.asarray(X)
        whole = np.zeros((len(X), *body.shape), dtype=X.dtype)
        whole[:, body.groups.expand(self.group_support_)] = X
        return whole

    @property
    def sparsity_(self) -> list[dict]:
        """Weights and neurons that are zero, layer by layer; see `sgnn.pruning`."""
        check_is_fitted(self)
        kept = self._body.groups.expand(self.group_support_)
        return layer_sparsity(self.module_.body, self._body.shape, kept)
