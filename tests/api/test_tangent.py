"""tangent=: Riemannian gradients and Hessians, each with the mistakes that are made in them."""

import numpy as np
import pytest

import gradproof as gp

linalg = pytest.importorskip("scipy.linalg")

RNG = np.random.default_rng(0)


def hat(w):
    return np.array([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]])


def vee(m):
    return np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])


def sym(m):
    return (m + m.T) / 2


# Rotations, and rigid motions

ROTATION = linalg.expm(hat([0.3, -0.5, 0.8]))
MOTION = np.eye(4)
MOTION[:3, :3], MOTION[:3, 3] = ROTATION, [1, 2, 3]
WEIGHTS = RNG.normal(size=(3, 3))
CLOUD = np.c_[RNG.normal(size=(5, 3)), np.ones(5)]
TARGET = RNG.normal(size=(5, 3))


def turned(r):
    return np.sum(WEIGHTS * r) + np.trace(r @ r)


def turned_slope(r):
    return vee(r.T @ (WEIGHTS + 2 * r.T))


def rotate(r, w):
    return r @ linalg.expm(hat(w))


def registered(t):
    return np.sum(((CLOUD @ t.T)[:, :3] - TARGET) ** 2) / 2


def registered_slope(t):
    pull = ((CLOUD @ t.T)[:, :3] - TARGET) @ t[:3, :3]
    return np.r_[np.cross(CLOUD[:, :3], pull).sum(0), pull.sum(0)]


def displace(t, x):
    twist = np.zeros((4, 4))
    twist[:3, :3], twist[:3, 3] = hat(x[:3]), x[3:]
    return t @ linalg.expm(twist)


# Matrices with orthonormal columns

FRAME = np.linalg.qr(RNG.normal(size=(6, 3)))[0]
FORM, SIZES = sym(RNG.normal(size=(6, 6))), np.diag([1.0, 2, 3])


def quotient(x):
    return np.trace(x.T @ FORM @ x @ SIZES) / 2


def surrounding(x):
    return FORM @ x @ SIZES


def projected(x, v):
    return v - x @ sym(x.T @ v)


def quotient_slope(x):
    return projected(x, surrounding(x))


def polar(x, v):
    return linalg.polar(x + v)[0]


def by_qr(x, v):
    q, r = np.linalg.qr(x + v)
    return q * np.sign(np.diag(r))


def curved(x, v):
    return projected(x, FORM @ v @ SIZES - v @ sym(x.T @ surrounding(x)))


def flat(x, v):
    return projected(x, FORM @ v @ SIZES)


# A sphere

UNIT = RNG.normal(size=4)
UNIT /= np.linalg.norm(UNIT)
Q = sym(RNG.normal(size=(4, 4)))


def rayleigh(x):
    return x @ Q @ x


def rayleigh_slope(x):
    return 2 * (Q @ x - x * (x @ Q @ x))


def onto(x, v):
    return (x + v) / np.linalg.norm(x + v)


def beside(x, v):
    return v - x * (x @ v)


SPHERE = (onto, beside)


class Definite:
    """Positive definite matrices with the affine-invariant metric, as pymanopt writes manifolds."""

    def retraction(self, x, v):
        return x + v + v @ np.linalg.solve(x, v) / 2

    def projection(self, x, v):
        return sym(v)

    def inner_product(self, x, a, b):
        return np.trace(np.linalg.solve(x, a) @ np.linalg.solve(x, b))


class Ball:
    """A sphere as geoopt writes manifolds."""

    def retr(self, x, v):
        return onto(x, v)

    def proju(self, x, v):
        return beside(x, v)


MATRIX = np.cov(RNG.normal(size=(3, 9))) + np.eye(3)
LINEAR = sym(RNG.normal(size=(3, 3)))


def likelihood(x):
    return np.sum(LINEAR * x) + 2 * np.sum(np.log(np.diag(np.linalg.cholesky(x))))


def likelihood_slope(x):
    return LINEAR + np.linalg.inv(x)


# fun, point, gradient, tangent, a wrong gradient, the kind of its fault or None.
CASES = {
    "rotation": (turned, ROTATION, turned_slope, rotate, lambda r: -turned_slope(r), "sign"),
    "rotation, half": (
        turned, ROTATION, turned_slope, rotate, lambda r: turned_slope(r) / 2, "scale"),
    "rotation, left for right": (
        turned, ROTATION, turned_slope, rotate, lambda r: r @ turned_slope(r), None),
    "motion": (
        registered, MOTION, registered_slope, displace,
        lambda t: registered_slope(t) * [-1, -1, -1, 1, 1, 1], None),
    "frame": (quotient, FRAME, quotient_slope, (polar, projected), surrounding, "not-tangent"),
    "frame, by QR": (
        quotient, FRAME, quotient_slope, (by_qr, projected), surrounding, "not-tangent"),
    "frame, another projection": (
        quotient, FRAME, quotient_slope, (polar, projected),
        lambda x: surrounding(x) - x @ (x.T @ surrounding(x)), None),
    "sphere": (rayleigh, UNIT, rayleigh_slope, SPHERE, lambda x: 2 * Q @ x, "not-tangent"),
    "sphere as of geoopt": (
        rayleigh, UNIT, rayleigh_slope, Ball(), lambda x: 2 * Q @ x, "not-tangent"),
    "sphere without a projection": (
        rayleigh, UNIT, rayleigh_slope, onto, lambda x: 1.01 * rayleigh_slope(x), "scale"),
    "definite": (
        likelihood, MATRIX, lambda x: x @ likelihood_slope(x) @ x, Definite(), likelihood_slope,
        None),
    "symmetric": (
        likelihood, MATRIX, likelihood_slope, "symmetric", lambda x: likelihood_slope(x) / 2,
        "scale"),
    "symmetric, doubled": (
        likelihood, MATRIX, likelihood_slope, "symmetric",
        lambda x: likelihood_slope(x) * (2 - np.eye(3)), "symmetric-convention"),
    "symmetric, one triangle": (
        likelihood, MATRIX, likelihood_slope, "symmetric",
        lambda x: np.tril(likelihood_slope(x) * (2 - np.eye(3))), "not-tangent"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_right_beside_wrong(name):
    fun, point, right, tangent, wrong, kind = CASES[name]
    report = gp.check(fun, point, grad=right, tangent=tangent)
    assert report.ok, report.text()
    assert report.resolution < 1e-6
    assert gp.check(fun, point, grad=right(point), tangent=tangent).ok
    report = gp.check(fun, point, grad=wrong, tangent=tangent)
    assert report.verdict is gp.Verdict.WRONG
    assert kind is None or report.findings[0].kind == kind
    both = gp.check(lambda x: (fun(x), right(x)), point, grad=True, tangent=tangent)
    assert both.ok


def test_without_tangent_a_riemannian_gradient_is_wrong():
    assert not gp.check(rayleigh, UNIT, grad=rayleigh_slope).ok


def test_further_arguments_and_lists():
    fun, grad = lambda x, k: k * rayleigh(x), lambda x, k: k * rayleigh_slope(x)
    assert gp.check(fun, UNIT.tolist(), grad=grad, args=(3.0,), tangent=SPHERE).ok


# Hessians


def test_a_matrix():
    right = lambda x: 2 * (Q - np.eye(4) * (x @ Q @ x))
    assert gp.check(rayleigh, UNIT, grad=rayleigh_slope, hess=right, tangent=SPHERE).ok
    flat = gp.check(rayleigh, UNIT, grad=rayleigh_slope, hess=lambda x: 2 * Q, tangent=SPHERE)
    assert [str(c) for c in flat.claims] == [
        "grad against fun: correct", "hess against fun: wrong", "hess symmetric: correct",
    ]  # fmt: skip


def test_products():
    moved = (polar, projected)
    right = gp.check(quotient, FRAME, grad=quotient_slope, hessp=curved, tangent=moved)
    assert right.ok, right.text()
    wrong = gp.check(quotient, FRAME, grad=quotient_slope, hessp=flat, tangent=moved)
    assert [str(c) for c in wrong.claims][1] == "hessp against fun: wrong"


def test_a_hessian_needs_the_second_order():
    with pytest.raises(gp.UsageError, match="a retraction of the first order"):
        gp.check(quotient, FRAME, grad=quotient_slope, hessp=curved, tangent=(by_qr, projected))


@pytest.mark.parametrize(
    ("point", "tangent", "sentence"),
    [
        (2 * UNIT, SPHERE, "tangent(point, 0) is not the point"),
        (UNIT, (lambda x, v: onto(x, 2 * v), beside), "is no retraction: for a small tangent v"),
        (UNIT, 3, "tangent must be a function of a point and a vector, a pair"),
        (UNIT, "sphere", "tangent must be a function of a point and a vector, a pair"),
    ],
)
def test_what_is_no_retraction(point, tangent, sentence):
    with pytest.raises(gp.UsageError) as caught:
        gp.check(rayleigh, point, grad=rayleigh_slope, tangent=tangent)
    assert sentence in str(caught.value)


def test_it_goes_with_a_gradient_by_hand():
    with pytest.raises(gp.UsageError, match="tangent= goes with grad="):
        gp.check(rayleigh, UNIT, tangent=SPHERE)
    with pytest.raises(gp.UsageError, match="tangent= goes with grad=, hess= and hessp= alone"):
        gp.check(rayleigh, UNIT, grad=rayleigh_slope, tangent=SPHERE, bounds=(-1, 1))
