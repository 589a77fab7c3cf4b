"""The solver's coordinates: sparse as dense, blocks of norm 1, and the inverse transform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from sgnn.groups import Groups
from sgnn.linear import standardize_blocks

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
    design, rescaling = standardize_blocks(X, WEIGHT, GROUPS, **flags)
    V = np.random.default_rng(1).normal(size=(12 + flags["fit_intercept"], 2))
    coef, intercept = rescaling.to_coef(V)
    np.testing.assert_allclose(design.matvec(V), X @ coef.T + intercept, atol=1e-12)
    np.testing.assert_allclose(rescaling.from_coef(coef, intercept, V), V, atol=1e-12)


def test_rmatvec_is_the_adjoint_of_matvec(flags):
    rng = np.random.default_rng(1)
    design, _ = standardize_blocks(sparse.csc_array(thinned()), WEIGHT, GROUPS, **flags)
    V, R = rng.normal(size=(12 + flags["fit_intercept"], 2)), rng.normal(size=(60, 2))
    assert np.vdot(design.matvec(V), R) == pytest.approx(np.vdot(V, design.rmatvec(R)))


def test_norms_are_those_of_the_penalized_coefficients(flags):
    design, rescaling = standardize_blocks(X, WEIGHT, GROUPS, **flags)
    V = np.random.default_rng(1).normal(size=(12 + flags["fit_intercept"], 2))
    coef, _ = rescaling.to_coef(V)
    mean = WEIGHT @ X
    deviation = np.sqrt(WEIGHT @ (X - mean) ** 2) if flags["standardize"] else np.ones(12)
    expected = [np.linalg.norm((coef * deviation)[:, g == LABELS]) for g in range(5)]
    np.testing.assert_allclose(design.norms(V)[:5] / rescaling.norms, expected)


def test_blocks_have_norm_1(flags):
    design, _ = standardize_blocks(X, WEIGHT, GROUPS, **flags)
    square = np.square(design.columns) @ WEIGHT
    np.testing.assert_allclose(np.add.reduceat(square, design.starts), 1)


def test_sparse_columns_are_the_same_map(flags):
    dense, rescaling = standardize_blocks(thinned(), WEIGHT, GROUPS, **flags)
    design, same_rescaling = standardize_blocks(
        sparse.csc_array(thinned()), WEIGHT, GROUPS, **flags
    )
    assert sparse.issparse(design.columns)
    V = np.random.default_rng(1).normal(size=(len(design.shift), 2))
    np.testing.assert_allclose(design.matvec(V), dense.matvec(V), atol=1e-12)
    np.testing.assert_allclose(same_rescaling.scale, rescaling.scale)
    some = np.arange(len(design.sizes)) % 2 == 0
    kept = np.repeat(some, design.sizes)
    part, same_part = dense.restricted(some), design.restricted(some)
    np.testing.assert_allclose(same_part.matvec(V[kept]), part.matvec(V[kept]), atol=1e-12)


def test_a_constant_column_is_not_scaled_up():
    constant = X.copy()
    constant[:, 7] = 1e6 / 3  # group 3, alone; its mean is not exact
    design, rescaling = standardize_blocks(
        constant, WEIGHT, GROUPS, fit_intercept=True, standardize=True
    )
    assert np.abs(design.columns[rescaling.order.tolist().index(7)]).max() < 1e-8


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
    (one, rescaling), (other, same) = (
        standardize_blocks(X, WEIGHT, GROUPS, **flags) for X in (whole, parts)
    )
    np.testing.assert_allclose(same.scale, rescaling.scale)
    np.testing.assert_allclose(other.columns.toarray(), one.columns.toarray())
    np.testing.assert_array_equal(parts.data, given)
