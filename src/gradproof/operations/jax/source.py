"""Where a rule stands in the user's source, and from where its function was called."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
from jax._src import source_info_util

from ...naming import is_library

_JAX = str(Path(jax.__file__).parent) + os.sep
_OURS = str(Path(__file__).resolve().parents[2]) + os.sep
_STOPPED = str(Path("subject") / "stopped.py")

_MOST = 300  # functions looked through for one of the user's


class Place(NamedTuple):
    """A function: its name, and where its definition begins."""

    name: str
    file: str
    line: int


NOWHERE = Place("", "", 0)


def described(info: Any) -> Place:
    """The function that JAX's own description tells of: ``swish at model.py:12``."""
    text = getattr(getattr(info, "debug_info", info), "func_src_info", None)
    found = re.fullmatch(r"(.*?)(?: at (.*):(\d+))?", text) if isinstance(text, str) else None
    if found is None or not found[1]:
        return NOWHERE
    return Place(short(found[1]), found[2] or "", int(found[3] or 0))


def rule_place(rule: Any) -> Place:
    """The user's function that is a rule, or JAX's where it is JAX's."""
    place = described(rule)
    if place.file and not is_library(place.file):
        return place
    # A library between JAX and the user, as equinox, wraps rules; its own rules are nobody else's.
    found = [place, *_functions(rule)]
    users = next((inner for inner in found if inner.file and not is_library(inner.file)), None)
    return users or next((inner for inner in found if not of_jax(inner)), place)


def of_jax(place: Place) -> bool:
    """Whether a function is JAX's own."""
    return place.file.startswith(_JAX) or not place.file


def _functions(root: Any) -> Iterator[Place]:
    """The functions that can be reached through wrappers, partials and closures, nearest first."""
    todo, seen = [root], list[Any]()
    while todo and len(seen) < _MOST:
        function = todo.pop(0)
        if function is None or any(function is other for other in seen):
            continue
        seen.append(function)
        if (place := described(function)).file:
            yield place
        if isinstance(function, tuple):
            todo += function
            continue
        todo += [getattr(function, name, None) for name in ("__wrapped__", "f", "func", "fun")]
        todo += (content for content in _cells(function) if _leads_on(content))
        todo += _used(function)
        todo += filter(_leads_on, getattr(function, "args", None) or ())
        if (code := getattr(function, "__code__", None)) is not None:
            yield Place(short(function.__qualname__), code.co_filename, code.co_firstlineno)


def _cells(function: Any) -> Iterator[Any]:
    for cell in getattr(function, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # not bound yet
            yield cell.cell_contents


def _used(function: Any) -> Iterator[Any]:
    """What a function takes from objects around it: a method's ``self`` that keeps the rule."""
    names = getattr(getattr(function, "__code__", None), "co_names", ())
    for content in _cells(function):
        kept = getattr(content, "__dict__", {})
        yield from (kept[name] for name in names if callable(kept.get(name)))


def _leads_on(thing: Any) -> bool:
    return callable(thing) or hasattr(thing, "call_wrapped") or isinstance(thing, tuple)


def short(name: str) -> str:
    """What a person calls a function: no ``<locals>``, and ``__call__`` by its class."""
    parts = name.rsplit("<locals>.", 1)[-1].split(".")
    return parts[-2] if parts[-1] == "__call__" and len(parts) > 1 else parts[-1]


def frames(equation: Any) -> list[Place]:
    """The user's functions that were running when an operation was traced, outermost first."""
    found = source_info_util.user_frames(equation.source_info.traceback)
    places = [Place(short(f.function_name), f.file_name, f.start_line) for f in found]
    places = [place for place in reversed(places) if not place.file.startswith(_OURS)]
    return [place for place in places if not is_library(place.file)] or places


def outermost(equation: Any) -> Place:
    """The outermost function of the user's that was running, where its definition begins."""
    trace = equation.source_info.traceback
    codes = trace.raw_frames()[0] if trace is not None else []
    files = (code.co_filename for code in codes)
    own = [f.startswith(_OURS) or not source_info_util.is_user_filename(f) for f in files]
    last = next(
        (c for c, skip in zip(reversed(codes), reversed(own), strict=True) if not skip), None
    )
    if last is None:
        return NOWHERE
    return Place(short(last.co_qualname), last.co_filename, last.co_firstlineno)


def meant(equation: Any) -> bool:
    """Whether a gradient is cut by ``gp.stop_gradient``, that is on purpose."""
    found = source_info_util.user_frames(equation.source_info.traceback)
    return any(f.file_name.startswith(_OURS) and f.file_name.endswith(_STOPPED) for f in found)
