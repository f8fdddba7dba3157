"""Candidates run in processes of their own: none can hang, crash or spoil the one that asks.

Each job runs in a fork of the calling process, which has all of its functions, closures and
arrays as they are at that moment; nothing is pickled on the way in, and whatever a job spoils
ends with its process. Answers come back pickled through a pipe.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Generic, Self, TypeVar

from ..errors import UsageError

if sys.platform != "win32":
    from .confine import confine, cores

T = TypeVar("T")

# More at once gains little: the calling process itself has to fork each of them.
_MOST_AT_ONCE = 4

# Finished ahead of the one whose answer is due next, per process that may run.
_AHEAD = 4

_NO_FORK = (
    "Trying edits of a function needs os.fork, which this system lacks: run it on Linux or macOS, "
    "or under the Windows Subsystem for Linux."
)

NO_ANSWER = "no answer"
"""How the text of an outcome begins whose time was up."""

_LONGEST_TEXT = 500
_NAP = 0.001  # between two looks at a process that has closed its pipe and does not end

# What Python (3.12 and later) and jax say about a fork beside threads. A job whose library waits
# for a thread that only the calling process has gives no answer, and costs its time limit.
_FORK_WARNINGS = (
    (DeprecationWarning, r"This process .* is multi-threaded"),
    (RuntimeWarning, r"os\.fork\(\) was called"),
)


class Ending(Enum):
    """How a job ended; the value is what a person reads."""

    ANSWERED = "answered"
    RAISED = "raised an exception"
    REFUSED = "tried to write, to connect or to start a process"
    LATE = "gave no answer in time"
    DIED = "ended its process"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: its value, or what stopped it.

    ``exception`` names the type of what was raised, and ``text`` says more.
    """

    ending: Ending
    value: Any = None
    exception: str = ""
    text: str = ""

    @property
    def answered(self) -> bool:
        """Whether there is a value."""
        return self.ending is Ending.ANSWERED


class Worker:
    """Runs ``task(job)`` for many jobs, each within ``limit`` seconds in a process of its own.

    Up to ``at_once`` processes run at a time, by default one per core and at most four; where it
    is one, a job is read only after the answer to the one before it has been handed out.
    ``UsageError`` where a process cannot be forked, as on Windows.
    """

    def __init__(self, task: Callable[[Any], Any], limit: float, at_once: int = 0) -> None:
        if not hasattr(os, "fork"):
            raise UsageError(_NO_FORK)
        self.task = task
        self.limit = limit
        self.at_once = at_once or min(cores(), _MOST_AT_ONCE)
        self._children: list[_Child[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill(self._children)
        self._reap()

    def run(self, jobs: Iterable[T]) -> Iterator[tuple[T, Outcome]]:
        """Each job and what came of it, in the order of the jobs, which are read ahead."""
        queue = iter(jobs)
        due: deque[_Child[T]] = deque()
        try:
            while self._start(queue, due):
                while due[0].outcome is None:
                    self._attend(due)
                    if due[0].outcome is None:  # or the job after it may depend on it
                        self._start(queue, due)
                child = due.popleft()
                assert child.outcome is not None
                yield child.job, child.outcome
        finally:
            self._kill(due)
            self._reap()

    def _start(self, queue: Iterator[T], due: deque[_Child[T]]) -> bool:
        """Start as many jobs as may run; whether there is one whose answer is due."""
        while len(due) < _AHEAD * self.at_once and len(_running(due)) < self.at_once:
            try:
                job = next(queue)
            except StopIteration:
                break
            self._fork(job, due)
        return bool(due)

    def _fork(self, job: T, due: deque[_Child[T]]) -> None:
        """Start a process with a job; it is on the lists before Ctrl-C can come between."""
        chance = random.getstate()  # Python draws a new one in every fork
        parent = os.getpid()
        with _uninterrupted(), warnings.catch_warnings():
            for category, message in _FORK_WARNINGS:
                warnings.filterwarnings("ignore", message, category)
            reading, writing = Pipe(duplex=False)
            try:
                pid = os.fork()
            except OSError:  # no more processes or memory to be had
                reading.close()
                writing.close()
                raise
            if pid == 0:
                try:
                    reading.close()
                    self._live(job, writing, parent, chance)
                finally:
                    os._exit(1)  # nothing that the parent would do at its end
            writing.close()
            child = _Child(job, pid, reading, time.monotonic() + self.limit)
            self._children.append(child)
            due.append(child)

    def _live(self, job: T, pipe: Connection, parent: int, chance: Any) -> None:
        began = time.monotonic()
        for child in self._children:
            child.pipe.close()
        refused = confine(self.limit, pipe.fileno(), parent)
        random.setstate(chance)
        answer = _pickled(tried(self.task, job, refused))
        pipe.send((answer, time.monotonic() - began))

    def _attend(self, due: Iterable[_Child[T]]) -> None:
        """Wait until one of the processes says something, or its time is up."""
        running = _running(due)
        patience = min(child.deadline for child in running) - time.monotonic()
        ready = wait([child.pipe for child in running], max(0.0, patience))
        for child in running:
            if child.pipe in ready:
                child.outcome = child.read(self.limit)
            elif time.monotonic() >= child.deadline:
                child.outcome = late(self.limit)
        self._kill([child for child in running if child.outcome is not None])
        self._reap(self.at_once)

    def _kill(self, children: Iterable[_Child[Any]]) -> None:
        with _uninterrupted():
            for child in children:
                child.kill()

    def _reap(self, most: int = 0) -> None:
        """Wait until at most some of the killed are left: giving memory back takes them a while."""
        killed = [child for child in self._children if child.pipe.closed]
        for child in killed[: max(0, len(killed) - most)]:
            child.wait()
            self._children.remove(child)


@dataclass(slots=True, eq=False)
class _Child(Generic[T]):
    """A process under way with a job, seen from the process that waits for it."""

    job: T
    pid: int
    pipe: Connection
    deadline: float
    outcome: Outcome | None = None
    status: int | None = None

    def read(self, limit: float) -> Outcome:
        """What comes through the pipe, or came of a process that has closed it."""
        try:
            answer, seconds = self.pipe.recv()
        except (EOFError, OSError):
            return self._death(limit)
        # The time that the job itself took: this process may have looked late.
        return late(limit) if seconds > limit else _unpickled(answer)

    def _death(self, limit: float) -> Outcome:
        """How a process ended that closed its pipe without an answer, if it ends at all."""
        while not self.wait(os.WNOHANG):
            if time.monotonic() >= self.deadline:
                return late(limit)
            time.sleep(_NAP)
        code = os.waitstatus_to_exitcode(self.status or 0)
        how = f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        return Outcome(Ending.DIED, text=how)

    def wait(self, options: int = 0) -> bool:
        """Wait until nothing is left of the process, or only look; whether that is so."""
        if self.status is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # somebody else has asked for its status before
                pid, status = self.pid, 0
            self.status = status if pid else None
        return self.status is not None

    def kill(self) -> None:
        """End the process, whatever it is doing; its pipe is closed then."""
        if self.status is None and not self.pipe.closed:
            for kill in (os.killpg, os.kill):  # it may not have its own group yet
                with contextlib.suppress(OSError):
                    kill(self.pid, signal.SIGKILL)
        self.pipe.close()


def _running(children: Iterable[_Child[T]]) -> list[_Child[T]]:
    return [child for child in children if child.outcome is None]


def late(limit: float) -> Outcome:
    """What came of a job whose time was up."""
    return Outcome(Ending.LATE, text=f"{NO_ANSWER} within {limit:.3g} s")


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until this block is over: no process may be forked and then forgotten."""
    before, came = signal.getsignal(signal.SIGINT), list[int]()
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield  # no exception comes here from Ctrl-C, or its handler is not Python's
        return
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


# From here on: what happens in the process of a job.


def tried(task: Callable[[Any], Any], job: Any, refused: list[str]) -> Outcome:
    """What comes of a job, where it is run; whatever it raises ends it alone."""
    try:
        return Outcome(Ending.ANSWERED, task(job))
    except BaseException as error:  # noqa: BLE001 - also sys.exit and KeyboardInterrupt end a job
        if refused:
            return Outcome(Ending.REFUSED, exception="PermissionError", text=refused[0])
        return _raised(error)


def _raised(error: BaseException, before: str = "") -> Outcome:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - whatever the exception's own code does
        text = ""
    text = (before + text)[:_LONGEST_TEXT]
    return Outcome(Ending.RAISED, exception=type(error).__qualname__, text=text)


def _pickled(outcome: Outcome) -> bytes:
    try:
        return pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - whatever the value's own code does
        return pickle.dumps(_raised(error, "the answer cannot be pickled: "))


def _unpickled(answer: bytes) -> Outcome:
    try:
        outcome = pickle.loads(answer)  # noqa: S301 - our own fork's
    except Exception as error:  # noqa: BLE001 - whatever the value's own code does
        return _raised(error, "the answer cannot be unpickled: ")
    assert isinstance(outcome, Outcome)
    return outcome
