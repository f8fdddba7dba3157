"""Which reports of wrong gradients nobody looked at while a test of pytest ran.

A test that calls ``gp.check`` and does nothing with the report passes whatever the report says.
While a test runs, a report that is not correct is handed out in a class of its own, a subclass that
notes the first use of anything of it and then steps aside.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

R = TypeVar("R")

_PACKAGE = str(Path(__file__).parent / "x")[:-1]
_MOST = 1000  # where nobody takes them out, as without the plugin


@dataclass(frozen=True, slots=True)
class Unread:
    """A report that nobody has looked at so far: what it says, and where it was asked for."""

    identity: int
    headline: str
    file: str
    line: int


_UNREAD: deque[Unread] = deque(maxlen=_MOST)


def handed(report: R, caller: FrameType) -> R:
    """The report itself, watched if a test is running and it is not correct."""
    # pytest's own variable: "tests/test_a.py::test_b (call)".
    if not os.environ.get("PYTEST_CURRENT_TEST", "").endswith("(call)"):
        return report
    if getattr(report, "ok", True):
        return report
    code = caller.f_code
    plain: Any = type(report)
    if not code.co_filename.startswith(_PACKAGE):  # the package looks at what it asks for itself
        entry = Unread(id(report), str(report.headline), code.co_filename, caller.f_lineno)  # type: ignore[attr-defined]
        _UNREAD.append(entry)
        object.__setattr__(report, "__class__", _watched(plain))
    return report


def taken() -> list[Unread]:
    """Take out what nobody has looked at."""
    found = list(_UNREAD)
    _UNREAD.clear()
    return found


def _read(report: Any, plain: type) -> None:
    """It was looked at: it is a plain report again."""
    object.__setattr__(report, "__class__", plain)
    last = next((one for one in reversed(_UNREAD) if one.identity == id(report)), None)
    if last is not None:
        _UNREAD.remove(last)


@cache
def _watched(plain: Any) -> type:
    """A subclass of a class of reports; an attribute or an operator of it makes it that class."""

    def attribute(self: Any, name: str) -> Any:
        _read(self, plain)
        return getattr(self, name)

    def operator(name: str) -> Any:
        def method(self: Any, *others: Any) -> Any:
            _read(self, plain)
            return getattr(plain, name)(self, *others)

        return method

    operators = ("__bool__", "__str__", "__repr__", "__format__", "__eq__", "__hash__", "__iter__")
    used = {name: operator(name) for name in operators if getattr(plain, name, None) is not None}
    names = {"__slots__": (), "__getattribute__": attribute, "__doc__": plain.__doc__, **used}
    return type(plain.__name__, (plain,), {**names, "__module__": plain.__module__})
