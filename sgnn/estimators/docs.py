"""The docstring parts that estimators share: one text for each argument and each attribute."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TypeVar

__all__ = ["documented"]

T = TypeVar("T", bound=type)

ARGUMENTS = """Most models need no more than `groups` and either `lam` or a budget (`max_groups`,
    `max_cost`); after `fit`, `selected_groups_` are the groups that are left.  `LambdaSearchCV`
    finds lam by cross-validation, `BudgetSelector` the best groups for a budget.  The arguments up
    to `random_state` are those to set first; those from `max_epochs` on are about the training,
    those from `regularizer` on for what few need."""

# in the order of the constructors
PARAMETERS = {
    # what everybody sets first
    "groups": """None, int, str, array, list, dict or callable, default=None
        Which columns belong together, every column in exactly one group.  An array or a dict
        {column: label}: the label of each column.  A list of lists or a dict {name: columns}: the
        columns of each group, as indices, a slice, a mask or names.  An int: blocks of that size.
        "prefix" or "prefix:SEP": names that agree before the first SEP ("__").  A callable
        (feature_names, n_features) that returns one of these, such as
        `sgnn.source_columns(X.columns)` for what encoders make of X.  None: each column alone.""",
    "lam": """float, default=0.01
        Strength of the penalty, >= 0; 0 removes nothing.""",
    "max_groups": """int, default=None
        Keep at most so many groups: whatever lam leaves above it goes by backward elimination
        between the epochs, first that without which the loss grows least, on the validation rows
        where there are some.  Groups of weight or cost 0 stay.""",
    "max_cost": """float, default=None
        Keep groups that cost at most so much in total, in the unit of `group_costs`: the same
        elimination, first of the group without which the loss grows least per unit of its cost.
        Groups of weight or cost 0 stay.  Together with `max_groups` both hold.""",
    "group_costs": """array of shape (n_groups,) or dict {name: cost}, default=None
        cost_g, what a group costs to acquire; 1 for all by default, and for those a dict omits.""",
    "hidden_layer_sizes": """sequence of int, default=(100,)
        Units of each hidden layer.""",
    "class_weight": """dict, "balanced" or None, default=None
        Weight of each class in the loss; "balanced" makes all classes count alike.""",
    "missing": """{"error", "mean"}, default="error"
        Refuse NaN, or replace it by the column's weighted mean.""",
    "verbose": """int, default=0
        1 shows a progress bar.""",
    "random_state": """int, RandomState, Generator or None, default=None
        Draws the first weights, the order of the visits and the validation rows.  The rows of
        each mini-batch are the same for every random_state.""",
    # the training
    "max_epochs": """int or "auto", default="auto"
        Epochs at most; an epoch visits every active group, and a visit sees every row.  "auto" is
        1100 visits, but not fewer than 10 epochs and not more than 50; 50 with algorithm="sgd".""",
    "batch_size": """int or "auto", default="auto"
        Rows in a mini-batch; "auto" is all of them up to 256, otherwise 200.""",
    "learning_rate": """float, default=0.01
        Step size of the optimizer.""",
    "lr_schedule": """float, callable or None, default=0.95
        Factor applied to the learning rate after every epoch, or epoch -> multiple of it.""",
    "optimizer": """str, Optimizer or torch class, default="adam"
        "sgd", which the paper has with learning rate 0.1, "adam", "adamw", "adamax" or "rmsprop";
        an instance, such as `sgnn.optimizers.SGD(momentum=0.9)`, has parameters; a class of torch
        is called with the parameters and lr.""",
    "early_stopping": """bool, default=False
        Stop when the validation loss no longer improves, and return to its best epoch since
        the last removal.""",
    "validation_fraction": """float, default=0.1
        Share of the rows held out when early_stopping is on and fit got no X_val.""",
    "n_iter_no_change": """int or None, default=10
        Stop after so many epochs without an improvement of 1e-4, relative; None never stops
        early.""",
    "refit": """bool, default=False
        After the selection, train the kept groups on for another max_epochs without penalty,
        so that no shrinkage is left.  Left out where the user interrupts the selection.""",
    "warm_start": """bool, default=False
        Let the next fit go on from the last one; what was removed stays removed.""",
    # what few need
    "group_weights": """{"sqrt_size", "none"} or array of shape (n_groups,), default="sqrt_size"
        weight_g: sqrt(p_g), 1, or these numbers.""",
    "activation": """str or class, default="relu"
        Activation of the hidden layers: "relu", "leaky_relu", "elu", "tanh", "sigmoid", "identity",
        "gelu", "silu", or a class such as torch.nn.Mish.""",
    "loss": """str, torch loss class or instance, default=None
        For numbers "squared_error" (None; half of it), "absolute_error", "huber" or "quantile",
        for which y is scaled to mean 0 and variance 1, or "poisson" or "gamma", for which y is
        divided by its mean and predictions are exponentials of the outputs.  For classes
        "log_loss" (None).  An instance, such as `sgnn.losses.Quantile(0.9)` or
        `torch.nn.HuberLoss(delta=2.0)`, has parameters, which refer to the scaled y.  Of torch's
        losses MSELoss, L1Loss, HuberLoss, SmoothL1Loss and PoissonNLLLoss scale y likewise, all
        others leave it alone.""",
    "standardize": """bool, default=True
        Scale the columns to weighted mean 0 and variance 1 inside the network, and in regression
        y too, as `loss` says: the objective is that of the scaled data, so that lam has no unit.
        Predictions are in the unit of y.""",
    "device": """str, default="auto"
        A torch device; "auto" is "cuda" where there is one, else "cpu".""",
    "dtype": """{"auto", "float32", "float64"}, default="auto"
        Precision of the network; "auto" is float64 up to 256 rows or without a hidden layer,
        otherwise float32.""",
    "callbacks": """list of skorch callbacks, default=None
        Copied; the copies are in `net_.callbacks_`.  They are given each mini-batch as the
        network reads it, filled in and scaled, and targets as class indices or numbers.  Those
        that cannot work here are refused, with the argument that does the same.  Those of
        scikit-learn (from 1.9 on) are set by `set_callbacks`.""",
}

ATTRIBUTES = {
    "groups_": """Groups
        The groups as they were read: `names`, `labels`, `sizes`, `weights`, `costs`.""",
    "group_support_": """ndarray of shape (n_groups,)
        True for the groups that the network reads: those with a path to an output by weights
        that are not zero.""",
    "group_norms_": """ndarray of shape (n_groups,)
        ||theta_g||_F, exactly 0 for removed groups.""",
    "selected_groups_": """list
        Names of the groups that are left.""",
    "feature_importances_": """ndarray of shape (n_features,)
        Norm of each column's group over the largest norm; exactly 0 for removed groups.""",
    "classes_": """ndarray of shape (n_classes,)
        The labels.""",
    "history_": """list of dict
        One per epoch: loss, regularization, n_groups, lr, seconds, removed (names), and
        valid_loss if there was validation data.""",
    "n_iter_": """int
        Epochs that were finished.""",
    "module_": """torch.nn.Module
        The network; it takes all columns and reads the kept ones.""",
    "net_": """skorch.NeuralNet
        The network as skorch trained it.""",
    "n_features_in_, feature_names_in_": """int, ndarray
        Columns of the X of the fit, and their names if it had any.""",
}


def documented(*left_out: str, **own: str) -> Callable[[T], T]:
    """Class decorator: put the texts in place of {arguments}, {parameters} and {attributes}.

    The parameters are those of the constructor, in its order, so none can be forgotten; `own`
    are texts for this class alone.
    """

    def fill(cls: T) -> T:
        arguments = list(inspect.signature(cls).parameters)
        attributes = [name for name in ATTRIBUTES if name not in left_out]
        doc = inspect.getdoc(cls) or ""
        doc = doc.replace("{arguments}", inspect.cleandoc(ARGUMENTS))
        doc = doc.replace("{parameters}", _section(PARAMETERS | own, arguments))
        cls.__doc__ = doc.replace("{attributes}", _section(ATTRIBUTES, attributes)) + "\n"
        return cls

    return fill


def _section(texts: dict[str, str], names: list[str]) -> str:
    return "\n".join(f"{name} : {_indented(texts[name])}" for name in names)


def _indented(text: str) -> str:
    kind, *description = text.splitlines()
    return "\n".join([kind, *(f"    {line.strip()}" for line in description)])
