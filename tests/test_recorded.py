"""What is said of every case is what was written down; a new version is held against the old."""

import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from recorded.record import Said, compared, read, write

suites = importlib.import_module("recorded.suites")
RECORDS = Path(__file__).parent / "recorded"
SUITES = {suite.name: suite for suite in suites.ALL}

# Another processor rounds sums of products otherwise, and a slope here or there takes a window
# more: a share of all evaluations.
SLACK = 0.01
SLACK_OF_A_PART = 0.05

WHOLE = ("steps", "error bars")  # each takes some seconds


def recorded(name):
    return read(RECORDS / f"{name.replace(' ', '_')}.json")


def nothing_changed(name, *, part):
    if name in ("operators", "calls"):
        pytest.importorskip("torch")
        pytest.importorskip("expecttest")
    found = compared(name, recorded(name), dict(SUITES[name].run(part)), part=part)
    print(found.before, "→", found.now, "evaluations; dearer:", found.dearer)
    assert found.cases
    assert not found.differences, "\n".join(map(str, found.differences))
    assert found.holds(SLACK_OF_A_PART if part else SLACK)


@pytest.mark.parametrize("name", WHOLE)
def test_all_is_said_as_it_was_recorded(name):
    nothing_changed(name, part=False)


@pytest.mark.parametrize("name", sorted(set(SUITES) - {*WHOLE, "repairs"}))
def test_a_part_of_the_long_suites_is_said_as_it_was_recorded(name):
    nothing_changed(name, part=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SUITES) - set(WHOLE)))
def test_all_of_the_long_suites_is_said_as_it_was_recorded(name):
    # All repairs take longer than everything else together: `benchmarks/recorded.py` asks them.
    nothing_changed(name, part=name == "repairs")


def test_every_suite_has_its_record_and_no_record_is_left_over():
    assert {path.stem.replace("_", " ") for path in RECORDS.iterdir()} == set(SUITES)


OLD = {"a": Said("correct", 20), "b": Said("wrong; x wrong", 30), "gone": Said("correct", 9)}


def test_another_verdict_is_a_difference():
    found = compared("s", OLD, {**OLD, "b": Said("correct", 30)})
    assert [(d.case, d.before, d.now) for d in found.differences] == [
        ("b", "wrong; x wrong", "correct")
    ]
    assert not found.holds(1.0)


def test_a_case_that_is_gone_or_new_is_a_difference_but_for_a_part():
    now = {"a": OLD["a"], "b": OLD["b"], "new": Said("wrong", 1)}
    told = [(d.case, d.before, d.now) for d in compared("s", OLD, now).differences]
    assert told == [("gone", "correct", None), ("new", None, "wrong")]
    part = compared("s", OLD, {"a": OLD["a"]}, part=True)
    assert part.holds(0.0)
    assert (part.cases, part.before, part.now) == (1, 20, 20)


def test_more_evaluations_in_sum_are_told_and_do_not_hold():
    dearer = compared("s", OLD, {**OLD, "a": Said("correct", 21)})
    assert dearer.dearer == (("a", 20, 21),)
    assert not dearer.holds(0.0)
    assert dearer.holds(0.05)
    evened = compared("s", OLD, {**OLD, "a": Said("correct", 21), "b": Said("wrong; x wrong", 29)})
    assert evened.holds(0.0)
    assert evened.dearer


def test_a_record_survives_its_file(tmp_path):
    record = {"a → “b”\n": Said("wrong; x wrong", 3), "c": Said("correct", 1)}
    write(tmp_path / "s.json", record)
    assert read(tmp_path / "s.json") == record
    assert len((tmp_path / "s.json").read_text("utf-8").splitlines()) == 4
