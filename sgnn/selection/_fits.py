"""Every fit of a study: in parallel, remembered, under one progress bar."""

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
from ._checks import check_score
from ._models import own_lam, selected, set_lam, with_lam, with_seed
from ._together import at_once, fit_together, together

__all__ = ["Data", "Fits", "Order", "Outcome"]

# How the warnings begin of models that predict a constant: a path is meant to go so far.
USELESS = "lam=.* (is so large|no group is left)|The predictions are the same"
# How the warning begins with which a network's fit ends that the user interrupts.
INTERRUPTED = "(Training|The polish) was interrupted"


@dataclass(frozen=True)
class Data:
    """What all fits of a study share."""

    X: Any
    y: Any
    groups: Groups | None  # None where the estimator has its own
    scorer: Any = None  # scorer(estimator, X, y, **params), or None for no score
    fit_params: dict = field(default_factory=dict)
    score_params: dict = field(default_factory=dict)
    held_out: tuple | None = None  # (X, y) to score, instead of rows of X


class Order(NamedTuple):
    """One fit to be made.  Rows are indices; None stands for all of them."""

    lam: float
    train: np.ndarray | None = None
    test: np.ndarray | None = None
    weight: np.ndarray | None = None  # sample weights (n,)
    seed: int | None = None  # None leaves the estimator's own random_state
    keep: bool = False  # whether the fitted estimator is wanted


class Outcome(NamedTuple):
    """What one fit has led to."""

    support: np.ndarray  # (n_groups,)
    score: float
    fit_time: float  # seconds
    score_time: float
    estimator: Any  # None unless it was to be kept


class Fits:
    """Make the fits that are ordered, each at most once where there is a memory.

    Parameters
    ----------
    estimator : estimator
        What is cloned for every fit.
    data : Data
        What it is fitted on.
    n_jobs : int or None
        Parallel fits, in the backend of joblib that is active.
    memory : None, str, path or joblib.Memory
        Where finished fits are kept, by the content of everything they depend on.
    verbose : int
        1 shows a progress bar, on which every order of the study is counted.
    planned : int
        How many orders there will be, besides those that find out where a grid ends.
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
        self.key = None if memory is None else _content(self.estimator, data, versions)
        store = check_memory(fspath(memory) if isinstance(memory, PathLike) else memory)
        self._fit = store.cache(fit_all, ignore=["estimator", "data"])
        self.bar = tqdm(total=planned, disable=not verbose, desc="fits", unit="fit")

    def __enter__(self) -> Fits:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(
        self, orders: Sequence[Order], *, along: bool = False, planned: bool = True
    ) -> list[Outcome]:
        """The outcomes, in the order of the orders.

        Orders that the estimator can fit in one training are made together.  How they are dealt
        does not depend on n_jobs, and so neither do the results.  With `along` each fit goes on
        from the one before.  The bar counts orders that are not `planned` besides.
        """
        self.bar.total += 0 if planned else len(orders)
        self.bar.refresh()
        chunks = (
            [list(range(len(orders)))] if along else together(self.estimator, orders, self.data)
        )
        jobs = (tuple(orders[i] for i in chunk) for chunk in chunks)
        outcomes: dict[int, Outcome] = {}
        for chunk, found in zip(
            chunks,
            Parallel(n_jobs=self.n_jobs, return_as="generator")(
                delayed(self._fit)(self.estimator, job, self.data, self.key, along) for job in jobs
            ),
            strict=True,
        ):
            if len(found) != len(chunk):
                raise ValueError(
                    "memory holds something else in the place of a fit: empty its folder, or name "
                    "another."
                )
            outcomes.update(zip(chunk, found, strict=True))
            self.bar.update(len(chunk))
        return [outcomes[i] for i in range(len(orders))]

    @property
    def joint(self) -> bool:
        """Whether several fits to all rows cost little more than one."""
        return at_once(self.estimator, np.shape(self.data.X)) > 1

    @property
    def own_lam(self) -> float:
        """The lam that the estimator comes with."""
        return own_lam(self.estimator, _mass(self.data.X, self.data.fit_params))


def fit_all(
    estimator: Any, orders: tuple[Order, ...], data: Data, key: str | None, along: bool
) -> list[Outcome]:
    """Fit clones, look at what they kept, and score them; `key` stands for estimator and data.

    Raises
    ------
    KeyboardInterrupt
        Also where a fit would end a training that the user interrupts, and keep what it has.
    """
    try:
        return _fit_all(estimator, orders, data, along)
    except UserWarning as warning:
        if re.match(INTERRUPTED, str(warning)):
            raise KeyboardInterrupt(str(warning)) from None
        raise


def _fit_all(estimator: Any, orders: tuple[Order, ...], data: Data, along: bool) -> list[Outcome]:
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=INTERRUPTED, category=UserWarning)
        warnings.filterwarnings("ignore", message=USELESS)
        if along:
            models = _fit_along(estimator, orders, data)
        elif len(orders) > 1:
            X, y, params = _rows(data.X, data.y, data.fit_params, orders[0].train)
            models = fit_together(estimator, X, y, orders, params.get("sample_weight"))
        else:
            models = [_fit_one(estimator, orders[0], data)]
    seconds = (time.perf_counter() - start) / len(orders)
    pairs = zip(models, orders, strict=True)
    return [_outcome(model, order, data, seconds) for model, order in pairs]


def _fit_one(estimator: Any, order: Order, data: Data) -> Any:
    X, y, params = _rows(data.X, data.y, data.fit_params, order.train)
    if order.weight is not None:
        params = {**params, "sample_weight": order.weight}
    model = with_lam(with_seed(estimator, order.seed), order.lam, _mass(X, params))
    return model.fit(X, y, **params)


def _fit_along(estimator: Any, orders: tuple[Order, ...], data: Data) -> list[Any]:
    """Copies of one model that is fitted again and again; all orders have all rows."""
    model, mass, models = clone(estimator), _mass(data.X, data.fit_params), []
    for order in orders:
        set_lam(model, order.lam, mass).fit(data.X, data.y, **data.fit_params)
        models.append(deepcopy(model))
    return models


def _outcome(model: Any, order: Order, data: Data, seconds: float) -> Outcome:
    start = time.perf_counter()
    support, _ = selected(model, data.groups)
    score = _score(model, order, data)
    end = time.perf_counter()
    return Outcome(support, score, seconds, end - start, model if order.keep else None)


def _score(model: Any, order: Order, data: Data) -> float:
    if data.scorer is None:
        return np.nan
    if data.held_out is not None:
        return check_score(data.scorer(model, *data.held_out), data.scorer)
    X, y, params = _rows(data.X, data.y, data.score_params, order.test)
    return check_score(data.scorer(model, X, y, **params), data.scorer)


def _rows(X: Any, y: Any, params: dict, rows: np.ndarray | None) -> tuple[Any, Any, dict]:
    """These rows of X, y and of whatever else has a value a row."""
    if rows is None:
        return X, y, params
    picked = _check_method_params(X, params, rows)
    return _safe_indexing(X, rows), None if y is None else _safe_indexing(y, rows), picked


def _mass(X: Any, params: dict) -> float:
    """The sum of the rows' weights, which is n without them."""
    weight = params.get("sample_weight")
    return float(_num_samples(X) if weight is None else np.sum(weight))


class TensorHasher(NumpyHasher):
    """Tensors by their values: their pickles differ from copy to copy."""

    def save(self, obj: Any) -> None:
        super().save(obj.detach().cpu().numpy() if isinstance(obj, torch.Tensor) else obj)


def _content(*parts: Any) -> str:
    """A hash of everything that a fit depends on besides its order."""
    try:
        return TensorHasher(hash_name="md5").hash(parts)
    except Exception as error:
        raise ValueError(
            f"memory can keep no fits of an estimator, scorer or data that cannot be pickled "
            f"({str(error).splitlines()[0]}): replace lambdas by functions, or give memory=None."
        ) from None
