"""Settings of the machine: everywhere, within a block, in other threads, and in jobs."""

from threading import Thread

import numpy as np
import pytest

import sgnn
from sgnn import LambdaSearchCV, SGINClassifier


@pytest.fixture(autouse=True)
def put_back():
    yield
    sgnn.set_config(cache_size=1000)


def in_a_thread():
    found = []
    thread = Thread(target=lambda: found.append(sgnn.get_config()["cache_size"]))
    thread.start()
    thread.join()
    return found[0]


def test_a_block_is_of_its_thread_and_ends():
    with sgnn.config_context(cache_size=5):
        assert sgnn.get_config() == {"cache_size": 5}
        assert in_a_thread() == 1000
        with sgnn.config_context(cache_size=6):
            assert sgnn.get_config()["cache_size"] == 6
        assert sgnn.get_config()["cache_size"] == 5
    assert sgnn.get_config()["cache_size"] == 1000


def test_a_block_ends_with_an_error():
    with pytest.raises(RuntimeError), sgnn.config_context(cache_size=5):
        raise RuntimeError
    assert sgnn.get_config()["cache_size"] == 1000


def test_everywhere():
    sgnn.set_config(cache_size=7)
    assert sgnn.get_config()["cache_size"] == in_a_thread() == 7


@pytest.mark.parametrize("wrong", [-1, "1 GB", None, np.nan])
@pytest.mark.parametrize(
    "change", [sgnn.set_config, lambda **s: sgnn.config_context(**s).__enter__()]
)
def test_refused(change, wrong):
    with pytest.raises(ValueError, match="cache_size must be a finite number >= 0"):
        change(cache_size=wrong)
    assert sgnn.get_config()["cache_size"] == 1000


class Telling(SGINClassifier):
    """Writes down the setting that its fit sees."""

    def fit(self, X, y, sample_weight=None, **validation):
        self.seen_ = sgnn.get_config()["cache_size"]
        return super().fit(X, y, sample_weight, **validation)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_jobs_of_a_search_have_that_of_the_search(n_jobs):
    X, y = np.random.default_rng(0).normal(size=(40, 4)), np.arange(40) % 2
    model = Telling(2, max_epochs=2, warmup_epochs=0, callbacks=[], random_state=0)
    with sgnn.config_context(cache_size=5):
        search = LambdaSearchCV(model, [0.001], cv=2, n_jobs=n_jobs).fit(X, y)
    assert search.best_estimator_.seen_ == 5
