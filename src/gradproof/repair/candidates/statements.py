"""Accumulation: overwritten where it should add up, and the other way round; stray statements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import libcst as cst

from ..edit import Edit
from . import costs
from .body import STILL, Body, Expression, method
from .registry import candidates_of
from .text import attribute, loaded, normal, short

_UFUNCS = {"+=": "add", "-=": "subtract"}
_BUFFERED = {f"np.{name}.at": sign for sign, name in _UFUNCS.items()}


@candidates_of("accumulation", cst.AugAssign)
def assigned_for_added(body: Body, node: cst.AugAssign) -> Iterator[Edit]:
    """Assign what is added up; add at indices that may come more than once."""
    yield body.operator(node.operator, "=", costs.ACCUMULATE_RARE, None, node)
    yield from _at(body, node.target, node, body.sign(node.operator))


@candidates_of("accumulation", cst.Assign)
def added_for_assigned(body: Body, node: cst.Assign) -> Iterator[Edit]:
    """Add up what is assigned, over the loop around it too."""
    target = node.targets[0].target
    if len(node.targets) > 1 or isinstance(target, (cst.Tuple, cst.List)):
        return
    begin, end = body.outer(target)[1], body.outer(node.value)[0]
    new = body.between(target, node.value).replace("=", "+=", 1)
    loop = _loop(body, node)
    indexed = isinstance(target, (cst.Subscript, cst.Attribute))
    cost = costs.ACCUMULATE if indexed and loop else costs.ACCUMULATE_RARE
    what = f"add to {short(body.code(target))} what is assigned"
    yield body.write((begin, end), new, cost, what, node)
    yield from _at(body, target, node, "+=")
    if loop is not None and isinstance(target, cst.Name):
        start = _zero(body, body.inner(loop)[0], target.value)
        new = start + body.text.source[body.inner(loop)[0] : begin] + new
        what = f"sum {target.value} over the loop"
        yield body.write((body.inner(loop)[0], end), new, costs.ACCUMULATE, what, node)


def _zero(body: Body, begin: int, name: str) -> str:
    """A name set to zero in a line of its own before a statement."""
    source = body.text.source
    newline = "\r\n" if "\r\n" in source else "\n"
    return f"{name} = 0{newline}{source[body.text.start(begin) : begin]}"


def _loop(body: Body, node: cst.CSTNode) -> cst.For | cst.While | None:
    """The loop around a statement."""
    above = body.parent(node)
    while above is not None and not isinstance(above, (cst.For, cst.While)):
        above = None if isinstance(above, cst.FunctionDef) else body.parent(above)
    return above


def _at(
    body: Body, target: Expression, node: cst.Assign | cst.AugAssign, sign: str
) -> Iterator[Edit]:
    """``np.add.at``, for which an index may come more than once."""
    if sign not in _UFUNCS or not isinstance(target, cst.Subscript) or _fixed(target):
        return
    first, last = body.inner(target.slice[0])[0], body.inner(target.slice[-1])[1]
    index = body.text.source[first:last].strip().rstrip(",")
    if ":" in index:
        index = f"np.s_[{index}]"
    elif len(target.slice) > 1:
        index = f"({index})"
    new = f"np.{_UFUNCS[sign]}.at({body.code(target.value)}, {index}, {body.bare(node.value)})"
    yield body.write(body.inner(node), new, costs.ACCUMULATE, None, node)


def _fixed(target: cst.Subscript) -> bool:
    """Whether an index surely picks each entry once: keys, slices and numbers do."""
    return all(
        isinstance(one.slice, cst.Slice)
        or isinstance(one.slice.value, (cst.Integer, cst.SimpleString, cst.FormattedString))
        for one in target.slice
        if isinstance(one.slice, (cst.Slice, cst.Index))
    )


@candidates_of("accumulation", cst.Expr)
def added_once(body: Body, node: cst.Expr) -> Iterator[Edit]:
    """``dE[ids] += x`` for ``np.add.at(dE, ids, x)``."""
    call = node.value
    if not isinstance(call, cst.Call) or len(call.args) != 3:
        return
    sign = _BUFFERED.get(normal(body.code(call.func)))
    if sign is not None:
        array, index, value = (body.code(one.value) for one in call.args)
        new = f"{array}[{index}] {sign} {value}"
        yield body.write(body.inner(node), new, costs.ACCUMULATE_RARE, None, node)


@candidates_of("accumulation", cst.Assign)
def copies(body: Body, node: cst.Assign) -> Iterator[Edit]:
    """A copy where a name was given a second name."""
    named = isinstance(node.targets[0].target, cst.Name)
    if named and isinstance(node.value, (cst.Name, cst.Subscript)):
        new = attribute(body.code(node.value), "copy()")
        yield body.replace(node.value, new, costs.ACCUMULATE_RARE)


@candidates_of("accumulation", cst.Call)
def zeros_for_copies(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Zeros where a copy was made."""
    if method(call) == "copy" and isinstance(call.func, cst.Attribute):
        new = f"np.zeros_like({body.code(call.func.value)})"
        yield body.replace(call, new, costs.ACCUMULATE_RARE)


@candidates_of("statement", cst.IndentedBlock)
def other_statements(body: Body, block: cst.IndentedBlock) -> Iterator[Edit]:
    """Leave a statement out, or let it change places with the next one."""
    for one in block.body:
        if isinstance(one, cst.SimpleStatementLine) and len(one.body) == 1:
            yield from _dropped(body, block, one)
    for one, other in pairwise(block.body):
        if isinstance(one, cst.SimpleStatementLine) and isinstance(other, cst.SimpleStatementLine):
            yield from _moved(body, one, other)


def _dropped(body: Body, block: cst.IndentedBlock, line: cst.SimpleStatementLine) -> Iterator[Edit]:
    node = line.body[0]
    if isinstance(node, (cst.Return, *STILL)):
        return
    if node not in body.parents or getattr(node, "value", node) not in {*body.parents, node}:
        return  # a docstring, a print
    stray = isinstance(node, cst.AugAssign) or _again(body, node)
    if isinstance(node, cst.Assign) and not stray and _first(body, node):
        return  # without it its name would be unknown
    span, new = body.inner(line), "pass"
    what = f"leave out {short(body.raw(line))}"
    if len(block.body) > 1:
        span, new = _lines(body, span), ""
        if body.text.source[slice(*span)].strip() != body.raw(line).strip():
            return  # something else stands on the line, if only a comment
    yield body.write(span, new, costs.DROP_STRAY if stray else costs.DROP_STATEMENT, what, node)


def _lines(body: Body, span: tuple[int, int]) -> tuple[int, int]:
    """The whole lines that a statement stands on."""
    last, begins = body.text.line(span[1]), body.text.begins
    end = begins[last] if last < len(begins) else len(body.text.source)
    return body.text.start(span[0]), end


def _again(body: Body, node: cst.CSTNode) -> bool:
    """Whether a statement changes what an earlier one assigned."""
    if not isinstance(node, cst.Assign):
        return False
    target = node.targets[0].target
    if isinstance(target, cst.Subscript):
        return True
    return isinstance(target, cst.Name) and target.value in loaded(body.code(node.value))


def _first(body: Body, node: cst.Assign) -> bool:
    """Whether no other statement assigns the name."""
    mine = {normal(body.code(target)) for target in _targets(node)}
    others = (one for one in body.of(cst.Assign) if one is not node)
    return not any(mine & {normal(body.code(t)) for t in _targets(one)} for one in others)


def _moved(
    body: Body, one: cst.SimpleStatementLine, other: cst.SimpleStatementLine
) -> Iterator[Edit]:
    first, second = one.body[0], other.body[0]
    if first not in body.parents or second not in body.parents or isinstance(second, cst.Return):
        return
    if _depend(body, first, second):
        yield body.exchange(one, other, costs.MOVE, first)


def _depend(body: Body, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether one statement assigns what the other reads: else their order does not matter."""
    return bool(
        _assigned(body, one) & _names(body, other) or _assigned(body, other) & _names(body, one)
    )


def _targets(node: cst.CSTNode) -> list[Expression]:
    if isinstance(node, cst.Assign):
        return [one.target for one in node.targets]
    return [node.target] if isinstance(node, (cst.AugAssign, cst.AnnAssign)) else []


def _assigned(body: Body, node: cst.CSTNode) -> frozenset[str]:
    return frozenset[str]().union(*(loaded(body.code(target)) for target in _targets(node)))


def _names(body: Body, node: cst.CSTNode) -> frozenset[str]:
    value = getattr(node, "value", None)
    return _assigned(body, node) | loaded(body.code(value) if value is not None else "")
