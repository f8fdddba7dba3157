"""The specimens of the trial are what they say, shown without gradproof.

Slopes are central differences of fourth order in extended precision (in double where a function
insists on it), at the smallest step at which three steps agree. A right gradient has to agree with
them along a random direction of each block. A wrong one is moved along the error that it is said
to have, and the slope has to miss the claim by just that.
"""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
specimens = importlib.import_module("trial.specimens")
sizes = importlib.import_module("trial.specimens.sizes")

# These change only with the benchmarks; what is said of each is in `tests/test_recorded.py`.
pytestmark = pytest.mark.slow

MODERATE = 5_000  # real coordinates
STEPS = 10.0 ** np.arange(-11, -0.9, 0.25)  # shares of a parameter, absolute where it is 0
TOLERANCES = {"float64": 2e-8, "complex128": 2e-8, "float32": 1e-4, "float16": 2e-2}

# Where slopes are not to be had, or only coarse ones: pieces of names, and why.
KINK = "there is no derivative at a kink, only one-sided ones"
LOW = "it computes in a low precision, whatever it is given"
NO_SLOPES = {
    "absolute values at 0": KINK,
    "lasso at 0": KINK,
    "hinge on the margin": KINK,
    "largest of two that are equal": KINK,
    "norm at 0": KINK,
    "relu layer with an empty example": KINK,
    "max pooling with ties": KINK,
    "relu at 0": KINK,
    "sines cast to float32": LOW,
    "a product in float32": LOW,
    "a network in float32": LOW,
    "never promoted": LOW,
    "summed up in float32": LOW,
    "exp in float32 inside float64": LOW,
    "adjoint in float32": LOW,
    "bisection to 1e-9": "a staircase: between its steps the slope is zero",
}  # fmt: skip
COARSE = {
    "1 + gradient of 1e-12": (1e-3, "it is 1e-12 of the value"),
    "fixed point to 1e-6": (1e-6, "the iteration stops at 1e-6"),
    "Newton's method to 1e-6": (1e-6, "the iteration stops at 1e-6"),
    "a steep block and a flat one": (1e-5, "it is 1e-10 of the value"),
}

MODEST = specimens.select(most=MODERATE)
RIGHT = [s for s in MODEST if s.right]
WRONG = [s for s in MODEST if not s.right]


def unmeasurable(specimen):
    return any(piece in specimen.name for piece in NO_SLOPES)


def tolerance(specimen, array):
    coarse = [t for piece, (t, _) in COARSE.items() if piece in specimen.name]
    return max([TOLERANCES[str(array.dtype)], *coarse])


def right_twin(specimen):
    """The right specimen of the same function: of those that fit, the one with the longest name."""
    fitting = [
        s for s in specimens.ALL
        if s.right and specimen.name.startswith(s.name.removesuffix("right"))
    ]  # fmt: skip
    return max(fitting, key=lambda s: len(s.name))


# Slopes


def claims(problem):
    return problem.grad(*fresh(problem))


def fresh(problem):
    """The point and the arguments anew, and the global generator in the same state as ever."""
    seed()
    return ({k: v.copy() for k, v in problem.params.items()}, *copied(problem.args))


def seed():
    np.random.seed(0)  # noqa: NPY002 - the functions draw from the old generator


def copied(args):
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)


def extended(array):
    """The same numbers in extended precision; what is no real or complex number stays."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc":
        return array
    return array.astype(np.clongdouble if array.dtype.kind == "c" else np.longdouble)


class Along:
    """A problem's function on the line through its point: ``direction`` is per scale."""

    def __init__(self, problem, block, direction):
        self.problem, self.block, self.direction = problem, block, direction
        self.scale = scales(problem.params[block])
        self.convert = extended
        try:
            self.value(0.0)
        except TypeError:  # LAPACK knows no extended precision
            self.convert = np.array

    def value(self, t):
        params = {name: self.convert(value) for name, value in self.problem.params.items()}
        params[self.block] = params[self.block] + t * self.scale * self.direction
        args = (self.convert(a) if isinstance(a, np.ndarray) else a for a in self.problem.args)
        seed()
        return self.problem.fun(params, *copied(tuple(args)))

    def slope(self, within):
        """The slope, known to better than ``within``."""
        noise = np.finfo(np.asarray(self.value(0.0)).dtype).eps * abs(self.value(0.0))
        found = []
        for h in STEPS[STEPS * within > noise]:
            near = self.value(h) - self.value(-h)
            far = self.value(2 * h) - self.value(-2 * h)
            found.append(float((8 * near - far) / (12 * h)))
            if len(found) > 2 and np.ptp(found[-3:]) < within:
                return found[-2]
        raise AssertionError(f"no three steps agree within {within:g}: {found}")


def scales(x):
    size = np.abs(x).astype(float)
    return np.where(size > 0, size, 1.0)


def inner(claim, direction):
    """What a gradient claims along a direction; a complex one is ∂f/∂x + i ∂f/∂y."""
    return float(np.sum((np.conj(claim) * direction).real))


def norm(claim):
    """Of numbers in double precision; infinite where one of them is not finite."""
    size = float(np.linalg.norm(np.asarray(claim, complex)))
    return size if np.isfinite(size) else np.inf


def magnitude(problem, claim):
    """What an error is a share of: the norm of the gradient, else the value (0 if that is 0)."""
    value = abs(float(problem.fun(*fresh(problem))))
    size = norm(claim)
    return size if size > 1e-14 * value else value


# What is declared


def test_names_are_unique_and_families_known():
    names = [s.name for s in specimens.ALL]
    assert len(set(names)) == len(names)
    assert specimens.FAMILIES == ("faults", "peers", "false alarms", "error sizes", "sizes")
    for family in specimens.FAMILIES:
        chosen = specimens.select([family])
        assert {s.family for s in chosen} == {family}
        assert {s.right for s in chosen} == {True, False}
    with pytest.raises(ValueError, match="no family 'fault'"):
        specimens.select(["fault"])


def test_every_exception_is_needed_for_a_specimen():
    for piece in (*NO_SLOPES, *COARSE):
        assert any(piece in s.name for s in MODEST), piece


@pytest.mark.parametrize("specimen", MODEST, ids=lambda s: s.name)
def test_the_declaration_fits_the_problem(specimen):
    problem, again = specimen.make(), specimen.make()
    for name, array in problem.params.items():
        assert not np.shares_memory(array, again.params[name])
    for one, other in zip(problem.args, again.args, strict=True):
        assert not (isinstance(one, np.ndarray) and np.shares_memory(one, other))
    found = claims(problem)
    assert list(found) == list(problem.params)
    for name, array in problem.params.items():
        assert found[name].shape == array.shape
        assert array.dtype.kind in "iu" or found[name].dtype == array.dtype or not specimen.right
    assert set(specimen.entries) <= set(specimen.blocks) <= set(problem.params)
    assert np.ndim(problem.fun(*fresh(problem))) == 0
    assert np.isfinite(specimen.error)
    assert specimen.right == (specimen.error == 0)


@pytest.mark.parametrize("specimen", WRONG, ids=lambda s: s.name)
def test_exactly_the_wrong_blocks_and_entries_are_told(specimen):
    right, wrong = claims(right_twin(specimen).make()), claims(specimen.make())
    gaps = {k: np.abs(np.subtract(wrong[k], g, dtype=complex)) for k, g in right.items()}
    gaps = {k: np.where(np.isfinite(gap), gap, np.inf) for k, gap in gaps.items()}
    off = {k for k, gap in gaps.items() if gap.max() > 1e-12 * norm(right[k])}  # not round-off
    assert off == set(specimen.blocks)
    for name, entries in specimen.entries.items():
        plain = gaps[name] >= min(1e-6 * gaps[name].max(), np.finfo(float).max)
        assert set(entries) == {tuple(map(int, i)) for i in np.argwhere(plain)}
    norms = [(norm(gaps[k]), norm(right[k])) for k in specimen.blocks]
    # Beside a zero, or not finite, nothing of the claim is right: the error is said to be 1.
    shares = [gap / size if gap < 1e9 * size else 1.0 for gap, size in norms]
    assert max(shares) / 2 < specimen.error < 2 * max(shares)


# What is true


def misses(specimen):
    """The blocks whose claim and slope differ along one of three random directions."""
    problem, right = specimen.make(), claims(right_twin(specimen).make())
    rng, found = np.random.default_rng(0), set()
    for name, claim in claims(problem).items():
        array = problem.params[name]
        if array.dtype.kind not in "fc":
            continue
        size = magnitude(problem, right[name] * scales(array)) or norm(scales(array))
        within = tolerance(specimen, array) * size
        if not all(agrees(problem, name, claim, rng, within) for _ in range(3)):
            found.add(name)
    return found


def spread(rng, shape):
    """No entry is moved much less than the others, nor any two by the same."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 1.5, size=shape)


def agrees(problem, name, claim, rng, within):
    direction = spread(rng, claim.shape)
    if np.iscomplexobj(problem.params[name]):
        direction = direction + 1j * spread(rng, claim.shape)
    scaled = np.multiply(claim, scales(problem.params[name]), dtype=direction.dtype)
    slope = Along(problem, name, direction).slope(within / 2)
    return abs(slope - inner(scaled, direction)) < within  # false where the claim is not finite


@pytest.mark.parametrize("specimen", [s for s in RIGHT if not unmeasurable(s)],
                         ids=lambda s: s.name)  # fmt: skip
def test_right_ones_are_right(specimen):
    assert misses(specimen) == set()


@pytest.mark.parametrize("specimen", [s for s in WRONG if not unmeasurable(s) and s.error > 1e-3],
                         ids=lambda s: s.name)  # fmt: skip
def test_wrong_ones_would_not_pass_for_right(specimen):
    assert misses(specimen) == set(specimen.blocks)


@pytest.mark.parametrize("specimen", [s for s in WRONG if not unmeasurable(s)],
                         ids=lambda s: s.name)  # fmt: skip
def test_wrong_ones_are_wrong_by_what_they_say(specimen):
    problem, twin = specimen.make(), right_twin(specimen).make()
    wrong, right = claims(problem), claims(twin)
    for name in specimen.blocks:
        dtype = complex if np.iscomplexobj(right[name]) else float
        scale = scales(problem.params[name])
        gap = np.subtract(wrong[name], right[name], dtype=dtype) * scale
        if not np.isfinite(gap).all():
            assert not np.isfinite(wrong[name]).all()
            continue
        size = float(np.linalg.norm(gap))
        direction = gap / size
        claimed = inner(wrong[name].astype(dtype) * scale, direction)
        slope = Along(problem, name, direction).slope(size / 4)
        assert size / 2 < claimed - slope < 2 * size, name


@pytest.mark.parametrize("specimen", [s for s in MODEST if "pooling with ties" in s.name],
                         ids=lambda s: s.name)  # fmt: skip
def test_ties_of_a_pool_are_no_kink_for_what_moves_them_together(specimen):
    problem = specimen.make()
    image = claims(problem)["x"]
    slope = Along(problem, "x", 1 / scales(problem.params["x"])).slope(1e-7)
    assert (abs(slope - image.sum()) < 1e-6) == specimen.right


@pytest.mark.parametrize(("parameters", "blocks"), [(10, 4), (1_000, 1), (3_000, 300)])
def test_growing_problems_have_the_size_asked_for(parameters, blocks):
    problem = sizes.growing(parameters, blocks).make()
    assert len(problem.params) == blocks
    assert 0.9 * parameters <= problem.size <= parameters
