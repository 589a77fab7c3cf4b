"""An estimator whose fits are counted across processes, by one file per fit in a folder."""

from __future__ import annotations

import os
import signal
import uuid
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.feature_selection import SelectorMixin


class Counting(RegressorMixin, SelectorMixin, BaseEstimator):
    """Keep the columns whose weighted covariance with y exceeds lam, plus noise by the seed.

    After STOP_AFTER fits, if the environment has that, the process is killed in the next one.
    """

    def __init__(self, folder="", lam=0.1, noise=0.0, random_state=None):
        self.folder = folder
        self.lam = lam
        self.noise = noise
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        if self.folder:
            self._count()
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight)
        deviation = X - np.average(X, axis=0, weights=weight)
        covariance = np.average(deviation * y[:, None], axis=0, weights=weight)
        jitter = np.random.default_rng(self.random_state).normal(size=X.shape[1])
        self.strengths_ = np.abs(covariance + self.noise * jitter)
        self.constant_ = np.average(y, weights=weight)
        self.n_features_in_ = X.shape[1]
        return self

    def _count(self):
        if len(fits_in(self.folder)) == int(os.environ.get("STOP_AFTER", -1)):
            os.kill(os.getpid(), signal.SIGKILL)
        Path(self.folder, uuid.uuid4().hex).touch()

    def _get_support_mask(self):
        return self.strengths_ > self.lam

    def predict(self, X):
        return self.constant_ + X @ np.where(self._get_support_mask(), self.strengths_, 0.0)


def fits_in(folder):
    """The files of the fits."""
    return list(Path(folder).iterdir())


class CountingReplicas(Counting):
    """The same with joint training of up to ten fits, which writes one file."""

    def replicas_at_once(self, shape):
        return 10

    def fit_replicas(self, X, y, lams, sample_weights, seeds):
        self._count()
        replicas = []
        for lam, weight, seed in zip(lams, sample_weights, seeds, strict=True):
            changes = {"folder": "", "lam": lam}
            if seed is not None:
                changes["random_state"] = seed
            replicas.append(clone(self).set_params(**changes).fit(X, y, weight))
        return replicas
