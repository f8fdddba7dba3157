"""Edits tried in processes of their own, by a validator that only asks for a function's value."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gradproof.repair.attempts import Attempts, sets, together
from gradproof.repair.edit import Edit
from gradproof.repair.surroundings import Surroundings
from gradproof.repair.validation import Judged
from planting import planted

TEXT = """\
import numpy as np

seen = np.zeros(1)


def value():
    seen.sum()
    return 1
"""


@dataclass
class Asking:
    """A validator that calls the function: right is what gives 2."""

    function: Any
    kept: bool = True

    def judge(self):
        return Judged(frozenset() if self.function() == 2 else frozenset({0}), (0.0,), "")

    def keeps_fun(self):
        return self.kept


def to(new, cost=1.0):
    """What the function returns exchanged."""
    begin = TEXT.index("1\n", TEXT.index("return"))
    return Edit(begin, begin + 1, new, "constant", 8, f"1 → {new}", cost)


def attempts_of(tmp_path, *, kept=True, seconds=60.0, limit=10.0):
    function = planted(tmp_path, TEXT).value
    around = Surroundings.of([function])
    source = TEXT
    until = time.monotonic() + seconds
    return Attempts(Asking(function, kept), [function], source, limit, until, around)


def tried(made, *news):
    return list(made.run((to(new),) for new in news))


def test_each_edit_in_its_order(tmp_path):
    made = attempts_of(tmp_path)
    attempts = tried(made, "3", "2", *("4" for _ in range(40)))
    assert [attempt.edits[0].new for attempt in attempts] == ["3", "2", *["4"] * 40]
    assert [attempt.right for attempt in attempts] == [False, True, *[False] * 40]
    assert made.tried == 42
    assert made.validator.function() == 1  # here nothing has changed


@pytest.mark.parametrize(
    ("new", "note"),
    [
        ("None + 1", "TypeError: unsupported"),
        ("(", "does not parse"),
        ("exit()", "SystemExit"),
        ("next(iter(()))", "StopIteration"),
    ],
)
def test_what_fails_costs_itself_only(tmp_path, new, note):
    before, failed, after = tried(attempts_of(tmp_path), "3", new, "2")
    assert failed.judged is None
    assert note in failed.note
    assert after.right
    assert not before.right


def test_what_ends_its_process_or_never_ends_costs_itself_only(tmp_path):
    died, hung, right = tried(
        attempts_of(tmp_path, limit=0.5),
        "__import__('os')._exit(3)",
        "[None for _ in iter(int, 1)]",
        "2",
    )
    assert died.judged is None
    assert hung.note.startswith("no answer")
    assert right.right


def test_what_an_edit_spoils_is_as_before_for_the_next_one(tmp_path):
    spoiling = "int(seen.__setitem__(0, 5) or seen[0])"
    attempts = tried(attempts_of(tmp_path), spoiling, "2 + int(seen[0])", "2 - int(seen[0])")
    assert [attempt.right for attempt in attempts] == [False, True, True]


def test_what_changes_fun_as_well_is_no_repair(tmp_path):
    [attempt] = tried(attempts_of(tmp_path, kept=False), "2")
    assert not attempt.right
    assert attempt.note == "it changes fun as well"


def test_it_stops_when_the_time_is_up(tmp_path):
    made = attempts_of(tmp_path, seconds=0.0)
    assert made.over
    assert len(tried(made, *("3" for _ in range(1000)))) < 1000


@pytest.mark.parametrize(("pace", "limit", "room"), [(1e-6, 10, 48), (0.01, 10, 6), (1, 10, 1)])
def test_slow_edits_share_no_process(tmp_path, pace, limit, room):
    made = attempts_of(tmp_path, limit=limit)
    made.pace = pace
    assert len(next(made._batched((to("3"),) for _ in range(100)))) == room


def test_sets_leave_out_what_touches():
    one, other = to("3"), Edit(0, 6, "", "statement", 1, "", 1.0)
    assert list(sets([one, other])) == [(one,), (other,)]
    assert list(sets([one, other], (to("2"),))) == [(to("2"), other)]


def test_every_further_edit_makes_it_less_likely():
    assert together((to("3", 0.5),)) == 0.5
    assert np.isclose(together((to("3", 0.5), to("2", 0.5))), 1.8)
