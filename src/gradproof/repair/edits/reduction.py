"""Functions that are taken for one another: a mean for a sum, a sine for a cosine."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..edit import Edit, Kind
from . import costs
from .axis import is_module
from .body import Body
from .text import attribute, product, quotient

# Families of which one member is written where another is meant. The rare ones stand alone.
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
_DOUBLE = frozenset({"fft", "ifft", "rfft", "irfft", "fft2", "ifft2"})


def reductions(body: Body) -> Iterator[Edit]:
    """Another function of the same family."""
    for call in body.of(cst.Call):
        if not isinstance(call.func, cst.Attribute):
            continue
        name = call.func.attr
        often = costs.HINTED_CHANGE if _asked(body) else costs.REDUCTION
        for pairs, cost in ((_OFTEN, often), (_RARE, costs.REDUCTION_RARE)):
            for new in _twins(name.value, pairs):
                span = body.inner(name)
                yield body.write(span, new, Kind.REDUCTION, cost, f"{name.value} → {new}", call)
        if name.value == "cumsum":
            yield from _backwards(body, call)
    yield from _last(body)
    yield from _slopes(body)


def _asked(body: Body) -> bool:
    """Whether the diagnosis asks for a factor that is the length of something."""
    lengths = {float(length) for shape in body.scope.shapes.values() for length in shape}
    return any(body.asked(ratio) for k in lengths - {0.0, 1.0, 2.0} for ratio in (k, 1 / k))


def _twins(name: str, pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for one, other in pairs:
        if name == one:
            yield other
        elif name == other:
            yield one


def _backwards(body: Body, call: cst.Call) -> Iterator[Edit]:
    """A running sum from the end: the adjoint of one from the beginning."""
    if is_module(call) and call.args:
        inside = body.bare(call.args[0].value)
        begin, end = body.outer(call)
        old = body.text.source
        first, last = body.outer(call.args[0].value)
        turned = attribute(inside, "")[:-1] + "[::-1]"
        new = old[begin:first] + turned + old[last:end] + "[::-1]"
        yield body.replace(call, new, Kind.REDUCTION, costs.REDUCTION_RARE)


def _last(body: Body) -> Iterator[Edit]:
    """``x.sum(axis=0)`` for ``x[-1]``: all of them, and not the last one only."""
    for node in body.of(cst.Subscript):
        if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
            continue
        index = body.code(node.slice[0].slice.value)
        shape = body.shape(node.value)
        if index in {"-1", "0"} and (shape is None or len(shape) > 1):
            base = body.code(node.value)
            for call, cost in (("sum(axis=0)", 0.0), ("mean(axis=0)", 0.6)):
                new = attribute(base, call)
                yield body.replace(node, new, Kind.REDUCTION, costs.REDUCTION_RARE + cost)


def _slopes(body: Body) -> Iterator[Edit]:
    """The derivative of a function where the function itself is written."""
    for call in body.of(cst.Call):
        if not is_module(call) or len(call.args) != 1 or call.args[0].keyword is not None:
            continue
        assert isinstance(call.func, cst.Attribute)
        module, x = body.code(call.func.value), body.bare(call.args[0].value)
        here = body.code(call)
        new = {
            "tanh": f"(1 - {here}**2)",
            "log": quotient("1", x),
            "sqrt": quotient("0.5", here),
            "abs": f"{module}.sign({x})",
            "square": product(x, "2"),
            "sin": f"{module}.cos({x})",
            "cos": f"-{module}.sin({x})",
        }.get(call.func.attr.value)
        if new is not None:
            yield body.replace(call, new, Kind.REDUCTION, costs.REDUCTION_RARE + 0.4)
