"""A line on the terminal while something takes longer than a second, and none otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock, Timer
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.live import Live

SECONDS_BEFORE_LINE = 1.0


class Waiting:
    """Within this block, say what is under way: on stderr, a terminal, after a second."""

    def __init__(self, what: Callable[[], str]) -> None:
        self._what = what
        self._timer = Timer(SECONDS_BEFORE_LINE, self._show)
        self._timer.daemon = True
        self._lock = Lock()
        self._over = False
        self._line: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:  # or the timer could draw its line after this has cleared the place
            self._over = True
            if self._line is not None:
                self._line.stop()

    def _show(self) -> None:
        from rich.console import Console  # here: most runs are over within the second
        from rich.live import Live
        from rich.spinner import Spinner
        from rich.text import Text

        with self._lock:
            if self._over:
                return
            self._line = Live(
                Spinner("dots", Text(self._what())),
                console=Console(stderr=True),
                transient=True,
                # What the user's function prints belongs above the line, or into its own pipe.
                redirect_stdout=sys.stdout.isatty(),
            )
            self._line.start(refresh=True)
