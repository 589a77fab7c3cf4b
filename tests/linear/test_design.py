"""The solver's coordinates: sparse as dense, blocks of norm 1, and the way there and back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from sgnn.groups import Groups
from sgnn.linear import equilibrate

from .problems import LABELS, WEIGHT, X

GROUPS = Groups.of(LABELS, 12)
FLAGS = [{"fit_intercept": a, "standardize": b} for a in (True, False) for b in (True, False)]


@pytest.fixture(params=FLAGS, ids=str)
def flags(request):
    return request.param


def thinned():
    """X with most of its entries 0, and one column without any."""
    keep = np.random.default_rng(1).random(X.shape) < 0.3
    keep[:, 4] = False
    return np.where(keep, X, 0.0)


def test_outputs_are_those_of_the_coefficients(flags):
    design, units = equilibrate(X, WEIGHT, GROUPS, **flags)
    V = np.random.default_rng(1).normal(size=(12 + flags["fit_intercept"], 2))
    coef, intercept = units.coefficients(V)
    np.testing.assert_allclose(design.outputs(V), X @ coef.T + intercept, atol=1e-12)
    np.testing.assert_allclose(units.variables(coef, intercept, V), V, atol=1e-12)


def test_the_adjoint_is_one(flags):
    rng = np.random.default_rng(1)
    design, _ = equilibrate(sparse.csc_array(thinned()), WEIGHT, GROUPS, **flags)
    V, R = rng.normal(size=(12 + flags["fit_intercept"], 2)), rng.normal(size=(60, 2))
    assert np.vdot(design.outputs(V), R) == pytest.approx(np.vdot(V, design.pull(R)))


def test_the_penalty_sees_the_coefficients(flags):
    design, units = equilibrate(X, WEIGHT, GROUPS, **flags)
    V = np.random.default_rng(1).normal(size=(12 + flags["fit_intercept"], 2))
    coef, _ = units.coefficients(V)
    mean = WEIGHT @ X
    deviation = np.sqrt(WEIGHT @ (X - mean) ** 2) if flags["standardize"] else np.ones(12)
    expected = [np.linalg.norm((coef * deviation)[:, g == LABELS]) for g in range(5)]
    np.testing.assert_allclose(design.norms(V)[:5] / units.norms, expected)


def test_blocks_have_norm_1(flags):
    design, _ = equilibrate(X, WEIGHT, GROUPS, **flags)
    square = np.square(design.columns) @ WEIGHT
    np.testing.assert_allclose(np.add.reduceat(square, design.starts), 1)


def test_sparse_columns_are_the_same_map(flags):
    dense, units = equilibrate(thinned(), WEIGHT, GROUPS, **flags)
    design, same_units = equilibrate(sparse.csc_array(thinned()), WEIGHT, GROUPS, **flags)
    assert sparse.issparse(design.columns)
    V = np.random.default_rng(1).normal(size=(len(design.shift), 2))
    np.testing.assert_allclose(design.outputs(V), dense.outputs(V), atol=1e-12)
    np.testing.assert_allclose(same_units.scale, units.scale)
    some = np.arange(len(design.sizes)) % 2 == 0
    kept = np.repeat(some, design.sizes)
    part, same_part = dense.restricted(some), design.restricted(some)
    np.testing.assert_allclose(same_part.outputs(V[kept]), part.outputs(V[kept]), atol=1e-12)


def test_a_constant_column_is_not_scaled_up():
    constant = X.copy()
    constant[:, 7] = 1e6 / 3  # group 3, alone; its mean is not exact
    design, units = equilibrate(constant, WEIGHT, GROUPS, fit_intercept=True, standardize=True)
    assert np.abs(design.columns[units.order.tolist().index(7)]).max() < 1e-8


def test_entries_of_a_sparse_matrix_that_are_stored_in_parts_are_added_up(flags):
    whole = sparse.csc_array(thinned())
    parts = sparse.csc_array(
        (
            np.repeat(whole.data / 2, 2),
            np.repeat(whole.indices, 2),
            2 * whole.indptr,
        ),
        shape=whole.shape,
    )
    given = parts.data.copy()
    (one, units), (other, same) = (equilibrate(X, WEIGHT, GROUPS, **flags) for X in (whole, parts))
    np.testing.assert_allclose(same.scale, units.scale)
    np.testing.assert_allclose(other.columns.toarray(), one.columns.toarray())
    np.testing.assert_array_equal(parts.data, given)
