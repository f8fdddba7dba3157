from __future__ import annotations

import math

import numpy as np
import pytest

from gradproof.slopes.sampler import Sampler
from gradproof.slopes.search import PILOT, START, WIDEST, Search
from gradproof.slopes.window import RIGHT, SYMMETRIC


def search(phi, target=1e-9, stencil=SYMMETRIC, **options) -> Search:
    return Search(Sampler(phi), stencil, lambda v, e: e <= target * abs(v), **options)


def noisy(phi, size, seed=0):
    rng = np.random.default_rng(seed)
    return lambda t: phi(t) + size * rng.standard_normal()


def test_a_smooth_function_needs_one_window_and_no_witness():
    found = search(lambda t: math.sin(1 + t))
    best = found.run()
    assert abs(best.slope - math.cos(1)) <= found.bar(best)
    assert found.sampler.evaluations == 9
    assert found.pilot is None


def test_the_target_decides_when_to_stop():
    phi = lambda t: math.sin(1 + 20 * t)
    loose, strict = search(phi, 1e-3), search(phi, 1e-12)
    loose.run()
    strict.run()
    assert loose.sampler.evaluations == 9 < strict.sampler.evaluations


def test_misfit_shrinks_the_window():
    found = search(lambda t: math.sin(3000 * t + 1))
    best = found.run()
    assert best.half_width < START
    assert abs(best.slope - 3000 * math.cos(1)) <= found.bar(best)


def test_noise_grows_the_window():
    found = search(noisy(lambda t: math.sin(1 + t), 1e-6))
    best = found.run()
    assert best.half_width > START
    assert abs(best.slope - math.cos(1)) <= found.bar(best) < 1e-3


def test_no_window_is_wider_than_the_widest():
    seen = []
    phi = noisy(lambda t: t, 1e-3)
    search(lambda t: seen.append(t) or phi(t)).run()
    assert max(map(abs, seen)) <= WIDEST
    seen.clear()
    search(lambda t: seen.append(t) or phi(t), widest=0.05).run()
    assert max(map(abs, seen)) <= 0.05


def test_the_witness_measures_the_noise():
    sizes = [1e-10, 1e-6, 1e-3]
    for size in sizes:
        measured = []
        for seed in range(20):
            found = search(noisy(lambda t: math.sin(1 + t), size, seed))
            found.run()
            measured.append(found.noise)
            assert found.pilot.half_width == PILOT
        assert size / 1.5 < np.sqrt(np.mean(np.square(measured))) < 1.5 * size


def test_a_noise_that_is_known_needs_no_witness():
    found = search(noisy(lambda t: math.sin(1 + t), 1e-6), noise=1e-6)
    found.run()
    assert found.pilot is None
    assert min(w.half_width for w in found.windows) == START


def narrow_feature(t: float) -> float:
    """Slope 2 at 0, and 1 on every scale above 1e-5."""
    return t + 1e-5 * math.tanh(1e5 * t)


def test_a_feature_narrower_than_the_window_is_seen_through_the_witness():
    found = search(narrow_feature)
    best = found.run()
    assert abs(best.slope - 2) <= found.bar(best) < 1e-3


def test_without_the_witness_it_would_be_taken_for_noise(monkeypatch):
    monkeypatch.setattr(Search, "_measure_noise", lambda self, first: setattr(self, "noise", 1e-5))
    found = search(narrow_feature)
    best = found.run()
    assert abs(best.slope - 1) < 1e-2


def two_slopes(t: float) -> float:
    return t if abs(t) < 1e-4 else 0.5 * t


def test_windows_that_contradict_a_smaller_one_do_not_count():
    found = search(two_slopes, noise=0.0)
    found.take(1e-5)
    found.take(1e-2)
    assert found.best().slope == pytest.approx(1)


def test_and_would_if_they_need_not_agree(monkeypatch):
    monkeypatch.setattr(Search, "_agrees", lambda *_: True)
    found = search(two_slopes, noise=0.0)
    found.take(1e-5)
    found.take(1e-2)
    assert found.best().slope == pytest.approx(0.5)


def test_nothing_is_believed_where_nothing_is_finite():
    found = search(lambda t: 1.0 if t == 0 else math.nan)
    assert found.run() is None
    assert found.best() is None


def test_the_number_of_windows_is_bounded():
    rng = np.random.default_rng(5)
    found = search(lambda t: rng.standard_normal())
    found.run()
    assert len(found.windows) <= 10
    assert found.sampler.evaluations <= 100


def test_flat_windows_are_passed_over_for_the_noise():
    # 1e8 + t moves by nothing at all in the smallest windows.
    found = search(lambda t: 1e8 + t)
    best = found.run()
    assert found.noise > 0
    assert abs(best.slope - 1) <= found.bar(best) < 1e-3


@pytest.mark.parametrize("to", [np.float16, np.float32])
def test_steps_of_low_precision_are_noise_and_not_a_flat_function(to):
    found = search(lambda t: float(to(math.sin(float(to(1 + t))))))
    best = found.run()
    assert best.slope != 0
    assert abs(best.slope - math.cos(1)) <= found.bar(best) < 0.1


def test_a_flat_piece_is_the_function():
    found = search(lambda t: float(math.floor(1.5 + t)))
    assert found.run().slope == 0.0


def test_one_sided_search_never_leaves_its_side():
    seen = []
    found = search(lambda t: seen.append(t) or math.exp(t), stencil=RIGHT)
    best = found.run()
    assert min(seen) >= 0
    assert abs(best.slope - 1) <= found.bar(best)


def test_neighbours_in_one_fit_sharpen_the_bar_and_cost_nothing(monkeypatch):
    phi = lambda t: math.sin(1 + 3 * t)
    merged, single = [], []
    for seed in range(20):
        found = search(noisy(phi, 1e-10, seed))
        best = found.run()
        merged.append(found.bar(best))
        assert abs(best.slope - 3 * math.cos(1)) <= found.bar(best)
    monkeypatch.setattr(Search, "_merged", lambda *_: [])
    for seed in range(20):
        found = search(noisy(phi, 1e-10, seed))
        single.append(found.bar(found.run()))
    assert np.median(merged) < np.median(single) / 2
