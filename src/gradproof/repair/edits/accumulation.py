"""Accumulation: overwritten where it should add up, and the other way round; stray statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .body import Body
from .text import attribute, loaded, normal, short

_SIGNS: dict[type[cst.BaseAugOp], str] = {
    cst.AddAssign: "+", cst.SubtractAssign: "-", cst.MultiplyAssign: "*", cst.DivideAssign: "/",
}  # fmt: skip


def accumulations(body: Body) -> Iterator[Edit]:
    """Assign for adding up, add up for assigning, over repeated indices and over loops."""
    for node in body.of(cst.AugAssign):
        yield from _plain(body, node)
        yield from _at(body, node.target, node.value, node.operator, node)
    for other in body.of(cst.Assign):
        yield from _added_up(body, other)
    for call in body.of(cst.Expr):
        yield from _buffered(body, call)
    yield from _copies(body)


def _plain(body: Body, node: cst.AugAssign) -> Iterator[Edit]:
    span = body.inner(node.operator)
    old = body.text.source[slice(*span)]
    new = old.replace(old.strip(), "=")
    yield body.write(span, new, Kind.ACCUMULATION, costs.ACCUMULATE_RARE, None, node)


def _added_up(body: Body, node: cst.Assign) -> Iterator[Edit]:
    target = node.targets[0].target
    if len(node.targets) > 1 or isinstance(target, (cst.Tuple, cst.List)):
        return
    begin, end = body.outer(target)[1], body.outer(node.value)[0]
    text = body.text.source[begin:end]
    new = text.replace("=", "+=", 1)
    indexed = isinstance(target, (cst.Subscript, cst.Attribute))
    loop = _loop(body, node)
    cost = costs.ACCUMULATE if indexed and loop else costs.ACCUMULATE_RARE
    what = f"add to {short(body.code(target))} what is assigned"
    yield body.write((begin, end), new, Kind.ACCUMULATION, cost, what, node)
    yield from _at(body, target, node.value, cst.AddAssign(), node)
    if loop is not None and isinstance(target, cst.Name):
        yield _over_loop(body, loop, (begin, end), target.value, new, node)


def _loop(body: Body, node: cst.CSTNode) -> cst.For | cst.While | None:
    """The loop around a statement."""
    above = body.parent(node)
    while above is not None and not isinstance(above, (cst.For, cst.While)):
        above = None if isinstance(above, cst.FunctionDef) else body.parent(above)
    return above


def _over_loop(
    body: Body,
    loop: cst.For | cst.While,
    span: tuple[int, int],
    name: str,
    new: str,
    node: cst.CSTNode,
) -> Edit:
    """Start a sum before the loop, and add to it inside."""
    source, begin = body.text.source, body.inner(loop)[0]
    blank = source[body.text.begins[body.text.line(begin) - 1] : begin]
    end = _newline(source)
    start = f"{name} = 0{end}{blank}{source[begin : span[0]]}{new}"
    what = f"sum {name} over the loop"
    return body.write((begin, span[1]), start, Kind.ACCUMULATION, costs.ACCUMULATE, what, node)


def _newline(source: str) -> str:
    return "\r\n" if "\r\n" in source else "\n"


def _at(
    body: Body,
    target: cst.BaseExpression,
    value: cst.BaseExpression,
    operator: cst.BaseAugOp,
    node: cst.CSTNode,
) -> Iterator[Edit]:
    """``np.add.at``, for which an index may come more than once."""
    names = {cst.AddAssign: "add", cst.SubtractAssign: "subtract"}
    name = names.get(type(operator))
    if name is None or not isinstance(target, cst.Subscript) or _fixed(target):
        return
    first, last = body.inner(target.slice[0])[0], body.inner(target.slice[-1])[1]
    index = body.text.source[first:last].strip().rstrip(",")
    if ":" in index:
        index = f"np.s_[{index}]"
    elif len(target.slice) > 1:
        index = f"({index})"
    new = f"np.{name}.at({body.code(target.value)}, {index}, {body.bare(value)})"
    span = body.inner(node)
    yield body.write(span, new, Kind.ACCUMULATION, costs.ACCUMULATE, None, node)


def _fixed(target: cst.Subscript) -> bool:
    """Whether an index surely picks each entry once: keys, slices and numbers do."""
    return all(
        isinstance(one.slice, cst.Slice)
        or isinstance(one.slice.value, (cst.Integer, cst.SimpleString, cst.FormattedString))
        for one in target.slice
        if isinstance(one.slice, (cst.Slice, cst.Index))
    )


def _buffered(body: Body, node: cst.Expr) -> Iterator[Edit]:
    """``dE[ids] += x`` for ``np.add.at(dE, ids, x)``."""
    call = node.value
    if not isinstance(call, cst.Call) or len(call.args) != 3:
        return
    name = normal(body.code(call.func))
    sign = {"np.add.at": "+=", "np.subtract.at": "-="}.get(name)
    if sign is not None:
        array, index, value = (body.code(one.value) for one in call.args)
        new = f"{array}[{index}] {sign} {value}"
        span = body.inner(node)
        yield body.write(span, new, Kind.ACCUMULATION, costs.ACCUMULATE_RARE, None, node)


def _copies(body: Body) -> Iterator[Edit]:
    """A copy where a name was given a second name, and zeros where a copy was made."""
    for node in body.of(cst.Assign):
        if isinstance(node.value, (cst.Name, cst.Subscript)) and isinstance(
            node.targets[0].target, cst.Name
        ):
            new = attribute(body.code(node.value), "copy()")
            yield body.replace(node.value, new, Kind.ACCUMULATION, costs.ACCUMULATE_RARE)
    for call in body.of(cst.Call):
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "copy":
            new = f"np.zeros_like({body.code(call.func.value)})"
            yield body.replace(call, new, Kind.ACCUMULATION, costs.ACCUMULATE_RARE)


def _targets(node: cst.CSTNode) -> Sequence[cst.BaseExpression]:
    if isinstance(node, cst.Assign):
        return [one.target for one in node.targets]
    return [node.target] if isinstance(node, (cst.AugAssign, cst.AnnAssign)) else []


def statements(body: Body) -> Iterator[Edit]:
    """Leave a statement out, or let it change places with the next one."""
    for block in body.of(cst.IndentedBlock):
        lines = [one for one in block.body if isinstance(one, cst.SimpleStatementLine)]
        for line in lines:
            if len(line.body) == 1 and not isinstance(line.body[0], (cst.Return, *_STILL)):
                yield from _dropped(body, block, line)
        for one, other in zip(block.body, block.body[1:], strict=False):
            if isinstance(one, cst.SimpleStatementLine) and isinstance(
                other, cst.SimpleStatementLine
            ):
                yield from _moved(body, one, other)


_STILL = (cst.Raise, cst.Assert, cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal, cst.Pass)


def _dropped(body: Body, block: cst.IndentedBlock, line: cst.SimpleStatementLine) -> Iterator[Edit]:
    node = line.body[0]
    if node not in body.parents or getattr(node, "value", node) not in {*body.parents, node}:
        return  # a docstring, a print
    span = body.inner(line)
    code = body.text.source[slice(*span)]
    stray = isinstance(node, cst.AugAssign) or _again(body, node)
    if isinstance(node, cst.Assign) and not stray and _first(body, node):
        return  # without it its name would be unknown
    cost = costs.DROP_STRAY if stray else costs.DROP_STATEMENT
    what = f"leave out {short(code)}"
    if len(block.body) == 1:
        yield body.write(span, "pass", Kind.STATEMENT, cost, what, node)
        return
    source = body.text.source
    begin = body.text.begins[body.text.line(span[0]) - 1]
    last = body.text.line(span[1])
    end = body.text.begins[last] if last < len(body.text.begins) else len(source)
    if source[span[1] : end].strip() or source[begin : span[0]].strip():
        return  # something else stands on the line, if only a comment
    yield body.write((begin, end), "", Kind.STATEMENT, cost, what, node)


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
    if one.body[0] not in body.parents or other.body[0] not in body.parents:
        return
    if isinstance(other.body[0], cst.Return) or not _depend(body, one.body[0], other.body[0]):
        return
    (begin, middle), (then, end) = body.inner(one), body.inner(other)
    old = body.text.source
    new = old[then:end] + old[middle:then] + old[begin:middle]
    what = f"exchange {short(old[begin:middle])} and {short(old[then:end])}"
    yield body.write((begin, end), new, Kind.STATEMENT, costs.MOVE, what, one.body[0])


def _depend(body: Body, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether one statement assigns what the other reads: else their order does not matter."""
    first = {name for target in _targets(one) for name in loaded(body.code(target))}
    second = {name for target in _targets(other) for name in loaded(body.code(target))}
    return bool(first & _names(body, other)) or bool(second & _names(body, one))


def _names(body: Body, node: cst.CSTNode) -> frozenset[str]:
    value = getattr(node, "value", None)
    text = body.code(value) if value is not None else ""
    targets = [loaded(body.code(target)) for target in _targets(node)]
    return loaded(text).union(*targets)
