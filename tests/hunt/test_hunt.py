import math

import numpy as np
import pytest

import gradproof as gp
from gradproof.records.verdict import Verdict


def total(f):
    """A function of each entry, as a sum."""
    return lambda x, **options: float(np.sum(f(x, **options)))


def softplus(x, beta=1.0):
    return np.logaddexp(0, beta * x) / beta


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def leaky(x, slope):
    return np.where(x > 0, x, slope * x)


def log_softmax(x):
    return x - x.max() - np.log(np.sum(np.exp(x - x.max())))


def huber(x):
    return np.where(np.abs(x) < 4.25, x**2 / 2, 4.25 * np.abs(x) - 4.25**2 / 2)


def top(x):
    return float(np.max(x))


def share_of_ties(x):
    winners = x == np.max(x)
    return winners / winners.sum()


def mean_of_columns(x):
    if x.ndim != 2:
        raise ValueError("a matrix is wanted")
    return float(np.sum(np.mean(x, axis=0) ** 2))


def spread_mean(x, rows):
    return np.broadcast_to(2 * np.mean(x, axis=0) / rows, x.shape)


# Name: function, wrong gradient, right twin, space, settings.
FAULTS = {
    "zero at zero": (
        total(np.tanh),
        lambda x: np.where(x == 0, 0.0, 1 / np.cosh(x) ** 2),
        lambda x: 1 / np.cosh(x) ** 2,
        gp.arrays((3,)),
        {},
    ),
    "a setting is forgotten": (
        total(softplus),
        lambda x, beta: sigmoid(x),
        lambda x, beta: sigmoid(beta * x),
        gp.arrays((3,)),
        {"beta": gp.one_of(1.0, 0.5, 20.0)},
    ),
    "for negative entries, with a setting": (
        total(leaky),
        lambda x, slope: np.where(x > 0, 1.0, min(slope, 0.2)),
        lambda x, slope: np.where(x > 0, 1.0, slope),
        gp.arrays((3,)),
        {"slope": gp.one_of(0.01, 0.2, 0.5)},
    ),
    "every tied entry gets all": (
        top,
        lambda x: (x == np.max(x)) * 1.0,
        share_of_ties,
        gp.arrays((3,)),
        {},
    ),
    "beyond a number in the code": (
        total(huber),
        lambda x: np.where(np.abs(x) < 4.25, x, 4.25),
        lambda x: np.clip(x, -4.25, 4.25),
        gp.arrays((2,)),
        {},
    ),
    "divided by the wrong length": (
        mean_of_columns,
        lambda x: spread_mean(x, x.shape[1]),
        lambda x: spread_mean(x, x.shape[0]),
        gp.arrays(),
        {},
    ),
    "overflow": (
        total(sigmoid),
        lambda x: np.exp(x) / (1 + np.exp(x)) ** 2,
        lambda x: sigmoid(x) * sigmoid(-x),
        gp.arrays((3,)),
        {},
    ),
    "only the first row of a batch": (
        lambda x: float(np.sum(np.sin(x))),
        lambda x: np.cos(x) * (np.arange(len(x)) < 1).reshape(-1, *[1] * (x.ndim - 1)),
        np.cos,
        gp.arrays(gp.shapes(min_dims=1)),
        {},
    ),
    "transposed in memory": (
        lambda x: float(np.sum(np.arange(x.size).reshape(x.shape) * x**2)),
        lambda x: 2 * (np.arange(x.size) * x.ravel(order="K")).reshape(x.shape),
        lambda x: 2 * np.arange(x.size).reshape(x.shape) * x,
        gp.arrays((2, 3)),
        {},
    ),
    "right at norm 1 only": (
        lambda x: float(np.sum(x**2) ** 0.75),
        lambda x: 1.5 * x * (np.sum(x**2) ** -0.25 if np.sum(x**2) < 1 else 1),
        lambda x: 1.5 * x * np.sum(x**2) ** -0.25,
        gp.arrays((3,), low=0.01),
        {},
    ),
    "each entry by itself": (
        np.sin,
        lambda x: np.where(x < -2, 1, np.cos(x)),
        np.cos,
        gp.arrays(),
        {},
    ),
    "equal arguments": (
        lambda p: float(np.sum(np.maximum(p["a"], p["b"]))),
        lambda p: {"a": (p["a"] > p["b"]) * 1.0, "b": (p["b"] > p["a"]) * 1.0},
        lambda p: {"a": (p["a"] > p["b"]) * 1.0, "b": (p["b"] >= p["a"]) * 1.0},
        {"a": gp.arrays(2), "b": gp.arrays(2)},
        {},
    ),
}


# The others take seconds each.
QUICK = ("zero at zero", "overflow", "each entry by itself")


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in FAULTS]
)
def test_it_finds_what_a_random_point_hides_and_nothing_in_the_right_twin(name):
    fun, wrong, right, space, settings = FAULTS[name]
    hunt = gp.hunt(fun, space, grad=wrong, **settings)
    assert hunt.found, hunt
    assert not hunt.ok
    assert not hunt
    assert all(found.report.verdict.rejects for found in hunt.found)
    assert hunt.tries <= 300
    twin = gp.hunt(fun, space, grad=right, **settings)
    assert twin.ok, twin
    assert twin.found == ()


def hunted(name, **more):
    fun, wrong, _, space, settings = FAULTS[name]
    return gp.hunt(fun, space, grad=wrong, **settings, **more)


@pytest.mark.slow
def test_one_cause_is_reported_once_and_made_small():
    (found,) = hunted("divided by the wrong length").found
    assert found.values["point"].size == 2
    assert found.hits > 10
    hunt = hunted("a setting is forgotten")
    assert [found.values["beta"] for found in hunt.found] == [0.5]
    assert "beta=0.5" in hunt.found[0].cause


@pytest.mark.slow
def test_numbers_are_shortened():
    (found,) = hunted("beyond a number in the code").found
    assert sorted(found.values["point"].tolist()) == [-5.0, 0.0]


@pytest.mark.slow
def test_what_is_wrong_at_a_point_alone_is_told_from_a_region():
    (at_zero,) = hunted("zero at zero").found
    assert at_zero.beside == Verdict.CORRECT
    assert at_zero.cause.endswith("and not beside it")
    (region,) = hunted("beyond a number in the code").found
    assert region.beside == Verdict.WRONG
    (tie,) = hunted("every tied entry gets all").found
    assert tie.smoothness == "kink"


@pytest.mark.slow
def test_a_second_opinion_confirms():
    assert "mpmath" in hunted("zero at zero").found[0].confirmed_by
    (found,) = gp.hunt(
        lambda x: float(np.sum(x**3)),
        gp.arrays(2),
        grad=lambda x: 3 * x**2 * np.where(x > 1.5, 2, 1),
        like=lambda x: float(np.sum(x * x * x)),
    ).found
    assert found.confirmed_by == ("complex step", "mpmath", "like")


def test_another_way_that_sides_with_the_claim_is_a_doubt():
    (found,) = gp.hunt(
        lambda x: float(np.sum(np.where(x > 2, 1.1 * x, x))),
        gp.arrays(2),
        grad=np.ones_like,
        like=lambda x: float(np.sum(x)),
    ).found
    assert any("like" in doubt for doubt in found.doubts)
    assert "like" not in found.confirmed_by


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fun", "grad"),
    [
        (lambda x: float(np.sum(np.sqrt(x))), lambda x: 0.5 / np.sqrt(x)),
        (lambda x: float(np.sum(x**1.5)), lambda x: 1.5 * np.sqrt(x)),
        (lambda x: -float(np.sum(xlogx(x))), lambda x: -np.log(x) - 1),
        (lambda x: float(np.sum(np.cbrt(x))), lambda x: 1 / (3 * np.cbrt(x) ** 2)),
        (lambda x: float(np.sum(np.log(x))), lambda x: 1 / x),
    ],
)
def test_the_end_of_a_domain_accuses_nobody(fun, grad):
    assert gp.hunt(fun, gp.arrays(3, low=0), grad=grad).ok


def xlogx(x):
    return np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), 0)


def test_a_claim_that_is_no_number_where_the_slope_is_one_is_found():
    def root(x):
        return float(np.sum(np.sqrt(x**2)))

    (found,) = gp.hunt(root, gp.arrays(2), grad=lambda x: x / np.sqrt(x**2)).found
    assert 0 in found.values["point"]


def test_the_domain_is_never_left():
    seen = []

    def fun(x):
        seen.append(np.array(x, float))
        return float(np.sum(np.sin(x)))

    hunt = gp.hunt(fun, gp.arrays((3,), low=-0.5, high=2.0), grad=np.cos)
    assert hunt.ok
    assert min(x.min() for x in seen) >= -0.5
    assert max(x.max() for x in seen) <= 2.0


def test_what_fun_does_not_take_is_skipped():
    def fun(x):
        if x.shape[0] % 2:
            raise ValueError("pairs are wanted")
        return float(np.sum(np.log(x)))

    hunt = gp.hunt(fun, gp.arrays(gp.shapes(min_dims=1)), grad=lambda x: 1 / x)
    assert hunt.ok
    assert hunt.skipped > 20
    assert any("pairs" in reason for reason in hunt.reasons)
    assert sum(hunt.reasons.values()) <= hunt.skipped


def test_exceptions_of_grad_alone_are_told():
    def grad(x):
        return np.ones(3) if x.shape == (3,) else x[:, 700]

    hunt = gp.hunt(lambda x: float(np.sum(x)), gp.arrays(), grad=grad)
    assert hunt.found == ()
    assert any("IndexError" in said for said in hunt.raised)


def test_the_same_seed_makes_the_same_tries():
    first, second = (hunted("zero at zero", seed=4) for _ in range(2))
    assert first.tries == second.tries
    assert [str(f.values) for f in first.found] == [str(f.values) for f in second.found]


@pytest.mark.slow
def test_settings_whose_names_collide_go_into_options():
    fun = lambda x, seed, tries=1: float(np.sum(x**seed) * tries)
    hunt = gp.hunt(
        fun,
        gp.arrays(2, low=0.5),
        grad=lambda x, seed, tries=1: tries * 2 * x,
        options={"seed": gp.one_of(2, 3), "tries": 2},
    )
    assert hunt.found[0].values["seed"] == 3
    with pytest.raises(gp.UsageError, match="twice"):
        gp.hunt(fun, gp.arrays(2), grad=fun, options={"b": 1}, b=2)


def test_interrupted_it_keeps_what_it_has():
    calls = []

    def grad(x):
        calls.append(1)
        if len(calls) > 200:
            calls.clear()
            raise KeyboardInterrupt
        return np.where(x == 0, 0.0, 1.0)

    hunt = gp.hunt(lambda x: float(np.sum(x)), gp.arrays(3), grad=grad)
    assert hunt.interrupted
    assert hunt.tries < 300


def test_seconds_end_it():
    hunt = gp.hunt(lambda x: float(np.sum(x**2)), gp.arrays(3), grad=lambda x: 2 * x,
                   tries=None, seconds=0.3)  # fmt: skip
    assert hunt.ok
    assert hunt.seconds < 5


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gp.hunt(3, gp.arrays(2), grad=np.cos), "must be a function"),
        (lambda: gp.hunt(np.sin, np.ones(2), grad=np.cos), "Nothing varies"),
        (lambda: gp.hunt(np.sin, gp.arrays(2)), "no claimed gradient"),
        (lambda: gp.hunt(np.sin, gp.arrays(2), grad=np.cos, tries=0), "tries must be"),
        (lambda: gp.hunt(np.sin, gp.arrays(2), grad=np.cos, tries=None), "without an end"),
        (lambda: gp.hunt(np.sin, gp.arrays(2), grad=np.cos, seconds=-1), "seconds must be"),
        (lambda: gp.hunt(np.sin, gp.arrays(2), grad=np.cos, seed=-1), "seed must be"),
        (lambda: gp.hunt(np.sin, gp.arrays(2), grad=np.cos, workers=0), "workers must be"),
        (lambda: gp.hunt(np.sin, gp.arrays(2), grad=np.cos, like=3), "like must be"),
        (lambda: gp.hunt(lambda x: "a", gp.arrays(2), grad=np.cos), "Nothing could be checked"),
        (lambda: gp.arrays((2.5,)), "shape must be"),
        (lambda: gp.arrays(2, low=3, high=1), "no number from"),
        (lambda: gp.arrays(2, dtype="fish"), "dtype must be"),
        (gp.one_of, "at least one"),
        (lambda: gp.integers(3, 1), "no integer"),
        (lambda: gp.shapes(3, 1), "no such shape"),
        (lambda: gp.simplex(0), "positive integer"),
    ],
)
def test_wrong_use_gets_a_sentence(call, said):
    with pytest.raises(gp.UsageError, match=said):
        call()


@pytest.mark.slow
def test_it_says_what_it_found_in_words():
    text = str(hunted("a setting is forgotten"))
    assert "with beta=0.5" in text
    assert ": found 1, tries" in text
    assert math.isfinite(hunted("zero at zero").seconds)


def test_the_derivative_of_each_complex_entry_is_that_of_complex_analysis():
    space = gp.arrays(3, "complex128")
    assert gp.hunt(np.sin, space, grad=np.cos, tries=12).ok
    assert gp.hunt(np.sin, space, grad=lambda z: np.conj(np.cos(z)), tries=12).found
