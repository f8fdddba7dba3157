"""The later families of specimens: true without gradproof, and what gradproof says of them.

A right claim is shown by difference quotients, in extended precision where a function allows it,
at some step along several directions at once; a wrong one by those of no step at all. Claims in
low precision are computed in high precision for that: what is shown is the formula.
"""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from recorded.record import read
from recorded.suites import LEFT_OUT
from trial.asked import failed
from trial.contestant import Verdict
from trial.contestants import ALL as CONTESTANTS
from trial.known import KNOWN
from trial.specimens import ALL, FURTHER
from trial.specimens.calls import ALL_CALLS

special = importlib.import_module("trial.specimens.special")
unsteady = importlib.import_module("trial.specimens.unsteady")

STEPS = 10.0 ** np.arange(-12, -0.2, 0.5)  # shares of a parameter, absolute where it is 0
DIRECTIONS = 3
TOLERANCE = 1e-5
COARSE = {"steps": 0.15}  # a few steps of the staircase are in reach, and no more
QUANTUM = 1e-7  # a smaller step may move no value at all, for want of digits
AT_ZERO = 1e-9  # a slope this small is none: round-off of a zero
# Numbers so small that steps of their own size show nothing; polynomials show all over wider ones.
WIDE = ("a low-rank change", "a penalty of numbers", "a value that is rounded inside")

KINKED = ("rectified", "shrunk", "shared")
# Of open ones in detail the waves are shorter than any step that shows a quotient.
PLAIN = [
    s
    for s in FURTHER
    if s.family not in ("ties", "given", "unsteady", "hidden", "special", *KINKED)
    and not (s.family == "detail" and s.open)
]
# Of open ones in steps the slopes are smaller than what is taken for zero here.
PLAINLY_WRONG = [s for s in PLAIN if not s.right and not (s.family == "steps" and s.open)]
AT_KINKS = [s for s in FURTHER if s.family in KINKED and s.right]
HIDDEN = [s for s in FURTHER if s.family == "hidden"]
SPECIAL = [s for s in FURTHER if s.family == "special"]
TIES = [s for s in FURTHER if s.family == "ties"]


def extended(array):
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return array
    return array.astype(np.longdouble)


def claims(problem):
    """The claim, in extended precision where it can be had."""
    args = tuple(map(extended, problem.args))
    with np.errstate(all="ignore"):
        return problem.grad({k: extended(v) for k, v in problem.params.items()}, *args)


def value(problem, direction, t):
    moved = {k: extended(v) + t * direction.get(k, 0.0) for k, v in problem.params.items()}
    with np.errstate(all="ignore"):
        return problem.fun(moved, *map(extended, problem.args))


def quotient(problem, direction, step):
    """The central difference along a direction of several blocks, or that of the finite side."""
    ends = {t: value(problem, direction, t) for t in (step, -step)}
    if not all(np.isfinite(end) for end in ends.values()):
        ends[0.0] = value(problem, direction, 0.0)
    inside = {t: end for t, end in ends.items() if np.isfinite(end)}
    if len(inside) < 2:
        return np.nan
    high, low = max(inside), min(inside)
    return float((inside[high] - inside[low]) / (high - low))


def limit(problem, direction, step):
    """Of quotients whose rest is a power of the step: Aitken's (1926) extrapolation."""
    far, near, nearest = (quotient(problem, direction, step / 8**k) for k in range(3))
    bend = (nearest - near) - (near - far)
    return nearest - (nearest - near) ** 2 / bend if bend else nearest


def random_direction(rng, array, *, wide=False):
    size = np.where((array == 0) | wide, 1.0, np.abs(array.astype(float)))
    signs = rng.choice([-1.0, 1.0], array.shape)
    return size * signs * rng.uniform(0.5, 1.5, array.shape)


def shown(problem, claim, name, tolerance, entries, *, wide=False):
    """Whether a block's claim is what difference quotients are, at some step."""
    rng = np.random.default_rng(0)
    moved = np.zeros(problem.params[name].shape)
    for index in entries or (...,):
        moved[index] = 1.0
    count = DIRECTIONS if tolerance >= TOLERANCE else 3 * DIRECTIONS  # three may agree by chance
    lines = [moved * random_direction(rng, problem.params[name], wide=wide) for _ in range(count)]
    with np.errstate(invalid="ignore"):
        claimed = [float(np.sum(claim[name] * line)) for line in lines]
    return any(
        agree(problem, name, lines, claimed, step, tolerance, measured)
        for step in STEPS
        for measured in (quotient, limit)
    )


def agree(problem, name, lines, claimed, step, tolerance, measured=quotient):
    slopes = [measured(problem, {name: line}, step) for line in lines]
    if step < QUANTUM and 0.0 in slopes:
        return False
    return all(close(c, s, tolerance) for c, s in zip(claimed, slopes, strict=True))


def close(one, other, tolerance):
    finite = np.isfinite(one) and np.isfinite(other)
    return finite and abs(one - other) <= tolerance * (max(abs(one), abs(other)) + AT_ZERO)


def untold(specimen):
    """The blocks whose claim no step shows; along the wrong entries only, where some are."""
    problem = specimen.make()
    tolerance = COARSE.get(specimen.family, TOLERANCE)
    if not specimen.right:
        tolerance = min(tolerance, specimen.error / 4)
    claim = claims(problem)
    return {
        name
        for name in problem.params
        if not shown(
            problem,
            claim,
            name,
            tolerance,
            specimen.entries.get(name),
            wide=specimen.name.startswith(WIDE),
        )
    }


@pytest.mark.slow
@pytest.mark.parametrize("specimen", [s for s in PLAIN if s.right], ids=lambda s: s.name)
def test_right_ones_are_right(specimen):
    assert untold(specimen) == set()


@pytest.mark.slow
@pytest.mark.parametrize("specimen", PLAINLY_WRONG, ids=lambda s: s.name)
def test_wrong_ones_are_wrong(specimen):
    assert untold(specimen) & set(specimen.blocks)


@pytest.mark.slow
@pytest.mark.parametrize("specimen", TIES, ids=lambda s: s.name)
def test_ties_that_move_together_are_no_kink(specimen):
    problem = specimen.make()
    together = {name: np.ones(array.shape) for name, array in problem.params.items()}
    if "minus" in specimen.name:  # the largest go up and the smallest down
        together = {n: np.sign(a - np.median(a)) for n, a in problem.params.items()}
    slope = quotient(problem, together, 1e-6)
    claimed = sum(float(np.sum(g * together[k])) for k, g in claims(problem).items())
    assert close(claimed, slope, TOLERANCE) == specimen.right


@pytest.mark.slow
@pytest.mark.parametrize("specimen", AT_KINKS, ids=lambda s: s.name)
def test_right_ones_at_kinks_are_right_beside_them(specimen):
    problem, rng = specimen.make(), np.random.default_rng(1)
    moved = {k: v + 1e-2 * rng.normal(size=v.shape) for k, v in problem.params.items()}
    problem = replace(problem, params=moved)
    claim = claims(problem)
    assert all(shown(problem, claim, name, TOLERANCE, ()) for name in moved)


def test_at_kinks_there_are_enough_of_both():
    at_kinks = [s for s in FURTHER if s.family in KINKED]
    assert sum(s.right for s in at_kinks) >= 300
    assert sum(not s.right for s in at_kinks) >= 150


def test_given_claims_are_those_of_other_specimens():
    others = {s.name: s for s in (*ALL, *FURTHER)}
    for specimen in (s for s in FURTHER if s.name.endswith(", as arrays")):
        other = others[specimen.name.removesuffix(", as arrays")]
        assert specimen.make().given
        assert not other.make().given
        assert (specimen.blocks, specimen.error) == (other.blocks, other.error)


def test_the_solver_comes_as_near_as_its_tolerance():
    for tolerance in (1e-3, 1e-5):
        found = unsteady.decayed(np.array([1.0, 2.0]), 1.0, tolerance)
        off = abs(found / (np.array([1.0, 2.0]) * np.exp(-2.0)) - 1).max()
        assert 1e-3 * tolerance < off < 100 * tolerance


def test_the_estimated_slope_is_that_of_the_expected_price():
    specimen = next(s for s in FURTHER if "samples" in s.name and s.right)
    problem = specimen.make()
    np.random.seed(0)  # noqa: NPY002 - it draws from the old generator
    drawn = [problem.grad(problem.params)["x"][0] for _ in range(2_000)]
    z = np.linspace(-8, 8, 200_001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    S, paid = problem.params["x"][0], np.exp(0.2 * z)
    exact = np.sum(density * paid * (S * paid > 1)) * (z[1] - z[0])
    assert abs(np.mean(drawn) - exact) < 5 * np.std(drawn) / len(drawn) ** 0.5
    assert np.std(drawn) > 1e-3


def test_names_are_unique_and_each_right_one_has_a_wrong_twin():
    every = [*ALL, *FURTHER, *ALL_CALLS]
    names = [s.name for s in every]
    assert len(set(names)) == len(names)
    for family in {s.family for s in every}:
        assert {s.right for s in every if s.family == family} == {True, False}


def test_others_cannot_be_asked_about_claims_that_are_arrays():
    problem = next(s for s in FURTHER if s.family == "given").make()
    for contestant in CONTESTANTS[1:]:
        answer = contestant.judge(problem)
        assert (answer.verdict, answer.note) == ("n/a", "the claim is an array, and no function")


# What gradproof says


@pytest.fixture(scope="module")
def found():
    """Of all that fails the verdict, by name, as `tests/test_recorded.py` holds it to be said."""
    said = {}
    for suite in ("further", "steps", "calls"):
        said |= read(Path(__file__).parent / "recorded" / f"{suite}.json")
    asked = [s for s in (*FURTHER, *ALL_CALLS) if s.name not in LEFT_OUT]
    words = {s.name: said[s.name].said.partition(";")[0] for s in asked}
    verdicts = {name: _VERDICTS.get(word, Verdict.ACCUSES) for name, word in words.items()}
    return {s.name: verdicts[s.name] for s in asked if failed(s, verdicts[s.name])}


_VERDICTS = {"correct": Verdict.PASSES, "undecided": Verdict.UNDECIDED}


def test_nothing_fails_but_what_is_known_to(found):
    new = {name: said for name, said in found.items() if KNOWN.get(name) != said}
    assert not new, f"to be repaired, not to be listed: {new}"


def test_what_is_right_by_now_is_no_longer_listed(found):
    done = set(KNOWN) - set(found)
    assert not done, f"take them out of trial/known.py: {sorted(done)}"


@pytest.mark.slow
@pytest.mark.parametrize("specimen", HIDDEN, ids=lambda s: s.name)
def test_a_hidden_claim_is_what_quotients_show_that_start_anew(specimen):
    """Each value is that of a function that was never called before; the claim follows one."""
    step = 1e-6

    def anew(direction, t):
        np.random.seed(0)  # noqa: NPY002 - some draw from the old generator
        problem = specimen.make()
        return problem.fun({"w": problem.params["w"] + t * direction})

    problem = specimen.make()
    problem.fun({"w": problem.params["w"].copy()})
    np.random.seed(0)  # noqa: NPY002
    claim = problem.grad({"w": problem.params["w"].copy()})["w"]
    quotients = [(anew(d, step) - anew(d, -step)) / (2 * step) for d in np.eye(claim.size)]
    off = np.linalg.norm(claim - quotients) / np.linalg.norm(quotients)
    assert off < 1e-5 if specimen.right else off > 0.1


@pytest.mark.parametrize("specimen", SPECIAL, ids=lambda s: s.name)
def test_a_claim_at_a_special_point_is_right_there_and_known_beside_it(specimen):
    problem = specimen.make()
    for where, right in ((problem, True), (special.beside(problem), specimen.right)):
        assert shown(where, claims(where), "x", TOLERANCE, (), wide=True) == right
