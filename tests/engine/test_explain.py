"""From a wrong gradient to its findings, by the whole check: what is said, and for how much."""

import itertools
import json
import zlib

import numpy as np
import pytest

import gradproof as gp
from gradproof.diagnose.evidence import Evidence
from suspects import values

REJECTED = (gp.Verdict.WRONG, gp.Verdict.SUSPECT)


class Counted:
    """A function that counts its calls, with noise that is the same at the same point."""

    def __init__(self, fun, noise=0.0):
        self.fun, self.noise, self.calls = fun, noise, 0

    def __call__(self, point, *args):
        self.calls += 1
        value = self.fun(point, *args)
        if self.noise:
            roll = zlib.crc32(np.ascontiguousarray(point).tobytes()) / 2**32 - 0.5
            value += self.noise * (1 + abs(value)) * roll
        return value


def waves(weights):
    """Σ w sin x and its gradient; for complex x, of both parts."""
    if np.iscomplexobj(weights):
        return (
            lambda x: float(np.sum(weights.real * np.sin(x.real) + weights.imag * np.cos(x.imag))),
            lambda x: weights.real * np.cos(x.real) - 1j * weights.imag * np.sin(x.imag),
        )
    return lambda x: float(np.sum(weights * np.sin(x))), lambda x: weights * np.cos(x)


def inquired(weights, point, spoil, *, noise=0.0, **kwargs):
    """The report on a spoiled gradient, and the entries that are really wrong."""
    fun, gradient = waves(weights)
    true = gradient(point)
    claimed = np.array(true)
    result = spoil(claimed)
    claimed = claimed if result is None else result
    counted = Counted(fun, noise)
    report = gp.check(counted, point, grad=claimed, **kwargs)
    json.dumps(report.to_dict(), allow_nan=False)
    str(report)
    wrong = {tuple(map(int, i)) for i in np.argwhere(claimed != true)}
    return report, wrong, counted.calls


def only(report):
    (found,) = [f for f in report.findings if f.kind != "kink"]
    return found


# The figures


@pytest.fixture
def before(monkeypatch):
    """How often a counted function was called when the search for entries began."""
    seen = []
    where = Evidence.where

    def noting(evidence):
        seen.append(evidence.measure.func.__self__.session.fun.calls)
        return where(evidence)

    monkeypatch.setattr(Evidence, "where", noting)
    return seen


def bowl(spoil):
    """A million parameters of a cheap function, and a wrong gradient."""
    weights, point = values((1000, 1000)), values((1000, 1000), 1)
    fun = Counted(lambda x: float(np.vdot(weights, x) + np.vdot(x, x)))
    claimed = weights + 2 * point
    spoil(claimed)
    return fun, point, claimed


def test_one_entry_of_a_million_takes_forty_evaluations(before):
    def spoil(array):
        array[123, 457] += 1e-3 * np.linalg.norm(array)

    fun, point, claimed = bowl(spoil)
    found = only(gp.check(fun, point, grad=claimed))
    assert found.kind == "entries"
    assert found.entries == ((123, 457),)
    # Eight for the picture of the plateau, and eight where the processor rounds such a sum worse.
    assert fun.calls - before[0] <= 40 + 8 + 8


def test_a_row_of_a_large_weight_takes_eighty_slopes(before):
    def spoil(array):
        array[17] *= 2

    fun, point, claimed = bowl(spoil)
    found = only(gp.check(fun, point, grad=claimed))
    assert "[17, :]" in found.message
    assert found.entries is None or found.entries == tuple((17, j) for j in range(1000))
    assert fun.calls - before[0] <= 9 * 80


def test_five_of_a_thousand():
    def spoil(array):
        array[[3, 77, 500, 501, 900]] *= 1.5

    report, wrong, calls = inquired(values(1000), values(1000, 1), spoil)
    assert set(only(report).entries) == wrong
    assert calls <= 9 * 120 + 60


# Points of all kinds


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 6), (6, 1), (3, 2, 4), (2, 3, 2, 3)])
def test_the_last_entry_is_named(shape):
    def spoil(array):
        array[tuple(n - 1 for n in shape)] += 0.4

    report, wrong, _ = inquired(values(shape), values(shape, 1), spoil)
    found = only(report)
    assert report.verdict == "wrong"
    if found.entries is None:
        assert np.prod(shape) == 1
    else:
        assert set(found.entries) == wrong
        assert all(type(i) is int for index in found.entries for i in index)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("promotable", [True, False])
def test_low_precision_parameters(dtype, promotable):
    weights = values((12, 15)).astype(dtype)
    point = values((12, 15), 1).astype(dtype)

    def fun(x):
        x = x if promotable else x.astype(dtype)
        return float(np.sum(weights.astype(float) * np.sin(x.astype(float))))

    claimed = (weights * np.cos(point)).astype(dtype)
    claimed[3, 4] = -2
    report = gp.check(fun, point, grad=claimed)
    for found in report.findings:
        if found.entries is not None:
            assert found.entries == ((3, 4),)
        assert "every entry" not in found.message
    right = gp.check(fun, point, grad=(weights * np.cos(point)).astype(dtype))
    assert right.verdict not in REJECTED


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order_does_not_move_entries(order):
    def spoil(array):
        array[3, 14] *= 2
        return np.array(array, order=order)

    point = np.array(values((9, 40), 1), order=order)
    report, wrong, _ = inquired(np.array(values((9, 40)), order=order), point, spoil)
    assert set(only(report).entries) == wrong == {(3, 14)}


def test_views_with_strides():
    def spoil(array):
        array[2, 5] *= 2

    report, wrong, _ = inquired(values((8, 30))[::2, ::3], values((8, 30), 1)[::-2, ::3], spoil)
    assert set(only(report).entries) == wrong == {(2, 5)}


@pytest.mark.parametrize("shape", [(), (1,), (7,), (5, 6)])
def test_complex_blocks(shape):
    def spoil(array):
        array[tuple(n // 2 for n in shape)] += 0.3j

    point = values(shape, 1) + 1j * values(shape, 2)
    report, wrong, _ = inquired(values(shape) + 1j * values(shape, 3), point, spoil)
    found = only(report)
    assert report.verdict == "wrong"
    if found.entries is not None:
        assert set(found.entries) == wrong
    elif np.prod(shape) > 1:
        pytest.fail(found.message)


def test_beside_a_kink():
    point = values((6, 9), 1)
    point[0] = 0

    def fun(x):
        return float(np.sum(np.maximum(x, 0) * 3 + np.sin(x)))

    def grad(x, factor=1.0):
        claimed = 3.0 * (x > 0) + np.cos(x)
        claimed[4, 4] *= factor
        return claimed

    assert gp.check(fun, point, grad=grad).verdict not in REJECTED
    report = gp.check(fun, point, grad=lambda x: grad(x, 1.5))
    assert report.verdict == "wrong"
    assert next(f.kind for f in report.findings) == "kink"
    assert only(report).entries == ((4, 4),)


@pytest.mark.parametrize("seed", range(4))
def test_the_claim_at_a_kink_itself(seed):
    point = np.zeros(6)
    point[3:] = values(3, 1)
    claimed = np.where(point > 0, 1.0, 0.0)
    claimed[1] = 50.0
    report = gp.check(lambda x: float(np.maximum(x, 0).sum()), point, grad=claimed, seed=seed)
    for found in report.findings:
        assert found.entries is None or set(found.entries) <= {(1,)}, found.message


@pytest.mark.parametrize("seed", range(6))
def test_the_edge_of_a_domain(seed):
    point = np.array([0.0, 0.0, 1.0, 2.0, 3.0])

    def fun(x):
        with np.errstate(invalid="ignore"):
            return float(np.sum(x**1.5))

    def claim(x):
        with np.errstate(invalid="ignore"):
            return 3 * np.sqrt(x)

    report = gp.check(fun, point, grad=claim, seed=seed)
    for found in report.findings:
        assert found.entries is None or set(found.entries) <= {(2,), (3,), (4,)}


# Several blocks


def test_every_faulty_block_gets_its_own_explanation():
    point = {k: values((6, 5), i) for i, k in enumerate("abcdef")}
    weights = {k: values((6, 5), 20 + i) for i, k in enumerate("abcdef")}

    def fun(p):
        return float(sum(np.sum(weights[k] * np.sin(p[k])) for k in weights))

    def grad(p):
        out = {k: weights[k] * np.cos(p[k]) for k in weights}
        out["a"] *= 2
        out["b"][2, 3] += 1
        out["c"] = -out["c"]
        out["d"] += 0.1 * p["d"]
        out["e"][3] = 0
        return out

    report = gp.check(fun, point, grad=grad)
    found = {f.block: f for f in report.findings}
    kinds = {name[8]: str(f.kind) for name, f in found.items()}
    assert kinds == {"a": "scale", "b": "entries", "c": "sign", "d": "parameter-term", "e": "zero"}
    assert found["params['b']"].entries == ((2, 3),)
    assert found["params['e']"].entries == tuple((3, j) for j in range(5))


@pytest.mark.parametrize("count", [30, 60])
def test_many_wrong_blocks_stay_affordable(count):
    point = [values(20, i) for i in range(count)]
    fun = Counted(lambda p: float(sum(np.sum(np.sin(v * (i % 7 + 1))) for i, v in enumerate(p))))

    def grad(p):
        wobble = 1 + 0.3 * np.cos(np.arange(20))
        return [(i % 7 + 1) * np.cos(v * (i % 7 + 1)) * wobble for i, v in enumerate(p)]

    report = gp.check(fun, point, grad=grad)
    wrong_ones = {b.name for b in report.blocks if b.verdict in REJECTED}
    assert report.verdict == "wrong"
    assert wrong_ones
    assert wrong_ones <= {f.block for f in report.findings}
    assert fun.calls <= 3000


def test_equal_gradients_with_the_same_wrong_entry():
    weights = values(5)

    def fun(p):
        return float(np.sum(weights * np.sin(p["x"] + p["y"])))

    def grad(p):
        delta = weights * np.cos(p["x"] + p["y"])
        delta[3] *= 1.5
        return {"x": delta, "y": delta.copy()}

    report = gp.check(fun, {"x": values(5, 1), "y": values(5, 2)}, grad=grad)
    assert [f.entries for f in report.findings] == [((3,),), ((3,),)]


def test_a_block_that_does_not_matter():
    def fun(p):
        return float(np.sum(np.sin(p["x"] + p["y"] - p["y"])))

    def grad(p):
        return {"x": np.cos(p["x"]), "y": np.arange(1.0, 7.0)}

    report = gp.check(fun, {"x": values(6), "y": values(6, 1)}, grad=grad)
    found = only(report)
    assert found.block == "params['y']"
    assert found.kind not in {"sign", "scale"}


@pytest.mark.parametrize("effort", ["quick", "standard", "thorough", "sweep"])
def test_every_effort_says_something_true(effort):
    def spoil(array):
        array[7] *= 2

    report, wrong, _ = inquired(values(30), values(30, 1), spoil, effort=effort)
    found = only(report)
    assert report.verdict == "wrong"
    assert found.entries is None or set(found.entries) == wrong
    if effort != "quick":
        assert found.entries == ((7,),)


def test_a_right_gradient_is_not_inquired():
    fun, gradient = waves(values((9, 9)))
    counted = Counted(fun)
    report = gp.check(counted, values((9, 9), 1), grad=gradient)
    assert report.ok
    assert report.findings == ()
    assert counted.calls <= 60


# Exceptions and random states belong to the user


class OutOfCoffee(Exception):
    pass


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_exceptions_in_the_middle_of_an_inquiry_surface(share):
    fun, gradient = waves(values((30, 20)))
    point = values((30, 20), 1)
    claimed = gradient(point) * (1 + 0.1 * np.cos(values((30, 20), 5)))
    counted = Counted(fun)
    assert not gp.check(counted, point, grad=claimed)
    last = 27 + share * (counted.calls - 27)
    later = Counted(fun)

    def falls_over(x):
        if later.calls > last:
            raise OutOfCoffee("no more evaluations today")
        return later(x)

    with pytest.raises(OutOfCoffee, match="no more evaluations"):
        gp.check(falls_over, point, grad=claimed)


def test_the_same_seed_finds_the_same():
    def spoil(array):
        array[[3, 200, 77]] *= 1.5

    first, second = (inquired(values(300), values(300, 1), spoil, seed=5)[0] for _ in range(2))
    assert first.findings == second.findings
    assert first.evaluations == second.evaluations


# Noise


def planted(seed):
    """A random fault in a noisy function: the report and the entries that are wrong."""
    rng = np.random.default_rng(seed)
    shapes = [(3,), (1,), (1, 7), (12,), (30,), (6, 9), (20, 15), (4, 3, 5), (3, 2, 4, 5), (200,)]
    shape = shapes[seed % len(shapes)]
    size = int(np.prod(shape))
    chosen = rng.choice(size, int(rng.integers(1, min(size, 6) + 1)), replace=False)
    faults = [
        lambda a: a.__setitem__(chosen, a[chosen] * rng.choice([2, -1, 0.5, 1.01])),
        lambda a: a.__setitem__(chosen, 0),
        lambda a: a.__setitem__(chosen, a[chosen] + 0.1 * rng.standard_normal(chosen.size)),
        lambda a: a.__setitem__(slice(0, None, 3), a[::3] * 2),
        lambda a: a.__setitem__(chosen, a[chosen] * (1 + 10 ** rng.uniform(-5, 0, chosen.size))),
    ]

    def spoil(array):
        flat = array.reshape(-1)
        faults[seed // len(shapes) % len(faults)](flat)

    weights = values(shape, seed) * 10 ** rng.uniform(-1.5, 1.5, shape)
    noise = 10 ** rng.uniform(-9, -6)
    return inquired(weights, values(shape, seed + 1), spoil, noise=noise, seed=seed)


@pytest.mark.parametrize(
    "batch", [0, 1, *(pytest.param(k, marks=pytest.mark.slow) for k in range(2, 10))]
)
def test_no_right_entry_is_named_under_noise(batch):
    named = 0
    for seed in range(25 * batch, 25 * batch + 25):
        report, wrong, calls = planted(seed)
        for found in report.findings:
            if found.entries is not None:
                assert set(found.entries) <= wrong, (seed, found.message)
                named += 1
            if "every entry is" in found.message:
                assert len(wrong) == np.prod(report.blocks[0].shape), (seed, found.message)
        assert calls <= 5000, seed
    assert named >= 10


@pytest.mark.parametrize(
    ("noise", "size"), list(itertools.product([1e-9, 1e-6], [16, 24, 100, 1000]))
)
def test_the_dearest_faults_stay_affordable(noise, size):
    def wobble(array):
        array *= 1 + 0.1 * np.cos(np.arange(size) * 7.3)

    def zeros(array):
        array[: min(60, size // 2)] = 0

    for spoil in (wobble, zeros):
        report, wrong, calls = inquired(values(size), values(size, 1), spoil, noise=noise)
        assert report.verdict == "wrong"
        assert calls <= 4000, only(report).message
        if only(report).entries is not None:
            assert set(only(report).entries) <= wrong


@pytest.mark.parametrize("shape", [(20,), (8, 30), (40, 50)], ids=str)
def test_what_no_simple_fault_explains_is_given_up_early(shape):
    rng = np.random.default_rng(5)
    point, wrong = rng.normal(size=shape), rng.normal(size=shape)

    def cost(x):
        return np.sum(np.sin(x))

    report = gp.check(cost, point, grad=np.cos(point) + wrong)
    print(report.inquiry, report.evaluations)
    assert report.verdict is gp.Verdict.WRONG
    assert report.inquiry <= 60
    assert [f.kind for f in report.findings] == [gp.records.finding.Kind.UNEXPLAINED]
