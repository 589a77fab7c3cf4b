"""From X, y and the constructor's arguments to a trained network: the fit that all share."""

from __future__ import annotations

import copy
import re
import warnings
from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.base import is_classifier, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from .. import losses
from ..algorithms import Algorithm, Network, Problem, Rows, Subgradient, batch_order
from ..checkpoints import Checkpoint
from ..groups import Groups
from ..losses import Loss
from ..modules import TargetScale
from ..regularizers import Regularizer
from ..training import Run, Settings, check_callbacks, train
from .checks import check_fit, check_weights, random_generator
from .parameters import SHARED, check_parameters
from .rows import rows_of
from .selector import GroupSelector, as_tensor
from .trials import try_loss, try_optimizer, try_schedule

__all__ = ["SparseNet", "Table"]

FULL_BATCH = 256  # batch_size="auto": one batch up to so many rows
BATCH = 200  # rows of a batch where there are more
MOST_WARMUP = 20  # warmup_epochs="auto": two fifths of the epochs, but not more than these


class Table(NamedTuple):
    """What is trained on: the rows `rows` of X (n, p), their targets and weights (n, ...)."""

    X: np.ndarray
    targets: np.ndarray
    weight: np.ndarray
    rows: np.ndarray


class SparseNet(GroupSelector):
    """A network estimator that selects groups of columns; see its subclasses."""

    _rules = SHARED
    _default_loss: str  # when `loss=None`
    _kind_of_targets: str  # "classes" or "numbers"

    # what a subclass says ------------------------------------------------------------------

    @abstractmethod
    def _algorithm(self, max_epochs: int) -> Algorithm:
        """The training algorithm, new."""

    @abstractmethod
    def _regularizer(self) -> Regularizer:
        """The penalty on the first layer."""

    @abstractmethod
    def _targets(self, y: np.ndarray, *, reset: bool) -> np.ndarray:
        """y as the loss wants it; `classes_` and the like are learned if `reset`."""

    @property
    @abstractmethod
    def _n_outputs(self) -> int:
        """Outputs of the network."""

    @abstractmethod
    def _new_module(self, table: Table, loss: Loss, rng: np.random.Generator) -> Any:
        """The network before training, its columns and y scaled by the table."""

    @abstractmethod
    def _make_network(self, module: Any, problem: Problem) -> Network:
        """The module as it is trained; the problem gets its terms."""

    def _read(self, X: Any, y: Any, *, reset: bool) -> tuple[np.ndarray, np.ndarray]:
        """X as numbers (n, p) and y, checked; what they are like is learned if `reset`."""
        return check_fit(self, X, y, numeric=is_regressor(self), reset=reset)

    def _packed(self, groups: Groups) -> Groups:
        """The groups whose columns the rows keep side by side."""
        return groups

    def _checkpoint(self, table: Table) -> Checkpoint | None:
        """Where the training is kept after every epoch, if anywhere."""
        return None

    def _weighed(self, groups: Groups, module: Any) -> Groups:
        """The groups with their weights in the penalty."""
        return groups

    def _check_warm(self) -> None:
        """Refuse arguments that the network of the last fit does not have."""

    def _row_weights(self, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return weight

    # fit -----------------------------------------------------------------------------------

    @torch.inference_mode(False)  # whatever surrounds the call
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
        KeyboardInterrupt
            If the user stops before the first epoch is finished; later, the last finished epoch is
            kept with a warning, and `refit` is left out.
        """
        self._check_arguments()
        warm = self.warm_start and hasattr(self, "net_")
        rng = random_generator(self.random_state)
        X, y = self._read(X, y, reset=not warm)
        targets = self._targets(y, reset=not warm)
        loss = self._loss(targets)
        weight = self._row_weights(targets, check_weights(sample_weight, len(X)))
        groups = self._read_groups(X.shape[1], warm)
        max_epochs = self._max_epochs(groups)
        try_schedule(self.lr_schedule, max_epochs)
        if warm:
            self._check_warm()
            self._check_link(loss)
        rows, validation = self._split(X, targets, weight, X_val, y_val, loss, rng)
        check_callbacks(
            self.callbacks,
            validation=validation is not None,
            lr_schedule=self.lr_schedule,
            gates=getattr(self, "algorithm", None) == "gates",
        )
        table = Table(X, targets, weight, rows)
        module = copy.deepcopy(self.module_) if warm else self._new_module(table, loss, rng)
        groups = self._checked(self._weighed(groups, module))
        active = self.group_support_.copy() if warm else np.ones(len(groups), dtype=bool)
        network = self._network(table, loss, groups, module, active, rng)
        settings = self._settings(validation, module, max_epochs)
        settings.checkpoint = self._checkpoint(table)
        algorithm = self._algorithm(max_epochs)
        run = Run(network, settings)
        train([run], algorithm)
        history, warning = run.history, self._selection_warning(run, algorithm)
        if self.refit and not run.interrupted:
            network.problem.lam = 0.0
            if settings.checkpoint is not None:
                settings.checkpoint = settings.checkpoint.beside("refit")
            run = Run(network, settings, trained=True)
            train([run], Subgradient(keep_zeros=True))
            history = history + run.history
        self._learned(run, history, warning)
        return self

    def _check_arguments(self) -> None:
        """Refuse constructor arguments that will not do, before X and y are looked at."""
        check_parameters(self, self._rules)
        try_optimizer(self.optimizer, self.learning_rate)

    def _max_epochs(self, groups: Groups) -> int:
        """`max_epochs` as a number."""
        return self.max_epochs

    def _warmup_epochs(self, max_epochs: int) -> int:
        """`warmup_epochs` as a number."""
        if self.warmup_epochs == "auto":
            return min(MOST_WARMUP, 2 * max_epochs // 5)
        return self.warmup_epochs

    def _read_groups(self, n_features: int, warm: bool) -> Groups:
        groups = self._groups_of(n_features)
        if warm and not np.array_equal(groups.labels, self.groups_.labels):
            raise ValueError(
                "groups differ from those of the fit that warm_start=True goes on with: give "
                "the same groups, or set warm_start=False."
            )
        return groups

    def _checked(self, groups: Groups) -> Groups:
        """The groups, refused where fewer are to be left than have no penalty."""
        free = int((groups.penalties == 0).sum())
        if self.max_groups is not None and self.max_groups < free:
            raise ValueError(
                f"max_groups={self.max_groups} is less than the {free} groups of weight or cost 0, "
                f"which are always kept: give at least {free}, or these groups a weight."
            )
        return groups

    @property
    def _read_weights(self) -> Any:
        """`group_weights` as `Groups.of` takes it."""
        return self.group_weights

    def _groups_of(self, n_features: int) -> Groups:
        return Groups.of(
            self.groups,
            n_features,
            getattr(self, "feature_names_in_", None),
            weights=self._read_weights,
            costs=self.group_costs,
        )

    def _split(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weight: np.ndarray,
        X_val: Any,
        y_val: Any,
        loss: Loss,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, Table | None]:
        """Indices of the training rows, and the validation data if there is any."""
        rows = np.arange(len(X))
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together: give both, or neither.")
        if X_val is not None:
            try:
                X_val, y_val = self._read(X_val, y_val, reset=False)
                y_val = self._targets(y_val, reset=False)
                loss.check_targets(y_val)
                w_val = self._row_weights(y_val, np.ones(len(X_val)))
                return rows, Table(X_val, y_val, w_val, np.arange(len(X_val)))
            except ValueError as error:
                raise ValueError(re.sub(r"\b([Xy])\b", r"\1_val", str(error))) from None
        if not self.early_stopping:
            return rows, None
        splitter = StratifiedShuffleSplit if is_classifier(self) else ShuffleSplit
        split = splitter(
            1, test_size=self.validation_fraction, random_state=int(rng.integers(2**31))
        )
        try:
            training, held_out = next(split.split(rows, targets))
        except ValueError:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} does not split the {len(X)} rows "
                f"so that both parts have enough of them, and of each class: give X_val and "
                f"y_val, or another fraction."
            ) from None
        for part, verb in ((training, "trained on"), (held_out, "held out")):
            if not weight[part].any():
                raise ValueError(
                    f"sample_weight is zero for every row that is {verb}: give more rows a "
                    f"weight above 0, or X_val and y_val, or another validation_fraction."
                )
        return np.sort(training), Table(X, targets, weight, held_out)

    def _network(
        self,
        table: Table,
        loss: Loss,
        groups: Groups,
        module: Any,
        active: np.ndarray,
        rng: np.random.Generator,
        shared: Rows | None = None,
    ) -> Network:
        """The module with what is to be minimized; `shared` are rows of the same table."""
        X, targets, weight, rows = table
        batch_size = self._batch_size(len(rows))
        rows = rows[batch_order(len(rows), batch_size)]
        weight = weight[rows]
        like = next(module.parameters()).detach()
        uniform = np.ptp(weight) == 0
        mean_one = torch.from_numpy(weight * (len(weight) / weight.sum())).to(like)
        problem = Problem(
            loss=loss.to(like),
            rows=shared or rows_of(
                X, rows, self._packed(groups), module.input_transform,
                batch_size=batch_size, like=like, max_bytes=self.cache_size * 2**20,
            ),
            y=_scaled_tensor(module.target_scale, targets[rows], weight, like),
            weight=None if uniform else mean_one,
            groups=groups,
            lam=float(self.lam),
            active=active,
            rng=rng,
        )  # fmt: skip
        return self._make_network(module, problem)

    def _loss(self, targets: np.ndarray) -> Loss:
        """The loss, tried on a few rows before anything is trained with it."""
        loss = losses.get(
            self._default_loss if self.loss is None else self.loss, self._kind_of_targets
        )
        loss.check_targets(targets)
        if self.loss is not None:
            # not as many rows as outputs, which would be taken for each other
            rows = np.arange(2 if self._n_outputs != 2 else 3) % len(targets)
            out = torch.zeros(len(rows), self._n_outputs, dtype=torch.float64)
            try_loss(loss.double(), out, _target_tensor(targets[rows], out), self.loss)
        return loss

    def _check_link(self, loss: Loss) -> None:
        """Refuse a loss for which y and the outputs mean something else than in the fit before."""
        before = self.module_.target_scale
        if (loss.link, loss.scaling) != (before.link, before.scaling):
            raise ValueError(
                f"loss={self.loss!r} has another link or scale of y than that of the fit that "
                f"warm_start=True goes on with: give the same loss, or set warm_start=False."
            )

    def _settings(self, held_out: Table | None, module: Any, max_epochs: int) -> Settings:
        like = next(module.parameters()).detach()
        validation = None
        if held_out is not None:
            X, targets, weight, rows = held_out
            validation = (
                as_tensor(X[rows], like.device),
                _scaled_tensor(module.target_scale, targets[rows], weight[rows], like, "y_val"),
                torch.from_numpy(weight[rows]).to(like),
            )
        return Settings(
            max_epochs=max_epochs,
            optimizer=self.optimizer,
            learning_rate=float(self.learning_rate),
            lr_schedule=self.lr_schedule,
            callbacks=self.callbacks,
            verbose=self.verbose,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            validation=validation,
            stop_on_validation=self.early_stopping,
        )

    def _learned(self, run: Run, history: list[dict], warning: str | None) -> None:
        """Take what was trained; `warning` is the `_selection_warning` from before a refit."""
        problem = run.network.problem
        groups = problem.groups
        assert run.net is not None
        self.net_ = run.net
        self.groups_ = groups
        self.history_ = history
        self.n_iter_ = len(history)
        self.group_norms_ = run.network.norms()
        self.group_support_ = problem.active
        warning = warning or self._useless_because(run.network)
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=4)
        self.module_.input_transform.keep(torch.from_numpy(groups.expand(self.group_support_)))

    def _selection_warning(self, run: Run, algorithm: Algorithm) -> str | None:
        """Why lam did not select the groups that it should have, if it did not; what to do."""
        problem, n_epochs = run.network.problem, len(run.history)
        if algorithm.last_below_threshold(run.network, n_epochs):
            return (
                f"lam={self.lam!r} is so large that the last group, "
                f"{problem.groups.names[problem.active_groups[0]]!r}, is left by rule alone, as "
                f"its loss increase is below the bar too: lower lam."
            )
        idle = self.lam > 0 and problem.active.all() and not algorithm.has_acted(n_epochs)
        if idle and not run.aborted:
            return (
                f"lam={self.lam!r} could not remove a group, as the fit ended after "
                f"{n_epochs} epochs, within warmup_epochs={self.warmup_epochs}: give more "
                f"max_epochs, or fewer warmup_epochs."
            )
        return None

    def _useless_because(self, network: Network) -> str | None:
        """What makes the network useless, if anything does, and what to do about it."""
        kept = network.problem.active_groups
        if not len(kept) and self.lam > 0:
            return (
                f"lam={self.lam!r} is so large that no group is left and the predictions are "
                f"constant: lower lam."
            )
        with torch.no_grad():
            if len(kept) and not network.is_constant():
                return None
        return (
            f"The predictions are the same for every row, although {len(kept)} of "
            f"{len(network.problem.active)} groups are left: lower learning_rate or lam, or draw "
            f"other first weights by random_state."
        )

    def _batch_size(self, n: int) -> int:
        if self.batch_size == "auto":
            return n if n <= FULL_BATCH else BATCH
        return min(self.batch_size, n)

    def _dtype(self, n: int) -> torch.dtype:
        if self.dtype == "auto":
            return torch.float64 if n <= FULL_BATCH else torch.float32
        return getattr(torch, self.dtype)

    def _device(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)


def _scaled_tensor(
    scale: TargetScale, targets: np.ndarray, weight: np.ndarray, like: torch.Tensor, name: str = "y"
) -> torch.Tensor:
    """Targets as the loss sees them, in the network's dtype; classes stay what they are."""
    if targets.dtype.kind in "iu":
        return _target_tensor(targets, like)
    # rows of weight 0 take the target of another one: 0 times infinity is not 0
    scaled = scale.scaled(np.where(weight[:, None] > 0, targets, targets[weight.argmax()]))
    y = _target_tensor(scaled, like)
    lost = scale.link == "log" and bool(((y == 0).cpu().numpy() & (scaled > 0)).any())
    if lost or not y.isfinite().all():
        raise ValueError(
            f"{name} contains values beyond the range of {like.dtype}: divide or multiply {name} "
            f"by a power of ten, or give dtype='float64'."
        )
    return y


def _target_tensor(targets: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """Class indices stay integers; numbers take the network's dtype."""
    dtype = torch.int64 if targets.dtype.kind in "iu" else like.dtype
    return torch.tensor(targets, dtype=dtype, device=like.device)
