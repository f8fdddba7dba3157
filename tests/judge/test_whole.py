"""From blocks to the whole."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.judge.whole import difference, resolution
from gradproof.records.judgement import Judgement
from gradproof.records.verdict import Verdict, worst


def judged(error=0.0, size=1.0, draws=2, zero=False, seen=1e-9):
    return Judgement(
        verdict=Verdict.CORRECT, error=error, bar=0.0, low=0.0, high=0.0, resolution=seen,
        size=size, draws=draws, sharp=True, open=False, zero=zero,
    )  # fmt: skip


vectors = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3).map(np.array)


@given(st.lists(st.tuples(vectors, vectors), min_size=1, max_size=4))
def test_the_difference_is_the_classic_one(pairs):
    """‖claimed − numerical‖ / (‖claimed‖ + ‖numerical‖), over all blocks at once."""
    norm = np.linalg.norm
    pairs = [(c, n) for c, n in pairs if norm(n) > 1e-3]
    judgements = [judged(error=norm(c - n) / norm(n), size=norm(n)) for c, n in pairs]
    claimed, numerical = (
        np.concatenate([np.zeros(1), *vectors])
        for vectors in (zip(*pairs, strict=True) if pairs else ([], []))
    )
    total = norm(claimed) + norm(numerical)
    expected = norm(claimed - numerical) / total if total else 0.0
    assert difference([norm(c) for c, _ in pairs], judgements) == pytest.approx(expected)


def test_blocks_that_were_only_moved_together_share_what_they_showed():
    one = difference([1.0], [judged(error=1e-3, draws=1)])
    four = difference([1.0] * 4, [judged(error=1e-3, draws=0)] * 4)
    assert one == pytest.approx(0.5e-3)
    assert four == pytest.approx(0.25e-3)


def test_a_zero_block_adds_its_gap_and_no_size():
    assert difference([0.0], [judged(error=0.5, size=2.0, zero=True)]) == 1.0
    assert difference([1.0, 0.0], [judged(), judged(error=0.5, zero=True)]) == pytest.approx(0.25)


def test_two_zeros_do_not_differ():
    assert difference([0.0, 0.0], [judged(zero=True), judged(zero=True)]) == 0


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_claim_that_is_not_finite_has_no_difference(bad):
    assert math.isnan(difference([1.0, bad], [judged(), judged()]))


def test_the_resolution_is_that_of_the_bluntest_block():
    assert resolution([judged(seen=1e-9), judged(seen=1e-4), judged(seen=1e-6)]) == 1e-4
    assert resolution([judged(), judged(seen=math.inf)]) == math.inf


def test_nothing_resolves_nothing():
    assert resolution([]) == math.inf


def test_the_verdict_of_the_whole_is_the_worst():
    order = [Verdict.WRONG, Verdict.SUSPECT, Verdict.UNDECIDED, Verdict.CORRECT]
    for i, verdict in enumerate(order):
        assert worst(reversed(order[i:])) is verdict
