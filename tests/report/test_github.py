"""Annotations that GitHub's runner reads as they are meant."""

import dataclasses

import pytest
from specimens import EVERY, right, undecided, wrong

import gradproof as gp
from gradproof.demo.network import article_test_case, backprop, broken_backprop, cost
from gradproof.records.failure import Failure, Fault, Place
from gradproof.report.renderers.github import annotations, error, on_github

X, Y, params = article_test_case()


def decoded(command):
    """As the runner does it (actions/toolkit, packages/core/src/command.ts, read backwards)."""
    level, _, rest = command.removeprefix("::").partition(" ")
    told, _, message = rest.partition("::")

    def plain(text):
        for code, letter in (
            ("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"),
        ):  # fmt: skip
            text = text.replace(code, letter)
        return text

    return level, dict(map(plain, pair.split("=", 1)) for pair in told.split(",")), plain(message)


def test_the_line_of_the_fault_is_marked(monkeypatch):
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    report = gp.check(cost, params, grad=broken_backprop, args=(X, Y))
    first, second = map(decoded, annotations(report, "test_x.py", 7))
    level, where, message = first
    assert level == "error"
    assert where["file"].endswith("src/gradproof/demo/network.py")
    assert where["line"] == str(report.findings[0].line.number)
    assert where["title"] == "gradproof: cost: wrong, scale"
    assert message == report.findings[0].message
    assert second[1]["line"] != where["line"]


def test_a_right_gradient_marks_nothing():
    assert annotations(gp.check(cost, params, grad=backprop, args=(X, Y))) == []
    assert annotations(right(), "a.py", 1) == []


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_each_command_is_one_line_and_says_what_is_meant(make):
    report = make()
    commands = annotations(report, "tests/a,b:c%.py", 3)
    assert bool(commands) is not report.ok
    for command in commands:
        assert "\n" not in command
        _, where, message = decoded(command)
        assert message
        assert where["title"].startswith(f"gradproof: {report.name}: ")


def test_without_a_line_of_the_fault_the_place_of_the_test_is_marked(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    report = wrong()
    nowhere = dataclasses.replace(
        report, findings=tuple(dataclasses.replace(f, line=None) for f in report.findings)
    )
    for command in annotations(nowhere, str(tmp_path / "tests" / "a,b.py"), 3):
        _, where, _ = decoded(command)
        assert where["file"] == "tests/a,b.py"
        assert where["line"] == "3"


def test_undecided_is_a_warning():
    assert {decoded(command)[0] for command in annotations(undecided())} == {"warning"}


TRACE = """Traceback (most recent call last):
  File "c.py", line 3, in f
    return {}["a"]
KeyError: 'a'
gradproof: raised by fun, called at the point.
"""


def test_an_error_is_one_and_names_the_exception():
    level, where, message = decoded(
        error(Failure("c.py:f", Fault.CODE, "It raised.", TRACE), "c.py", 2)
    )
    assert (level, where["line"], message) == ("error", "2", "It raised.\nKeyError: 'a'")
    assert where["title"] == "gradproof: c.py:f: raised an exception"


def test_an_error_is_marked_where_it_was_raised_and_a_hanging_call_where_it_hangs():
    place = Place("model.py", 7, "f")
    raised = Failure("c.py:f", Fault.CODE, "It raised.", TRACE, place)
    hung = Failure("c.py:f", Fault.TIME, "It took longer.", "Calls under way …:\n  File", place)
    for failure, said in ((raised, "It raised.\nKeyError: 'a'"), (hung, "It took longer.")):
        _, where, message = decoded(error(failure, "c.py", 2))
        assert (where["file"][-8:], where["line"], message) == ("model.py", "7", said)


def test_a_block_that_nothing_explains_has_its_figures():
    bare = dataclasses.replace(wrong(), findings=())
    told = [decoded(command)[2] for command in annotations(bare, "c.py", 2)]
    assert told
    assert all("relative error " in message and "no cause was found" in message for message in told)


@pytest.mark.parametrize(("value", "there"), [("true", True), ("false", False), (None, False)])
def test_where_it_runs(value, there, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    if value is not None:
        monkeypatch.setenv("GITHUB_ACTIONS", value)
    assert on_github() is there
