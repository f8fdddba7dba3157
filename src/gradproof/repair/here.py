"""Candidates run in this process, for libraries that do not survive a fork of it, as JAX."""

from __future__ import annotations

import contextlib
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TypeVar

from .sandbox import Outcome, late, tried

if sys.platform != "win32":
    from .confine import guarded

T = TypeVar("T")


class Here:
    """Runs jobs in this process, one after the other: for libraries that do not survive a fork.

    Files, network and processes are closed to a job as in a process of its own, and Python's code
    is stopped when its time is up; but what it spoils in memory stays spoilt, and nothing stops a
    library written in C.
    """

    def __init__(self, task: Callable[[Any], Any], limit: float) -> None:
        self.task = task
        self.limit = limit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be ended."""

    def run(self, jobs: Iterable[T]) -> Iterator[tuple[T, Outcome]]:
        """Each job and what came of it."""
        for job in jobs:
            chance = random.getstate()
            with guarded() as refused, uncompiled(), _alarm(self.limit):
                outcome = tried(self.task, job, refused)
            random.setstate(chance)
            yield job, late(self.limit) if outcome.exception == _TimeUp.__name__ else outcome


class _TimeUp(BaseException):
    """Raised in a job whose time is up: its own handlers of exceptions do not meet it."""


def uncompiled() -> contextlib.AbstractContextManager[Any]:
    """JAX would go on with what it compiled of the code as it was."""
    jax: Any = sys.modules.get("jax")
    return jax.disable_jit() if hasattr(jax, "disable_jit") else contextlib.nullcontext()


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise ``_TimeUp`` after some time, where signals come: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def up(number: int, frame: Any) -> None:  # noqa: ARG001
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
