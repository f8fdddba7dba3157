"""What calls call, and the shapes of expressions as they follow from those of their parts."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from ..hints import Shape
from .scope import VIEWS

Expression = cst.BaseExpression

_ARRAY_MODULES = frozenset({
    "np", "numpy", "jnp", "jax", "torch", "cp", "scipy", "special", "sp", "F", "lax", "math", "xp",
})  # fmt: skip

# Calls of functions that are applied entry by entry.
_ENTRYWISE = frozenset({
    "exp", "log", "log1p", "expm1", "tanh", "sin", "cos", "sinh", "cosh", "sqrt", "square", "abs",
    "absolute", "sign", "sigmoid", "relu", "clip", "maximum", "minimum", "erf", "softplus",
    "conj", "astype", "copy", "zeros_like", "ones_like", "expit", "arctan", "power", "pdf",
    "cdf", "logpdf", "logcdf", "digamma", "gammaln", "float", "log_ndtr", "ndtr", "floor", "round",
})  # fmt: skip


_REDUCING = frozenset({"sum", "mean", "max", "min", "prod", "var", "std"})


def called(node: cst.CSTNode) -> str:
    """The name of what a call calls, without what stands before the last dot."""
    match node:
        case cst.Call(func=cst.Name(value=name)):
            return name
    return method(node)


def method(node: cst.CSTNode) -> str:
    """The name of the method, or of the function of a module, that a call calls."""
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name
    return ""


def is_module(call: cst.Call) -> bool:
    """Whether a call is of a function of NumPy or the like, and not of a method."""
    match call.func:
        case cst.Attribute(value=held):
            return is_array_module(held)
    return False


def is_array_module(node: cst.CSTNode) -> bool:
    """Whether a node is NumPy or the like, or a module of it."""
    while isinstance(node, cst.Attribute) and node.attr.value not in VIEWS:
        node = node.value
    return isinstance(node, cst.Name) and node.value in _ARRAY_MODULES


def inside(call: cst.Call) -> Expression | None:
    """What a method, or a function, is applied to; of several arguments the first, of NumPy."""
    match call:
        case cst.Call(func=cst.Name(), args=[argument]) if not argument.star:
            return argument.value
        case cst.Call(func=cst.Attribute(), args=[first, *_]) if is_module(call):
            return first.value
        case cst.Call(func=cst.Attribute(value=held)) if not is_module(call):
            return held
    return None


def inferred(node: cst.CSTNode, shape: Callable[[cst.CSTNode], Shape | None]) -> Shape | None:
    """The shape that follows from the parts of an expression, whose shapes are known."""
    match node:
        case cst.Integer() | cst.Float():
            return ()
        case cst.UnaryOperation(expression=held) if not isinstance(node.operator, cst.Not):
            return shape(held)
        case cst.BinaryOperation(left=left, right=right, operator=operator):
            sides = shape(left), shape(right)
            return (
                _multiplied(*sides)
                if isinstance(operator, cst.MatrixMultiply)
                else broadcast(*sides)
            )
        case cst.Comparison(left=left, comparisons=[other]):
            return broadcast(shape(left), shape(other.comparator))
        case cst.Attribute(value=held, attr=cst.Name(value="T")):
            known = shape(held)
            return None if known is None else known[::-1]
        case cst.Call() if called(node) in _ENTRYWISE:
            first = inside(node)
            return None if first is None else shape(first)
        case cst.Call() if called(node) in _REDUCING:
            first = inside(node)
            return None if first is None else _reduced(shape(first), node)
    return None


def _reduced(known: Shape | None, call: cst.Call) -> Shape | None:
    """What a reduction leaves of a shape; None where its axis is no plain number."""
    given = {one.keyword.value: one.value for one in call.args if one.keyword is not None}
    rest = [one.value for one in call.args if one.keyword is None][int(is_module(call)) :]
    axis = given.get("axis", given.get("dim", rest[0] if rest else None))
    if known is None or axis is None:
        return None if known is None else ()
    minus = isinstance(axis, cst.UnaryOperation) and isinstance(axis.operator, cst.Minus)
    number = axis.expression if isinstance(axis, cst.UnaryOperation) else axis
    if not isinstance(number, cst.Integer) or int(number.value) + (not minus) > len(known):
        return None
    place = len(known) - int(number.value) if minus else int(number.value)
    kept = (1,) if "keepdims" in given or "keepdim" in given else ()
    return known[:place] + kept + known[place + 1 :]


def broadcast(one: Shape | None, other: Shape | None) -> Shape | None:
    """The shape of two arrays' sum; None where nobody knows."""
    if one is None or other is None:
        return None
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    return tuple(b if a == 1 else a for a, b in zip(longer, padded, strict=True))


def _multiplied(one: Shape | None, other: Shape | None) -> Shape | None:
    if one is None or other is None or not one or not other:
        return None
    return one[:-1] + (other[:-2] + other[-1:] if len(other) > 1 else ())
