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
from .docs import documented
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


@documented()
class SGINClassifier(ClassifierMixin, SGIN):
    """Which groups of columns a neural network classifier can do without (SGIN).

    minimize over the network: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

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

    classes_: np.ndarray

    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """Class indices (n,)."""
        try:
            check_classification_targets(y)
        except ValueError as error:
            kind = str(error).split(". ")[0]
            raise ValueError(
                f"y holds no classes ({kind}): give labels, or use SGINRegressor."
            ) from None
        classes, indices = np.unique(y, return_inverse=True)
        if not reset:
            unknown = np.setdiff1d(classes, self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y has the class {unknown.tolist()[0]!r} that is not among the classes "
                    f"{self.classes_.tolist()} of the fit: drop its rows, or fit anew."
                )
            return np.searchsorted(self.classes_, y)
        if len(classes) < 2:
            raise ValueError(
                f"y has one class only ({classes.tolist()[0]!r}): give rows of two classes or more."
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


@documented("classes_")
class SGINRegressor(RegressorMixin, SGIN):
    """Which groups of columns a neural network regressor can do without (SGIN).

    minimize over the network: mean loss + lam * sum_g weight_g * cost_g * ||theta_g||_F

    with the loss 1/2 sum_j (y_j - f_j(x))^2 of a row, summed over its targets.

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
    >>> model = SGINRegressor(groups=data.groups, lam=0.01, standardize=True, random_state=0)
    >>> model.fit(data.data, data.target).get_group_support().tolist() == data.support.tolist()
    True
    """

    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """Numbers (n, n_targets)."""
        targets = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        if reset:
            self._y_ndim, self._n_targets = np.ndim(y), targets.shape[1]
        if targets.shape[1] != self._n_targets:
            raise ValueError(
                f"y has {targets.shape[1]} targets and that of the fit {self._n_targets}: give as "
                f"many, or fit anew with warm_start=False."
            )
        return targets

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
        return outputs[:, 0] if self._y_ndim == 1 else outputs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
