"""The guards: nothing that the user's functions do to their arguments spoils a check."""

import random
from collections import namedtuple

import numpy as np
import pytest

import gradproof as gp
from gradproof import Kind, Verdict
from gradproof.subject.guards import Caller, generators_restored, reseed

RNG = np.random.default_rng(0)
W, DATA = RNG.normal(size=6), RNG.normal(size=(8, 6))

Layer = namedtuple("Layer", "W b")


def loss(w, X):
    return float(np.sum(np.tanh(X @ w)))


def backward(w, X):
    return X.T @ (1 - np.tanh(X @ w) ** 2)


def squares(w):
    return float(w @ w)


def double(w):
    return 2 * w


def kinds(report):
    return {finding.kind for finding in report.findings}


def told(report, kind):
    return " ".join(f.message for f in report.findings if f.kind is kind)


def at_calls(function, when, damage):
    """``function`` that damages its arguments at the calls for which ``when(number)`` holds."""
    calls = [0]

    def damaging(*args):
        calls[0] += 1
        result = function(*args)
        if when(calls[0]):
            damage(*args)
        return result

    return damaging


def add_one(array):
    array += 1


# A function that writes into its arguments


CALLS = {
    "always": lambda n: True,
    "at the first": lambda n: n == 1,
    "at the second": lambda n: n == 2,
    "at the fifth": lambda n: n == 5,
    "from the second on": lambda n: n >= 2,
    "from the third on": lambda n: n >= 3,
    "from the fifth on": lambda n: n >= 5,
    "from the ninth on": lambda n: n >= 9,
}
DAMAGES = {
    "params += 1": lambda w, X: add_one(w),
    "params = 0": lambda w, X: w.fill(0),
    "params sorted": lambda w, X: w.sort(),
    "args += 1": lambda w, X: add_one(X),
    "args scaled": lambda w, X: np.multiply(X, 1.01, out=X),
    "both": lambda w, X: (add_one(w), add_one(X)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("when", CALLS.values(), ids=CALLS)
def test_fun_writes_into_its_arguments(when, damage):
    w, X = W.copy(), DATA.copy()
    report = gp.check(at_calls(loss, when, damage), w, grad=backward, args=(X,))
    assert report.verdict is Verdict.CORRECT, report
    assert w.tobytes() == W.tobytes()
    assert X.tobytes() == DATA.tobytes()
    assert "grad" not in told(report, Kind.MUTATION)

    wrong = gp.check(
        at_calls(loss, when, damage), w, grad=lambda w, X: 1.001 * backward(w, X), args=(X,)
    )
    assert wrong.verdict is Verdict.WRONG, wrong


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("when", [CALLS["always"], CALLS["from the third on"]], ids=["1", "3"])
def test_fun_that_writes_again_and_again_is_told(when, damage):
    report = gp.check(at_calls(loss, when, damage), W, grad=backward, args=(DATA.copy(),))
    assert Kind.MUTATION in kinds(report)
    assert told(report, Kind.MUTATION).startswith("fun changes its arguments in place")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("when", [CALLS["always"], CALLS["at the first"], CALLS["at the second"]])
def test_grad_writes_into_its_arguments(when, damage):
    w, X = W.copy(), DATA.copy()
    report = gp.check(loss, w, grad=at_calls(backward, when, damage), args=(X,))
    assert report.verdict is Verdict.CORRECT, report
    assert w.tobytes() == W.tobytes()
    assert X.tobytes() == DATA.tobytes()
    assert told(report, Kind.MUTATION).startswith("grad changes its arguments in place")

    half = at_calls(lambda w, X: backward(w, X) / 2, when, damage)
    assert gp.check(loss, w, grad=half, args=(X,)).verdict is Verdict.WRONG


def test_what_is_changed_is_named():
    def writes(w, X):
        value = loss(w, X)
        X[0, 0] += 1
        return value

    message = told(gp.check(writes, W, grad=backward, args=(DATA.copy(),)), Kind.MUTATION)
    assert "args[0]" in message
    assert "params" not in message

    def writes_params(p, X):
        value = loss(p["w"], X)
        p["w"][0] = 7
        return value

    message = told(
        gp.check(
            writes_params, {"w": W, "b": np.ones(2)},
            grad=lambda p, X: {"w": backward(p["w"], X), "b": np.zeros(2)}, args=(DATA,),
        ),
        Kind.MUTATION,
    )  # fmt: skip
    assert "params['w']" in message
    assert "params['b']" not in message
    assert not gp.check(loss, W, grad=backward, args=(DATA,)).findings


def test_arguments_by_name_and_in_nested_containers():
    def writes(p, data, *, more):
        value = loss(p["layers"][0].W, data["a"]["X"][0]) * more["factor"][0]
        data["a"]["X"][0] += 1
        p["layers"][0].W[:] = 0
        more["factor"] *= 3
        return value

    def right(p, data, *, more):
        dW = backward(p["layers"][0].W, data["a"]["X"][0]) * more["factor"][0]
        return {"layers": [Layer(dW, None)]}

    X, factor = DATA.copy(), np.array([2.0])
    point = {"layers": [Layer(W.copy(), 3)]}
    ingredients = {"args": ({"a": {"X": [X]}},), "kwargs": {"more": {"factor": factor}}}
    report = gp.check(writes, point, grad=right, **ingredients)
    assert report.verdict is Verdict.CORRECT, report
    assert "args[0]['a']['X'][0]" in told(report, Kind.MUTATION)
    assert "factor" in told(report, Kind.MUTATION)
    assert X.tobytes() == DATA.tobytes()
    assert factor[0] == 2
    assert point["layers"][0].W.tobytes() == W.tobytes()

    def undamped(p, data, *, more):
        return {"layers": [Layer(backward(p["layers"][0].W, data["a"]["X"][0]), None)]}

    assert gp.check(writes, point, grad=undamped, **ingredients).verdict is Verdict.WRONG


def test_containers_that_are_written_into():
    """Lists and dictionaries are arguments as much as arrays are."""
    factors, seen, state = [2.0, 1.0], [], {"calls": 0}

    def writes(w, factors, seen, state):
        value = squares(w) * factors[0]
        factors[0] *= 2
        seen.append(value)
        state["calls"] += 1
        return value

    arguments = (factors, seen, state)
    report = gp.check(writes, W, grad=lambda w, *_: 4 * w, args=arguments)
    assert report.verdict is Verdict.CORRECT, report
    assert Kind.MUTATION in kinds(report)
    assert "args[0][0]" in told(report, Kind.MUTATION)
    assert (factors, seen, state) == ([2.0, 1.0], [], {"calls": 0})
    assert not gp.check(writes, W, grad=lambda w, *_: 2 * w, args=arguments).ok


def test_entries_that_are_added_or_replaced_in_the_parameters():
    def writes(p):
        value = squares(p["W"])
        p["cache"] = value
        p["W"] = p["W"] * 3
        return value

    point = {"W": W.copy()}
    assert gp.check(writes, point, grad=lambda p: {"W": 2 * p["W"]}).ok
    assert list(point) == ["W"]
    assert point["W"].tobytes() == W.tobytes()
    assert not gp.check(writes, point, grad=lambda p: {"W": 3 * p["W"]}).ok


class Model:
    """An object that is no container: it cannot be copied, so it can be spoilt."""

    def __init__(self):
        self.X = DATA.copy()


def test_what_hides_in_an_object_is_never_held_against_the_gradient():
    def writes(w, model):
        value = loss(w, model.X)
        model.X *= 1.5
        return value

    report = gp.check(writes, W, grad=lambda w, model: backward(w, DATA), args=(Model(),))
    assert report.verdict is Verdict.UNDECIDED
    assert Kind.NONDETERMINISTIC in kinds(report)

    def reads(w, model):
        return loss(w, model.X)

    assert gp.check(reads, W, grad=lambda w, model: backward(w, model.X), args=(Model(),)).ok


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_writing_in_low_precision(dtype):
    def writes(w):
        value = np.sum(w**2)
        w *= 2
        return value

    w = W.astype(dtype)
    report = gp.check(writes, w, grad=double)
    assert report.ok, report
    assert Kind.MUTATION in kinds(report)
    assert w.tobytes() == W.astype(dtype).tobytes()
    assert not gp.check(writes, w, grad=lambda w: 3 * w).ok


def test_read_only_arrays_of_the_user_are_no_obstacle():
    w, X = W.copy(), DATA.copy()
    w.flags.writeable = X.flags.writeable = False

    def writes(w, X):
        value = loss(w, X)
        w += 1
        X += 1
        return value

    report = gp.check(writes, w, grad=backward, args=(X,))
    assert report.ok, report
    assert Kind.MUTATION in kinds(report)
    assert not w.flags.writeable
    assert not gp.check(writes, w, grad=lambda w, X: -backward(w, X), args=(X,)).ok


# Functions that remember


def test_references_that_fun_keeps():
    kept = []

    def keeps(w):
        kept.append(w)
        return squares(w)

    assert gp.check(keeps, W, grad=double).ok
    assert not gp.check(keeps, W, grad=lambda w: 2.01 * w).ok
    assert all(w is not W for w in kept)


class Memo:
    """Remembers the last point by reference, as the memo of an optimiser may."""

    x = None

    def value(self, x):
        if self.x is None or not np.array_equal(self.x, x):
            self.x, self.cost = x, squares(x)
        return self.cost


def test_a_memo_by_reference_is_never_held_against_the_gradient():
    """The point that it remembers must not move under its feet."""
    report = gp.check(Memo().value, W, grad=double)
    assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), report
    if report.verdict is Verdict.CORRECT:
        assert gp.check(Memo().value, W, grad=lambda w: 3 * w).verdict is Verdict.WRONG


def test_a_backward_pass_that_uses_what_the_forward_pass_left():
    cache = {}

    def forward(w, X):
        cache["h"] = np.tanh(X @ w)
        return np.sum(cache["h"])

    def uses(w, X):
        return X.T @ (1 - cache["h"] ** 2)

    for dtype in (float, np.float32):
        point, data = W.astype(dtype), DATA.astype(dtype)
        assert gp.check(forward, point, grad=uses, args=(data,)).ok
        wrong = gp.check(forward, point, grad=lambda w, X: X.T @ (1 - cache["h"]), args=(data,))
        assert wrong.verdict is Verdict.WRONG


# Gradients in buffers


class Buffered:
    """A network whose backward pass fills one and the same buffer."""

    def __init__(self, point, factor=1.0):
        self.buffer, self.factor = np.zeros_like(point), factor

    def value(self, x):
        self.buffer[...] = 0  # the forward pass clears the gradients
        return np.sum(np.abs(x) + x**3)

    def grad(self, x):
        self.buffer[...] = self.factor * (np.sign(x) + 3 * x**2)
        return self.buffer

    def both(self, x):
        value = self.value(x)
        return value, self.grad(x)


POINTS = {
    "smooth": W,
    "on a kink": np.array([0.0, 1.0, -2.0, 3.0]),
    "float32": W.astype(np.float32),
    "float32 on a kink": np.array([0, 1, -2, 3], np.float32),
}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_buffers_that_are_filled_again(point):
    right, wrong = Buffered(point), Buffered(point, 1.01)
    assert gp.check(right.value, point, grad=right.grad).ok
    assert gp.check(right.both, point, grad=True).ok
    assert gp.check(wrong.value, point, grad=wrong.grad).verdict is Verdict.WRONG
    assert gp.check(wrong.both, point, grad=True).verdict is Verdict.WRONG


def test_a_fault_at_the_kink_is_not_lost_in_a_buffer():
    buffer = np.empty(4)

    def grad(x, at_zero):
        np.sign(x, out=buffer)
        buffer[x == 0] = at_zero
        return buffer

    def fun(x):
        return np.sum(np.abs(x))

    point = POINTS["on a kink"]
    assert gp.check(fun, point, grad=lambda x: grad(x, 0.5)).ok
    assert gp.check(fun, point, grad=lambda x: grad(x, 8.0)).verdict is Verdict.WRONG


def test_a_buffer_and_a_fresh_array_make_the_same_report():
    for point in POINTS.values():
        buffered, fresh = Buffered(point), Buffered(point)
        one = gp.check(buffered.value, point, grad=buffered.grad)
        other = gp.check(fresh.value, point, grad=lambda x, f=fresh: f.grad(x).copy())
        assert one.difference == other.difference


def test_a_gradient_that_is_the_point_itself():
    def half(x):
        return x @ x / 2

    def same(x):
        return x

    for dtype in (float, np.float32):
        point = W.astype(dtype)
        assert gp.check(half, point, grad=same).ok
        assert gp.check(half, point, grad=point).ok
        assert gp.check(lambda x: x @ x, point, grad=same).verdict is Verdict.WRONG
        assert gp.check(lambda x: x @ x, point, grad=point).verdict is Verdict.WRONG


class Accumulating:
    """The backward pass adds to gradients that only the forward pass clears."""

    def __init__(self, clears=True):
        self.clears, self.dw = clears, np.zeros_like(W)

    def value(self, w):
        if self.clears:
            self.dw = np.zeros_like(w)
        return squares(w)

    def grad(self, w):
        self.dw += 2 * w
        return self.dw


def test_gradients_that_accumulate():
    network = Accumulating()
    report = gp.check(network.value, W, grad=network.grad)
    assert report.verdict is Verdict.CORRECT, report
    never_cleared = Accumulating(clears=False)
    report = gp.check(never_cleared.value, W, grad=never_cleared.grad)
    assert not report.ok
    assert kinds(report) & {Kind.NONDETERMINISTIC, Kind.STATEFUL}


# Random functions


def generator_states():
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return (name, keys.tobytes(), *rest), random.getstate()


GLOBAL = {
    "numpy": lambda w: squares(w) + np.random.randn(),  # noqa: NPY002
    "python": lambda w: squares(w) + random.gauss(0, 1),
    "both": lambda w: squares(w) + np.random.rand() + random.random(),  # noqa: NPY002
}


@pytest.mark.parametrize("noisy", GLOBAL.values(), ids=GLOBAL)
def test_global_generators_are_seeded_told_and_restored(noisy):
    before = generator_states()
    report = gp.check(noisy, W, grad=double, seed=3)
    assert generator_states() == before
    assert report.ok, report
    assert report.resolution < 1e-6
    message = told(report, Kind.NONDETERMINISTIC)
    assert "random" in message
    assert "seeded with 3" in message
    assert gp.check(noisy, W, grad=lambda w: 2.001 * w).verdict is Verdict.WRONG
    assert generator_states() == before


def test_global_generators_are_restored_after_an_exception():
    def fails(w):
        np.random.rand()  # noqa: NPY002
        random.random()
        raise ZeroDivisionError

    before = generator_states()
    with pytest.raises(ZeroDivisionError):
        gp.check(fails, W, grad=double)
    assert generator_states() == before


def test_a_quiet_function_draws_nothing():
    before = generator_states()
    assert not gp.check(squares, W, grad=double).findings
    assert generator_states() == before


SEEDS = range(12)


def privately(scale, seed, shape="added"):
    generator = np.random.default_rng(seed)
    if shape == "added":
        return lambda w: squares(w) + scale * generator.normal()
    return lambda w: squares(w) * (1 + scale * generator.uniform(-1, 1))


@pytest.mark.parametrize("shape", ["added", "factor"])
@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1e-5, 1e-3, 0.1, 10.0])
def test_a_private_generator_is_noise(scale, shape):
    """A right gradient is never accused; a sign is seen while the noise is small."""
    for seed in SEEDS:
        report = gp.check(privately(scale, seed, shape), W, grad=double, seed=seed)
        assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), report
        assert report.ok or report.blocks[0].reason
        assert report.resolution > scale
        assert "not repeatable" in told(report, Kind.NONDETERMINISTIC)
        flipped = gp.check(privately(scale, seed, shape), W, grad=lambda w: -2 * w, seed=seed)
        if scale <= 1e-3:
            assert flipped.verdict is Verdict.WRONG, flipped
        else:
            assert flipped.verdict is not Verdict.CORRECT


@pytest.mark.parametrize("step", [1e-9, 1e-6, 1e-3, 1.0, 100.0])
def test_a_counter_inside_is_never_held_against_the_gradient(step):
    def counting():
        calls = [0]

        def fun(w):
            calls[0] += 1
            return squares(w) + step * calls[0]

        return fun

    for seed in SEEDS:
        report = gp.check(counting(), W, grad=double, seed=seed)
        assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), report
        assert Kind.NONDETERMINISTIC in kinds(report)
    if step <= 1e-6:
        assert gp.check(counting(), W, grad=lambda w: -2 * w).verdict is Verdict.WRONG


def test_a_gradient_that_differs_from_call_to_call_is_told():
    generator = np.random.default_rng(1)

    def noisy(scale):
        return lambda w: 2 * w + scale * generator.normal(size=w.size)

    for scale in (1e-9, 1e-4, 1.0):
        report = gp.check(squares, W, grad=noisy(scale))
        assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), report
        assert "grad is not repeatable" in told(report, Kind.NONDETERMINISTIC)
    wrong = gp.check(squares, W, grad=lambda w: -noisy(1e-4)(w))
    assert wrong.verdict is Verdict.WRONG
    assert not gp.check(squares, W, grad=double).findings


def test_a_gradient_that_differs_in_one_block_names_it():
    generator = np.random.default_rng(1)

    def grad(p):
        return {"a": 2 * p["a"], "b": 2 * p["b"] + 1e-3 * generator.normal(size=6)}

    report = gp.check(lambda p: squares(p["a"]) + squares(p["b"]), {"a": W, "b": W}, grad=grad)
    (finding,) = report.findings
    assert (finding.kind, finding.block) == (Kind.NONDETERMINISTIC, "params['b']")
    assert report.blocks[0].verdict is Verdict.CORRECT


# The pieces themselves


def test_caller_counts_and_passes_everything_on():
    caller = Caller((1,), {"b": 2})
    assert caller(lambda p, a, b: (p, a, b), "fun", 0) == (0, 1, 2)
    caller(lambda p, a, b: None, "grad", 0)
    caller(lambda p, a, b: None, "fun", 0)
    assert caller.calls == {"fun": 2, "grad": 1}


def test_caller_tells_who_raised_and_where():
    caller = Caller((), {}, where=lambda: "on the stairs")
    with pytest.raises(ZeroDivisionError) as caught:
        caller(lambda p: 1 / p, "fun", 0)
    assert caught.value.__notes__ == ["gradproof: raised by fun, called on the stairs."]


def test_caller_seeds_before_every_call_if_asked():
    def draw(_):
        return np.random.rand(), random.random()  # noqa: NPY002

    with generators_restored():
        seeded = Caller((), {}, seed=4)
        assert seeded(draw, "fun", 0) == seeded(draw, "fun", 0)
        free = Caller((), {})
        assert free(draw, "fun", 0) != free(draw, "fun", 0)


def test_reseed_takes_any_seed():
    with generators_restored():
        for seed in (0, 2**31, 2**32 + 5, 2**70):
            reseed(seed)


def test_a_mask_that_two_draws_share_by_chance_is_seeded_all_the_same():
    """With four entries every second pair of masks or so is one: nobody is to depend on that."""
    w = np.array([0.5, -1.0, 0.3, 0.8])

    def mask():
        return (np.random.random(4) > 0.3) / 0.7  # noqa: NPY002

    loss = lambda w: np.sum((w * mask()) ** 2)
    grad = lambda w, k=1.0: 2 * k * w * mask() ** 2
    for seed in range(12):
        assert gp.check(loss, w, grad=grad, seed=seed).ok
        assert gp.check(loss, w, grad=lambda w: grad(w, 3.0), seed=seed).verdict == "wrong"
