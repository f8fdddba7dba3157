"""A line on the terminal while something takes longer than a second, and none otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, ClassVar, Self

from .letters import fitted, is_plain

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

SECONDS_BEFORE_LINE = 1.0


def is_terminal(stream: Any) -> bool:
    """Whether somebody reads a stream on a terminal; there may be no stream, or a closed one."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


# What has been spent, and how much it will be at most about.
Spent = tuple[int, int]


class ProgressLine:
    """Within this block, say what is under way: on stderr, a terminal, after a second.

    ``spent`` gives evaluations made and expected, drawn as a bar. Inside another one the line is
    shared: there is one place on the terminal.
    """

    outermost: ClassVar[ProgressLine | None] = None

    def __init__(
        self,
        what: Callable[[], str],
        spent: Callable[[], Spent] | None = None,
        unit: str = "evaluations",
    ) -> None:
        self.what = what
        self.spent = spent
        self.unit = unit
        self._timer: Timer | None = None
        self._lock = Lock()
        self._over = False
        self._line: Live | None = None
        self.inside: list[ProgressLine] = []

    def __enter__(self) -> Self:
        outer = ProgressLine.outermost
        if outer is not None:
            outer.inside.append(self)
        elif is_terminal(sys.stderr) and sys.gettrace() is None:  # no line over a debugger's prompt
            ProgressLine.outermost = self
            self._timer = Timer(SECONDS_BEFORE_LINE, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        outer = ProgressLine.outermost
        if outer is not None and self in outer.inside:
            outer.inside.remove(self)
        if outer is self:
            ProgressLine.outermost = None
        if self._timer is None:
            return
        self._timer.cancel()
        with self._lock:  # or the timer could draw its line after this has cleared the place
            self._over = True
            if self._line is not None:
                self._line.stop()

    def _show(self) -> None:
        from rich.console import Console  # here: most runs are over within the second
        from rich.live import Live
        from rich.spinner import Spinner

        spinner = Spinner("line" if is_plain(sys.stderr) else "dots")
        with self._lock:
            if self._over:
                return
            self._line = Live(
                get_renderable=lambda: self._drawn(spinner),
                console=Console(stderr=True),
                transient=True,
                # What the user's function prints belongs above the line, or into its own pipe.
                redirect_stdout=is_terminal(sys.stdout),
            )
            self._line.start(refresh=True)

    def _drawn(self, spinner: RenderableType) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        everything = [self, *self.inside]
        counting = next((w for w in reversed(everything) if w.spent is not None), None)
        spent = None if counting is None else counting.spent
        overflow: Any = "crop" if is_plain(sys.stderr) else "ellipsis"
        what = Text(": ".join(fitted(w.what(), sys.stderr) for w in everything), overflow=overflow)
        line = Table.grid(padding=(0, 1), expand=True)
        for ratio in (None, 1, None, None)[: 2 if spent is None else 4]:
            line.add_column(no_wrap=True, ratio=ratio)
        if spent is None:
            line.add_row(spinner, what)
            return line
        done, most = spent()
        unit = "evaluations" if counting is None else counting.unit
        left = f", up to {most - done:,} more" if most > done else ""
        bar = ProgressBar(max(most, done, 1), done, 16)
        line.add_row(spinner, what, bar, Text(f"{done:,} {unit}{left}"))
        return line
