"""What JAX's own check_grads gets wrong: each specimen as a real function of JAX arrays.

A wrong derivative is a ``custom_jvp`` or a ``custom_vjp`` rule. 64-bit numbers are off, as they
are by default, and stay off; some specimens are looked at once more with them on. What
``jax.test_util.check_grads`` says to the same functions stands last: its directions are the
same in every run.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads as jax_check_grads

import gradproof as gp
from gradproof import GradientError, Kind, Verdict
from gradproof.jax import check_grads

# Each compiles anew.
pytestmark = pytest.mark.slow

CORRECT, SUSPECT, WRONG, UNDECIDED = Verdict
SINGLE, DOUBLE = np.float32, np.float64
BOTH, FORWARD, REVERSE, NEITHER = ("fwd", "rev"), ("fwd",), ("rev",), ()


@dataclass
class Twin:
    """A wrong rule, what gradproof has to say of it, and the modes in which JAX passes it."""

    fun: Callable[[Any], Any]
    kind: Kind | None = None
    factor: float | None = None
    passes: tuple[str, ...] = NEITHER


@dataclass
class Specimen:
    """A function with right derivatives, a point in NumPy's arrays, and wrong twins by name."""

    name: str
    point: Any
    right: Callable[[Any], Any]
    wrong: dict[str, Twin]
    right_is: tuple[Verdict, ...] = (CORRECT,)
    resolution: tuple[float, float] = (0.0, 1.0)
    accused: tuple[str, ...] = NEITHER  # in which modes JAX accuses the right one
    block: str = "params"
    x64: bool = False


def normal(seed, *shape, dtype=SINGLE):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def by_jvp(value, slope):
    """``slope(x, tangent)`` is the derivative in both modes: JAX transposes it."""

    @jax.custom_jvp
    def function(x):
        return value(x)

    @function.defjvp
    def rule(primals, tangents):
        (x,), (tangent,) = primals, tangents
        return function(x), slope(x, tangent).astype(x.dtype)

    return function


def by_vjp(value, slope):
    """``slope(x, cotangent)`` is the derivative in reverse mode; there is no forward mode."""

    @jax.custom_vjp
    def function(x):
        return value(x)

    function.defvjp(lambda x: (value(x), x), lambda x, g: (slope(x, g).astype(x.dtype),))
    return function


def sine(factor=1.0, rule=by_jvp):
    return rule(jnp.sin, lambda x, t: factor * t * jnp.cos(x))


# Wrong derivatives that pass


def _many_outputs(dtype):
    """The tolerance of forward mode is multiplied by the number of outputs."""
    for count, factor, name, kind in (
        (1000, -1.0, "sign", Kind.SIGN),
        (600, 0.0, "zero", Kind.ZERO),
    ):
        x, passes = normal(1, count, dtype=dtype), FORWARD if dtype is SINGLE else NEITHER
        # Among so many inputs a wrong forward mode is not written out, entry by entry.
        told = kind if factor == 0 else None
        yield Specimen(
            f"sin, {count} outputs", x, sine(),
            {name: Twin(sine(factor), told, factor if told else None, passes=passes)},
        )  # fmt: skip
        yield Specimen(
            f"sin, {count} outputs, custom_vjp", x, sine(rule=by_vjp),
            {name: Twin(sine(factor, by_vjp), kind, factor)},
        )  # fmt: skip


def _large_leaf(dtype):
    def fun(factor, rule):
        inner = sine(factor, rule)
        return lambda p: 1e4 * p["a"].sum() + inner(p["b"]).sum()

    for rule in (by_jvp, by_vjp):
        modes = BOTH if rule is by_jvp else REVERSE
        passes = modes if dtype is SINGLE else NEITHER
        yield Specimen(
            f"1e4 sum(a) + sum(sin b), {rule.__name__}",
            {"a": normal(2, 5, dtype=dtype), "b": normal(3, 7, dtype=dtype)}, fun(1.0, rule),
            {"no b": Twin(fun(0.0, rule), Kind.ZERO, 0.0, passes),
             "sign of b": Twin(fun(-1.0, rule), Kind.SIGN, -1.0, passes)},
            block="params['b']",
        )  # fmt: skip


# Right derivatives that are accused


def _round_off(dtype):
    """Of the value in float32; with ``cast`` the function insists on it."""
    accused, coarse = (BOTH, True) if dtype is SINGLE else (NEITHER, False)
    for forced in (False, True) if coarse else (False,):
        cast = (lambda x: x.astype(SINGLE)) if forced else (lambda x: x)
        told = ", never promoted" if forced else ""

        def inside(function, cast=cast):
            return lambda x: function(cast(x))

        def scaled(factor):
            return by_jvp(lambda x: x * 1, lambda x, t: factor * t)

        yield Specimen(
            f"x at 100{told}", np.full(3, 100, dtype), inside(lambda x: x * 1),
            {"7.5 %": Twin(inside(scaled(1.075)), Kind.SCALE, 1.075)}, accused=accused,
        )  # fmt: skip

        def shifted(factor, cast=cast):
            return lambda x: 1000 + sine(factor)(cast(x))

        # Of an error of twice its bar nothing is said but that it is there.
        kind = (None, None) if forced else (Kind.SCALE, 1.05)
        yield Specimen(
            f"1000 + sin x{told}", np.ones(3, dtype), inside(lambda x: 1000 + jnp.sin(x)),
            {"5 %": Twin(shifted(1.05), *kind),
             "sign": Twin(shifted(-1.0), Kind.SIGN, -1.0)},
            right_is=(CORRECT, UNDECIDED) if forced else (CORRECT,),
            accused=FORWARD if coarse else NEITHER,
        )  # fmt: skip

        def log_softmax(centre, scale):
            return by_jvp(
                jax.nn.log_softmax, lambda x, t: scale * (t - centre * (jax.nn.softmax(x) @ t))
            )

        yield Specimen(
            f"log_softmax(1000){told}", np.array([1000, 999, 998.5], dtype),
            inside(jax.nn.log_softmax),
            {"sign": Twin(inside(log_softmax(1, -1)), Kind.SIGN, -1.0),
             "without the sum": Twin(inside(log_softmax(0, 1)))},
            right_is=(CORRECT, UNDECIDED) if forced else (CORRECT,), accused=accused,
        )  # fmt: skip

        def squares(factor):
            return by_vjp(lambda x: (x**2).sum(), lambda x, g: factor * g * x)

        yield Specimen(
            f"sum x**2, 1e5 inputs{told}", normal(4, 100_000, dtype=dtype),
            inside(lambda x: (x**2).sum()),
            {"1.967": Twin(inside(squares(1.967)), None if forced else Kind.SCALE, 1.967 / 2),
             "sign": Twin(inside(squares(-2.0)))},
            accused=accused,
        )  # fmt: skip


def _low_precision():
    """Where ``x + h == x`` JAX measures 0, and passes a derivative of 0."""
    for name, value, slope, dtype in (
        ("float16 exp", jnp.exp, jnp.exp, jnp.float16),
        ("bfloat16 sin", jnp.sin, jnp.cos, jnp.bfloat16),
    ):
        for forced in (False, True):
            cast = (lambda x, d=dtype: x.astype(d)) if forced else (lambda x: x)

            def scaled(factor, value=value, slope=slope, cast=cast):
                inner = by_jvp(value, lambda x, t: factor * t * slope(x))
                return lambda x: inner(cast(x))

            # The rule itself is looked at, and in float16 no closer than to reject it.
            told = None if forced and dtype is jnp.float16 else Kind.SIGN
            yield Specimen(
                f"{name}{', never promoted' if forced else ''}", np.ones(3, dtype),
                lambda x, value=value, cast=cast: value(cast(x)),
                {"zero": Twin(scaled(0.0), Kind.ZERO, 0.0, BOTH),
                 "sign": Twin(scaled(-1.0), told)},
                right_is=(CORRECT, UNDECIDED), resolution=(1e-5, 1.0), accused=BOTH,
            )  # fmt: skip


def _all():
    for maker in (_many_outputs, _large_leaf, _round_off):
        yield from maker(SINGLE)
    yield from _low_precision()
    # Once more with 64-bit numbers on: points in double precision, and one that is not.
    for maker in (_many_outputs, _large_leaf, _round_off):
        for specimen in maker(DOUBLE):
            specimen.name += ", x64"
            specimen.resolution = (0.0, 1e-6)
            specimen.x64 = True
            yield specimen
    for specimen in _large_leaf(SINGLE):
        specimen.name += ", float32 under x64"
        specimen.x64 = True
        for twin in specimen.wrong.values():
            twin.passes = NEITHER
        yield specimen


SPECIMENS = list(_all())
TWINS = [(specimen, name) for specimen in SPECIMENS for name in specimen.wrong]
named = [f"{specimen.name}: {name}" for specimen, name in TWINS]


def x64_is_on():
    return jnp.asarray(np.ones(1)).dtype == jnp.float64


@pytest.fixture(autouse=True)
def single_precision_outside():
    before = jax.config.jax_enable_x64  # other tests import modules that switch it on
    jax.config.update("jax_enable_x64", False)
    assert not x64_is_on()
    yield
    assert not jax.config.jax_enable_x64
    assert not x64_is_on()
    jax.config.update("jax_enable_x64", before)


def in_its_setting(specimen, check, fun):
    with jax.enable_x64(specimen.x64):
        answer = check(fun, jax.tree.map(jnp.asarray, specimen.point))
        assert jax.config.jax_enable_x64 == x64_is_on() == specimen.x64
    return answer


def verdicts(report):
    return {block.name: block.verdict for block in report.blocks}


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.name)
def test_a_right_derivative_passes(specimen):
    report = in_its_setting(specimen, gp.check, specimen.right)
    assert report.verdict in specimen.right_is, report
    assert not report.findings
    if report.verdict is CORRECT:
        low, high = specimen.resolution
        assert all(low < block.resolution < high for block in report.blocks), report


@pytest.mark.parametrize(("specimen", "name"), TWINS, ids=named)
def test_its_wrong_twin_is_caught(specimen, name):
    twin = specimen.wrong[name]
    report = in_its_setting(specimen, gp.check, twin.fun)
    found = verdicts(report)
    assert found.pop(specimen.block) is WRONG, report
    assert set(found.values()) <= {CORRECT}, report
    if twin.kind is None:
        return
    # Of the block, or of the rule that is at fault.
    named = (specimen.block, *(f"{o.name}.inputs" for o in report.operations))
    kinds = {f.kind: f for f in report.findings if f.block and f.block.startswith(named)}
    assert twin.kind in kinds, report
    if twin.factor is not None:
        finding = kinds[twin.kind]
        assert math.isclose(finding.factor, twin.factor, abs_tol=10 * finding.factor_bar + 1e-6)


DROPPED_IN = [
    specimen
    for specimen in SPECIMENS
    if specimen.name in ("sin, 600 outputs", "1000 + sin x", "float16 exp", "x at 100, x64")
    or specimen.name.startswith("1e4 sum(a) + sum(sin b), by_jvp")
]


@pytest.mark.parametrize("specimen", DROPPED_IN, ids=lambda s: s.name)
def test_the_drop_in_says_the_same(specimen):
    for modes in (FORWARD, REVERSE):
        drop_in = lambda fun, x, modes=modes: check_grads(fun, (x,), modes=modes)
        in_its_setting(specimen, drop_in, specimen.right)
        for twin in specimen.wrong.values():
            with pytest.raises(GradientError) as caught:
                in_its_setting(specimen, drop_in, twin.fun)
            assert caught.value.report.verdict is WRONG


@pytest.mark.parametrize("x64", [False, True], ids=["", "x64"])
def test_outside_the_domain_nothing_is_decided(x64):
    with jax.enable_x64(x64):
        for fun in (jnp.sqrt, by_jvp(jnp.sqrt, lambda x, t: 0.5 * t)):
            report = gp.check(fun, jnp.asarray(-1.0))
            assert report.verdict is UNDECIDED, report
            assert report.findings[0].kind is Kind.NOT_FINITE
        assert gp.check(jnp.sqrt, jnp.asarray(1.0)).verdict is CORRECT
        for slope in (lambda x, t: jnp.nan * t, lambda x, t: -0.5 * t / jnp.sqrt(x)):
            assert gp.check(by_jvp(jnp.sqrt, slope), jnp.asarray(1.0)).verdict is WRONG


# What jax.test_util.check_grads says to the same functions: facts about it, not about gradproof


def jax_passes(fun, point, mode):
    try:
        jax_check_grads(fun, (jax.tree.map(jnp.asarray, point),), 1, modes=(mode,))
    except AssertionError:
        return False
    return True


ACCUSED = [specimen for specimen in SPECIMENS if specimen.accused]
PASSED = [(s, name) for s, name in TWINS if s.wrong[name].passes]


@pytest.mark.parametrize("specimen", ACCUSED, ids=lambda s: s.name)
def test_jax_accuses_the_right_one(specimen):
    for mode in specimen.accused:
        assert not jax_passes(specimen.right, specimen.point, mode)


@pytest.mark.parametrize(("specimen", "name"), PASSED, ids=[f"{s.name}: {n}" for s, n in PASSED])
def test_jax_passes_the_wrong_one(specimen, name):
    twin = specimen.wrong[name]
    for mode in twin.passes:
        assert jax_passes(twin.fun, specimen.point, mode)


def test_jax_passes_what_is_not_a_number():
    assert jax_passes(jnp.sqrt, np.full((), -1, SINGLE), "fwd")
    assert jax_passes(jnp.sqrt, np.full((), -1, SINGLE), "rev")
