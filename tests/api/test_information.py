"""residuals=: matrices that are used in place of a Hessian, by name."""

import numpy as np
import pytest

import gradproof as gp

stats = pytest.importorskip("scipy.stats")

RNG = np.random.default_rng(1)
X = np.column_stack([np.ones(40), RNG.normal(size=(40, 2))])
BETA = np.array([0.6, 0.5, -0.3])
ETA = X @ np.array([0.4, 0.3, -0.5])
CHOICES = (RNG.random(40) < stats.norm.cdf(ETA)) * 1.0
COUNTS = RNG.poisson((ETA + 2) ** 2)
TIMES = RNG.gamma(2, np.exp(ETA) / 2)


def weighted(X, w):
    return (X.T * w) @ X


# Probit, whose observed information is not the expected one


def probit(b, X, y):
    return -np.sum(y * stats.norm.logcdf(X @ b) + (1 - y) * stats.norm.logcdf(-X @ b))


def probit_slope(b, X, y):
    f, p = stats.norm.pdf(X @ b), stats.norm.cdf(X @ b)
    return -X.T @ ((y - p) * f / (p * (1 - p)))


def probit_observed(b, X, y):
    e = X @ b
    up, down = stats.norm.pdf(e) / stats.norm.cdf(e), stats.norm.pdf(e) / stats.norm.cdf(-e)
    return weighted(X, y * up * (up + e) + (1 - y) * down * (down - e))


def probit_expected(b, X, y):
    p = stats.norm.cdf(X @ b)
    return weighted(X, stats.norm.pdf(X @ b) ** 2 / (p * (1 - p)))


def probit_residuals(b, X, y):
    return y - stats.norm.cdf(X @ b)


# Counts with a root as their link, times with a logarithm


def counts(b, X, y):
    return np.sum((X @ b + 2) ** 2 - 2 * y * np.log(X @ b + 2))


def counts_slope(b, X, y):
    return X.T @ (2 * (X @ b + 2) - 2 * y / (X @ b + 2))


def times(b, X, y):
    return np.sum(X @ b + y * np.exp(-X @ b))


def times_slope(b, X, y):
    return X.T @ (1 - y * np.exp(-X @ b))


# fun, gradient, Hessian, expected information, residuals, data.
MODELS = {
    "probit": (probit, probit_slope, probit_observed, probit_expected, probit_residuals, CHOICES),
    "counts": (
        counts, counts_slope, lambda b, X, y: weighted(X, 2 + 2 * y / (X @ b + 2) ** 2),
        lambda b, X, y: 4 * X.T @ X, lambda b, X, y: (X @ b + 2) ** 2 - y, COUNTS),
    "times": (
        times, times_slope, lambda b, X, y: weighted(X, y * np.exp(-X @ b)),
        lambda b, X, y: X.T @ X, lambda b, X, y: y - np.exp(X @ b), TIMES),
}  # fmt: skip


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_the_expected_information(name, by_name):
    fun, grad, observed, expected, residuals, y = MODELS[name]
    data = {"args": (X,), "kwargs": {"y": y}} if by_name else {"args": (X, y)}
    given = {"grad": grad, "residuals": residuals, **data}
    assert gp.check(fun, BETA, hess=observed, **given).ok
    products = lambda b, v, X, y: expected(b, X, y) @ v
    for claim in ({"hess": expected}, {"hess": expected(BETA, X, y)}, {"hessp": products}):
        report = gp.check(fun, BETA, **claim, **given)
        assert report.verdict is gp.Verdict.WRONG
        (finding,) = report.findings
        assert finding.kind is gp.Kind.EXPECTED
        where = "kwargs['y']" if by_name else "args[1]"
        assert f"where {where} is replaced by its mean" in finding.message
    for off in (1.1, 1 + 1e-3):
        larger = lambda b, X, y, off=off: off * expected(b, X, y)
        report = gp.check(fun, BETA, hess=larger, **given)
        assert report.findings
        assert gp.Kind.EXPECTED not in {f.kind for f in report.findings}


# Least squares

T = np.linspace(0, 2, 30)
DECAY = 2 * np.exp(-1.3 * T) + 0.1 * RNG.normal(size=30)
START = np.array([1.5, 0.7])


def misses(q, y=DECAY):
    return q[0] * np.exp(-q[1] * T) - y


def jacobian(q):
    return np.stack([np.exp(-q[1] * T), -q[0] * T * np.exp(-q[1] * T)], axis=1)


def gauss_newton(q, *_):
    return jacobian(q).T @ jacobian(q)


def whole(q, y=DECAY):
    e, r = np.exp(-q[1] * T), misses(q, y)
    mixed = np.sum(-r * T * e)
    return gauss_newton(q) + np.array([[0, mixed], [mixed, np.sum(r * q[0] * T**2 * e)]])


@pytest.mark.parametrize("args", [(), (DECAY,)])
@pytest.mark.parametrize("share", [0.5, 1.0, 1 / 30])
def test_gauss_newton(share, args):
    fun = lambda q, *a: share * np.sum(misses(q, *a) ** 2)
    grad = lambda q, *a: 2 * share * jacobian(q).T @ misses(q, *a)
    given = {"grad": grad, "residuals": misses, "args": args}
    assert gp.check(fun, START, hess=lambda *a: 2 * share * whole(*a), **given).ok
    report = gp.check(fun, START, hess=lambda *a: 2 * share * gauss_newton(*a), **given)
    assert [f.kind for f in report.findings] == [gp.Kind.GAUSS_NEWTON]
    report = gp.check(fun, START, hessp=lambda q, v, *_: 2 * share * gauss_newton(q) @ v, **given)
    assert [f.kind for f in report.findings] == [gp.Kind.GAUSS_NEWTON]
    report = gp.check(fun, START, hess=lambda *a: 2.002 * share * gauss_newton(*a), **given)
    assert gp.Kind.GAUSS_NEWTON not in {f.kind for f in report.findings}


def test_the_evaluations_are_counted():
    calls = []
    fun = lambda q: calls.append(1) or np.sum(misses(q) ** 2) / 2
    grad = lambda q: jacobian(q).T @ misses(q)
    told = gp.check(fun, START, grad=grad, hess=gauss_newton, residuals=misses)
    plain = gp.check(fun, START, grad=grad, hess=gauss_newton)
    assert told.evaluations > plain.evaluations


def test_bad_residuals():
    given = {"grad": lambda q: jacobian(q).T @ misses(q), "hess": gauss_newton}
    fun = lambda q: np.sum(misses(q) ** 2) / 2
    with pytest.raises(gp.UsageError, match="residuals must be a function"):
        gp.check(fun, START, residuals=DECAY, **given)
    with pytest.raises(gp.UsageError, match="residuals must return an array"):
        gp.check(fun, START, residuals=lambda q: None, **given)
    with pytest.raises(gp.UsageError, match="residuals= goes with hess= or hessp="):
        gp.check(fun, START, grad=given["grad"], residuals=misses)


@pytest.mark.parametrize(
    ("factor", "said"), [(1, "is the"), (0.5, "is half the"), (2, "is twice the")]
)
def test_half_and_twice_the_gauss_newton_matrix_are_named(factor, said):
    times, data = np.linspace(0, 1, 6), np.array([1.0, 1.3, 1.9, 2.2, 3.5, 4.0])

    def rates(p):
        return np.stack([np.exp(p[1] * times), p[0] * times * np.exp(p[1] * times)], 1)

    def misses(p):
        return p[0] * np.exp(p[1] * times) - data

    def hess(p):
        second = np.zeros((6, 2, 2))
        second[:, 0, 1] = second[:, 1, 0] = times * np.exp(p[1] * times)
        second[:, 1, 1] = p[0] * times**2 * np.exp(p[1] * times)
        return rates(p).T @ rates(p) + np.einsum("i,ijk->jk", misses(p), second)

    def told(claim):
        return gp.check(
            lambda p: 0.5 * float(misses(p) @ misses(p)),
            np.array([0.7, 1.1]),
            grad=lambda p: rates(p).T @ misses(p),
            hess=claim,
            residuals=misses,
        )

    wrong = told(lambda p: factor * rates(p).T @ rates(p))
    assert f"hess {said} Gauss–Newton matrix" in wrong.findings[0].message
    # A third of it has no such name, and the Hessian itself is right.
    other = told(lambda p: rates(p).T @ rates(p) / 3)
    assert not other.ok
    assert "Gauss" not in str(other.findings)
    assert told(hess).ok
