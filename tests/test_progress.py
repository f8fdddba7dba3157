"""The line is drawn once it is time, on a terminal only, and taken away again."""

import io
import re
import sys
import threading

import numpy as np
import pytest
from rich.console import Console

import gradproof as gp
from gradproof import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch):
    """Called in the test itself: pytest puts its own stderr in place after the fixtures."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr


def test_the_line_is_drawn_after_a_while_and_taken_away(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 0)
    asked = threading.Event()

    def what():
        asked.set()
        return "counting [stars]"

    with progress.ProgressLine(what):
        assert asked.wait(60)
    assert "counting [stars]" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is erased


def test_nothing_is_drawn_before_its_time(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 1e6)
    with progress.ProgressLine(lambda: "never"):
        pass
    assert screen.getvalue() == ""


def test_nothing_is_drawn_into_a_pipe(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 0)
    with progress.ProgressLine(lambda: "never") as line:
        assert line._timer is None
    assert sys.stderr.getvalue() == ""


def test_a_timer_that_comes_too_late_draws_nothing(monkeypatch):
    screen = terminal(monkeypatch)
    line = progress.ProgressLine(lambda: "late")
    with line:
        pass
    line._show()
    assert screen.getvalue() == ""


def test_an_exception_passes_and_the_line_goes(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 1e6)
    line = progress.ProgressLine(lambda: "doing")
    with pytest.raises(KeyError), line:  # noqa: PT012 - the first line is what the second breaks off
        line._show()
        raise KeyError
    assert "doing" in screen.getvalue()
    assert not line._line.is_started


class Slow:
    """A function that goes on once its line on the terminal was drawn."""

    def __init__(self, asked):
        self.asked = asked

    def __call__(self, x):
        assert self.asked.wait(60)
        return float(x @ x)


def drawn_while_checking(monkeypatch, **options):
    screen, asked = terminal(monkeypatch), threading.Event()
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 0)
    drawn = progress.ProgressLine._drawn

    def noted(self, spinner):
        line = drawn(self, spinner)
        asked.set()
        return line

    monkeypatch.setattr(progress.ProgressLine, "_drawn", noted)
    gp.check(Slow(asked), np.ones(4), grad=lambda x: 2 * x, name="the [loss]", **options)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())


def test_a_long_check_says_what_it_does(monkeypatch):
    line = drawn_while_checking(monkeypatch)
    assert "checking the [loss]: " in line
    assert "evaluations" in line


def test_a_check_that_is_no_terminal_says_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 0)
    gp.check(lambda x: float(x @ x), np.ones(4), grad=lambda x: 2 * x)
    assert sys.stderr.getvalue() == ""


def test_evaluations_left_are_told():
    line = progress.ProgressLine(lambda: "checking", lambda: (43, 200))
    assert "43 evaluations, up to 157 more" in shown(line, 100)
    assert "more" not in shown(progress.ProgressLine(lambda: "checking", lambda: (243, 200)), 100)
    assert len(shown(line, 50)) <= 50


def shown(line, width):
    console = Console(file=io.StringIO(), width=width)
    console.print(line._drawn("*"))
    return console.file.getvalue().rstrip("\n")


def test_within_another_the_line_is_shared(monkeypatch):
    terminal(monkeypatch)
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 1e6)
    with progress.ProgressLine(lambda: "2 of 3") as outer:
        with progress.ProgressLine(lambda: "slopes", lambda: (1, 9)) as inner:
            assert inner._timer is None
            assert "2 of 3: slopes" in shown(outer, 100)
            assert "1 evaluations, up to 8 more" in shown(outer, 100)
        assert "slopes" not in shown(outer, 100)
    assert progress.ProgressLine.outermost is None
    with progress.ProgressLine(lambda: "again") as later:
        assert later._timer.is_alive()


def test_what_is_measured_is_told():
    seen = []

    def fun(p):
        stage = frame_of_examine().f_locals["watch"]
        seen.append((str(stage), *stage.spent()))
        return float(np.sum(p["a"] ** 2) + np.sum(p["b"] ** 2))

    assert not gp.check(
        fun, {"a": np.ones(3), "b": np.ones(2)}, effort="sweep", name="cost",
        grad=lambda p: {"a": 2 * p["a"], "b": 3 * p["b"]},
    )  # fmt: skip
    told = [text for text, _, _ in seen]
    assert "checking cost: the claimed gradient" in told
    assert "checking cost: slopes (2 blocks together)" in told
    assert "checking cost: slopes (params['a'], entry 2 of 3)" in told
    assert any(text.startswith("checking cost: what is wrong (params['b']") for text in told)
    done = [spent for _, spent, _ in seen]
    assert done == sorted(done)
    assert max(most for _, _, most in seen) >= 5 * 8


def frame_of_examine():
    frame = sys._getframe()
    while frame.f_code.co_name != "examine":
        frame = frame.f_back
    return frame
