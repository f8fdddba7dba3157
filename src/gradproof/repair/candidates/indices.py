"""Indices: one off, a slice that starts or ends too early, a loop that leaves one out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import libcst as cst

from ..edit import Edit
from .body import Body, Expression
from .costs import COSTS
from .registry import candidates_of
from .shapes import called
from .source import nodes
from .text import short, stands, written

_FIXED = frozenset({"None", "...", "True", "False"})


def shifted(text: str) -> list[str]:
    """An index that is one less or one more."""
    for sign, other in ((" - ", " + "), (" + ", " - ")):
        head, found, tail = text.rpartition(sign)
        if found and tail == "1":
            return [head, f"{head}{other}1"]
    if text.lstrip("-").isdigit():
        return [str(int(text) - 1), str(int(text) + 1)]
    return [written("{} - 1", text), written("{} + 1", text)]


@candidates_of("index", cst.Subscript, least=COSTS["index"])
def other_entries(body: Body, node: cst.Subscript) -> Iterator[Edit]:
    """Other indices and slices, or two of them exchanged."""
    elements = [one.slice for one in node.slice]
    for k, one in enumerate(elements):
        if isinstance(one, cst.Slice):
            yield from _slices(body, node, one)
        elif isinstance(one, cst.Index):
            yield from _moved(body, one.value)
        for other in elements[k + 1 :]:
            slices = isinstance(one, cst.Slice) or isinstance(other, cst.Slice)
            cost = COSTS["rare index"] if slices else COSTS["index"]
            yield body.exchange(one, other, cost, node, None)


def _moved(body: Body, index: Expression) -> Iterator[Edit]:
    code = body.code(index)
    strings = (cst.SimpleString, cst.FormattedString)
    if code in _FIXED or isinstance(index, (cst.Comparison, cst.List, cst.Tuple, *strings)):
        return
    for new in shifted(code):
        yield body.replace(index, new, COSTS["index"])
    if code.isdigit() or code == "-1":
        for new in ("0", "1", "-1"):
            yield body.replace(index, new, COSTS["index"])


def _slices(body: Body, node: cst.Subscript, one: cst.Slice) -> Iterator[Edit]:
    """A slice with other bounds, or without one of them."""
    span, old = body.inner(one), body.raw(one)
    lower, upper, step = _bounded(body, one)
    for name in body.scope.numbers() if upper and not step else ():
        yield body.write(span, f"{lower}::{name}", COSTS["rare index"] + 0.8, None, node)
    for new, cost in _bounds(lower, upper, step):
        what = f"{short(body.code(node))}: {old} → {new}"
        yield body.write(span, new, cost, what, node)


def _bounded(body: Body, one: cst.Slice) -> tuple[str, str, str]:
    """The two bounds and the step of a slice, empty where there is none."""
    parts = (one.lower, one.upper, one.step)
    lower, upper, step = ("" if part is None else body.code(part) for part in parts)
    return lower, upper, step


def _bounds(lower: str, upper: str, step: str) -> Iterator[tuple[str, float]]:
    if not (lower or upper or step):
        return
    yield ":", COSTS["index"] + 0.3
    if step:
        yield f"{lower}:{upper}", COSTS["index"]
        yield f"{lower}:{upper}:{_negated(step)}", COSTS["index"] + 0.2
    tail = f":{step}" if step else ""
    for new in ("", *shifted(lower)) if lower else ("1",):
        yield f"{new}:{upper}{tail}", COSTS["index"]
    for new in ("", *shifted(upper)) if upper else ("-1",):
        yield f"{lower}:{new}{tail}", COSTS["index"]
    yield from ((f"{new}{tail}", COSTS["index"]) for new in _mirrored(lower, upper))


def _negated(number: str) -> str:
    return number[1:] if number.startswith("-") else written("-{}", number)


def _mirrored(lower: str, upper: str) -> Iterator[str]:
    """``[1:]`` for ``[:-1]`` and back; a margin on both sides for one on one side."""
    if upper.startswith("-") and not lower:
        margin = upper[1:].strip()
        yield f"{margin}:"
    elif lower and not upper:
        margin = lower
        yield f":{_negated(lower)}"
    else:
        return
    yield f"{margin}:-{margin}"
    half = margin.removeprefix("2 * ")
    if margin.isdigit() and margin != "1":
        half = str(int(margin) // 2)
    if half != margin and stands("-{}", half):
        yield f"{half}:-{half}"


@candidates_of("index", cst.Subscript, least=COSTS["index"])
def dropped_indices(body: Body, node: cst.Subscript) -> Iterator[Edit]:
    """The whole instead of a part: ``x[:, ::-1]`` → ``x``."""
    assigned = isinstance(body.parents.get(node), (cst.AssignTarget, cst.AugAssign))
    if not assigned and not _keyed(node):
        what = f"drop the index of {short(body.code(node))}"
        yield body.replace(node, body.bare(node.value), COSTS["rare index"], what)


def _keyed(node: cst.Subscript) -> bool:
    """Whether the index is a key, and what it picks no part of an array."""
    match node:
        case cst.Subscript(value=cst.Attribute(attr=cst.Name(value="shape"))):
            return True
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key)), *_]):
            return isinstance(key, (cst.SimpleString, cst.FormattedString))
    return False


@candidates_of("index", cst.Call, least=COSTS["index"])
def other_ranges(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Loops that begin or end one earlier or later."""
    arguments = call.args if called(call) == "range" else ()
    for k, one in enumerate(arguments):
        for new in shifted(body.code(one.value)):
            if not (k == 0 and len(arguments) == 2 and new == "0"):  # the same as without it
                yield body.replace(one.value, new, COSTS["index"])


@candidates_of("index", cst.Assign, cst.AugAssign, least=COSTS["index"])
def slices_of_both_sides(body: Body, statement: cst.Assign | cst.AugAssign) -> Iterator[Edit]:
    """A slice that a statement has on both of its sides, changed on both."""
    alike = defaultdict[str, list[cst.Slice]](list)
    for node in nodes(statement):
        if isinstance(node, cst.Slice) and node in body.parents:
            alike[body.raw(node)].append(node)
    for code, places in alike.items():
        span = (body.inner(places[0])[0], body.inner(places[-1])[1])
        old = body.text.source[slice(*span)]
        if len(places) > 1 and old.count(code) == len(places):
            for new, cost in _bounds(*_bounded(body, places[-1])):
                what = f"{code} → {new}, {len(places)} times"
                yield body.write(span, old.replace(code, new), cost, what, statement)
