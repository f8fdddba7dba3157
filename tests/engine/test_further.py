"""A second look with a smaller tolerance: the solver's error goes away, the gradient's stays."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.subject.tightened import tightened

integrate = pytest.importorskip("scipy.integrate")
import scipy.optimize  # noqa: E402
from scipy.integrate import odeint, solve_ivp  # noqa: E402
from scipy.sparse.linalg import cg  # noqa: E402

RATES = np.array([1.3, 0.7])


def hunted(t, y, p):
    return [p[0] * y[0] - 0.5 * y[0] * y[1], -p[1] * y[1] + 0.3 * y[0] * y[1]]


def varied(t, z, p):
    y, s = z[:2], z[2:].reshape(2, 2)
    by_y = np.array([
        [p[0] - 0.5 * y[1], -0.5 * y[0]], [0.3 * y[1], -p[1] + 0.3 * y[0]],
    ])  # fmt: skip
    return np.r_[hunted(t, y, p), (by_y @ s + np.diag([y[0], -y[1]])).ravel()]


def by_name(p):
    return solve_ivp(hunted, (0, 2), [1.0, 1.0], args=(p,)).y[:, -1].sum()


def by_module(p):
    return integrate.solve_ivp(hunted, (0, 2), [1.0, 1.0], args=(p,), rtol=1e-4).y[:, -1].sum()


def by_odeint(p):
    flow = lambda y, t: hunted(t, y, p)
    return odeint(flow, [1.0, 1.0], [0.0, 2.0], rtol=1e-4, atol=1e-4)[-1].sum()


def sensitivities(p, **limits):
    start = [1.0, 1.0, 0, 0, 0, 0]
    return solve_ivp(varied, (0, 2), start, args=(p,), **limits).y[2:, -1].reshape(2, 2).sum(0)


def precise(p):
    return sensitivities(p, rtol=1e-11, atol=1e-12)


def contracted(a, tolerance=1e-4):
    x = np.zeros_like(a)
    for _ in range(100):
        new = np.tanh(x / 2 + a)
        if np.abs(new - x).max() < tolerance:
            break
        x = new
    return x


def settled(a):
    return contracted(a).sum()


def settled_slope(a):
    x = a
    for _ in range(60):
        x = np.tanh(x / 2 + a)
    return (1 - x**2) / (1 - (1 - x**2) / 2)


def fitted(a):
    limits = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-4)
    return scipy.optimize.least_squares(lambda x: x**3 + x - a, np.ones(2), **limits).x.sum()


def fitted_slope(a):
    limits = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-14)
    x = scipy.optimize.least_squares(lambda x: x**3 + x - a, np.ones(2), **limits).x
    return 1 / (3 * x**2 + 1)


CASES = {
    "solve_ivp": (by_name, precise, RATES),
    "solve_ivp, a gradient solved as roughly": (by_name, sensitivities, RATES),
    "solve_ivp by its module": (by_module, precise, RATES),
    "odeint": (by_odeint, precise, RATES),
    "a loop": (settled, settled_slope, np.array([0.3, 0.8])),
    "least_squares": (fitted, fitted_slope, np.array([2.0, 5.0])),
}


@pytest.mark.parametrize("name", CASES)
def test_the_solvers_error_shrinks_and_the_gradients_stays(name):
    fun, grad, point = CASES[name]
    right = gp.check(fun, point, grad=grad)
    assert right.ok, right.text()
    wrong = gp.check(fun, point, grad=lambda p: 1.003 * grad(p), effort="quick")
    assert wrong.verdict is gp.Verdict.WRONG, wrong.text()


def test_it_says_whose_error_it_is():
    report = gp.check(settled, np.array([0.3, 0.8]), grad=settled_slope)
    (block,) = report.blocks
    assert "of the tolerance: the error is the solver's" in block.reason


def test_what_is_out_of_reach_stays_undecided():
    solver = lambda a: contracted(a, 1e-4)  # the number stands in the call
    fun = lambda a: solver(a).sum()
    report = gp.check(fun, np.array([0.3, 0.8]), grad=settled_slope)
    assert report.verdict is gp.Verdict.UNDECIDED
    assert "right within the tolerance of contracted" in report.blocks[0].reason


def test_everything_is_put_back():
    before = (solve_ivp, integrate.solve_ivp, contracted.__defaults__, cg)
    seen = []

    def look(p):
        seen.append((solve_ivp, integrate.solve_ivp, contracted.__defaults__))
        return by_name(p) + contracted(p).sum()

    def broken():
        with tightened(1e-2, look) as calls:
            look(RATES)
            raise ZeroDivisionError(calls())

    with pytest.raises(ZeroDivisionError, match="2"):  # a solver, and a default
        broken()
    assert (solve_ivp, integrate.solve_ivp, contracted.__defaults__, cg) == before
    assert seen[0][0] is not before[0]
    assert seen[0][1] is not before[1]
    assert seen[0][2] == pytest.approx((1e-6,))


def test_tolerances_that_are_as_small_as_can_be_stay():
    asked = []
    flow = lambda y, t: asked.append(1) or -y
    with tightened(1e-4, flow):
        found = integrate.odeint(flow, [1.0], [0.0, 1.0], rtol=1e-12, atol=1e-13)
    assert found[-1] == pytest.approx(np.exp(-1), rel=1e-9)
