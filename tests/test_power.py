"""What a run says that it would have noticed, it does notice: the resolution, put to the test."""

import zlib
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

import gradproof as gp
from gradproof.engine.loop import check
from gradproof.engine.watch import Watch
from gradproof.space.point import Point
from gradproof.subject.asked import Asked, Options

# Statistics of many runs.
pytestmark = pytest.mark.slow

SEEDS = 600
COUNT = 24

# Three standard deviations of a count of SEEDS draws that come out right 99 times in 100.
ALLOWED = 3 * (0.99 * 0.01 / SEEDS) ** 0.5


def one_entry(rng):
    pattern = np.zeros(COUNT)
    pattern[rng.integers(COUNT)] = 1
    return pattern


def two_equal_entries(rng):
    pattern = np.zeros(COUNT)
    pattern[rng.choice(COUNT, 2, replace=False)] = 1
    return pattern


def a_row(rng):
    pattern = np.zeros((4, COUNT // 4))
    pattern[rng.integers(4)] = rng.normal(size=COUNT // 4)
    return pattern.ravel()


def dense(rng):
    return rng.normal(size=COUNT)


PATTERNS = [one_entry, two_equal_entries, a_row, dense]


def subject(number):
    """A smooth function whose gradient is known to the last digits."""
    rng = np.random.default_rng(number)
    A, w = rng.normal(size=(5, COUNT)) / 5, rng.normal(size=COUNT)

    def fun(w):
        return float(np.sum(np.tanh(A @ w)))

    def grad(w):
        return A.T @ (1 / np.cosh(A @ w) ** 2)

    return SimpleNamespace(fun=fun, grad=grad, w=w, rng=rng)


def trial(fun, point, grad, seed):
    """A check up to, but without, its report: here the comparisons can be seen."""
    # Bands so narrow that nothing is ever sharp enough to stop early or wrong enough to stop.
    options = Options(seed=seed, correct_below=1e-8, wrong_above=1e-8)
    return check(Asked(fun, Point(point), grad, options), Watch("power")).state


def notices(run):
    return any(abs(c.gap) > c.slope_bar + 5 * c.claimed_bar for c in run.comparisons)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.__name__)
def test_an_error_as_large_as_the_resolution_is_noticed(pattern):
    noticed = []
    for number in range(SEEDS):
        s = subject(number)
        right = s.grad(s.w)
        seen = trial(s.fun, s.w, right, number).judgements[0].resolution
        error = pattern(s.rng)
        error *= seen * np.linalg.norm(right) / np.linalg.norm(error)
        noticed.append(notices(trial(s.fun, s.w, right + error, number)))
    print(f"{pattern.__name__}: noticed {np.mean(noticed):.4f}, required 0.99 of {SEEDS} seeds")
    assert np.mean(noticed) >= 0.99 - ALLOWED


def test_a_right_gradient_is_not_noticed():
    """The bars hold: what is noticed above is the error that was planted."""
    alarms = []
    for number in range(SEEDS):
        s = subject(number)
        alarms.append(notices(trial(s.fun, s.w, s.grad(s.w), number)))
    print(f"{sum(alarms)} false alarms of {SEEDS} seeds")
    assert not any(alarms)


def test_much_smaller_errors_pass_unnoticed():
    """The resolution is no exaggeration: far below it the run is blind, and says so."""
    noticed = []
    for number in range(SEEDS // 5):
        s = subject(number)
        right = s.grad(s.w)
        seen = trial(s.fun, s.w, right, number).judgements[0].resolution
        error = dense(s.rng)
        error *= 1e-3 * seen * np.linalg.norm(right) / np.linalg.norm(error)
        noticed.append(notices(trial(s.fun, s.w, right + error, number)))
    print(f"noticed {np.mean(noticed):.3f} at a thousandth of the resolution")
    assert np.mean(noticed) < 0.2


def rough(s, noise):
    """Repeatable noise, the same at the same point: the last digits of an iterative solver, say."""
    return lambda w: s.fun(w) + noise * (zlib.crc32(w.tobytes()) / 2**31 - 1)


def rippled(s, height):
    """Ripples so short that any step but the smallest takes them for noise."""
    return lambda w: s.fun(w) + height * np.sin(1e9 * float(np.sum(w)))


@pytest.mark.parametrize("noise", [1e-9, 1e-6, 1e-3])
def test_the_resolution_of_a_noisy_function_holds_too(noise):
    noticed = []
    for number in range(SEEDS // 5):
        s = subject(number)
        right = s.grad(s.w)
        seen = trial(rough(s, noise), s.w, right, number).judgements[0].resolution
        error = two_equal_entries(s.rng)
        error *= seen * np.linalg.norm(right) / np.linalg.norm(error)
        noticed.append(notices(trial(rough(s, noise), s.w, right + error, number)))
    print(f"noise {noise:g}: noticed {np.mean(noticed):.3f} of {len(noticed)} seeds")
    assert np.mean(noticed) >= 0.99 - ALLOWED * 5**0.5


@pytest.mark.parametrize("noise", [1e-12, 1e-9, 1e-3])
@pytest.mark.parametrize("kind", [rough, rippled], ids=lambda kind: kind.__name__)
def test_noise_never_accuses(kind, noise):
    verdicts = Counter()
    for number in range(SEEDS // 2):
        s = subject(number)
        report = gp.check(kind(s, noise), s.w, grad=s.grad, seed=number)
        verdicts[str(report.verdict)] += 1
    print(f"noise {noise:g}:", dict(verdicts))
    assert verdicts["wrong"] == verdicts["suspect"] == 0


@pytest.mark.parametrize("noise", [1e-12, 1e-9, 1e-6])
def test_a_gross_fault_is_found_through_the_noise(noise):
    verdicts = Counter()
    for number in range(SEEDS // 10):
        s = subject(number)
        report = gp.check(rough(s, noise), s.w, grad=lambda w, s=s: -s.grad(w), seed=number)
        verdicts[str(report.verdict)] += 1
    print(f"noise {noise:g}:", dict(verdicts))
    assert verdicts["wrong"] >= 0.95 * verdicts.total()


def test_the_report_states_the_resolution_of_its_blocks():
    s = subject(0)
    sharp = gp.check(s.fun, s.w, grad=s.grad)
    assert sharp.resolution == max(block.resolution for block in sharp.blocks)
    assert 0 < sharp.resolution <= 2e-7  # a bar below the band, and a gap within that bar
    coarse = gp.check(rough(s, 1e-9), s.w, grad=s.grad)
    assert coarse.resolution > 10 * sharp.resolution
