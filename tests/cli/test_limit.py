"""What takes longer than its limit is stopped and named; what cannot be stopped ends the run."""

import contextlib
import subprocess
import sys
import threading
import time

import pytest

from gradproof.cli import limit
from gradproof.cli.limit import Limit, TimeUpError
from gradproof.cli.runs import Run
from gradproof.records.failure import Fault
from gradproof.report.report import Report

HEAD = """
import time
import numpy as np
import gradproof as gp
one = np.ones(3)
def square(x):
    return float(x @ x)
def spins(x):
    while True:
        x = x + 1
def sleeps(x):
    time.sleep(60)
def swallows(x):
    try:
        time.sleep(60)
    except BaseException as error:
        raise ValueError("no") from error
def goes_on(x):
    try:
        time.sleep(60)
    except BaseException:
        return 2 * x
@gp.case
def fine():
    return dict(fun=square, point=one, grad=lambda x: 2 * x)
@gp.case
def hangs():
    return {body}
@gp.case
def last():
    return dict(fun=square, point=one, grad=lambda x: 2 * x)
"""
BODIES = {
    "spins": "dict(fun=spins, point=one, grad=one)",
    "sleeps": "dict(fun=square, point=one, grad=sleeps)",
    "swallows": "dict(fun=swallows, point=one, grad=one)",
    "goes_on": "dict(fun=square, point=one, grad=goes_on)",
    "hangs": "time.sleep(60)",
}


def never(error):
    raise AssertionError(error)


def ran(tmp_path, body, seconds=0.3):
    path = tmp_path / "cases.py"
    path.write_text(HEAD.replace("{body}", body), "utf-8")
    run = Run([str(path)], limit=Limit(seconds, never))
    list(run)
    return run


@pytest.mark.parametrize("function", BODIES)
def test_a_case_that_hangs_is_named_with_its_call_and_the_others_go_on(tmp_path, function):
    run = ran(tmp_path, BODIES[function])
    before, failure, after = (outcome.result for outcome in run.outcomes)
    assert isinstance(before, Report)
    assert isinstance(after, Report)
    assert failure.fault is Fault.TIME
    assert failure.place.function == function
    assert failure.place.file == str(tmp_path / "cases.py")
    text = (tmp_path / "cases.py").read_text("utf-8").splitlines()
    assert any(word in text[failure.place.line - 1] for word in ("sleep", "while", "x = x + 1"))
    assert f"took longer than 0.3 s, and was in {function} (" in failure.message
    assert f"in {function}" in failure.traceback
    assert "site-packages" not in failure.traceback
    assert run.exit_code == 2


def test_the_nearest_that_is_quick_enough_passes(tmp_path):
    slow = "dict(fun=square, point=one, grad=lambda x: time.sleep(0.02) or 2 * x)"
    run = ran(tmp_path, slow, seconds=30)
    assert [outcome.result.verdict for outcome in run.outcomes] == ["correct"] * 3


def test_an_import_has_a_limit_too(tmp_path):
    (tmp_path / "cases.py").write_text("import time\ntime.sleep(60)\n", "utf-8")
    run = Run([str(tmp_path / "cases.py")], limit=Limit(0.2, never))
    (outcome,) = run
    assert outcome.result.fault is Fault.TIME
    assert outcome.result.place.line == 2


@pytest.mark.parametrize("signals", [True, False])
def test_without_signals_it_is_raised_between_two_steps(tmp_path, monkeypatch, signals):
    monkeypatch.setattr(limit, "SIGNALS", signals)
    run = ran(tmp_path, BODIES["spins"])
    assert run.outcomes[1].result.place.function == "spins"


def test_it_works_in_a_thread(tmp_path):
    runs = []
    thread = threading.Thread(target=lambda: runs.append(ran(tmp_path, BODIES["spins"])))
    thread.start()
    thread.join(60)
    assert runs[0].outcomes[1].result.fault is Fault.TIME


def test_what_does_not_come_back_is_handed_on(monkeypatch):
    monkeypatch.setattr(limit, "GRACE", 0.1)
    said = []

    def goes_on_all_the_same():
        until = time.monotonic() + 1
        while time.monotonic() < until:
            with contextlib.suppress(TimeUpError):
                time.sleep(0.5)

    with pytest.raises(TimeUpError), Limit(0.1, said.append)():
        goes_on_all_the_same()
    assert said[0].ended
    assert "cannot be stopped there, so the run ends" in said[0].sentence


def test_afterwards_nothing_is_left(monkeypatch):
    monkeypatch.setattr(limit, "GRACE", 0.1)
    said = []
    with Limit(0.1, said.append)():
        pass
    time.sleep(0.5)  # an alarm that was left would end this
    assert said == []


IN_C = """
import ctypes
import gradproof as gp
def locks(x):
    library, lock = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    library.pthread_mutex_lock(lock)
    library.pthread_mutex_lock(lock)
def holds(x):
    import collections, itertools
    collections.deque(itertools.repeat(0), maxlen=0)
@gp.case
def fine():
    return dict(fun=lambda x: x * x, point=1.0, grad=lambda x: 2 * x)
@gp.case
def stuck():
    return dict(fun={name}, point=1.0, grad=1.0)
@gp.case
def last():
    return dict(fun=lambda x: x * x, point=1.0, grad=lambda x: 2 * x)
"""


def stuck(tmp_path, name):
    (tmp_path / "cases.py").write_text(IN_C.replace("{name}", name), "utf-8")
    call = (
        "from gradproof.cli import limit, main\nlimit.GRACE = 0.5\n"
        "main(['check', 'cases.py', '--time-limit', '0.5s', '--text', 'run.txt'])"
    )
    return subprocess.run(
        [sys.executable, "-c", call], cwd=tmp_path, capture_output=True, encoding="utf-8",
        timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a lock of Linux is what it hangs in")
def test_what_cannot_be_stopped_ends_the_run_and_what_was_finished_is_kept(tmp_path):
    done = stuck(tmp_path, "locks")
    assert done.returncode == 2
    assert "cases.py:fine: CORRECT" in done.stdout
    assert "cases.py:stuck: ERROR: It took longer than 0.5 s, and was in locks" in done.stderr
    assert "interrupted with 1 of the cases unfinished" in done.stdout
    assert "was in locks (cases.py:7)" in (tmp_path / "run.txt").read_text("utf-8")


@pytest.mark.slow
def test_what_holds_the_interpreter_is_ended_with_its_stack(tmp_path):
    done = stuck(tmp_path, "holds")
    assert done.returncode == 1
    assert "cases.py:fine: CORRECT" in done.stdout
    assert 'cases.py", line 10 in holds' in done.stderr
