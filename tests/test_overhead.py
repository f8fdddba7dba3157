"""What a check costs beside the user's function: calls of our own are counted, never timed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import overhead


def test_a_right_check_of_four_blocks_is_short_and_shallow():
    report, counting = overhead.counted()
    calls = sum(counting.calls.values())
    print(f"{calls} calls, {counting.depth} deep: {counting.calls.most_common(5)}")
    assert report.ok
    assert calls <= 1500
    assert counting.depth <= 14


def test_every_call_is_counted():
    _, counting = overhead.counted()
    moves = sum(n for (_, name), n in counting.calls.items() if name.endswith("Session.evaluate"))
    assert moves >= 8  # two directions of four steps
