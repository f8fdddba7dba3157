"""A profile function of our own for a while, beside a profiler of the user's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def profiled(note: Callable[[FrameType, str, Any], None]) -> Iterator[None]:
    """``note`` is called at every call and return; whoever did so before goes on afterwards."""
    before: Any = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        if hasattr(before, "enable"):  # cProfile before Python 3.12: an object, no function
            before.enable()
        else:
            sys.setprofile(before)
