"""Calls: another function of the same family, other axes and arguments, no call or one more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import libcst as cst

from ..edit import Edit
from . import costs
from .body import Body, Expression, called, inside, is_module, method
from .registry import candidates_of
from .sites import sites
from .text import product, quotient, short, written
from .transposes import orders

_KEEPING = frozenset({
    "sum", "mean", "max", "min", "prod", "var", "std", "any", "all", "norm", "nansum", "nanmean",
    "amax", "amin", "argmax", "argmin",
})  # fmt: skip
_REDUCTIONS = _KEEPING | {
    "cumsum", "cumprod", "average", "median", "logsumexp", "softmax", "flip", "roll", "sort",
    "argsort", "concatenate", "stack", "split", "repeat", "take", "expand_dims", "squeeze", "diff",
}  # fmt: skip

# Functions of which one is written where the other is meant. The rare ones stand alone.
_OFTEN = (("sum", "mean"), ("zeros_like", "ones_like"), ("zeros", "ones"))
_RARE = (
    ("max", "min"), ("maximum", "minimum"), ("argmax", "argmin"), ("sin", "cos"),
    ("exp", "expm1"), ("log", "log1p"), ("log", "log2"), ("log", "log10"), ("sinh", "cosh"),
    ("tanh", "arctan"), ("floor", "ceil"), ("floor", "round"), ("fft", "ifft"),
    ("rfft", "irfft"), ("fft2", "ifft2"), ("triu", "tril"), ("abs", "sign"), ("sqrt", "square"),
    ("any", "all"), ("flipud", "fliplr"), ("vstack", "hstack"), ("repeat", "tile"),
    ("dot", "outer"), ("dot", "multiply"), ("inv", "pinv"), ("var", "std"), ("abs", "square"),
    ("zeros_like", "copy"), ("sum", "max"), ("outer", "multiply"), ("var", "sum"),
)  # fmt: skip

# Calls that change what they are given without changing what it means to be a gradient.
_OFTEN_TOO_MUCH = frozenset({
    "clip", "round", "float16", "float32", "astype", "copy", "sign", "abs", "tril", "triu",
    "cumsum", "roll", "flip",
})  # fmt: skip
_WRAPPERS = _OFTEN_TOO_MUCH | {
    "absolute", "rint", "floor", "ceil", "flipud", "fliplr", "sqrt", "square", "exp", "log",
    "tanh", "nan_to_num", "ascontiguousarray", "asarray", "array", "int8", "around", "trunc",
    "maximum", "minimum", "diff", "sort", "real", "imag", "detach", "zeros_like", "squeeze",
    "ravel", "flatten", "sin", "cos", "normalize", "diag",
}  # fmt: skip
_COUNTING = frozenset({"len", "range", "enumerate", "zip", "reversed", "sorted", "list", "tuple"})

# Calls whose arguments nobody confuses.
_PLAIN = frozenset({"reshape", "at", "astype", "einsum", "zeros", "ones", "range", "isinstance"})


@candidates_of("axis", cst.Call)
def other_axes(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Change, drop or add what a reduction runs over."""
    argument = _axis(call)
    if argument is not None and called(call) in _REDUCTIONS:
        for new, cost in _axes(body, argument.value):
            yield body.replace(argument.value, new, cost)
        yield _without(body, call, argument, costs.AXIS + 0.3)
    elif called(call) in _KEEPING:
        for new in ("axis=0", "axis=1", "axis=-1"):
            yield _with(body, call, new, costs.AXIS + 0.2)


def _axes(body: Body, old: Expression) -> Iterator[tuple[str, float]]:
    code = body.code(old)
    yield from ((new, costs.AXIS) for new in ("0", "1", "-1") if new != code)
    yield "2", costs.AXIS + 0.4
    if not isinstance(old, cst.Tuple):
        yield from ((new, costs.AXIS + 0.6) for new in ("(0, 1)", "(1, 2)", "(0, 2)"))
        return
    items = [body.code(one.value) for one in old.elements]
    fewer = [[one for one in items if one != item] for item in items]
    yield from ((item, costs.AXIS) for item in items)
    yield from ((f"({', '.join(rest)})", costs.AXIS) for rest in fewer if len(rest) > 1)
    yield from ((f"({', '.join(order)})", costs.AXIS + 0.4) for order in orders(items))


@candidates_of("keepdims", cst.Call)
def kept_dimensions(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Keep the dimension that a reduction runs over, or lose it."""
    if called(call) not in _KEEPING:
        return
    known = _keyword(call, "keepdims")
    if known is None:
        if _axis(call) is not None:
            yield _with(body, call, "keepdims=True", costs.KEEPDIMS)
    elif body.code(known.value) == "False":
        yield body.replace(known.value, "True", costs.KEEPDIMS)
    else:
        yield _without(body, call, known, costs.KEEPDIMS)


def _keyword(call: cst.Call, *names: str) -> cst.Arg | None:
    keyed = (one for one in call.args if one.keyword is not None and one.keyword.value in names)
    return next(keyed, None)


def _axis(call: cst.Call) -> cst.Arg | None:
    positional = [one for one in call.args if one.keyword is None]
    place = 1 if is_module(call) or isinstance(call.func, cst.Name) else 0
    alone = len(positional) == place + 1 and _whole(positional[place].value)
    return _keyword(call, "axis", "dim") or (positional[place] if alone else None)


def _whole(node: Expression) -> bool:
    """Whether a node is an integer, or a tuple of integers."""
    match node:
        case cst.Tuple(elements=elements):
            return all(_whole(one.value) for one in elements)
        case cst.UnaryOperation(expression=held):
            return _whole(held)
    return isinstance(node, cst.Integer)


def _without(body: Body, call: cst.Call, argument: cst.Arg, cost: float) -> Edit:
    """The edit that drops an argument, with the comma that parts it from its neighbour."""
    k = next(k for k, one in enumerate(call.args) if one is argument)
    begin, end = body.inner(argument)
    if k > 0:
        begin = body.inner(call.args[k - 1])[1]
    elif len(call.args) > 1:
        end = body.inner(call.args[1])[0]
    return body.write((begin, end), "", cost, f"drop {body.sign(argument).rstrip(',')}", call)


def _with(body: Body, call: cst.Call, argument: str, cost: float) -> Edit:
    """The edit that adds an argument behind the others."""
    if call.args:
        place, new = body.outer(call.args[-1].value)[1], f", {argument}"
    else:
        place, new = body.text.source.index("(", body.outer(call.func)[1]) + 1, argument
    return body.write((place, place), new, cost, f"add {argument}", call)


@candidates_of("reduction", cst.Call)
def other_functions(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Another function of the same family."""
    old, often = method(call), costs.HINTED_CHANGE if _asked(body) else costs.REDUCTION
    for pairs, cost in ((_OFTEN, often), (_RARE, costs.REDUCTION_RARE)):
        for pair in (pair for pair in pairs if old in pair):
            end, new = body.inner(call.func)[1], pair[1 - pair.index(old)]
            yield body.write((end - len(old), end), new, cost, f"{old} → {new}", call)


def _asked(body: Body) -> bool:
    """Whether the diagnosis asks for a factor that is the length of something."""
    lengths = {float(length) for shape in body.scope.shapes.values() for length in shape}
    return any(body.asked(ratio) for k in lengths - {0.0, 1.0, 2.0} for ratio in (k, 1 / k))


@candidates_of("reduction")
def turned_sums(body: Body) -> Iterator[Edit]:
    """A running sum from the end: the adjoint of one from the beginning."""
    for call in body.calls("cumsum"):
        if is_module(call) and call.args:
            source, (begin, end) = body.text.source, body.outer(call)
            first, last = body.outer(call.args[0].value)
            turned = written("{}[::-1]", body.bare(call.args[0].value))
            new = source[begin:first] + turned + source[last:end] + "[::-1]"
            yield body.replace(call, new, costs.REDUCTION_RARE)


@candidates_of("reduction", cst.Subscript)
def sums_for_entries(body: Body, node: cst.Subscript) -> Iterator[Edit]:
    """``x.sum(axis=0)`` for ``x[-1]``: all of them, and not the last one only."""
    shape = body.shape(node.value)
    index = ",".join(body.raw(one) for one in node.slice)
    if index in {"-1", "0"} and (shape is None or len(shape) > 1):
        array = body.code(node.value)
        yield body.replace(node, written("{}.sum(axis=0)", array), costs.REDUCTION_RARE)
        yield body.replace(node, written("{}.mean(axis=0)", array), costs.REDUCTION_RARE + 0.6)


@candidates_of("reduction", cst.DictElement, cst.Arg, cst.Assign)
def sums_over_rows(body: Body, held: cst.DictElement | cst.Arg | cst.Assign) -> Iterator[Edit]:
    """``d.sum(axis=0)`` for ``d`` where a container gets it: the gradient of what was broadcast."""
    named = not isinstance(held, cst.Arg) or held.keyword is not None
    stored = not isinstance(held, cst.Assign) or isinstance(held.targets[0].target, cst.Subscript)
    shape = body.shape(held.value)
    if named and stored and isinstance(held.value, cst.Name) and shape and len(shape) > 1:
        summed = written("{}.sum(axis=0)", body.bare(held.value))
        yield body.replace(held.value, summed, costs.REDUCTION_RARE)


@candidates_of("reduction", cst.Call)
def derivatives(body: Body, call: cst.Call) -> Iterator[Edit]:
    """The derivative of a function where the function itself is written."""
    if not is_module(call) or len(call.args) != 1 or call.args[0].keyword is not None:
        return
    assert isinstance(call.func, cst.Attribute)
    module, x, here = body.code(call.func.value), body.bare(call.args[0].value), body.code(call)
    new = {
        "tanh": f"(1 - {here}**2)",
        "log": quotient("1", x),
        "sqrt": quotient("0.5", here),
        "abs": f"{module}.sign({x})",
        "square": product(x, "2"),
        "sin": f"{module}.cos({x})",
        "cos": f"-{module}.sin({x})",
    }.get(called(call))
    if new is not None:
        yield body.replace(call, new, costs.REDUCTION_RARE + 0.4)


@candidates_of("arguments", cst.Call)
def exchanged_arguments(body: Body, call: cst.Call) -> Iterator[Edit]:
    """Two positional arguments exchanged."""
    if called(call) in _PLAIN | {""}:
        return
    values = [one.value for one in call.args if one.keyword is None and not one.star]
    for pair in combinations(values, 2):
        if not any(isinstance(one, (cst.Integer, cst.SimpleString)) for one in pair):
            yield body.exchange(*pair, costs.ARGUMENTS, call)


@candidates_of("unwrap", cst.Call)
def dropped_calls(body: Body, call: cst.Call) -> Iterator[Edit]:
    """A call replaced by what it is given."""
    held, name = inside(call), called(call)
    if held is None:
        return
    if name in _WRAPPERS or (isinstance(call.func, cst.Name) and name not in _COUNTING):
        cost = costs.UNWRAP if name in _OFTEN_TOO_MUCH else costs.UNWRAP_RARE
        what = f"drop {name} around {short(body.code(held))}"
        yield body.replace(call, body.bare(held), cost, what)
    if name == "astype" and call.args and call.args[0].keyword is None:
        yield body.replace(call.args[0].value, "float", costs.UNWRAP_RARE)


@candidates_of("unwrap")
def added_calls(body: Body) -> Iterator[Edit]:
    """A sign, an absolute value or a triangle around an operand, where it may be missing."""
    for site in sites(body):
        code = body.bare(site.node)
        square = site.shape is None or (len(site.shape) == 2 and site.shape[0] == site.shape[1])
        for name in ("sign", "abs", *(("tril", "triu") if square else ())):
            yield body.replace(site.node, f"np.{name}({code})", costs.WRAP)
