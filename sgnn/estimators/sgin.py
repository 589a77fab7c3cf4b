"""SGIN: which groups of input columns a multi-layer network can do without (paper 1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from sklearn.base import ClassifierMixin, RegressorMixin

from ..algorithms import ALGORITHMS, Algorithm, DenseNetwork
from ..rules import choice, either, integer
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
from .fit import BATCH, FULL_BATCH, SparseNet
from .parameters import SHARED
from .penalties import made
from .prediction import score
from .task import Classes, Numbers

__all__ = ["SGINClassifier", "SGINRegressor"]

# max_epochs="auto": an epoch is a visit of every group, so that fewer do where there are many; but
# for "sgd", whose epoch is one pass
MOST_EPOCHS, FEWEST_EPOCHS, MOST_VISITS = 50, 10, 1100
# batch_size="auto" of more rows than fit one batch: so many steps a visit, whatever the number of
# rows, so that a lam means the same for a part of them (a fold) and for all
STEPS, LARGEST_BATCH = 4, 1000

OWN = {
    "batch_size": """int or "auto", default="auto"
        Rows in a mini-batch; "auto" is all of them up to 256, otherwise a quarter of them, but
        not fewer than 200 and not more than 1000; 200 with algorithm="sgd".""",
    "lam": """float, default=0.03
        Strength of the penalty, >= 0; 0 removes nothing.""",
    "regularizer": """str or Regularizer, default="group_lasso"
        Takes the place of ||theta_g||: one of `sgnn.regularizers.names()`, or an instance, that is
        a sum over groups, such as "elastic_net", or "sparse_group_lasso", which makes single
        weights of the groups that are left small too.  A group then goes when the loss without it
        grows by less than lam * R(theta_g), which lowers the objective for any such R; what the
        paper proves (proposition 5) is for the group lasso.""",
    "algorithm": """{"a", "b", "sgd"} or Algorithm, default="a"
        Algorithm 1 of the paper, its Algorithm 2 (train through a visit first, then measure),
        or plain gradient steps on the whole objective, which remove nothing by themselves (the
        paper's NN + tau, and with lam=0 its NN).""",
    "bar": """{"lam_tau", "lam"}, default="lam_tau"
        A group goes when the loss without it grows by less than lam * tau_g (equation 5, and
        the authors' program) or less than lam (the printed line 11).""",
    "warmup_epochs": """int or "auto", default="auto"
        Epochs before lam removes the first group; the paper has 0.  "auto" is two fifths of
        max_epochs, 20 at most.""",
}


class SGIN(SparseNet):
    """What the classifier and the regressor share."""

    _inputs_only = True
    _rules = SHARED | {
        "max_epochs": either("auto", integer(1)),
        "bar": choice("lam_tau", "lam"),
        "warmup_epochs": either("auto", integer(0)),
    }

    def __init__(
        self,
        groups: GroupsLike | None = None,
        *,
        lam: float = 0.03,
        max_groups: int | None = None,
        max_cost: float | None = None,
        group_costs: Costs | None = None,
        hidden_layer_sizes: Sequence[int] = (100,),
        missing: Missing = "error",
        verbose: int = 0,
        random_state: RandomState | None = None,
        max_epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: float = 0.01,
        lr_schedule: Schedule | None = 0.95,
        optimizer: OptimizerLike = "adam",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        refit: bool = False,
        warm_start: bool = False,
        regularizer: RegularizerLike = "group_lasso",
        algorithm: Literal["a", "b", "sgd"] | Algorithm = "a",
        bar: Literal["lam_tau", "lam"] = "lam_tau",
        warmup_epochs: int | Literal["auto"] = "auto",
        group_weights: Weights = "sqrt_size",
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
        self.algorithm = algorithm
        self.bar = bar
        self.warmup_epochs = warmup_epochs
        self.group_weights = group_weights
        self.activation = activation
        self.loss = loss
        self.standardize = standardize
        self.device = device
        self.dtype = dtype
        self.callbacks = callbacks

    def _penalize(self, network: DenseNetwork) -> None:
        """Put the regularizer in the place of the group lasso."""
        R = made(self.regularizer, None)
        if not R.additive:
            raise ValueError(
                f"regularizer={R!r} is no sum over groups, of which each has to have a share: give "
                f"another, such as 'sparse_group_lasso'."
            )
        network.problem.terms[0].regularizer = R

    def _auto_epochs(self, n_groups: int) -> int:
        algorithm: Any = ALGORITHMS.get(self.algorithm, self.algorithm)
        if not algorithm.inputs_only:
            return MOST_EPOCHS
        return min(MOST_EPOCHS, max(FEWEST_EPOCHS, MOST_VISITS // n_groups))

    def _batch_size(self, n: int) -> int:
        if self.batch_size != "auto":
            return min(self.batch_size, n)
        if n <= FULL_BATCH:
            return n
        algorithm: Any = ALGORITHMS.get(self.algorithm, self.algorithm)
        if not algorithm.inputs_only:
            return BATCH
        return min(LARGEST_BATCH, max(BATCH, math.ceil(n / STEPS)))


@documented(**OWN)
class SGINClassifier(ClassifierMixin, SGIN):
    """Which groups of columns a neural network classifier can do without (SGIN).

    minimize over the network: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

    with the cross entropy of a row by default, of columns that are scaled to variance 1.

    {arguments}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    SGINRegressor : The same for regression.

    Notes
    -----
    theta_g, (q, p_g), holds the weights from the columns of group g to the q units of the first
    hidden layer, which has no bias.  One group is visited at a time: its theta_g and the upper
    layers take a step on every mini-batch while the rest of the first layer stands still, so the
    product of all the other groups is computed once a visit; the iterates are those of the
    naive algorithm.  A removed group is exactly zero for good, its columns are not looked at by
    `predict`, and the last group is never removed.

    References
    ----------
    .. [1] Li et al., "Sparsely Grouped Input Variables for Neural Networks", 2019: equations 3
       to 5, Algorithms 1 and 2.

    Examples
    --------
    >>> from sgnn import SGINClassifier
    >>> from sgnn.datasets import make_grouped_classification
    >>> data = make_grouped_classification(n_groups=6, n_informative=2, random_state=0)
    >>> model = SGINClassifier(groups=data.groups, lam=0.03, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    >>> model.transform(data.data).shape
    (200, 10)
    """

    _task_kind = Classes

    def __init__(
        self,
        groups: GroupsLike | None = None,
        *,
        lam: float = 0.03,
        max_groups: int | None = None,
        max_cost: float | None = None,
        group_costs: Costs | None = None,
        hidden_layer_sizes: Sequence[int] = (100,),
        class_weight: ClassWeight | None = None,
        missing: Missing = "error",
        verbose: int = 0,
        random_state: RandomState | None = None,
        max_epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: float = 0.01,
        lr_schedule: Schedule | None = 0.95,
        optimizer: OptimizerLike = "adam",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = 10,
        refit: bool = False,
        warm_start: bool = False,
        regularizer: RegularizerLike = "group_lasso",
        algorithm: Literal["a", "b", "sgd"] | Algorithm = "a",
        bar: Literal["lam_tau", "lam"] = "lam_tau",
        warmup_epochs: int | Literal["auto"] = "auto",
        group_weights: Weights = "sqrt_size",
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
            algorithm=algorithm,
            bar=bar,
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
class SGINRegressor(RegressorMixin, SGIN):
    """Which groups of columns a neural network regressor can do without (SGIN).

    minimize over the network: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

    with the loss 1/2 sum_j (y_j - f_j(x))^2 of a row by default, of columns and targets that are
    scaled to variance 1.

    {arguments}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    SGINClassifier : The same for classification.

    Notes
    -----
    theta_g, (q, p_g), holds the weights from the columns of group g to the q units of the first
    hidden layer, which has no bias.  One group is visited at a time: its theta_g and the upper
    layers take a step on every mini-batch while the rest of the first layer stands still, so the
    product of all the other groups is computed once a visit; the iterates are those of the
    naive algorithm.  A removed group is exactly zero for good, its columns are not looked at by
    `predict`, and the last group is never removed.

    References
    ----------
    .. [1] Li et al., "Sparsely Grouped Input Variables for Neural Networks", 2019: equations 3
       to 5, Algorithms 1 and 2.

    Examples
    --------
    >>> from sgnn import SGINRegressor
    >>> from sgnn.datasets import make_grouped_regression
    >>> data = make_grouped_regression(n_groups=6, n_informative=2, random_state=0)
    >>> model = SGINRegressor(groups=data.groups, lam=0.01, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    _task_kind = Numbers
    score = score
