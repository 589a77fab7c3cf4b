"""Searches on a dask.distributed cluster have the same bits as local ones."""

from __future__ import annotations

import joblib
import numpy as np
import pytest

from sgnn import SGINClassifier
from sgnn.selection import LambdaSearchCV, StabilitySelector, lambda_path

QUICK = {"max_epochs": 4, "warmup_epochs": 2, "hidden_layer_sizes": (8,), "learning_rate": 0.05}


@pytest.fixture(scope="module")
def cluster():
    """A cluster with a worker process, without a dashboard."""
    distributed = pytest.importorskip("distributed", reason="pip install 'sgnn[distributed]'")
    settings = {"dashboard_address": None, "worker_dashboard_address": None}
    with (
        distributed.LocalCluster(1, threads_per_worker=1, **settings) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def searches(made):
    """The results of each kind of search."""
    model = SGINClassifier(made.groups, random_state=0, **QUICK)

    def path(**settings):
        path = lambda_path(model, made.data, made.target, [0.01, 0.1], **settings)
        return path.scores, path.support_

    def search(**settings):
        search = LambdaSearchCV(model, [0.01, 0.1], cv=3, **settings).fit(made.data, made.target)
        scores = [search.cv_results_[f"split{k}_test_score"] for k in range(3)]
        return scores, search.predict_proba(made.data)

    def stability(**settings):
        selector = StabilitySelector(model, 5, lams=[0.03, 0.1], random_state=0, **settings)
        return (selector.fit(made.data, made.target).supports_,)

    return {"path": path, "search": search, "stability": stability}


@pytest.mark.xdist_group("processes")
@pytest.mark.parametrize(
    "kind", ["search", *(pytest.param(k, marks=pytest.mark.slow) for k in ("path", "stability"))]
)
def test_results_do_not_depend_on_the_backend(cluster, classes, kind):
    run_search = searches(classes)[kind]
    alone, two = run_search(), run_search(n_jobs=2)
    before = tasks_done(cluster)
    with joblib.parallel_config("dask"):
        spread = run_search(n_jobs=-1)
    assert tasks_done(cluster) > before  # the workers did it
    for results in (two, spread):
        for one, other in zip(alone, results, strict=True):
            np.testing.assert_array_equal(one, other)


def tasks_done(client):
    """How many tasks the workers have executed so far."""
    return sum(client.run(lambda dask_worker: dask_worker.state.executed_count).values())
