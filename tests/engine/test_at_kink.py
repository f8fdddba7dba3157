"""At a kink a claim has to lie among those just beside it, also where no line shows the kink."""

import numpy as np
import pytest

import gradproof as gp


def found(report, kind="unexplained"):
    return [f for f in report.findings if f.kind == kind]


def lasso(count, at_zero=0.0, *, masked=False):
    b = np.random.default_rng(3).normal(size=count) * 3
    w = np.where(np.arange(count) % 3 == 0, 1.0, 0.0)

    def fun(w):
        return 0.5 * np.sum((w - b) ** 2) + 0.01 * np.abs(w).sum()

    def grad(w):
        g = (w - b) + 0.01 * np.where(w == 0, at_zero, np.sign(w))
        return g * (w != 0) if masked else g

    return fun, w, grad


@pytest.mark.parametrize("count", [3, 17, 60])
def test_what_is_skipped_where_it_is_zero_is_told(count):
    """Also of blocks of which nobody looks at every entry."""
    fun, w, grad = lasso(count, masked=True)
    report = gp.check(fun, w, grad=grad)
    assert report.verdict == "wrong"
    (finding,) = found(report)
    assert finding.entries == tuple((int(i),) for i in np.flatnonzero(w == 0))
    assert "none that grad gives beside it" in finding.message


@pytest.mark.parametrize("at_zero", [-1.0, 0.0, 0.3, 1.0])
def test_every_subgradient_is_right(at_zero):
    fun, w, grad = lasso(17, at_zero)
    assert gp.check(fun, w, grad=grad).ok


@pytest.mark.parametrize("at_zero", [-1.2, 1.2, 50.0])
def test_and_nothing_else(at_zero):
    fun, w, grad = lasso(17, at_zero)
    assert gp.check(fun, w, grad=grad).verdict == "wrong"


def test_a_smooth_block_has_no_choice_at_the_kink_of_another():
    c, point = np.array([1.0, -2.0, 0.5]), {"z": np.zeros(3), "b": np.zeros(30)}
    fun = lambda p: c @ np.expm1(p["z"]) + np.abs(p["b"]).sum()
    right = lambda p: {"z": c * np.exp(p["z"]), "b": np.sign(p["b"])}
    zero = lambda p: {"z": np.where(p["z"] == 0, 0, c * np.exp(p["z"])), "b": np.sign(p["b"])}
    assert gp.check(fun, point, grad=right).ok
    report = gp.check(fun, point, grad=zero)
    assert {b.name: b.verdict for b in report.blocks} == {
        "params['z']": "wrong",
        "params['b']": "correct",
    }


@pytest.mark.parametrize(
    ("to_a", "to_b", "ok"), [(1, 0, True), (0.5, 0.5, True), (1, 1, False), (0, 0, False)]
)
def test_ties_across_blocks(to_a, to_b, ok):
    w = np.array([1.0, 1.5, 2.0])
    point = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([1.0, 2.0, 0.0])}

    def grad(p):
        a, b = p["a"], p["b"]
        whole = 2 * w * np.maximum(a, b)
        return {
            "a": whole * np.where(a == b, to_a, a > b),
            "b": whole * np.where(a == b, to_b, b > a),
        }

    fun = lambda p: np.sum(w * np.maximum(p["a"], p["b"]) ** 2)
    report = gp.check(fun, point, grad=grad)
    assert report.ok == ok
    assert ok or all("nor to none" in f.message for f in found(report))


@pytest.mark.parametrize("share", ["first", "evenly", "all"])
def test_a_median_of_equal_numbers_is_a_kink_that_no_line_shows(share):
    """Along each line through the point it is straight: one right gradient was called wrong."""
    first = lambda tied: np.eye(tied.size)[tied.argmax()]
    shares = {"first": first, "evenly": lambda t: t / t.sum(), "all": lambda t: t}[share]
    fun = lambda x: (1 + np.median(x)) ** 2
    grad = lambda x: 2 * (1 + np.median(x)) * shares(1.0 * (x == np.median(x)))
    report = gp.check(fun, np.ones(5), grad=grad)
    assert report.verdict == ("wrong" if share == "all" else "correct")
    (kink,) = found(report, "kink")
    assert "no line through it shows one" in kink.message


def test_a_wrong_gradient_where_all_is_smooth_stays_wrong_there():
    report = gp.check(lambda x: np.sum(np.sin(x)), np.zeros(5), grad=np.sin)
    assert report.verdict == "wrong"
    assert not found(report, "kink")


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_features_of_very_different_sizes(share):
    """The largest chooses the sides of all kinks, unless shifts are balanced."""
    rng = np.random.default_rng(8)
    X, Y = rng.normal(size=(4, 2)) * np.array([6.0, 800.0]), rng.normal(size=(4, 2))
    point = {"W": np.zeros((2, 3)), "b": np.zeros(3), "V": rng.normal(size=(3, 2))}

    def both(p):
        z = X @ p["W"] + p["b"]
        h = np.abs(z)
        d = h @ p["V"] - Y
        e = d @ p["V"].T * np.where(z == 0, 2 * share - 1, np.sign(z))
        return 0.5 * np.sum(d**2), {"W": X.T @ e, "b": e.sum(0), "V": h.T @ d}

    report = gp.check(lambda p: both(p)[0], point, grad=lambda p: both(p)[1])
    assert report.verdict in ("correct", "undecided")


def test_what_several_kinks_leave_open_is_undecided_with_what_would_decide():
    """A choice of 30 for the slope of each of many rectifiers: nobody knows that it is none."""
    rng = np.random.default_rng(5)
    X, Y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    point = {"W": np.zeros((3, 5)), "V": rng.normal(size=(5, 2))}

    def both(p):
        z = X @ p["W"]
        h = np.maximum(z, 0)
        d = h @ p["V"] - Y
        e = d @ p["V"].T * np.where(z == 0, 30.0, z > 0)
        return 0.5 * np.sum(d**2), {"W": X.T @ e, "V": h.T @ d}

    report = gp.check(lambda p: both(p)[0], point, grad=lambda p: both(p)[1])
    assert report.verdict == "undecided"
    (block,) = [b for b in report.blocks if b.verdict == "undecided"]
    assert "check where only one of them is at the point" in block.reason


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ok", [True, False])
def test_in_either_precision(dtype, ok):
    x = np.array([0, 1, 0, -2, 0, 3], dtype)
    c = np.arange(1, 7).astype(dtype)
    fun = lambda x: np.sum(c * np.maximum(x, 0)) + np.sum(np.cos(x))
    grad = lambda x: c * np.where(x == 0, 0 if ok else 3, x > 0) - np.sin(x)
    assert gp.check(fun, x, grad=grad).ok == ok


def test_a_gradient_that_cannot_be_had_in_double_precision_is_asked_in_its_own():
    x = np.array([0, 1, 0, -2, 0, 3], np.float32)
    dtypes = set()

    def grad(x, at_zero):
        dtypes.add(x.dtype)
        if x.dtype != np.float32:
            raise TypeError("float32 only")
        return np.where(x == 0, np.float32(at_zero), np.sign(x))

    fun = lambda x: np.sum(np.abs(x))
    assert gp.check(fun, x, grad=lambda x: grad(x, 0.5)).ok
    assert gp.check(fun, x, grad=lambda x: grad(x, 3.0)).verdict == "wrong"
    assert np.dtype(np.float64) in dtypes


def test_where_the_gradient_is_not_finite_beside_it_nothing_is_decided():
    def grad(x):
        return np.where(np.abs(x) < 1e-4, np.where(x == 0, 0.5, np.nan), np.sign(x))

    report = gp.check(lambda x: np.sum(np.abs(x)), np.array([0.0, 1.0]), grad=grad)
    assert report.verdict == "undecided"
    assert "not finite" in report.blocks[0].reason


def test_the_point_is_put_back_and_nobody_keeps_it():
    x, seen = np.array([0.0, 1.0, -1.0]), []

    def grad(x):
        seen.append(x.copy())
        return np.sign(x)

    assert gp.check(lambda x: np.sum(np.abs(x)), x, grad=grad).ok
    assert (x == [0.0, 1.0, -1.0]).all()
    shifts = [np.abs(s - x).max() for s in seen]
    assert max(shifts) < 0.05
    assert sum(0 < s < 2e-6 for s in shifts) >= 10


@pytest.mark.parametrize(("factor", "rejected"), [(1.0, False), (1.1, True)])
def test_equal_numbers_beside_nearly_equal_ones_in_a_sort(factor, rejected):
    """Moved a little, one of the others may change places with those that are equal."""

    def ranked(x):
        return float(np.sum(np.sort(x) * np.arange(x.size)))

    def slope(x):
        found = np.empty(x.size)
        found[np.argsort(x, kind="stable")] = np.arange(x.size)
        return factor * found

    point = np.array(
        [100.0, -9.35e-4, 0.0, 0.0, 0.0, -9.35e-4, 0.0, -9.98e-4, 0.0107, -0.0, -0.5, -9.44e-3]
    )
    assert gp.check(ranked, point, grad=slope).verdict.rejects == rejected
