"""SGIN: which groups of input columns a multi-layer network can do without (paper 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets

from ..algorithms import Algorithm, Blockwise, BlockwiseB, Subgradient
from ..modules import CrossEntropy, Loss, SquaredError
from ..regularizers import GroupLasso, Regularizer
from .base import SparseNet
from .checks import class_weights
from .parameters import SHARED, choice, integer

__all__ = ["SGINClassifier", "SGINRegressor"]

ALGORITHMS = {"a": Blockwise, "b": BlockwiseB}


class SGIN(SparseNet):
    """What the classifier and the regressor share."""

    _rules = SHARED | {
        "algorithm": choice(*ALGORITHMS, "sgd"),
        "bar": choice("lam_tau", "lam"),
        "warmup_epochs": integer(0),
    }

    def __init__(
        self,
        groups=None,
        *,
        lam=0.01,
        algorithm="a",
        bar="lam_tau",
        warmup_epochs=20,
        group_weights="sqrt_size",
        group_costs=None,
        max_groups=None,
        hidden_layer_sizes=(100,),
        activation="relu",
        max_epochs=50,
        batch_size="auto",
        learning_rate=0.01,
        lr_schedule=0.95,
        optimizer="adam",
        loss=None,
        standardize=False,
        missing="error",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        refit=False,
        warm_start=False,
        cache_size=1000,
        device="auto",
        dtype="auto",
        callbacks=None,
        verbose=0,
        random_state=None,
    ):
        self.groups = groups
        self.lam = lam
        self.algorithm = algorithm
        self.bar = bar
        self.warmup_epochs = warmup_epochs
        self.group_weights = group_weights
        self.group_costs = group_costs
        self.max_groups = max_groups
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.lr_schedule = lr_schedule
        self.optimizer = optimizer
        self.loss = loss
        self.standardize = standardize
        self.missing = missing
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.refit = refit
        self.warm_start = warm_start
        self.cache_size = cache_size
        self.device = device
        self.dtype = dtype
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def _algorithm(self) -> Algorithm:
        if self.algorithm == "sgd":
            return Subgradient(self.max_groups)
        return ALGORITHMS[self.algorithm](
            self.bar, self.warmup_epochs, self.max_groups, self.cache_size * 2**20
        )

    def _regularizer(self) -> Regularizer:
        return GroupLasso()


class SGINClassifier(ClassifierMixin, SGIN):
    """Which groups of columns a neural network classifier can do without (SGIN).

    minimize over the network: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

    Parameters
    ----------
    groups : None, int, str, array, list, dict or callable, default=None
        Which columns belong together; every column must be in exactly one group.  None: each
        column alone.  An int: consecutive blocks of that size.  An array of n_features ints or
        strings: the label of each column.  A list of lists, or a dict {name: columns}: the
        columns of each group, as indices, a slice, a mask or names.  "prefix" or "prefix:SEP":
        columns whose names agree before the first SEP ("__").  A callable
        (feature_names, n_features) returning any of these.
    lam : float, default=0.01
        Strength of the penalty, >= 0; 0 removes nothing.
    algorithm : {"a", "b", "sgd"}, default="a"
        Algorithm 1 of the paper, its Algorithm 2 (train through a visit first, then measure),
        or plain gradient steps on the whole objective, which remove nothing by themselves (the
        paper's NN + tau, and with lam=0 its NN).
    bar : {"lam_tau", "lam"}, default="lam_tau"
        A group goes when the loss without it grows by less than lam * tau_g (equation 5, and
        the authors' program) or less than lam (the printed line 11).
    warmup_epochs : int, default=20
        Epochs before the first removal; the paper has 0.
    group_weights : {"sqrt_size", "none"} or array of shape (n_groups,), default="sqrt_size"
        weight_g: sqrt(p_g), 1, or these numbers.
    group_costs : array of shape (n_groups,) or dict {name: cost}, default=None
        cost_g, what a group costs to acquire; 1 for all by default, and for those a dict omits.
    max_groups : int, default=None
        Keep at most so many groups: whatever lam leaves above it goes by backward elimination
        between the epochs, the cheapest for the objective first.
    hidden_layer_sizes : sequence of int, default=(100,)
        Units of each hidden layer.
    activation : {"relu", "leaky_relu", "elu", "tanh", "sigmoid", "identity"}, default="relu"
        Activation of the hidden layers.
    max_epochs : int, default=50
        Epochs at most; an epoch visits every living group, and a visit sees every row.
    batch_size : int or "auto", default="auto"
        Rows in a mini-batch; "auto" is all of them up to 256, otherwise 200.
    learning_rate : float, default=0.01
        Step size of the optimizer.
    lr_schedule : float, callable or None, default=0.95
        Factor applied to the learning rate after every epoch, or epoch -> multiple of it.
    optimizer : {"sgd", "adam", "adamw", "adamax", "rmsprop"} or torch class, default="adam"
        The paper has "sgd", with learning rate 0.1.
    loss : torch loss class, default=None
        Such as `torch.nn.MultiMarginLoss`; it is given reduction="none".  None is cross entropy.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss; "balanced" makes all classes count alike.
    standardize : bool, default=False
        Scale the columns to weighted mean 0 and variance 1 inside the network.  A penalty on
        weights means little while the columns have different units: standardize here, or before.
    missing : {"error", "mean"}, default="error"
        Refuse NaN, or replace it by the column's weighted mean.
    early_stopping : bool, default=False
        Stop when the validation loss no longer improves, and return to its best epoch since
        the last removal.
    validation_fraction : float, default=0.1
        Share of the rows held out when early_stopping is on and fit got no X_val.
    n_iter_no_change : int or None, default=10
        Stop after so many epochs without improvement; None never stops early.
    tol : float, default=1e-4
        The relative improvement that counts.
    refit : bool, default=False
        After the selection, train the kept groups on for another max_epochs without penalty,
        so that no shrinkage is left.
    warm_start : bool, default=False
        Let the next fit go on from the last one; what was removed stays removed.
    cache_size : float, default=1000
        Memory in MB that the first-layer product of all rows, and a memory-mapped X, may take;
        beyond it the one is computed anew for every batch and the other is read from disk.
    device : str, default="auto"
        A torch device; "auto" is "cuda" where there is one, else "cpu".
    dtype : {"auto", "float32", "float64"}, default="auto"
        Precision of the network; "auto" is float64 up to 256 rows, otherwise float32.
    callbacks : list of skorch callbacks, default=None
        Copied, then called at skorch's places; the copies are in `net_.callbacks_`.
    verbose : int, default=0
        1 shows a progress bar.
    random_state : int, RandomState, Generator or None, default=None
        Draws the first weights, the order of the visits and the validation rows.  The rows of
        each mini-batch are the same for every random_state.

    Attributes
    ----------
    groups_ : Groups
        The groups as they were read: `names`, `labels`, `sizes`, `weights`, `costs`.
    group_support_ : ndarray of shape (n_groups,)
        True for the groups that are left.
    group_norms_ : ndarray of shape (n_groups,)
        ||theta_g||_F, exactly 0 for removed groups.
    selected_groups_ : list
        Names of the groups that are left.
    feature_importances_ : ndarray of shape (n_features,)
        Norm of each column's group over the largest norm; exactly 0 for removed groups.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    history_ : list of dict
        One per epoch: loss, regularization, n_groups, lr, seconds, removed (names), and
        valid_loss if there was validation data.
    n_iter_ : int
        Epochs that were finished.
    module_ : torch.nn.Module
        The network; it takes all columns and reads the kept ones.
    net_ : skorch.NeuralNet
        The network as skorch trained it.
    n_features_in_, feature_names_in_ : int, ndarray
        Columns of the X of the fit, and their names if it had any.

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
    >>> model = SGINClassifier(groups=data.groups, lam=0.03, standardize=True, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    >>> model.transform(data.data).shape
    (200, 10)
    """

    def __init__(
        self,
        groups=None,
        *,
        lam=0.01,
        algorithm="a",
        bar="lam_tau",
        warmup_epochs=20,
        group_weights="sqrt_size",
        group_costs=None,
        max_groups=None,
        hidden_layer_sizes=(100,),
        activation="relu",
        max_epochs=50,
        batch_size="auto",
        learning_rate=0.01,
        lr_schedule=0.95,
        optimizer="adam",
        loss=None,
        class_weight=None,
        standardize=False,
        missing="error",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        refit=False,
        warm_start=False,
        cache_size=1000,
        device="auto",
        dtype="auto",
        callbacks=None,
        verbose=0,
        random_state=None,
    ):
        super().__init__(
            groups,
            lam=lam,
            algorithm=algorithm,
            bar=bar,
            warmup_epochs=warmup_epochs,
            group_weights=group_weights,
            group_costs=group_costs,
            max_groups=max_groups,
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            max_epochs=max_epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            lr_schedule=lr_schedule,
            optimizer=optimizer,
            loss=loss,
            standardize=standardize,
            missing=missing,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            tol=tol,
            refit=refit,
            warm_start=warm_start,
            cache_size=cache_size,
            device=device,
            dtype=dtype,
            callbacks=callbacks,
            verbose=verbose,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """Class indices (n,)."""
        check_classification_targets(y)
        classes, indices = np.unique(y, return_inverse=True)
        if not reset:
            unknown = np.setdiff1d(classes, self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y has the class {unknown[0]!r} that the fitted classes {self.classes_} "
                    f"lack: give the same classes, or fit anew with warm_start=False."
                )
            return np.searchsorted(self.classes_, y)
        if len(classes) < 2:
            raise ValueError(
                f"y has one class only ({classes[0]!r}): give rows of at least two classes."
            )
        self.classes_ = classes
        return indices

    def _row_weights(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return class_weights(self.class_weight, self.classes_, targets, weight)

    def _default_loss(self) -> Loss:
        return CrossEntropy()

    def _start(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Log of the classes' shares, none of them quite zero."""
        mass = np.bincount(targets, weight, minlength=len(self.classes_))
        mass = mass + 1e-3 * mass.mean()
        return np.log(mass / mass.sum())

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class: softmax of the network's outputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Columns of removed groups are not looked at.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return softmax(self._outputs(X), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Columns of removed groups are not looked at.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels out of `classes_`.
        """
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(1)]


class SGINRegressor(RegressorMixin, SGIN):
    """Which groups of columns a neural network regressor can do without (SGIN).

    minimize over the network: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

    with the loss 1/2 sum_j (y_j - f_j(x))^2 of a row, summed over its targets.

    Parameters
    ----------
    groups : None, int, str, array, list, dict or callable, default=None
        Which columns belong together; every column must be in exactly one group.  None: each
        column alone.  An int: consecutive blocks of that size.  An array of n_features ints or
        strings: the label of each column.  A list of lists, or a dict {name: columns}: the
        columns of each group, as indices, a slice, a mask or names.  "prefix" or "prefix:SEP":
        columns whose names agree before the first SEP ("__").  A callable
        (feature_names, n_features) returning any of these.
    lam : float, default=0.01
        Strength of the penalty, >= 0; 0 removes nothing.
    algorithm : {"a", "b", "sgd"}, default="a"
        Algorithm 1 of the paper, its Algorithm 2 (train through a visit first, then measure),
        or plain gradient steps on the whole objective, which remove nothing by themselves (the
        paper's NN + tau, and with lam=0 its NN).
    bar : {"lam_tau", "lam"}, default="lam_tau"
        A group goes when the loss without it grows by less than lam * tau_g (equation 5, and
        the authors' program) or less than lam (the printed line 11).
    warmup_epochs : int, default=20
        Epochs before the first removal; the paper has 0.
    group_weights : {"sqrt_size", "none"} or array of shape (n_groups,), default="sqrt_size"
        weight_g: sqrt(p_g), 1, or these numbers.
    group_costs : array of shape (n_groups,) or dict {name: cost}, default=None
        cost_g, what a group costs to acquire; 1 for all by default, and for those a dict omits.
    max_groups : int, default=None
        Keep at most so many groups: whatever lam leaves above it goes by backward elimination
        between the epochs, the cheapest for the objective first.
    hidden_layer_sizes : sequence of int, default=(100,)
        Units of each hidden layer.
    activation : {"relu", "leaky_relu", "elu", "tanh", "sigmoid", "identity"}, default="relu"
        Activation of the hidden layers.
    max_epochs : int, default=50
        Epochs at most; an epoch visits every living group, and a visit sees every row.
    batch_size : int or "auto", default="auto"
        Rows in a mini-batch; "auto" is all of them up to 256, otherwise 200.
    learning_rate : float, default=0.01
        Step size of the optimizer.
    lr_schedule : float, callable or None, default=0.95
        Factor applied to the learning rate after every epoch, or epoch -> multiple of it.
    optimizer : {"sgd", "adam", "adamw", "adamax", "rmsprop"} or torch class, default="adam"
        The paper has "sgd", with learning rate 0.1.
    loss : torch loss class, default=None
        Such as `torch.nn.HuberLoss`; it is given reduction="none".  None is half the squared error.
    standardize : bool, default=False
        Scale the columns to weighted mean 0 and variance 1 inside the network.  A penalty on
        weights means little while the columns have different units: standardize here, or before.
    missing : {"error", "mean"}, default="error"
        Refuse NaN, or replace it by the column's weighted mean.
    early_stopping : bool, default=False
        Stop when the validation loss no longer improves, and return to its best epoch since
        the last removal.
    validation_fraction : float, default=0.1
        Share of the rows held out when early_stopping is on and fit got no X_val.
    n_iter_no_change : int or None, default=10
        Stop after so many epochs without improvement; None never stops early.
    tol : float, default=1e-4
        The relative improvement that counts.
    refit : bool, default=False
        After the selection, train the kept groups on for another max_epochs without penalty,
        so that no shrinkage is left.
    warm_start : bool, default=False
        Let the next fit go on from the last one; what was removed stays removed.
    cache_size : float, default=1000
        Memory in MB that the first-layer product of all rows, and a memory-mapped X, may take;
        beyond it the one is computed anew for every batch and the other is read from disk.
    device : str, default="auto"
        A torch device; "auto" is "cuda" where there is one, else "cpu".
    dtype : {"auto", "float32", "float64"}, default="auto"
        Precision of the network; "auto" is float64 up to 256 rows, otherwise float32.
    callbacks : list of skorch callbacks, default=None
        Copied, then called at skorch's places; the copies are in `net_.callbacks_`.
    verbose : int, default=0
        1 shows a progress bar.
    random_state : int, RandomState, Generator or None, default=None
        Draws the first weights, the order of the visits and the validation rows.  The rows of
        each mini-batch are the same for every random_state.

    Attributes
    ----------
    groups_ : Groups
        The groups as they were read: `names`, `labels`, `sizes`, `weights`, `costs`.
    group_support_ : ndarray of shape (n_groups,)
        True for the groups that are left.
    group_norms_ : ndarray of shape (n_groups,)
        ||theta_g||_F, exactly 0 for removed groups.
    selected_groups_ : list
        Names of the groups that are left.
    feature_importances_ : ndarray of shape (n_features,)
        Norm of each column's group over the largest norm; exactly 0 for removed groups.
    history_ : list of dict
        One per epoch: loss, regularization, n_groups, lr, seconds, removed (names), and
        valid_loss if there was validation data.
    n_iter_ : int
        Epochs that were finished.
    module_ : torch.nn.Module
        The network; it takes all columns and reads the kept ones.
    net_ : skorch.NeuralNet
        The network as skorch trained it.
    n_features_in_, feature_names_in_ : int, ndarray
        Columns of the X of the fit, and their names if it had any.

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
    >>> model = SGINRegressor(groups=data.groups, lam=0.01, standardize=True, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """Numbers (n, n_targets)."""
        y = np.asarray(y, dtype=np.float64)
        if reset:
            self._flat = y.ndim == 1
        return y.reshape(len(y), -1)

    def _default_loss(self) -> Loss:
        return SquaredError()

    def _start(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Weighted mean of each target."""
        return np.average(targets, axis=0, weights=weight)

    def predict(self, X: Any) -> np.ndarray:
        """The network's outputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Columns of removed groups are not looked at.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            As many dimensions as the y of the fit.
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
