"""What SciPy takes: lists and integers as starts, lists of residuals, Jacobians of all sorts."""

import numpy as np
import pytest

import gradproof as gp

sparse = pytest.importorskip("scipy.sparse")
from scipy.sparse.linalg import aslinearoperator  # noqa: E402

MATRIX = np.random.default_rng(0).normal(size=(4, 3))


def residuals(x):
    return np.tanh(MATRIX @ x) - 1


def jacobian(x):
    return (1 - np.tanh(MATRIX @ x) ** 2)[:, None] * MATRIX


def chain(x):
    return x**2 + np.append(x[1:], 0)


def bands(x, stored=sparse.csr_matrix):
    return stored(np.diag(2 * x) + np.diag(np.ones(len(x) - 1), 1))


STARTS = [[0.3, -0.2, 0.5], (0.3, -0.2, 0.5), [1, 2, 0], (1, 2, 0), np.array([1, 2, 0])]


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_starts(start):
    assert gp.check(residuals, start, grad=jacobian).ok
    report = gp.check(residuals, start, grad=lambda x: jacobian(x) * [1, 1, -1])
    assert "column 2 ([:, 2]) has the wrong sign" in report.findings[0].message


@pytest.mark.parametrize("start", [2, 1.5, [1, 2], np.array([1, 2])], ids=str)
def test_integers_of_scalar_functions(start):
    fun = lambda x: np.sum(np.asarray(x) ** 3) - 1
    grad = lambda x: 3 * np.asarray(x) ** 2
    report = gp.check(fun, start, grad=grad)
    assert report.ok
    taken = "The point is of integers, and was taken as floats." in report.notes
    assert taken is (np.asarray(start).dtype.kind == "i")
    assert not gp.check(fun, start, grad=lambda x: 2 * grad(x)).ok


def test_a_function_that_takes_a_list_gets_one():
    def fun(x):
        assert isinstance(x, list)
        return x[0] ** 2 + 3 * x[1]

    assert gp.check(fun, [1.0, 2.0], grad=lambda x: [2 * x[0], 3.0]).ok


def test_a_list_of_numbers_beside_a_setting_that_is_none():
    fun = lambda x, n: float(x @ x) * n
    assert gp.check(fun, [1.0, 2.0], grad=lambda x, n: 2 * n * x, args=(3,)).ok


@pytest.mark.parametrize("make", [list, tuple])
def test_functions_that_return_a_list(make):
    swing = lambda y: make([y[1], -np.sin(y[0])])
    right = lambda y: [[0, 1], [-np.cos(y[0]), 0]]
    assert gp.check(swing, [1.0, 0.5], grad=right).ok
    report = gp.check(swing, [1.0, 0.5], grad=lambda y: [[0, -np.cos(y[0])], [1, 0]])
    assert report.findings[0].message == "jac: the claimed gradient is transposed."
    three = lambda y: make([y[0] * y[1], y[1] ** 2, y[0]])
    turned = lambda y: np.array([[y[1], y[0]], [0, 2 * y[1]], [1, 0]]).T
    report = gp.check(three, make([1.0, 0.5]), grad=turned)
    assert "has shape (2, 3) and needs (3, 2): transposed it is right" in report.findings[0].message


def test_an_array_for_each_parameter_is_no_transposed_jacobian():
    t = np.linspace(0, 1, 7)
    fun = lambda p: p[0] * np.exp(-p[1] * t)
    each = lambda p: [np.exp(-p[1] * t), -p[0] * t * np.exp(-p[1] * t)]
    assert gp.check(fun, (1.0, 2.0), grad=each).ok
    assert gp.check(fun, (1.0, 2.0), grad=lambda p: np.stack(each(p), axis=1)).ok
    assert not gp.check(fun, (1.0, 2.0), grad=lambda p: np.stack(each(p))).ok


@pytest.mark.parametrize(
    "stored", [np.asarray, np.ndarray.tolist, sparse.csr_matrix, sparse.coo_array, aslinearoperator]
)
@pytest.mark.parametrize("known", ["function", "constant"])
def test_jacobians_of_all_sorts(stored, known):
    linear = lambda x: MATRIX @ x
    claim = lambda matrix: stored(matrix) if known == "constant" else lambda x: stored(matrix)
    x = np.array([0.3, -0.2, 0.5])
    assert gp.check(linear, x, grad=claim(MATRIX)).ok
    for factor in (1.1, -1.0):
        report = gp.check(linear, x, grad=claim(factor * MATRIX))
        assert report.findings[0].kind in (gp.Kind.SCALE, gp.Kind.SIGN)
    if stored is not aslinearoperator:
        report = gp.check(linear, x, grad=claim(MATRIX.T))
        assert "transposed it is right" in report.findings[0].message


def test_a_pattern_that_misses_an_entry():
    x = np.array([0.3, -0.2, 0.5])
    assert gp.check(chain, x, grad=bands).ok
    report = gp.check(chain, x, grad=lambda x: sparse.diags(2 * x).tocsr())
    assert report.findings[0].kind is gp.Kind.SPARSITY
    assert report.findings[0].entries == ((0, 1), (1, 2))
    assert "no place for entries [0, 1], [1, 2], which are not zero" in report.findings[0].message
    turned = gp.check(chain, x, grad=lambda x: bands(x).T.tocsr())
    assert turned.findings[0].kind is gp.Kind.TRANSPOSE
    off = gp.check(chain, x, grad=lambda x: bands(x) * 1.5)
    assert off.findings[0].kind is gp.Kind.SCALE


def chained(*diagonals, size=12):
    return sum(np.diag(np.ones(size - abs(k)), k) for k in diagonals)


@pytest.mark.parametrize("stored", [np.asarray, np.ndarray.tolist, sparse.csr_array])
def test_a_pattern_in_place_of_a_jacobian(stored):
    x = np.linspace(0.2, 2, 12)
    assert gp.check(chain, x, jac_sparsity=stored(chained(0, 1))).ok
    assert gp.check(chain, x, jac_sparsity=stored(chained(-1, 0, 1))).ok  # more than needed
    short = chained(0, 1)
    short[4, 5] = 0
    report = gp.check(chain, x, jac_sparsity=stored(short))
    assert report.findings[0].kind is gp.Kind.SPARSITY
    assert report.findings[0].entries == ((4, 5),)
    below = gp.check(chain, x, jac_sparsity=stored(chained(-1, 0)))
    assert below.findings[0].entries == tuple((k, k + 1) for k in range(11))


def test_a_pattern_inside_bounds():
    def fun(x):
        assert np.all(x >= 0)
        return np.exp(MATRIX @ x)

    full = np.ones((4, 3))
    assert gp.check(fun, np.zeros(3), jac_sparsity=full, bounds=(0, 1)).ok
    full[2, 1] = 0
    report = gp.check(fun, np.zeros(3), jac_sparsity=full, bounds=(0, 1))
    assert report.findings[0].entries == ((2, 1),)


@pytest.mark.parametrize(
    ("point", "grad", "pattern", "sentence"),
    [
        (np.ones(3), None, np.ones((3, 4)), "has shape (3, 4), but fun returns 4 numbers of 3"),
        ({"a": np.ones(3)}, None, np.ones((4, 3)), "for a dict with the keys 'a': a matrix is"),
        (np.ones(3), None, np.ones(4), "jac_sparsity is an array of shape (4,)"),
        (np.ones(3), jacobian, np.ones((4, 3)), "leave out grad= and layout="),
    ],
)
def test_bad_patterns(point, grad, pattern, sentence):
    with pytest.raises(gp.UsageError) as caught:
        gp.check(residuals, point, grad=grad, jac_sparsity=pattern)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "point", [np.array([1.5]), np.array([1.5, -2.0])], ids=["1 by 1", "1 by 2"]
)
@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "correct"), (1.01, "wrong")])
@pytest.mark.parametrize("shape", ["gradient", "Jacobian"])
def test_of_one_output_in_an_array_a_gradient_and_a_jacobian_are_claims(
    point, factor, verdict, shape
):
    def fun(x):
        return np.array([np.sum(np.sin(x))])

    def grad(x):
        return factor * (np.cos(x) if shape == "gradient" else np.cos(x)[None])

    assert gp.check(fun, point, grad=grad).verdict == verdict
