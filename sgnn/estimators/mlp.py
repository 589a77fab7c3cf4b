"""Group sparsity of the whole network: inputs, hidden units and biases (paper 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin

from ..algorithms import Algorithm, DenseNetwork
from ..pruning import mlp_sparsity
from ..rules import Rule, either, integer, number, places
from ..typing import (
    ActivationLike,
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
from .docs import documented
from .fit import SparseNet
from .parameters import SHARED
from .penalties import dense_terms, made
from .prediction import score
from .task import Classes, Numbers

__all__ = ["GroupLassoMLP", "GroupLassoMLPRegressor"]

Place: TypeAlias = Literal["input", "hidden", "bias"]

PLACES: tuple[Place, ...] = get_args(Place)
GROUP_WEIGHTS = ("adaptive", "sqrt_size", "none")

OWN = {
    "lam": """float, default=0.002
        Strength of the penalty, >= 0; 0 removes nothing.  Its scale is a fortieth to an eightieth
        of that of `SGINClassifier`.""",
    "regularizer": """str or Regularizer, default="group_lasso"
        One of `sgnn.regularizers.names()`, or an instance.""",
    "regularize": """tuple of {"input", "hidden", "bias"}, default=("input", "hidden", "bias")
        What is penalized: the outgoing weights of each group of inputs, those of each hidden
        unit, and each bias alone.""",
    "algorithm": """{"proximal", "rmda", "subgradient"} or Algorithm, default="proximal"
        Steps of the optimizer with the prox of the penalty, once after every 16 mini-batches and
        at the end of an epoch, and a polish; regularized dual averaging, which takes steps of its
        own and wants ten times the learning rate, and a polish; or steps of the optimizer along a
        subgradient, as in the paper, and zeros for what is small in the end.  An instance, such as
        `sgnn.algorithms.Proximal(polish_iter=500)`, has parameters.""",
    "alpha": """float or None, default=None
        The mix of regularizers given by a name that have one, such as "sparse_group_lasso".""",
    "warmup_epochs": """int or "auto", default="auto"
        Epochs in which the strength of the penalty grows from 0 to lam; the paper has 0.  "auto"
        is two fifths of max_epochs, 20 at most.""",
    "group_weights": """{"adaptive", "sqrt_size", "none"} or array, default="adaptive"
        The factor of each group: sqrt(number of its weights), hidden units included, 1, or these
        numbers, (n_groups,), for the groups of inputs.  With "adaptive" it is sqrt(number of its
        weights) in the epochs, and in the polish max(1, m / m_g) times that for the groups of
        inputs, m_g being the mean square of the weights of group g after the epochs and m that of
        the layer; without a hidden layer or a polish it is "sqrt_size".  The factors that were
        used last are `groups_.weights`.  Regularizers whose source has no such factor have 1.""",
    "max_epochs": """int, default=100
        Epochs at most; an epoch sees every row once.""",
    "lr_schedule": """float, callable or None, default=0.98
        Factor applied to the learning rate after every epoch, or epoch -> multiple of it.""",
}


class RegularizedMLP(SparseNet):
    """What the classifier and the regressor share."""

    _first_bias = True
    _rules = SHARED | {
        "regularize": places(*PLACES),
        "alpha": either(None, number(0, 1)),
        "warmup_epochs": either("auto", integer(0)),
        "group_weights": Rule(
            lambda v: not isinstance(v, str) or v in GROUP_WEIGHTS,
            f"one of {', '.join(map(repr, GROUP_WEIGHTS))} or one number per group",
        ),
    }

    def __init__(
        self,
        groups: GroupsLike | None = None,
        *,
        lam: float = 0.002,
        max_groups: int | None = None,
        max_cost: float | None = None,
        group_costs: Costs | None = None,
        hidden_layer_sizes: Sequence[int] = (100,),
        missing: Missing = "error",
        verbose: int = 0,
        random_state: RandomState | None = None,
        max_epochs: int = 100,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: float = 0.01,
        lr_schedule: Schedule | None = 0.98,
        optimizer: OptimizerLike = "adam",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        refit: bool = False,
        warm_start: bool = False,
        regularizer: RegularizerLike = "group_lasso",
        regularize: Sequence[Place] = PLACES,
        alpha: float | None = None,
        algorithm: Literal["proximal", "rmda", "subgradient"] | Algorithm = "proximal",
        warmup_epochs: int | Literal["auto"] = "auto",
        group_weights: Literal["adaptive"] | Weights = "adaptive",
        activation: ActivationLike = "relu",
        loss: LossLike | None = None,
        standardize: bool = True,
        device: str = "auto",
        dtype: Dtype = "auto",
        callbacks: Callbacks | None = None,
    ) -> None:
        self.groups = groups
        self.lam = lam
        self.max_groups = max_groups
        self.max_cost = max_cost
        self.group_costs = group_costs
        self.hidden_layer_sizes = hidden_layer_sizes
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
        self.regularizer = regularizer
        self.regularize = regularize
        self.alpha = alpha
        self.algorithm = algorithm
        self.warmup_epochs = warmup_epochs
        self.group_weights = group_weights
        self.activation = activation
        self.loss = loss
        self.standardize = standardize
        self.device = device
        self.dtype = dtype
        self.callbacks = callbacks

    @property
    def _sized(self) -> bool:
        """Whether a block's factor is sqrt(number of its weights) or 1."""
        given = self.group_weights
        none = isinstance(given, str) and given == "none"
        return not none and made(self.regularizer, self.alpha).size_factor

    def _penalize(self, network: DenseNetwork) -> None:
        """Put the terms of the regularizer in the place of the group lasso of the first layer."""
        (theta,), problem, sized = network.problem.terms, network.problem, self._sized
        if isinstance(self.group_weights, str):
            # a group's size is the number of its weights, as in paper 2, not of its columns
            sizes = problem.groups.sizes * len(network.theta)
            weights = np.sqrt(sizes) if sized else np.ones(len(sizes))
            problem.groups = replace(problem.groups, weights=weights)
            theta.blocks.weights = torch.tensor(problem.groups.penalties).to(network.theta)
        R = made(self.regularizer, self.alpha)
        problem.terms = dense_terms(network.module, theta, R, self.regularize, sized=sized)
        given, hidden = self.group_weights, len(self.hidden_layer_sizes) > 0
        adaptive = isinstance(given, str) and given == "adaptive" and sized
        # a linear model is convex: there is one minimum, and it is reached
        problem.adaptive = adaptive and hidden and "input" in self.regularize

    @property
    def sparsity_(self) -> list[dict]:
        """Weights and neurons that are zero, layer by layer; see `sgnn.pruning`."""
        return mlp_sparsity(self.module_)


@documented(**OWN)
class GroupLassoMLP(ClassifierMixin, RegularizedMLP):
    """A network classifier that drops groups of inputs, hidden units and biases.

    minimize over the network: mean loss + lam * sum_g s_g ||w_g||_2

    where g runs over the outgoing weights of each group of inputs, the outgoing weights of each
    hidden unit, and each bias; other regularizers take the place of the sum by name.

    {arguments}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    sparsity_ : list of dict
        Zero weights and neurons of each layer: name, weights, zero_weights, neurons,
        zero_neurons, flops, flops_left.

    See Also
    --------
    GroupLassoMLPRegressor : The same for regression.
    SGINClassifier : Groups of inputs only, removed one at a time.

    Notes
    -----
    Source: paper 2 (Benefit of group sparsity in deep learning), section 3.4; Scardapane et al.
    2017, "Group sparse regularization for deep neural networks".

    Examples
    --------
    >>> from sgnn import GroupLassoMLP
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(500, n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoMLP(data.groups, lam=0.015, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    >>> [(layer["name"], layer["neurons"]) for layer in model.sparsity_]
    [('input', 30), ('hidden 1', 100)]
    """

    _task_kind = Classes

    def __init__(
        self,
        groups: GroupsLike | None = None,
        *,
        lam: float = 0.002,
        max_groups: int | None = None,
        max_cost: float | None = None,
        group_costs: Costs | None = None,
        hidden_layer_sizes: Sequence[int] = (100,),
        class_weight: ClassWeight | None = None,
        missing: Missing = "error",
        verbose: int = 0,
        random_state: RandomState | None = None,
        max_epochs: int = 100,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: float = 0.01,
        lr_schedule: Schedule | None = 0.98,
        optimizer: OptimizerLike = "adam",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        refit: bool = False,
        warm_start: bool = False,
        regularizer: RegularizerLike = "group_lasso",
        regularize: Sequence[Place] = PLACES,
        alpha: float | None = None,
        algorithm: Literal["proximal", "rmda", "subgradient"] | Algorithm = "proximal",
        warmup_epochs: int | Literal["auto"] = "auto",
        group_weights: Literal["adaptive"] | Weights = "adaptive",
        activation: ActivationLike = "relu",
        loss: LossLike | None = None,
        standardize: bool = True,
        device: str = "auto",
        dtype: Dtype = "auto",
        callbacks: Callbacks | None = None,
    ) -> None:
        super().__init__(
            groups,
            lam=lam,
            max_groups=max_groups,
            max_cost=max_cost,
            group_costs=group_costs,
            hidden_layer_sizes=hidden_layer_sizes,
            missing=missing,
            verbose=verbose,
            random_state=random_state,
            max_epochs=max_epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            lr_schedule=lr_schedule,
            optimizer=optimizer,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            refit=refit,
            warm_start=warm_start,
            regularizer=regularizer,
            regularize=regularize,
            alpha=alpha,
            algorithm=algorithm,
            warmup_epochs=warmup_epochs,
            group_weights=group_weights,
            activation=activation,
            loss=loss,
            standardize=standardize,
            device=device,
            dtype=dtype,
            callbacks=callbacks,
        )
        self.class_weight = class_weight


@documented("classes_", **OWN)
class GroupLassoMLPRegressor(RegressorMixin, RegularizedMLP):
    """A network regressor that drops groups of inputs, hidden units and biases.

    minimize over the network: mean loss + lam * sum_g s_g ||w_g||_2

    with the loss 1/2 sum_j (y_j - f_j(x))^2 of a row by default, of columns and targets that are
    scaled to variance 1; g runs over the outgoing weights of each group of inputs, the outgoing
    weights of each hidden unit, and each bias.

    {arguments}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    sparsity_ : list of dict
        Zero weights and neurons of each layer, as in `GroupLassoMLP`.

    See Also
    --------
    GroupLassoMLP : The same for classification.

    Notes
    -----
    Source: paper 2 (Benefit of group sparsity in deep learning), section 3.4.

    Examples
    --------
    >>> from sgnn import GroupLassoMLPRegressor
    >>> from sgnn.datasets import make_grouped_regression
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> model = GroupLassoMLPRegressor(data.groups, lam=0.01, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    _task_kind = Numbers
    score = score
