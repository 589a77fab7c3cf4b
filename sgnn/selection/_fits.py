"""The fits of a search: in parallel, with caching and a progress bar."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Any, NamedTuple

import numpy as np
import torch
from joblib.hashing import NumpyHasher
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params, _num_samples, check_memory
from tqdm.auto import tqdm

from ..groups import Groups
from ..version import __version__
from ._batches import fit_batch, plan_batches, replicas_per_batch
from ._checks import check_score
from ._models import get_lam, group_support, set_lam, with_lam, with_seed

__all__ = ["Data", "FitResult", "FitRunner", "FitSpec"]

# Start of the warnings of constant models, which are expected at the end of a path.
CONSTANT_MODEL = "lam=.* (is so large|no group is left)|The predictions are the same"
# Start of the warning of a network's fit that the user interrupted.
INTERRUPTED = "(Training|The polish) was interrupted"


@dataclass(frozen=True)
class Data:
    """The data of all fits of a search."""

    X: Any
    y: Any
    groups: Groups | None  # None where the estimator has its own
    scorer: Any = None  # scorer(estimator, X, y, **params), or None for no score
    fit_params: dict = field(default_factory=dict)
    score_params: dict = field(default_factory=dict)
    held_out: tuple | None = None  # (X, y) to score, instead of rows of X


class FitSpec(NamedTuple):
    """The specification of one fit; train and test are row indices, None for all rows."""

    lam: float
    train: np.ndarray | None = None
    test: np.ndarray | None = None
    weight: np.ndarray | None = None  # sample weights (n,)
    seed: int | None = None  # None leaves the estimator's own random_state
    return_estimator: bool = False  # whether FitResult has the estimator


class FitResult(NamedTuple):
    """The result of one fit."""

    support: np.ndarray  # (n_groups,)
    score: float
    fit_time: float  # seconds
    score_time: float
    estimator: Any  # fitted; None unless FitSpec.return_estimator


class FitRunner:
    """Run fits in parallel; with a memory each distinct fit runs only once.

    Parameters
    ----------
    estimator : estimator
        It is cloned for every fit.
    data : Data
        The data of the fits.
    n_jobs : int or None
        Number of parallel jobs, in joblib's active backend.
    memory : None, str, path or joblib.Memory
        Cache of the results, keyed by a hash of everything that they depend on.
    verbose : int
        1 shows a progress bar that counts the fits.
    planned : int
        The number of fits, without those that find the ends of a grid.
    """

    def __init__(
        self,
        estimator: Any,
        data: Data,
        *,
        n_jobs: int | None,
        memory: Any,
        verbose: int,
        planned: int,
    ) -> None:
        self.estimator, self.data, self.n_jobs = clone(estimator), data, n_jobs
        versions = (__version__, torch.__version__)
        self.key = None if memory is None else _content_hash(self.estimator, data, versions)
        store = check_memory(fspath(memory) if isinstance(memory, PathLike) else memory)
        self._fit = store.cache(fit_all, ignore=["estimator", "data"])
        self.bar = tqdm(total=planned, disable=not verbose, desc="fits", unit="fit")

    def __enter__(self) -> FitRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(
        self, specs: Sequence[FitSpec], *, warm_start: bool = False, planned: bool = True
    ) -> list[FitResult]:
        """The results of the fits, in the order of specs.

        Fits that the estimator can train jointly are run in batches.  The batches do not depend
        on n_jobs, and so neither do the results.  With `warm_start` each fit starts from the one
        before.  Fits that are not `planned` are added to the total of the progress bar.
        """
        self.bar.total += 0 if planned else len(specs)
        self.bar.refresh()
        batches = (
            [list(range(len(specs)))]
            if warm_start
            else plan_batches(self.estimator, specs, self.data)
        )
        jobs = (tuple(specs[i] for i in batch) for batch in batches)
        fit_results: dict[int, FitResult] = {}
        for batch, found in zip(
            batches,
            Parallel(n_jobs=self.n_jobs, return_as="generator")(
                delayed(self._fit)(self.estimator, job, self.data, self.key, warm_start)
                for job in jobs
            ),
            strict=True,
        ):
            if len(found) != len(batch):
                raise ValueError(
                    "memory holds something else in the place of a fit: empty its folder, or name "
                    "another."
                )
            fit_results.update(zip(batch, found, strict=True))
            self.bar.update(len(batch))
        return [fit_results[i] for i in range(len(specs))]

    @property
    def joint(self) -> bool:
        """Whether several fits to all rows are trained jointly."""
        return replicas_per_batch(self.estimator, np.shape(self.data.X)) > 1

    @property
    def estimator_lam(self) -> float:
        """The lam of the estimator."""
        return get_lam(self.estimator, _total_weight(self.data.X, self.data.fit_params))


def fit_all(
    estimator: Any, specs: tuple[FitSpec, ...], data: Data, key: str | None, warm_start: bool
) -> list[FitResult]:
    """Fit and score clones; `key` is the hash of estimator and data in the cache.

    Raises
    ------
    KeyboardInterrupt
        Also if the user interrupts a training, where `fit` alone would warn and return.
    """
    try:
        return _fit_all(estimator, specs, data, warm_start)
    except UserWarning as warning:
        if re.match(INTERRUPTED, str(warning)):
            raise KeyboardInterrupt(str(warning)) from None
        raise


def _fit_all(
    estimator: Any, specs: tuple[FitSpec, ...], data: Data, warm_start: bool
) -> list[FitResult]:
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=INTERRUPTED, category=UserWarning)
        warnings.filterwarnings("ignore", message=CONSTANT_MODEL)
        if warm_start:
            models = _fit_warm_path(estimator, specs, data)
        elif len(specs) > 1:
            X, y, params = _rows(data.X, data.y, data.fit_params, specs[0].train)
            models = fit_batch(estimator, X, y, specs, params.get("sample_weight"))
        else:
            models = [_fit_one(estimator, specs[0], data)]
    seconds = (time.perf_counter() - start) / len(specs)
    pairs = zip(models, specs, strict=True)
    return [_fit_result(model, spec, data, seconds) for model, spec in pairs]


def _fit_one(estimator: Any, spec: FitSpec, data: Data) -> Any:
    X, y, params = _rows(data.X, data.y, data.fit_params, spec.train)
    if spec.weight is not None:
        params = {**params, "sample_weight": spec.weight}
    model = with_lam(with_seed(estimator, spec.seed), spec.lam, _total_weight(X, params))
    return model.fit(X, y, **params)


def _fit_warm_path(estimator: Any, specs: tuple[FitSpec, ...], data: Data) -> list[Any]:
    """Copies of one model that is refitted with a warm start at each lam, to all rows."""
    model, total_weight, models = clone(estimator), _total_weight(data.X, data.fit_params), []
    for spec in specs:
        set_lam(model, spec.lam, total_weight).fit(data.X, data.y, **data.fit_params)
        models.append(deepcopy(model))
    return models


def _fit_result(model: Any, spec: FitSpec, data: Data, seconds: float) -> FitResult:
    start = time.perf_counter()
    support, _ = group_support(model, data.groups)
    score = _score(model, spec, data)
    end = time.perf_counter()
    return FitResult(support, score, seconds, end - start, model if spec.return_estimator else None)


def _score(model: Any, spec: FitSpec, data: Data) -> float:
    if data.scorer is None:
        return np.nan
    if data.held_out is not None:
        return check_score(data.scorer(model, *data.held_out), data.scorer)
    X, y, params = _rows(data.X, data.y, data.score_params, spec.test)
    return check_score(data.scorer(model, X, y, **params), data.scorer)


def _rows(X: Any, y: Any, params: dict, rows: np.ndarray | None) -> tuple[Any, Any, dict]:
    """These rows of X, y and of the params with one value per row."""
    if rows is None:
        return X, y, params
    row_params = _check_method_params(X, params, rows)
    return _safe_indexing(X, rows), None if y is None else _safe_indexing(y, rows), row_params


def _total_weight(X: Any, params: dict) -> float:
    """The sum of the sample weights, or the number of rows without weights."""
    weight = params.get("sample_weight")
    return float(_num_samples(X) if weight is None else np.sum(weight))


class TensorHasher(NumpyHasher):
    """Hash tensors by value, as pickles of equal tensors differ."""

    def save(self, obj: Any) -> None:
        super().save(obj.detach().cpu().numpy() if isinstance(obj, torch.Tensor) else obj)


def _content_hash(*parts: Any) -> str:
    """A hash of everything that a fit depends on besides its spec."""
    try:
        return TensorHasher(hash_name="md5").hash(parts)
    except Exception as error:
        raise ValueError(
            f"memory can keep no fits of an estimator, scorer or data that cannot be pickled "
            f"({str(error).splitlines()[0]}): replace lambdas by functions, or give memory=None."
        ) from None
