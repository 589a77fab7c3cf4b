"""Every estimator by every algorithm that is registered: it works, or is refused beforehand."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import sgnn.training.loop
from sgnn.algorithms import ALGORITHMS

from .instances import CASES, first_layer, outputs

PAIRS = [(case, algorithm) for case in CASES for algorithm in ALGORITHMS.names()]
WORK = [pair for pair in PAIRS if pair[0].kind._inputs_only or not ALGORITHMS[pair[1]].inputs_only]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def by(case, algorithm):
    """The case's estimator by that algorithm, with the settings of its row where it has one."""
    if algorithm in case.algorithms:
        return case.by(algorithm)()
    return case(algorithm=algorithm)


@pytest.fixture(scope="module", params=WORK, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def pair(request):
    return request.param


@pytest.fixture(scope="module")
def case(pair):
    return pair[0]


@pytest.fixture(scope="module")
def fitted(pair):
    case, algorithm = pair
    return by(case, algorithm).fit(case.X, case.y)


def test_it_predicts_finite_numbers(case, fitted):
    said = outputs(fitted, case.X)
    assert len(said) == len(case.X)
    assert np.isfinite(said).all()


def test_what_is_removed_is_exactly_zero(fitted):
    theta = first_layer(fitted).numpy()
    assert (theta[:, ~fitted.get_support()] == 0).all()
    assert (theta[:, fitted.get_support()] != 0).any(axis=0).all()


def test_same_bits_twice(pair, case, fitted):
    again = by(*pair).fit(case.X, case.y)
    np.testing.assert_array_equal(outputs(again, case.X), outputs(fitted, case.X))
    np.testing.assert_array_equal(first_layer(again), first_layer(fitted))


def test_it_pickles(case, fitted):
    copied = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(outputs(copied, case.X), outputs(fitted, case.X))


def test_an_instance_of_its_parameters_is_the_same(pair, case, fitted):
    given = by(*pair)
    again = given.set_params(algorithm=ALGORITHMS.made(given.algorithm).fresh())
    again.fit(case.X, case.y)
    np.testing.assert_array_equal(outputs(again, case.X), outputs(fitted, case.X))


@pytest.fixture
def no_epoch(monkeypatch):
    monkeypatch.setattr(sgnn.training.loop, "_train_epoch", lambda *_: pytest.fail("trained"))


def refusal(estimator, case):
    with pytest.raises(ValueError, match=r"^[^.:]*: give [^.]*\.$") as error:
        estimator.fit(case.X, case.y)
    return str(error.value)


@pytest.mark.usefixtures("no_epoch")
@pytest.mark.parametrize(
    ("case", "algorithm"), [pair for pair in PAIRS if pair not in WORK], ids=str
)
def test_what_cannot_work_is_refused_in_a_sentence_before_the_first_epoch(case, algorithm):
    assert refusal(case(algorithm=algorithm), case).startswith("algorithm=")


@pytest.mark.usefixtures("no_epoch")
@pytest.mark.parametrize("case", [case for case in CASES if case.takes({"regularizer"})], ids=str)
def test_gates_need_a_regularizer_that_has_some(case):
    words = refusal(case(algorithm="gates", regularizer="sgl_l1"), case)
    assert words.startswith("regularizer=SparseGroupLasso(alpha=None) has no gates: ")
