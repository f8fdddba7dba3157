"""A limit on the time of one case: what takes longer is stopped, and named with its place.

On the main thread of a system with timers an exception is raised by a signal, which also ends a
sleep or a wait; elsewhere from another thread, between two steps of Python. Code in C that does
neither come back nor listen cannot be stopped: then somebody else has to end the process.
"""

from __future__ import annotations

import ctypes
import faulthandler
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ..naming import is_library, place
from ..records.failure import Place

_HERE = Path(__file__).parent
_AGAIN = 1.0  # seconds until it is raised again, where the code under test has caught it
GRACE = 5.0  # seconds that what was stopped has to come back

SIGNALS = hasattr(signal, "setitimer")


class TimeUpError(BaseException):
    """The time is up; ``stack`` is what was running. Nothing that catches ``Exception`` sees it."""

    def __init__(self, seconds: float, stack: traceback.StackSummary, *, ended: bool = False):
        self.seconds, self.stack, self.ended = seconds, stack, ended
        super().__init__(self.sentence)

    @property
    def place(self) -> Place | None:
        """The innermost call of the user's code."""
        if not self.stack:
            return None
        return Place(self.stack[-1].filename, self.stack[-1].lineno or 1, self.stack[-1].name)

    @property
    def sentence(self) -> str:
        """How long it took, and what was running then."""
        user = self.place
        where = "gradproof itself"
        if user is not None:
            where = f"{user.function} ({place(user.file, user.line)})"
        text = f"It took longer than {self.seconds:g} s, and was in {where} then."
        return f"{text} It cannot be stopped there, so the run ends here." if self.ended else text

    @property
    def trace(self) -> str:
        """The calls of the user's code that were under way, as Python prints them."""
        listed = "".join(self.stack.format())
        return f"Calls under way (most recent call last):\n{listed}" if listed else ""


@dataclass(slots=True)
class Limit:
    """Stop what takes longer than ``seconds``.

    ``stuck`` is called, in another thread, with what was stopped and does not come back.
    """

    seconds: float
    stuck: Callable[[TimeUpError], Any]
    _stack: traceback.StackSummary | None = None
    _over: bool = True

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Within this block the time is limited; it raises ``TimeUpError``."""
        self._over, self._stack = False, None
        with self._armed():
            try:
                yield
            except KeyboardInterrupt:
                raise
            except BaseException:
                if self._stack is None:
                    raise
                # else whatever the code under test has made of it
            finally:
                self._over = True
            if self._stack is not None:
                raise TimeUpError(self.seconds, self._stack)

    @contextmanager
    def _armed(self) -> Iterator[None]:
        by_signal = SIGNALS and threading.current_thread() is threading.main_thread()
        thread = threading.get_ident()
        timers = [threading.Timer(self.seconds + GRACE, self._give_up, [thread])]
        if not by_signal:
            timers.append(threading.Timer(self.seconds, self._interrupt, [thread]))
        before = signal.signal(signal.SIGALRM, self._late) if by_signal else None
        # Where C code holds on to the interpreter no other thread runs, and only this ends it.
        faulthandler.dump_traceback_later(self.seconds + 2 * GRACE, exit=True, file=_stderr())
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            if by_signal:
                signal.setitimer(signal.ITIMER_REAL, self.seconds, _AGAIN)
            yield
        finally:
            if by_signal:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
            faulthandler.cancel_dump_traceback_later()
            for timer in timers:
                timer.cancel()

    def _late(self, _: int, frame: FrameType | None) -> None:
        if not self._over:
            self._seen(frame)
            raise TimeUpError(self.seconds, _users(frame))

    def _interrupt(self, thread: int) -> None:
        """Raise in a thread, when it comes to its next step of Python."""
        if not self._over:
            self._seen(_frame(thread))
            kind = ctypes.py_object(_AsyncTimeUpError)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), kind)

    def _seen(self, frame: FrameType | None) -> None:
        """Keep what was running when the time was up, the first time."""
        if self._stack is None:
            self._stack = _users(frame)

    def _give_up(self, thread: int) -> None:
        if not self._over:
            faulthandler.cancel_dump_traceback_later()  # this thread runs: it can end it all
            stack = self._stack or _users(_frame(thread))
            self.stuck(TimeUpError(self.seconds, stack, ended=True))


class _AsyncTimeUpError(TimeUpError):
    """As it is raised from another thread: without arguments."""

    def __init__(self) -> None:
        super().__init__(0.0, traceback.StackSummary())


def _frame(thread: int) -> FrameType | None:
    return sys._current_frames().get(thread)  # noqa: SLF001 - nothing else shows it


def _users(frame: FrameType | None) -> traceback.StackSummary:
    """The frames of the user's code that were called from here, the innermost last."""
    users: list[traceback.FrameSummary] = []
    for one in traceback.StackSummary.extract(traceback.walk_stack(frame)):
        if Path(one.filename).parent == _HERE:
            break
        if not is_library(one.filename):
            users.insert(0, one)
    return traceback.StackSummary.from_list(users)


def _stderr() -> Any:
    """Standard error with a number, as faulthandler needs it."""
    return sys.__stderr__ if sys.__stderr__ is not None else 2
