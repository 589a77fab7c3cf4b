"""Solver, screening and path satisfy the optimality conditions, computed independently."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sgnn.groups import Groups
from sgnn.linear import LeastSquares, LinearProblem, LogLoss, Path, standardize_blocks
from sgnn.linear.newton import newton
from sgnn.linear.screening import minimize, strong_rule
from sgnn.linear.solver import Solver

from .problems import KINDS, LABELS, X, naive_gradient, naive_objective, problem_of

SHARES = (0.9, 0.5, 0.1, 0.01)  # lam over lambda_max


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def path_of(kind, **settings):
    problem, rescaling = problem_of(kind, **settings)
    return Path(problem, 12, tol=1e-10, max_iter=10_000), rescaling


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_optimality_by_hand(kind, share, fit_intercept):
    path, rescaling = path_of(kind, fit_intercept=fit_intercept)
    lam = share * path.lambda_max
    solution = path.solve_at(lam)
    coef, intercept = rescaling.to_coef(solution.V)
    gradient, slope = naive_gradient(kind, coef, intercept)
    for g in range(5):
        columns = g == LABELS
        theta, bound = coef[:, columns], lam * np.sqrt(columns.sum())
        if theta.any():
            inward = bound * theta / np.linalg.norm(theta)
            np.testing.assert_allclose(gradient[:, columns], -inward, atol=1e-8)
        else:
            assert np.linalg.norm(gradient[:, columns]) <= bound * (1 + 1e-8)
    if fit_intercept:
        np.testing.assert_allclose(slope, 0, atol=1e-8)
    else:
        np.testing.assert_array_equal(intercept, 0)
    objective = naive_objective(kind, coef, intercept, lam)
    assert solution.objective == pytest.approx(objective, abs=1e-12)
    assert solution.kkt_residual <= 1e-10


def test_at_lambda_max_nothing_is_left_and_just_below_it_one_group(kind):
    path, _ = path_of(kind)
    problem = path.problem
    assert not problem.design.norms(path.solve_directly_at(path.lambda_max).V)[:5].any()
    assert not problem.design.norms(path.solve_directly_at(2 * path.lambda_max).V)[:5].any()
    below = path.solve_directly_at((1 - 1e-6) * path.lambda_max)
    assert np.count_nonzero(problem.design.norms(below.V)[:5]) == 1


def test_lambda_max_by_hand(kind):
    path, _ = path_of(kind, costs=[1, 2, 3, 4, 5])
    constant = path.problem.loss.constant(path.problem.weight)
    gradient, _ = naive_gradient(kind, np.zeros((len(constant), 12)), constant)
    levels = [
        np.linalg.norm(gradient[:, g == LABELS]) / (np.sqrt((g == LABELS).sum()) * (g + 1))
        for g in range(5)
    ]
    assert path.lambda_max == pytest.approx(max(levels), rel=1e-12)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_groups_without_a_penalty_belong_to_the_null_model(kind, fit_intercept):
    path, rescaling = path_of(kind, weights=[0, 1, 1, 1, 1], fit_intercept=fit_intercept)
    coef, intercept = rescaling.to_coef(path.solve_directly_at(2 * path.lambda_max).V)
    gradient, _ = naive_gradient(kind, coef, intercept)
    assert coef[:, LABELS == 0].all()
    assert not coef[:, LABELS > 0].any()
    np.testing.assert_allclose(gradient[:, LABELS == 0], 0, atol=1e-8)
    levels = [np.linalg.norm(gradient[:, g == LABELS]) for g in range(1, 5)]
    assert path.lambda_max == pytest.approx(max(levels), rel=1e-8)


def test_without_any_penalty_lambda_max_is_0(kind):
    path, rescaling = path_of(kind, weights=[0] * 5)
    gradient, _ = naive_gradient(kind, *rescaling.to_coef(path.V))
    assert path.lambda_max == 0
    np.testing.assert_allclose(gradient, 0, atol=1e-8)


def test_the_same_minimum_from_everywhere(kind):
    path, _ = path_of(kind)
    lam = 0.1 * path.lambda_max
    V = path.solve_at(lam).V
    other, _ = path_of(kind)
    other.warm_start_from(np.random.default_rng(0).normal(size=V.shape), lam)
    centered = other.solve_directly_at(lam).V
    if kind == "softmax":  # its intercepts have a common shift that the loss does not see
        centered[-1] -= centered[-1].mean()
    np.testing.assert_allclose(centered, V, atol=1e-7)


def test_groups_that_the_strong_rule_discards_wrongly_are_added_again():
    """y = a and the columns a + b and b: b is uncorrelated with y, but not given a + b."""
    rng = np.random.default_rng(0)
    a, b = np.linalg.qr(rng.normal(size=(50, 2)))[0].T * np.sqrt(50)
    weight = np.full(50, 1 / 50)
    design, rescaling = standardize_blocks(
        np.column_stack([a + b, b]),
        weight,
        Groups.of(None, 2),
        fit_intercept=False,
        standardize=False,
    )
    problem = LinearProblem(design, LeastSquares(a[:, None]), weight, 1 / rescaling.norms)
    null = np.zeros((2, 1))
    assert strong_rule(problem, null, 0.1, 0.1).tolist() == [True, False]
    V, worst = minimize(problem, 0.1, null, 0.1, 1e-10, Solver(10_000))
    # by hand: u of a + b and w < 0 of b solve (u - 1) + (u + w) = -0.1 and u + w = 0.1
    coef, _ = rescaling.to_coef(V)
    np.testing.assert_allclose(coef, [[0.8, -0.7]], atol=1e-9)
    assert worst <= 1e-10


def test_the_strong_rule_discards_groups(kind):
    path, _ = path_of(kind)
    kept = strong_rule(path.problem, path.V, 0.9 * path.lambda_max, path.lambda_max)
    assert 1 < kept.sum() < 6
    assert kept[-1]  # the intercept


def test_newton_and_proximal_steps_agree(kind):
    path, _ = path_of(kind)
    lam = 0.01 * path.lambda_max
    V = path.solve_at(lam).V
    support = path.problem.support(V)
    rows = np.repeat(support, path.problem.design.sizes)
    part = path.problem.restricted(support)
    start = V[rows] * 1.01
    near, n_iter, n_steps = newton(part, lam, start, 1e-10)
    assert part.violations(start, lam).max() > 1e-4
    assert part.violations(near, lam).max() <= 1e-10
    assert n_iter >= n_steps > 0


def test_a_newton_step_that_is_too_long_is_shortened():
    """Columns that hardly differ and a start far away: whole steps would end there."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 1)) + 0.01 * rng.normal(size=(100, 20))
    weight, groups = np.full(100, 0.01), Groups.of(5, 20)
    design, rescaling = standardize_blocks(X, weight, groups, fit_intercept=True, standardize=False)
    y = (X[:, 0] + 0.1 * rng.normal(size=100) > 0).astype(int)
    problem = LinearProblem(
        design, LogLoss(y), weight, np.append(groups.penalties / rescaling.norms, 0)
    )
    solver = Solver(10_000)
    V, violations = solver.minimize(problem, 1e-3, np.zeros((21, 1)), 1e-10, np.full(5, True))
    assert violations.max() <= 1e-10
    np.testing.assert_array_equal(violations, problem.violations(V, 1e-3))
    assert solver.n_iter < 5000


def test_a_newton_step_that_does_not_help_is_not_taken():
    path, _ = path_of("logistic")
    far = 1e4 * np.ones_like(path.V)  # where the log loss has a slope and no curvature
    V, _, n_steps = newton(path.problem, 0.0, far, 1e-10)
    assert n_steps == 0
    assert V is far


def test_separable_classes_end_with_finite_coefficients():
    problem, rescaling = problem_of("logistic", weights=[0] * 5)
    separable = replace(problem, loss=LogLoss((X[:, 0] > 1).astype(int)))
    solution = Path(separable, 12, tol=1e-12, max_iter=20_000).solve_directly_at(0.0)
    assert 0 < solution.objective < 1e-6
    assert np.isfinite(rescaling.to_coef(solution.V)[0]).all()


def test_max_iter_ends_it(kind):
    problem, _ = problem_of(kind)
    path = Path(problem, 12, tol=1e-14, max_iter=3)
    solution = path.solve_directly_at(0.01 * path.lambda_max)
    assert solution.kkt_residual > 1e-14
