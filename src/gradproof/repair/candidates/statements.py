"""Accumulation: overwritten where it should add up, and the other way round; stray statements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import libcst as cst

from ..edit import Edit
from .body import STILL, Body, Expression
from .costs import COSTS
from .registry import candidates_of
from .text import loaded, normal, short


@candidates_of("accumulation", cst.Assign, least=COSTS["accumulate"])
def added_for_assigned(body: Body, node: cst.Assign) -> Iterator[Edit]:
    """Add up what is assigned, over the loop around it too."""
    target = node.targets[0].target
    if len(node.targets) > 1 or isinstance(target, (cst.Tuple, cst.List)):
        return
    begin, end = body.outer(target)[1], body.outer(node.value)[0]
    new = body.between(target, node.value).replace("=", "+=", 1)
    loop = _loop(body, node)
    indexed = isinstance(target, (cst.Subscript, cst.Attribute))
    cost = COSTS["accumulate"] if indexed and loop else COSTS["rarely accumulated"]
    what = f"add to {short(body.code(target))} what is assigned"
    yield body.write((begin, end), new, cost, what, node)
    if loop is not None and isinstance(target, cst.Name):
        source, first = body.text.source, body.inner(loop)[0]
        newline = "\r\n" if "\r\n" in source else "\n"
        zero = f"{target.value} = 0{newline}{source[body.text.start(first) : first]}"
        what = f"sum {target.value} over the loop"
        new = zero + source[first:begin] + new
        yield body.write((first, end), new, COSTS["accumulate"], what, node)


def _loop(body: Body, node: cst.CSTNode) -> cst.CSTNode | None:
    """The loop around a statement, in the same function."""
    stops = (cst.For, cst.While, cst.FunctionDef)
    around = next((one for one in body.around(node) if isinstance(one, stops)), None)
    return None if isinstance(around, cst.FunctionDef) else around


@candidates_of("statement", cst.IndentedBlock, least=COSTS["stray statement"])
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
        last, begins = body.text.line(span[1]), body.text.begins
        span, new = (body.text.start(span[0]), begins[min(last, len(begins) - 1)]), ""
        if body.text.source[slice(*span)].strip() != body.raw(line).strip():
            return  # something else stands on the line, if only a comment
    yield body.write(
        span, new, COSTS["stray statement"] if stray else COSTS["statement"], what, node
    )


def _again(body: Body, node: cst.CSTNode) -> bool:
    """Whether a statement changes what an earlier one assigned."""
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript()), *_]):
            return True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name)), *_], value=value):
            return name in loaded(body.code(value))
    return False


def _first(body: Body, node: cst.Assign) -> bool:
    """Whether no other statement assigns the name."""
    mine = {normal(body.code(target)) for target in _targets(node)}
    others = (t for one in body.of(cst.Assign) if one is not node for t in _targets(one))
    return mine.isdisjoint(normal(body.code(target)) for target in others)


def _moved(
    body: Body, one: cst.SimpleStatementLine, other: cst.SimpleStatementLine
) -> Iterator[Edit]:
    first, second = one.body[0], other.body[0]
    if first not in body.parents or second not in body.parents or isinstance(second, cst.Return):
        return
    # Where neither assigns what the other reads their order does not matter.
    (assigned, names), (also, others) = _assigned(body, first), _assigned(body, second)
    if assigned & others or also & names:
        yield body.exchange(one, other, COSTS["move"], first)


def _targets(node: cst.CSTNode) -> list[Expression]:
    if isinstance(node, cst.Assign):
        return [one.target for one in node.targets]
    return [node.target] if isinstance(node, (cst.AugAssign, cst.AnnAssign)) else []


def _assigned(body: Body, node: cst.CSTNode) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a statement assigns, and all that it has."""
    assigned = frozenset[str]().union(*(loaded(body.code(target)) for target in _targets(node)))
    value = getattr(node, "value", None)
    return assigned, assigned | loaded(body.code(value) if value is not None else "")
