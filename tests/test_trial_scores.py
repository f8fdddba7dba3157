"""The trial: gradproof on every specimen, and a runner and scores that can be trusted."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from recorded.record import read
from trial import result, run, score
from trial.contestant import Answer, Verdict
from trial.contestants import ALL as CONTESTANTS
from trial.page import short
from trial.result import Result, tried
from trial.score import Table
from trial.specimen import Problem, Specimen
from trial.specimens import ALL as SPECIMENS

GRADPROOF = CONTESTANTS[0]
LARGEST = 5_000  # real coordinates: larger ones are for the benchmark


def test_no_wrong_gradient_passes_and_no_right_one_is_accused():
    """All of them, as `tests/test_recorded.py` holds it to be said."""
    said = read(Path(__file__).parent / "recorded" / "trial.json")
    words = {s.name: said[s.name].said.partition(";")[0] for s in SPECIMENS if s.name in said}
    right = {s.name for s in SPECIMENS if s.right}
    assert len(words) > 850
    assert not [name for name, word in words.items() if word == "correct" and name not in right]
    assert {words[name] for name in right & set(words)} == {"correct", "undecided"}
    assert list(words.values()).count("undecided") <= 0.02 * len(words)


@pytest.fixture(scope="module")
def scores():
    """gradproof on every eighth specimen, and none of the largest."""
    chosen = [s for s in SPECIMENS if s.family != "sizes" and s.make().size <= LARGEST][::8]
    results = [tried(GRADPROOF, specimen) for specimen in chosen]
    return score.Scores(results, {s.name: s for s in chosen}, ["gradproof"])


def test_failures_are_counted(scores):
    found = score.failing(scores)
    assert not found.wrong_passed
    assert not found.right_accused
    assert found.judged > 100


def test_the_wrong_blocks_are_named(scores):
    rejected = [r for r in scores.results if r.verdict == "accuses"]
    assert all(r.block for r in rejected if not scores.specimens[r.specimen].right)
    assert not [r for r in scores.results if r.verdict == "n/a"]


def problem():
    return Problem(lambda p: float(p["a"] @ p["a"]), {"a": np.ones(3)}, lambda p: {"a": 2 * p["a"]})


class Fake:
    """A contestant that answers what it is told."""

    name, names_blocks, names_entries, names_cause, rule = "fake", True, True, True, ""

    def __init__(self, answer):
        self.answer = answer

    def version(self):
        return "1"

    def judge(self, problem):
        problem.fun(problem.params)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


WRONG = Specimen("w", "f", problem, error=1.0, blocks=("a",), entries={"a": ((1,),)}, kind="sign")
RIGHT = Specimen("r", "f", problem)


def test_what_is_named_counts_only_where_it_is_exact():
    right = Answer(Verdict.ACCUSES, ("a",), {"a": ((1,),)}, "sign")
    told = tried(Fake(right), WRONG)
    assert (told.block, told.entries, told.cause, told.evaluations) == (True, True, True, 1)
    wrong = Answer(Verdict.ACCUSES, ("a", "b"), {"a": ((1,), (2,))}, "scale")
    told = tried(Fake(wrong), WRONG)
    assert (told.block, told.entries, told.cause) == (False, False, False)
    assert tried(Fake(right), RIGHT).block is None


def test_a_checker_that_raises_has_no_verdict():
    told = tried(Fake(ValueError("no such thing")), WRONG)
    assert told.verdict == "n/a"
    assert told.note == "ValueError: no such thing"


def test_scores_are_counts():
    results = [
        Result("fake", "w", "passes", evaluations=4), Result("fake", "r", "accuses", evaluations=2),
    ]  # fmt: skip
    scores = score.Scores(results, {"w": WRONG, "r": RIGHT}, ["fake"])
    assert score.failing(scores, "fake").wrong_passed == ["w"]
    assert score.failing(scores, "fake").right_accused == ["r"]
    short, passed, rejected, *_ = score.tables(scores)
    assert short.rows == (("fake", "1 of 1", "1 of 1", "0", "0", "3"),)
    assert passed.rows == (("fake", "1 of 1"),)
    assert rejected.rows == (("fake", "1 of 1"),)
    assert "| fake | 1 of 1 | 1 of 1 | 0 | 0 | 3 |" in short.markdown()


def test_no_answer_in_time_is_no_failure_of_the_others(monkeypatch):
    """The process is killed, and the next specimen gets one of its own."""

    def stuck_at_second(contestant, specimens, limit):
        for specimen in list(specimens):  # the caller strikes off what it gets
            if specimen.name == "second":
                return
            yield Result(contestant.name, specimen.name, "passes")

    monkeypatch.setattr(run, "_until_stuck", stuck_at_second)
    names = ("first", "second", "third")
    told = run.run(Fake(None), [Specimen(name, "f", problem) for name in names], 1.0)
    assert [(r.specimen, r.verdict) for r in told] == [
        ("first", "passes"), ("second", result.TOO_SLOW), ("third", "passes"),
    ]  # fmt: skip


def test_the_process_of_a_contestant_answers_and_is_ended():
    small = [s for s in SPECIMENS if s.family == "error sizes"][:2]
    began = time.monotonic()
    told = run.run(GRADPROOF, small, 60.0)
    assert [r.specimen for r in told] == [s.name for s in small]
    assert time.monotonic() - began < 120


def test_the_figures_have_the_table_of_the_page_and_the_readme_a_part_of_it():
    root = Path(__file__).parents[1]
    page = (root / "docs" / "reference" / "trial.md").read_text("utf-8")
    table = between_the_marks(root / "docs" / "reference" / "benchmarks.md")
    assert table.count("\n") > 10
    assert table in page
    lines = [line.strip("| ").split(" | ") for line in table.split("\n")]
    whole = Table("", "", tuple(lines[0]), tuple(map(tuple, lines[2:])))
    assert between_the_marks(root / "README.md") == short(whole).markdown()


def between_the_marks(path):
    text = path.read_text("utf-8")
    return text.partition("<!-- trial: begin -->")[2].partition("<!-- trial: end -->")[0].strip()
