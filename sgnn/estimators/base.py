"""What the network estimators share: fit from X to a trained network, predict, and the support."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.feature_selection import SelectorMixin
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils.validation import check_is_fitted

from ..algorithms import Algorithm, Problem, Subgradient, deal
from ..compaction import compact
from ..groups import Groups
from ..modules import MLP, Loss, TorchLoss
from ..regularizers import Regularizer
from ..training import Net, Settings, train
from .checks import check_fit, check_kept, check_weights, random_generator
from .parameters import SHARED, check_parameters
from .rows import columns_of, rows_of

__all__ = ["SparseNet"]

FULL_BATCH = 256  # batch_size="auto": one batch up to so many rows, else batches of 200
PREDICT_ROWS = 4096
SMALLEST_IMPORTANCE = 1e-4  # of a kept group; SelectFromModel cuts at 1e-5

Validation = tuple[np.ndarray, np.ndarray] | None


class SparseNet(SelectorMixin, BaseEstimator):
    """A network estimator that selects groups of columns; see its subclasses."""

    # SelectFromModel reads this and then keeps exactly the features of nonzero importance
    penalty = "l1"
    _rules = SHARED

    # what a subclass says ------------------------------------------------------------------

    @abstractmethod
    def _algorithm(self) -> Algorithm:
        """The training algorithm, new."""

    @abstractmethod
    def _regularizer(self) -> Regularizer:
        """The penalty on the first layer."""

    @abstractmethod
    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """y as the loss wants it; `classes_` and the like are learned if `reset`."""

    @abstractmethod
    def _default_loss(self) -> Loss:
        """The loss when `loss=None`."""

    @abstractmethod
    def _start(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Output of the best constant model, where the last bias starts: (n_outputs,)."""

    def _row_weights(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return weight

    # fit -----------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> SparseNet:
        """Train the network and remove groups.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A numpy.memmap larger than `cache_size` is read batch by batch, not loaded.
        y : array-like of shape (n_samples,) or, for regression, (n_samples, n_targets)
            The targets.
        sample_weight : array-like of shape (n_samples,), optional
            Not negative; 0 leaves the row out.
        X_val, y_val : array-like, optional
            Validation data: its loss is recorded every epoch, and early stopping watches it
            instead of a part of X.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            Before training, for input that will not do.
        FloatingPointError
            If the loss diverges in the first epoch; later, the last good epoch is kept with a
            ConvergenceWarning.
        """
        check_parameters(self, self._rules)
        warm = self.warm_start and hasattr(self, "net_")
        rng = random_generator(self.random_state)
        X, y = check_fit(self, X, y, numeric=is_regressor(self), reset=not warm)
        targets = self._targets(y, reset=not warm)
        weight = self._row_weights(targets, check_weights(sample_weight, len(X)))
        groups = self._read_groups(X.shape[1], warm)
        rows, validation = self._split(X, targets, weight, X_val, y_val, rng)
        module = self.module_ if warm else self._new_module(X, targets, weight, rows, rng)
        alive = self.group_support_.copy() if warm else np.ones(len(groups), dtype=bool)
        problem = self._problem(X, targets, weight, rows, groups, module, alive, rng)
        settings = self._settings(validation, module.theta)
        net = train(problem, self._algorithm(), settings)
        history = _epochs(net)
        if self.refit:
            problem.lam = 0.0
            net = train(problem, Subgradient(), settings)
            history += _epochs(net)
        self._learned(net, groups, alive, history)
        return self

    def _read_groups(self, n_features: int, warm: bool) -> Groups:
        groups = Groups.of(
            self.groups,
            n_features,
            getattr(self, "feature_names_in_", None),
            weights=self.group_weights,
            costs=self.group_costs,
        )
        if warm and not np.array_equal(groups.labels, self.groups_.labels):
            raise ValueError(
                "groups differ from those of the fit that warm_start=True goes on with: give "
                "the same groups, or set warm_start=False."
            )
        return groups

    def _split(
        self, X: np.ndarray, targets: np.ndarray, weight: np.ndarray, X_val: Any, y_val: Any, rng
    ) -> tuple[np.ndarray, Validation]:
        """Indices of the training rows, and the validation data if there is any."""
        rows = np.arange(len(X))
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together: give both, or neither.")
        if X_val is not None:
            X_val, y_val = check_fit(self, X_val, y_val, numeric=is_regressor(self), reset=False)
            return rows, (X_val, self._targets(y_val, reset=False))
        if not self.early_stopping:
            return rows, None
        splitter = StratifiedShuffleSplit if is_classifier(self) else ShuffleSplit
        split = splitter(
            1, test_size=self.validation_fraction, random_state=int(rng.integers(2**31))
        )
        try:
            training, held_out = next(split.split(rows, targets))
        except ValueError as error:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} does not split the {len(X)} "
                f"rows ({str(error).rstrip('.')}): give X_val and y_val, or another fraction."
            ) from None
        return np.sort(training), (X[held_out], targets[held_out])

    def _new_module(
        self, X: np.ndarray, targets: np.ndarray, weight: np.ndarray, rows: np.ndarray, rng
    ) -> MLP:
        start = self._start(targets[rows], weight[rows])
        columns = columns_of(
            X, weight, rows, standardize=self.standardize, missing=self.missing
        )
        module = MLP(
            columns,
            self.hidden_layer_sizes,
            len(start),
            self.activation,
            dtype=self._dtype(len(rows)),
            generator=torch.Generator().manual_seed(int(rng.integers(2**63))),
        )
        with torch.no_grad():
            module.biases[-1].copy_(torch.from_numpy(start))
        return module.to(self._device())

    def _problem(
        self, X, targets, weight, rows: np.ndarray, groups: Groups, module: MLP, alive, rng
    ) -> Problem:
        batch_size = self._batch_size(len(rows))
        rows = rows[deal(len(rows), batch_size)]
        weight = weight[rows]
        if not weight.any():
            raise ValueError(
                "sample_weight is zero for every row that is trained on: give one a weight "
                "above 0, or lower validation_fraction."
            )
        like = module.theta.detach()
        uniform = np.ptp(weight) == 0
        mean_one = torch.from_numpy(weight * (len(weight) / weight.sum())).to(like)
        return Problem(
            module=module,
            loss=self._default_loss() if self.loss is None else TorchLoss(self.loss),
            rows=rows_of(
                X, rows, groups, module.columns,
                batch_size=batch_size, like=like, max_bytes=self.cache_size * 2**20,
            ),
            y=_target_tensor(targets[rows], like),
            weight=None if uniform else mean_one,
            groups=groups,
            regularizer=self._regularizer(),
            lam=float(self.lam),
            alive=alive,
            rng=rng,
        )  # fmt: skip

    def _settings(self, validation: Validation, like: torch.Tensor) -> Settings:
        if validation is not None:
            X_val, y_val = validation
            validation = (_tensor(X_val, like.device), _target_tensor(y_val, like))
        return Settings(
            max_epochs=self.max_epochs,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            lr_schedule=self.lr_schedule,
            callbacks=self.callbacks,
            verbose=self.verbose,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            validation=validation,
            stop_on_validation=self.early_stopping,
        )

    def _learned(self, net: Net, groups: Groups, alive: np.ndarray, history: list[dict]) -> None:
        self.net_ = net
        self.groups_ = groups
        self.history_ = history
        self.n_iter_ = len(history)
        theta = self.module_.theta.detach().double().cpu().numpy()
        square = np.bincount(groups.labels, np.square(theta).sum(0), minlength=len(groups))
        self.group_norms_ = np.sqrt(square)
        self.group_support_ = alive & (self.group_norms_ > 0)
        self.module_.columns.keep(torch.from_numpy(groups.expand(self.group_support_)))

    def _batch_size(self, n: int) -> int:
        if self.batch_size == "auto":
            return n if n <= FULL_BATCH else 200
        return min(self.batch_size, n)

    def _dtype(self, n: int) -> torch.dtype:
        if self.dtype == "auto":
            return torch.float64 if n <= FULL_BATCH else torch.float32
        return getattr(torch, self.dtype)

    def _device(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)

    # what was learned ----------------------------------------------------------------------

    @property
    def module_(self) -> MLP:
        """The trained torch module; it takes all columns and reads the kept ones."""
        return self.net_.module_

    @property
    def selected_groups_(self) -> list:
        """Names of the groups that are left."""
        check_is_fitted(self)
        return self.get_group_support(names=True)

    @property
    def feature_importances_(self) -> np.ndarray:
        """||theta_g|| / max_h ||theta_h|| of each column's group: (n_features,).

        Exactly 0 for removed groups, constant within one, and at least 1e-4 for kept ones, so
        that SelectFromModel's own threshold agrees with `get_support`.
        """
        check_is_fitted(self)
        share = self.group_norms_ / max(self.group_norms_.max(), np.finfo(float).tiny)
        kept = np.maximum(share, SMALLEST_IMPORTANCE)
        return self.groups_.expand(np.where(self.group_support_, kept, 0.0))

    def get_group_support(self, names: bool = False) -> np.ndarray | list:
        """Which groups are left.

        Parameters
        ----------
        names : bool, default=False
            Return the list of their names instead of a mask.

        Returns
        -------
        support : ndarray of shape (n_groups,), or list of names
            The groups that were not removed.
        """
        check_is_fitted(self)
        if not names:
            return self.group_support_.copy()
        return [name for name, kept in zip(self.groups_.names, self.group_support_, strict=True)
                if kept]  # fmt: skip

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self)
        return self.groups_.expand(self.group_support_)

    def transform(self, X: Any) -> Any:
        """Reduce X to the columns of the kept groups; the other columns are not looked at.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows to reduce.

        Returns
        -------
        X_r : ndarray or data frame of shape (n_samples, n_kept)
            The kept columns as they came, in a data frame if `set_output` asks for one.
        """
        kept = self.get_support(indices=True)
        checked = check_kept(self, X, kept)
        return X.iloc[:, kept] if hasattr(X, "iloc") else checked

    def _outputs(self, X: Any) -> np.ndarray:
        """Outputs of the network, (n, n_outputs), some rows at a time."""
        X = check_kept(self, X, self.get_support(indices=True))
        module = self.module_
        with torch.no_grad():
            parts = [
                module.from_kept(_tensor(X[a : a + PREDICT_ROWS], module.theta.device)).cpu()
                for a in range(0, len(X), PREDICT_ROWS)
            ]
        return torch.cat(parts).double().numpy()

    def compact(self) -> MLP:
        """The network of the kept columns alone: a torch module with equal outputs.

        Returns
        -------
        module : torch.nn.Module
            Takes `transform(X)` as a tensor, (n, n_kept), and returns the outputs of
            `module_` (logits for a classifier).
        """
        check_is_fitted(self)
        return compact(self.module_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mean"
        return tags


def _epochs(net: Net) -> list[dict]:
    """skorch's history without its books on batches."""
    own = ("epoch", "batches")
    return [
        {key: value for key, value in row.items() if key not in own and "train_loss" not in key
         and not key.endswith("_best")}
        for row in net.history
    ]  # fmt: skip


def _tensor(X: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(X), device=device)


def _target_tensor(targets: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """Class indices stay integers; numbers take the network's dtype."""
    dtype = torch.int64 if targets.dtype.kind in "iu" else like.dtype
    return torch.tensor(targets, dtype=dtype, device=like.device)
