"""scipy's own functions and call signatures."""

import inspect

import numpy as np
import pytest
import scipy.optimize as so

import gradproof as gp
from gradproof import Kind, UsageError
from gradproof.scipy import check_grad

X = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


def wrong(x):
    return 1.1 * so.rosen_der(x)


def test_it_takes_the_arguments_that_scipy_takes():
    taken = inspect.signature(check_grad).parameters
    assert set(inspect.signature(so.check_grad).parameters) <= set(taken)


def test_a_right_gradient_has_a_tiny_difference_and_a_report():
    found = check_grad(so.rosen, so.rosen_der, X)
    assert isinstance(found, float)
    assert found.report.ok
    assert found < 1e-7 < so.check_grad(so.rosen, so.rosen_der, X)


def test_a_wrong_gradient_has_the_difference_that_scipy_finds():
    theirs = so.check_grad(so.rosen, wrong, X)
    assert check_grad(so.rosen, wrong, X) == pytest.approx(theirs, rel=0.2)
    swept = check_grad(so.rosen, wrong, X, effort="sweep")
    assert swept == pytest.approx(np.linalg.norm(0.1 * so.rosen_der(X)), rel=1e-9)
    assert swept.report.verdict == "wrong"
    assert swept.report.findings[0].kind is Kind.SCALE


def test_a_fault_that_a_tolerance_on_the_number_would_pass_is_reported():
    small = lambda x: 1e-9 * so.rosen(x)
    found = check_grad(small, lambda x: 1e-9 * wrong(x), X)
    assert found < 1e-6
    assert found.report.verdict == "wrong"
    assert check_grad(small, lambda x: 1e-9 * so.rosen_der(x), X).report.ok


def test_further_arguments_reach_both():
    fun = lambda x, a, b: a * so.rosen(x) + b
    assert check_grad(fun, lambda x, a, b: a * so.rosen_der(x), X, 3.0, 1.0).report.ok
    assert not check_grad(fun, lambda x, a, b: so.rosen_der(x), X, 3.0, 1.0).report.ok


@pytest.mark.parametrize("name", ["rng", "seed"])
def test_the_seed_is_the_reports_and_repeats_the_number(name):
    first, second = (check_grad(so.rosen, wrong, X, **{name: 3}) for _ in range(2))
    assert first == second
    assert first.report.seed == 3
    assert check_grad(so.rosen, wrong, X, **{name: 4}) != first
    assert check_grad(so.rosen, wrong, X).report.seed == 0


@pytest.mark.parametrize("direction", ["all", "random"])
def test_either_direction_finds_the_fault(direction):
    assert check_grad(so.rosen, so.rosen_der, X, direction=direction, rng=1).report.ok
    assert check_grad(so.rosen, wrong, X, direction=direction, rng=1).report.verdict == "wrong"


def test_a_step_is_accepted_and_changes_nothing():
    assert check_grad(so.rosen, so.rosen_der, X, epsilon=1e-2) < 1e-7
    assert so.check_grad(so.rosen, so.rosen_der, X, epsilon=1e-2) > 1


def test_errors_are_value_errors_as_scipys_are():
    for bad in ({"direction": "al"}, {"seed": -1}):
        with pytest.raises(ValueError):  # noqa: PT011 - each of both has a sentence of its own
            check_grad(so.rosen, so.rosen_der, X, **bad)
    with pytest.raises(ZeroDivisionError):
        check_grad(lambda x: 1 / 0, so.rosen_der, X)


def test_a_gradient_of_another_shape_is_infinitely_far():
    found = check_grad(so.rosen, lambda x: so.rosen_der(x)[:2], X)
    assert found == np.inf
    assert found.report.verdict == "wrong"


def test_a_function_of_no_finite_value_has_no_finite_difference():
    found = check_grad(lambda x: np.nan, so.rosen_der, X)
    assert not np.isfinite(found)
    assert found.report.verdict == "undecided"


def test_a_scalar_and_an_array_of_one():
    assert check_grad(lambda x: x**2, lambda x: 2 * x, 1.5).report.ok
    assert check_grad(lambda x: np.array([x @ x]), lambda x: 2 * x, X).report.ok
    assert not check_grad(lambda x: x**2, lambda x: 3 * x, 1.5).report.ok


def test_a_jacobian_is_a_gradient_too():
    assert check_grad(np.sin, lambda x: np.diag(np.cos(x)), X).report.ok
    assert not check_grad(np.sin, lambda x: np.diag(np.sin(x)), X).report.ok


def test_what_goes_into_minimize_is_checked_before():
    assert gp.check(so.rosen, X, grad=so.rosen_der).ok
    report = gp.check(so.rosen, X, grad=wrong)
    assert report.verdict == "wrong"
    both = lambda x: (so.rosen(x), so.rosen_der(x))
    assert gp.check(both, X, grad=True).ok
    assert gp.check(lambda x: (so.rosen(x), wrong(x)), X, grad=True).verdict == "wrong"
    assert so.minimize(both, X, jac=True).success


def test_a_hessian_is_the_jacobian_of_the_gradient():
    assert gp.check(so.rosen_der, X, grad=so.rosen_hess).ok
    report = gp.check(so.rosen_der, X, grad=lambda x: so.rosen_hess(x) * (1 + np.eye(5) / 10))
    assert report.verdict == "wrong"


# Not so yet: faults of the package. The marks are strict, so they fail once a fault is mended.


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_generators_are_accepted_as_scipy_accepts_them(make):
    so.check_grad(so.rosen, so.rosen_der, X, direction="random", rng=np.random.default_rng(3))
    assert check_grad(so.rosen, so.rosen_der, X, direction="random", rng=make(3)).report.ok
    assert not check_grad(so.rosen, wrong, X, direction="random", rng=make(3)).report.ok


@pytest.mark.parametrize(
    "rng", [3, np.int64(3), [1, 2], np.array([1, 2]), np.random.SeedSequence(3),
            np.random.PCG64(3), np.random, None]
)  # fmt: skip
def test_and_whatever_seeds_one(rng):
    assert check_grad(so.rosen, so.rosen_der, X, direction="random", rng=rng).report.ok
    assert not check_grad(so.rosen, wrong, X, direction="random", rng=rng).report.ok
    with pytest.raises(UsageError, match="seed must be"):
        check_grad(so.rosen, so.rosen_der, X, rng="three")


@pytest.mark.parametrize("x0", [[1.0, 2.0, 3.0], [1, 2, 3], np.array([1, 2, 3])])
def test_lists_and_integers_are_made_an_array_of_floats_as_scipy_makes_them(x0):
    assert so.check_grad(lambda x: x @ x, lambda x: 2 * x, np.asarray(x0)) < 1e-6
    assert check_grad(lambda x: x @ x, lambda x: 2 * x, x0).report.ok
    assert not check_grad(lambda x: x @ x, lambda x: 3 * x, x0).report.ok
