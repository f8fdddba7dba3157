"""The stated resolution is true: a part of `benchmarks/resolution.py`."""

import sys
from itertools import islice
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import planted
import resolution

COUNT, SEED = 40, 0


@pytest.mark.parametrize("blocks", resolution.BLOCKS)
@pytest.mark.parametrize("dtype", resolution.DTYPES)
def test_what_passes_is_seldom_further_off_than_its_resolution(blocks, dtype):
    rows = [resolution.row(size, dtype, blocks, COUNT, SEED) for size in (1, 2, 30)]
    correct = sum(row.correct for row in rows)
    above, beyond = sum(r.above_resolution for r in rows), sum(r.above_high for r in rows)
    print(f"seed {SEED}: {above} above the resolution, {beyond} above the limit, of {correct}")
    assert correct >= 0.7 * 3 * COUNT * blocks
    assert sum(row.rejected for row in rows) == 0
    assert max(above, beyond) <= 0.01 * correct + 3 * (0.01 * correct) ** 0.5


def test_a_resolution_that_is_too_fine_is_noticed(monkeypatch):
    """As if all gaps and bars were small."""
    monkeypatch.setattr("gradproof.judge.verdict.largest_hidden", lambda *_: 1e-9)
    row = resolution.row(6, "float64", 1, COUNT, SEED)
    assert row.above_resolution > 0.3 * row.correct
    assert not all(reached for _, reached in resolution.demands([row]))


def accepted(count):
    return sum(passed for _, passed in islice(planted.faults(SEED), count)) / count


def test_faults_just_above_the_resolution_are_seldom_accepted():
    share = accepted(300)
    print(f"seed {SEED}: {100 * share:.2f} % accepted")
    assert share <= 0.01 + 3 * (0.01 / 300) ** 0.5


def test_they_are_where_the_resolution_is_too_fine(monkeypatch):
    """As if all gaps and bars were small."""
    monkeypatch.setattr("gradproof.judge.verdict.largest_hidden", lambda *_: 1e-9)
    assert accepted(60) > 0.3
