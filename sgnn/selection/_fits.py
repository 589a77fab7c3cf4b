"""The fits of a search: in joint batches, in parallel, with caching and a progress bar."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import product
from numbers import Integral
from os import PathLike, fspath
from typing import Any, NamedTuple

import numpy as np
import torch
from joblib.hashing import NumpyHasher
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params, check_memory

from ..config import CONFIG, config_context
from ..estimators.inputs import random_generator
from ..groups import Groups
from ..training import FitTask, progress_bar
from ..version import __version__
from ._checks import check_score
from ._models import (
    draw_seed,
    final_estimator,
    group_support,
    set_lam,
    with_seed,
    without_callbacks,
)

__all__ = [
    "Data",
    "FitResult",
    "FitRunner",
    "Sample",
    "cached_call",
    "content_hash",
    "plan_batches",
    "raised_interrupts",
]

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


class Sample(NamedTuple):
    """The rows and the seed of a fit; train and test are row indices, None for all rows."""

    train: np.ndarray | None = None
    test: np.ndarray | None = None
    weight: np.ndarray | None = None  # sample weights (n,)
    seed: int | None = None  # None leaves the estimator's own random_state


class FitSpec(NamedTuple):
    """The specification of one fit."""

    lam: float
    sample: Sample
    return_estimator: bool  # whether FitResult has the estimator


class FitResult(NamedTuple):
    """The result of one fit."""

    support: np.ndarray  # (n_groups,)
    score: float
    fit_time: float  # seconds
    score_time: float
    estimator: Any  # fitted; None unless FitSpec.return_estimator


class FitRunner(AbstractContextManager):
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
    lams : int or sequence of float
        How many of `grid` there are, or which.
    fits_per_lam, other_fits : int
        For the total of the bar; those that find the ends of a grid are added later.
    random_state : int, RandomState, Generator or None
        From which the seed of all fits is drawn; None keeps the estimator's.
    search : estimator, optional
        The search whose fit this is, which is told to scikit-learn's callbacks, of the search or of
        any part of the estimator: every planned fit is a task.  It has to be fitted at the end.
    """

    def __init__(
        self, estimator: Any, data: Data, *, n_jobs: int | None, memory: Any, verbose: int,
        lams: Any, fits_per_lam: int = 1, other_fits: int = 0, random_state: Any = None,
        search: Any = None,
    ) -> None:  # fmt: skip
        self.estimator, self.data, self.n_jobs = clone(estimator), data, n_jobs
        if random_state is not None:
            self.estimator = with_seed(estimator, draw_seed(random_generator(random_state)))
        versions = (__version__, torch.__version__)
        self.key = None if memory is None else content_hash(self.estimator, data, versions)
        store = check_memory(fspath(memory) if isinstance(memory, PathLike) else memory)
        self._fit = store.cache(fit_batch, ignore=["estimator", "data", "tasks", "cache_size"])
        n_lams = int(lams) if isinstance(lams, Integral) else len(np.unique(lams))
        self.total = planned = n_lams * fits_per_lam + other_fits
        self.bar = progress_bar("fits", planned, verbose=verbose, unit="fit")
        parts, self.task = [] if search is None else [search, *search.get_params().values()], None
        if any(hasattr(part, "_skl_callbacks") for part in parts):
            weight = data.fit_params.get("sample_weight")
            self.task = FitTask.of(search, data.X, data.y, weight, max_subtasks=planned)

    def __exit__(self, kind: object, *_: object) -> None:
        self.bar.close()
        if self.task is not None and kind is None:
            self.task.end({})

    def __call__(
        self,
        lams: Sequence[float] | np.ndarray,
        samples: Sequence[Sample] = (Sample(),),
        *,
        all_estimators: bool = False,
        warm_start: bool = False,
        planned: bool = True,
    ) -> list[FitResult]:
        """The results of the fits at every lam to every sample, ordered by lam.

        Only the first result has its estimator, or with `all_estimators` each.  Fits that the
        estimator can train jointly are run in batches.  The batches do not depend on n_jobs, and
        so neither do the results.  With `warm_start` each fit starts from the one before.  Fits
        that are not `planned` are added to the total of the progress bar.
        """
        estimator = self.estimator
        if self.task is not None and not planned:
            estimator = without_callbacks(estimator)
        specs = [
            FitSpec(lam, sample, all_estimators or i == 0)
            for i, (lam, sample) in enumerate(product(lams, samples))
        ]
        # without a share while the ends of a grid are looked for, which it would run back from
        self.total += 0 if planned else len(specs)
        self.bar.total = self.total if planned else None
        self.bar.update(0)
        batches = (
            [list(range(len(specs)))]
            if warm_start
            else plan_batches(estimator, self.data, len(lams), samples)
        )
        # all before the first is sent to a process, as sending one sends the tree that it is in
        tasks = [self.task.subtask("fit") for _ in specs] if planned and self.task else []
        jobs = (
            (tuple(specs[i] for i in batch), [tasks[i] for i in batch if tasks])
            for batch in batches
        )
        found = Parallel(n_jobs=self.n_jobs, return_as="generator")(
            delayed(self._fit)(
                estimator, job, self.data, self.key, warm_start, of_job, CONFIG.cache_size
            )
            for job, of_job in jobs
        )
        results: dict[int, FitResult] = {}
        for batch, of_batch in zip(batches, found, strict=True):
            if len(of_batch) != len(batch):
                raise ValueError(
                    "memory holds something else in the place of a fit: empty its folder, or name "
                    "another."
                )
            results.update(zip(batch, of_batch, strict=True))
            self.bar.update(len(batch))
        return [results[i] for i in range(len(specs))]


def plan_batches(
    estimator: Any, data: Data, n_lams: int, samples: Sequence[Sample]
) -> list[list[int]]:
    """Group fits into batches, each of which is one call of `fit_replicas`.

    All fits of a batch have the same training rows.  Those to one sample are adjacent, for
    estimators that solve a path of lams; estimators that do only that have `fit_replicas` and no
    `replicas_at_once`.  The batches are a function of the arguments alone.

    Parameters
    ----------
    estimator : estimator
        Without `fit_replicas`, of it or the last step of a pipeline, each batch is one fit; with
        callbacks of scikit-learn's too, of it or any part of it.
    data : Data
        The data of the fits.
    n_lams : int
        Number of lams, at each of which there is a fit to each sample.
    samples : sequence of Sample
        Either all with rows of their own, or none.

    Returns
    -------
    batches : list of lists of int
        Indices of the fits, each once; they are ordered by lam, then by sample.
    """
    n_fits, model = n_lams * len(samples), final_estimator(estimator)
    passed = data.fit_params.keys() - ({"sample_weight"} if model is estimator else set())
    told = any(hasattr(part, "_skl_callbacks")
               for part in (estimator, *estimator.get_params().values()))  # fmt: skip
    if not hasattr(model, "fit_replicas") or passed or told:
        return [[i] for i in range(n_fits)]
    paths = [list(range(i, n_fits, len(samples))) for i in range(len(samples))]
    if not hasattr(model, "replicas_at_once"):
        return paths
    # transformers in front of the model may depend on the seed
    share_rows = samples[0].train is None and model is estimator
    batches = []
    for same_rows in [paths] if share_rows else [[path] for path in paths]:
        train = samples[same_rows[0][0]].train
        n_rows = np.shape(data.X)[:1] if train is None else (len(train),)
        capacity = model.replicas_at_once(n_rows + np.shape(data.X)[1:])
        n_parts = -(-n_lams // capacity)
        parts = [part for path in same_rows for part in np.array_split(path, n_parts)]
        parts_per_batch = max(1, capacity // max(map(len, parts)))
        n_batches = -(-len(parts) // parts_per_batch)
        batches += [
            np.concatenate([parts[i] for i in together]).tolist()
            for together in np.array_split(range(len(parts)), n_batches)
        ]
    return batches


def fit_batch(
    estimator: Any, specs: Sequence[FitSpec], data: Data, key: str | None, warm_start: bool,
    tasks: Sequence[FitTask], cache_size: float,
) -> list[FitResult]:  # fmt: skip
    """Fit and score clones; `key` is the hash of estimator and data in the cache.

    `tasks` are those of the fits for scikit-learn's callbacks, where there are some, and
    `cache_size` is that of the configuration where the search was asked for.

    Raises
    ------
    KeyboardInterrupt
        Also if the user interrupts a training, where `fit` alone would warn and return.
    """
    start = time.perf_counter()
    X, y, params = _rows(data.X, data.y, data.fit_params, specs[0].sample.train)
    here = cache_size == CONFIG.cache_size  # and not in another thread or process
    with nullcontext() if here else config_context(cache_size=cache_size), raised_interrupts():
        warnings.filterwarnings("ignore", message=CONSTANT_MODEL)
        if warm_start:
            models = _fit_warm_path(estimator, X, y, params, (spec.lam for spec in specs))
        elif len(specs) > 1:
            for task in tasks:
                task.begin()
            models = _fit_jointly(estimator, X, y, params, specs)
        else:
            models = [_fit_alone(estimator, X, y, params, specs[0], *tasks)]
    for task in tasks:
        task.end()
    seconds = (time.perf_counter() - start) / len(specs)
    pairs = zip(models, specs, strict=True)
    return [_fit_result(model, spec, data, seconds) for model, spec in pairs]


@contextmanager
def raised_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt where the user interrupts a fit that alone would warn and return."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=INTERRUPTED, category=UserWarning)
            yield
    except UserWarning as warning:
        if re.match(INTERRUPTED, str(warning)):
            raise KeyboardInterrupt(str(warning)) from None
        raise


def _fit_alone(
    estimator: Any, X: Any, y: Any, params: dict, spec: FitSpec, task: FitTask | None = None
) -> Any:
    if spec.sample.weight is not None:
        params = {**params, "sample_weight": spec.sample.weight}
    model = set_lam(with_seed(estimator, spec.sample.seed), spec.lam, X, params)
    if task is None:
        return model.fit(X, y, **params)
    with task.context.propagate_callback_context(model):
        task.begin()
        return model.fit(X, y, **params)


def _fit_jointly(
    estimator: Any, X: Any, y: Any, params: dict, specs: Sequence[FitSpec]
) -> list[Any]:
    """Models of the last step of a pipeline share the steps before it."""
    seeds = [spec.sample.seed for spec in specs]
    if isinstance(estimator, Pipeline):
        *before, (name, model) = with_seed(estimator, seeds[0]).steps
        if before:
            head = Pipeline(before, memory=estimator.memory)
            X, before = head.fit_transform(X, y), head.steps
        fits = _fit_jointly(model, X, y, params, specs)
        return [clone(estimator).set_params(steps=[*before, (name, fit)]) for fit in fits]
    weights = [
        params.get("sample_weight") if spec.sample.weight is None else spec.sample.weight
        for spec in specs
    ]
    return estimator.fit_replicas(X, y, [spec.lam for spec in specs], weights, seeds)


def _fit_warm_path(
    estimator: Any, X: Any, y: Any, params: dict, lams: Iterable[float]
) -> list[Any]:
    """Copies of one model, with its callbacks, that is refitted with a warm start at each lam."""
    model = clone(estimator)
    parts = (model, *model.get_params().values())
    callbacks = {id(each): each for part in parts for each in getattr(part, "_skl_callbacks", ())}
    return [
        deepcopy(set_lam(model, lam, X, params).fit(X, y, **params), dict(callbacks))
        for lam in lams
    ]


def _fit_result(model: Any, spec: FitSpec, data: Data, seconds: float) -> FitResult:
    start = time.perf_counter()
    support, _ = group_support(model, data.groups)
    score = np.nan
    if data.scorer is not None:
        X, y, params = (
            _rows(data.X, data.y, data.score_params, spec.sample.test)
            if data.held_out is None
            else (*data.held_out, {})
        )
        score = check_score(data.scorer(model, X, y, **params), data.scorer)
    end = time.perf_counter()
    return FitResult(support, score, seconds, end - start, model if spec.return_estimator else None)


def _rows(X: Any, y: Any, params: dict, rows: np.ndarray | None) -> tuple[Any, Any, dict]:
    """These rows of X, y and of the params with one value per row."""
    if rows is None:
        return X, y, params
    row_params = _check_method_params(X, params, rows)
    return _safe_indexing(X, rows), None if y is None else _safe_indexing(y, rows), row_params


def cached_call(function: Callable, arguments: tuple, key: Any) -> Any:
    """What the function returns; in a cache, the key stands for function and arguments."""
    return function(*arguments)


class TensorHasher(NumpyHasher):
    """Hash tensors by value, as pickles of equal tensors differ, and estimators but for callbacks.

    Those of scikit-learn change nothing of a fit that they do not end.
    """

    def save(self, obj: Any) -> None:
        if isinstance(obj, torch.Tensor):
            obj = obj.detach().cpu().numpy()
        elif isinstance(obj, dict) and "_skl_callbacks" in obj:
            obj = {name: value for name, value in obj.items() if name != "_skl_callbacks"}
        super().save(obj)


def content_hash(*parts: Any) -> str:
    """A hash of everything that a fit depends on besides its spec."""
    try:
        return TensorHasher(hash_name="md5").hash(parts)
    except Exception as error:
        raise ValueError(
            f"memory can keep no fits of an estimator, scorer or data that cannot be pickled "
            f"({str(error).splitlines()[0]}): replace lambdas by functions, or give memory=None."
        ) from None
