"""The line is drawn once it is time, on a terminal only, and taken away again."""

import io
import sys
import threading

import pytest

from gradproof import waiting


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
    monkeypatch.setattr(waiting, "SECONDS_BEFORE_LINE", 0)
    asked = threading.Event()

    def what():
        asked.set()
        return "counting [stars]"

    with waiting.Waiting(what):
        assert asked.wait(60)
    assert "counting [stars]" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is erased


def test_nothing_is_drawn_before_its_time(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(waiting, "SECONDS_BEFORE_LINE", 1e6)
    with waiting.Waiting(lambda: "never"):
        pass
    assert screen.getvalue() == ""


def test_nothing_is_drawn_into_a_pipe(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(waiting, "SECONDS_BEFORE_LINE", 0)
    with waiting.Waiting(lambda: "never") as line:
        assert not line._timer.is_alive()
    assert sys.stderr.getvalue() == ""


def test_a_timer_that_comes_too_late_draws_nothing(monkeypatch):
    screen = terminal(monkeypatch)
    line = waiting.Waiting(lambda: "late")
    with line:
        pass
    line._show()
    assert screen.getvalue() == ""


def test_an_exception_passes_and_the_line_goes(monkeypatch):
    screen = terminal(monkeypatch)
    monkeypatch.setattr(waiting, "SECONDS_BEFORE_LINE", 1e6)
    line = waiting.Waiting(lambda: "doing")
    with pytest.raises(KeyError), line:  # noqa: PT012 - the first line is what the second breaks off
        line._show()
        raise KeyError
    assert "doing" in screen.getvalue()
    assert not line._line.is_started
