"""From the arguments of a check to a subject: values, promotion, and counts of calls."""

import numpy as np
import pytest

import gradproof as gp
from gradproof import Kind, Verdict
from gradproof.space.point import Point
from gradproof.subject.asked import Asked, Options
from gradproof.subject.prepare import prepare

X = np.array([1.0, -2.0, 3.0, 0.5])


def squares(x):
    return np.sum(x**2)


def double(x):
    return 2 * x


def prepared(fun, point, grad=double, seed=0):
    return prepare(Asked(fun, Point(point), grad, Options(seed=seed)))


class Counted:
    """A function that counts its calls and keeps the types of what it is given."""

    def __init__(self, function):
        self.function, self.calls, self.dtypes = function, 0, []

    def __call__(self, x):
        self.calls += 1
        self.dtypes.append(np.asarray(x).dtype)
        return self.function(x)


# Values at the point


def test_value_claim_and_nothing_to_tell():
    session = prepared(squares, X)
    assert float(session.projections[0].centre) == squares(X)
    assert np.array_equal(session.projections[0].claim.gradients[0], 2 * X)
    assert not session.findings
    assert not session.notes
    assert not session.promoted


def test_fun_is_called_twice_at_the_point_and_every_call_is_counted():
    for function, point in ((squares, X), (squares, X.astype(np.float32))):
        fun, grad = Counted(function), Counted(double)
        report = gp.check(fun, point, grad=grad)
        assert report.evaluations == fun.calls
        assert report.gradient_calls == grad.calls
    fun = Counted(lambda x: (squares(x), 2 * x))
    report = gp.check(fun, X, grad=True)
    assert report.evaluations == fun.calls
    assert report.gradient_calls == 0


def test_calls_beside_a_kink_are_counted_too():
    fun, grad = Counted(lambda x: np.sum(np.abs(x))), Counted(np.sign)
    report = gp.check(fun, np.array([0.0, 1.0, -2.0]), grad=grad)
    assert Kind.KINK in {finding.kind for finding in report.findings}
    assert report.evaluations == fun.calls
    assert report.gradient_calls == grad.calls


def test_a_value_that_scatters_is_averaged():
    generator = np.random.default_rng(0)
    session = prepared(lambda x: squares(x) + 1e-3 * generator.normal(), X)
    assert session.projections[0].scatter == pytest.approx(1e-3, rel=1)
    assert float(session.projections[0].centre) == pytest.approx(squares(X), abs=3e-3)
    quiet = prepared(squares, X)
    assert quiet.projections[0].scatter == 0


def test_nan_is_a_value_that_repeats():
    session = prepared(lambda x: float("nan"), X)
    assert not session.findings
    assert np.isnan(session.projections[0].centre)


# The point and the arguments stay what they were


def test_the_users_arrays_are_the_same_bytes_afterwards():
    point = {"W": X.copy(), "b": np.array(2.0), "z": X + 1j, "n": np.arange(3)}
    args = (X.copy(), [X.copy()])
    kwargs = {"more": {"X": X.copy()}}
    every = [*point.values(), args[0], args[1][0], kwargs["more"]["X"]]
    before = [array.tobytes() for array in every]
    identities = [id(array) for array in every]

    def fun(p, A, B, *, more):
        return squares(p["W"] * A) + p["b"] ** 2 + np.sum(np.abs(p["z"] * B[0] * more["X"]) ** 2)

    def grad(p, A, B, *, more):
        return {"W": 2 * p["W"] * A**2, "b": 2 * p["b"], "z": 2 * p["z"] * (B[0] * more["X"]) ** 2}

    assert gp.check(fun, point, grad=grad, args=args, kwargs=kwargs).ok
    wrong = lambda *a, **k: {**grad(*a, **k), "z": grad(*a, **k)["z"].conj()}
    assert not gp.check(fun, point, grad=wrong, args=args, kwargs=kwargs).ok
    assert [array.tobytes() for array in every] == before
    after = [*point.values(), args[0], args[1][0], kwargs["more"]["X"]]
    assert [id(array) for array in after] == identities


def test_a_finished_gradient_is_not_written_into():
    gradient = 2 * X
    gradient.flags.writeable = False
    assert gp.check(squares, X, grad=gradient).ok
    assert np.array_equal(gradient, 2 * X)
    assert not gp.check(squares, X, grad=gradient[::-1]).ok


# Promotion


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
def test_low_precision_is_evaluated_in_double_where_fun_allows_it(dtype):
    fun = Counted(lambda x: np.sum(np.abs(x) ** 2))
    report = gp.check(fun, X.astype(dtype), grad=double)
    assert report.ok
    assert fun.dtypes[0] == dtype
    assert fun.dtypes[-1] == np.result_type(dtype, np.float64)
    assert any("float64" in note for note in report.notes)
    assert gp.check(fun, X.astype(dtype), grad=lambda x: -2 * x).verdict is Verdict.WRONG


def test_double_precision_is_left_alone():
    fun = Counted(squares)
    assert not gp.check(fun, X, grad=double).notes
    assert set(fun.dtypes) == {np.dtype(float)}


def picky(x):
    if x.dtype != np.float32:
        raise TypeError("float32 only")
    return squares(x)


def test_a_function_that_refuses_double_precision():
    fun = Counted(picky)
    report = gp.check(fun, X.astype(np.float32), grad=double)
    assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED)
    (note,) = report.notes
    assert "TypeError" in note
    assert "float32" in note
    assert report.resolution > 1e-7  # what is left, and it says so
    flipped = gp.check(picky, X.astype(np.float32), grad=lambda x: -2 * x)
    assert flipped.verdict is Verdict.WRONG


def test_a_function_that_means_something_else_in_double_precision():
    def branches(x):
        return squares(x) if x.dtype == np.float32 else 3 * squares(x)

    report = gp.check(branches, X.astype(np.float32), grad=double)
    assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED)
    assert any("value changes" in note for note in report.notes)
    tripled = gp.check(branches, X.astype(np.float32), grad=lambda x: 6 * x)
    assert tripled.verdict is Verdict.WRONG


def test_blocks_of_several_precisions():
    point = {"half": X.astype(np.float16), "single": X.astype(np.float32), "double": X}

    def fun(p):
        return float(sum(np.sum(v.astype(float) ** 2) for v in p.values()))

    def grad(p):
        return {name: 2 * value for name, value in p.items()}

    report = gp.check(fun, point, grad=grad)
    assert report.ok
    bands = [block.wrong_above for block in report.blocks]
    assert bands == sorted(bands, reverse=True)
    assert len(set(bands)) == 3
    slightly = gp.check(fun, point, grad=lambda p: {**grad(p), "double": 2.001 * p["double"]})
    assert [b.verdict for b in slightly.blocks] == [Verdict.CORRECT, Verdict.CORRECT, Verdict.WRONG]


def test_a_claim_in_single_precision_carries_its_own_round_off():
    """The function is exact, the claim has 7 digits: no bands of float64 for it."""
    point = X.astype(np.float32)

    def grad(x):
        return (np.cos(x) * 1.5).astype(np.float32)

    def fun(x):
        return 1.5 * np.sum(np.sin(x))

    assert gp.check(fun, point, grad=grad).ok
    assert gp.check(fun, point, grad=lambda x: grad(x) * np.float32(1.01)).verdict is Verdict.WRONG
