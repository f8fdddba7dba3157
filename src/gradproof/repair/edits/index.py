"""Indices: one off, a slice that starts or ends too early, a loop that leaves one out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import Body
from .text import Level, attribute, operand, short
from .tree import nodes


def indices(body: Body) -> Iterator[Edit]:
    """Other indices, slices and ranges."""
    for node in body.of(cst.Subscript):
        yield from _entries(body, node)
        yield from _dropped(body, node)
        yield from _turned(body, node)
    for call in body.of(cst.Call):
        if isinstance(call.func, cst.Name) and call.func.value == "range":
            yield from _ranges(body, call)
        if isinstance(call.func, cst.Name) and call.func.value == "reversed":
            yield body.replace(call, body.code(call.args[0].value), Kind.INDEX, costs.INDEX_RARE)
    yield from _rolled(body)
    statements: list[cst.Assign | cst.AugAssign] = [*body.of(cst.Assign), *body.of(cst.AugAssign)]
    for statement in statements:
        yield from _alike(body, statement)


def _alike(body: Body, statement: cst.Assign | cst.AugAssign) -> Iterator[Edit]:
    """A slice that a statement has on both of its sides, changed on both."""
    spans = defaultdict[str, list[tuple[int, int]]](list)
    slices = dict[str, cst.Slice]()
    for node in nodes(statement):
        if isinstance(node, cst.Slice) and node in body.parents:
            code = body.text.source[slice(*body.inner(node))]
            spans[code].append(body.inner(node))
            slices[code] = node
    for code, places in spans.items():
        if len(places) > 1:
            begin, end = places[0][0], places[-1][1]
            old = body.text.source[begin:end]
            for new, cost in _bounds(*_bounded(body, slices[code])):
                changed = old.replace(code, new)
                if old.count(code) == len(places):
                    what = f"{code} → {new}, {len(places)} times"
                    yield body.write((begin, end), changed, Kind.INDEX, cost, what, statement)


def shifted(text: str) -> list[str]:
    """An index that is one less or one more."""
    for sign, other in ((" - ", " + "), (" + ", " - ")):
        head, found, tail = text.rpartition(sign)
        if found and tail == "1":
            return [head, f"{head}{other}1"]
    if text.lstrip("-").isdigit():
        return [str(int(text) - 1), str(int(text) + 1)]
    body = operand(text, Level.SUM)
    return [f"{body} - 1", f"{body} + 1"]


def _entries(body: Body, node: cst.Subscript) -> Iterator[Edit]:
    elements = [one.slice for one in node.slice]
    for k, one in enumerate(elements):
        if isinstance(one, cst.Slice):
            yield from _slices(body, node, one)
        elif isinstance(one, cst.Index) and not isinstance(
            one.value, (cst.SimpleString, cst.FormattedString, cst.Tuple)
        ):
            yield from _moved(body, one.value)
        for other in elements[k + 1 :]:
            yield _exchanged(body, node, one, other)


def _moved(body: Body, index: cst.BaseExpression) -> Iterator[Edit]:
    code = body.code(index)
    if code in {"None", "...", "True", "False"} or isinstance(index, (cst.Comparison, cst.List)):
        return
    for new in shifted(code):
        yield body.replace(index, new, Kind.INDEX, costs.INDEX)
    if code.isdigit() or code == "-1":
        for new in ("0", "1", "-1"):
            yield body.replace(index, new, Kind.INDEX, costs.INDEX)
        yield body.replace(index, ":", Kind.INDEX, costs.INDEX_RARE)


def _exchanged(body: Body, node: cst.Subscript, one: cst.BaseSlice, other: cst.BaseSlice) -> Edit:
    (begin, middle), (then, end) = body.inner(one), body.inner(other)
    old = body.text.source
    new = old[then:end] + old[middle:then] + old[begin:middle]
    slices = isinstance(one, cst.Slice) or isinstance(other, cst.Slice)
    cost = costs.INDEX_RARE if slices else costs.INDEX
    return body.write((begin, end), new, Kind.INDEX, cost, None, node)


def _slices(body: Body, node: cst.Subscript, one: cst.Slice) -> Iterator[Edit]:
    """A slice with other bounds, or without one of them."""
    span = body.inner(one)
    old = body.text.source[slice(*span)]
    lower, upper, step = _bounded(body, one)
    for name in body.scope.numbers() if upper and not step else ():
        yield body.write(span, f"{lower}::{name}", Kind.INDEX, costs.INDEX_RARE + 0.8, None, node)
    for new, cost in _bounds(lower, upper, step):
        what = f"{short(body.code(node))}: {old} → {new}"
        yield body.write(span, new, Kind.INDEX, cost, what, node)


def _bounded(body: Body, one: cst.Slice) -> tuple[str, str, str]:
    """The two bounds and the step of a slice, empty where there is none."""
    lower, upper, step = (
        body.code(part) if part is not None else "" for part in (one.lower, one.upper, one.step)
    )
    return lower, upper, step


def _bounds(lower: str, upper: str, step: str) -> Iterator[tuple[str, float]]:
    tail = f":{step}" if step else ""
    if not lower and not upper and not step:
        return
    yield ":", costs.INDEX + 0.3
    if step:
        yield f"{lower}:{upper}", costs.INDEX
        other = step[1:] if step.startswith("-") else f"-{operand(step, Level.UNARY)}"
        yield f"{lower}:{upper}:{other}", costs.INDEX + 0.2
    if lower:
        yield f":{upper}{tail}", costs.INDEX
        yield from ((f"{new}:{upper}{tail}", costs.INDEX) for new in shifted(lower))
    else:
        yield f"1:{upper}{tail}", costs.INDEX
    if upper:
        yield f"{lower}:{tail}", costs.INDEX
        yield from ((f"{lower}:{new}{tail}", costs.INDEX) for new in shifted(upper))
    else:
        yield f"{lower}:-1{tail}", costs.INDEX
    yield from _mirrored(lower, upper, tail)


def _mirrored(lower: str, upper: str, tail: str) -> Iterator[tuple[str, float]]:
    """``[1:]`` for ``[:-1]`` and back; a margin on both sides for one on one side."""
    if upper.startswith("-") and not lower:
        margin = upper[1:].strip()
        yield f"{margin}:{tail}", costs.INDEX
        for half in _halves(margin):
            yield f"{half}:-{half}{tail}", costs.INDEX
    if lower and not upper:
        yield f":-{operand(lower, Level.UNARY)}{tail}", costs.INDEX
        for half in _halves(lower):
            yield f"{half}:-{half}{tail}", costs.INDEX


def _halves(margin: str) -> list[str]:
    head, found, rest = margin.partition(" * ")
    if found and head == "2":
        return [rest, margin] if operand(rest, Level.UNARY) == rest else [margin]
    return [margin] + ([str(int(margin) // 2)] if margin.isdigit() and margin != "1" else [])


def _ranges(body: Body, call: cst.Call) -> Iterator[Edit]:
    arguments = [body.code(one.value) for one in call.args]
    for k, one in enumerate(call.args):
        for new in shifted(arguments[k]):
            if not (k == 0 and len(arguments) > 1 and new == "0" and len(arguments) == 2):
                yield body.replace(one.value, new, Kind.INDEX, costs.INDEX)
    name = body.code(call.func)
    if len(arguments) == 2:
        yield body.replace(call, f"{name}({arguments[1]})", Kind.INDEX, costs.INDEX)
    if len(arguments) == 1:
        yield body.replace(call, f"{name}(1, {arguments[0]})", Kind.INDEX, costs.INDEX)
    if len(arguments) == 3:
        new = f"{name}({', '.join(arguments[:2])})"
        yield body.replace(call, new, Kind.INDEX, costs.INDEX_RARE)
    if not isinstance(body.parent(call), cst.Arg):
        new = f"reversed({body.code(call)})"
        yield body.replace(call, new, Kind.INDEX, costs.INDEX_RARE + 0.4)


def _dropped(body: Body, node: cst.Subscript) -> Iterator[Edit]:
    """The whole instead of a part: ``x[:, ::-1]`` → ``x``."""
    if not isinstance(body.parent(node), (cst.AssignTarget, cst.AugAssign)) and not _keyed(node):
        what = f"drop the index of {short(body.code(node))}"
        new = body.bare(node.value)
        yield body.replace(node, new, Kind.INDEX, costs.INDEX_RARE, what)


def _keyed(node: cst.Subscript) -> bool:
    """Whether the index is a key, and what it picks no part of an array."""
    first = node.slice[0].slice
    strings = (cst.SimpleString, cst.FormattedString)
    shape = isinstance(node.value, cst.Attribute) and node.value.attr.value == "shape"
    return shape or (isinstance(first, cst.Index) and isinstance(first.value, strings))


def _turned(body: Body, node: cst.Subscript) -> Iterator[Edit]:
    """A blank axis in another place: ``x[None, :]`` for ``x[:, None]``, or none."""
    code = [body.text.source[slice(*body.inner(one.slice))] for one in node.slice]
    if code == [":", "None"]:
        new = attribute(body.code(node.value), "")[:-1]
        yield body.replace(node, new, Kind.INDEX, costs.INDEX)


def _rolled(body: Body) -> Iterator[Edit]:
    """The sign of what an array is rolled by."""
    for call in body.of(cst.Call):
        name = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
        if name == "roll" and len(call.args) > 1:
            shift = call.args[1].value
            code = body.code(shift)
            new = code[1:] if code.startswith("-") else f"-{operand(code, Level.UNARY)}"
            yield body.replace(shift, new, Kind.INDEX, costs.INDEX)
