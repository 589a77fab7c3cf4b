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
        lam=1e-3,
        algorithm="a",
        bar="lam_tau",
        warmup_epochs=5,
        group_weights="sqrt_size",
        group_costs=None,
        max_groups=None,
        hidden_layer_sizes=(100,),
        activation="relu",
        max_epochs=30,
        batch_size="auto",
        learning_rate=0.01,
        lr_schedule=None,
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
    """class."""

    def __init__(
        self,
        groups=None,
        *,
        lam=1e-3,
        algorithm="a",
        bar="lam_tau",
        warmup_epochs=5,
        group_weights="sqrt_size",
        group_costs=None,
        max_groups=None,
        hidden_layer_sizes=(100,),
        activation="relu",
        max_epochs=30,
        batch_size="auto",
        learning_rate=0.01,
        lr_schedule=None,
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
    """reg."""

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
