"""What an expression of numbers came to in the run, where all of its names are known."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache

from ..hints import Shape

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
# Two numbers that agree so well are the same one.
_CLOSE = 1e-9


def value(text: str, numbers: Mapping[str, float], shapes: Mapping[str, Shape]) -> float | None:
    """The number; None where there is none, or nobody knows."""
    tree = _parsed(text)
    try:
        found = None if tree is None else _value(tree, numbers, shapes)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return found if isinstance(found, int | float) else None


def close(one: float | None, other: float | None) -> bool:
    """Whether two numbers are known, and the same."""
    if one is None or other is None:
        return False
    return abs(one - other) <= _CLOSE * max(abs(one), abs(other))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _value(
    node: ast.expr, numbers: Mapping[str, float], shapes: Mapping[str, Shape]
) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            known = _value(inner, numbers, shapes)
            return None if known is None else -known
        case ast.BinOp(left=left, op=op, right=right):
            one, other = (_value(side, numbers, shapes) for side in (left, right))
            how = _OPERATORS.get(type(op))
            return None if one is None or other is None or how is None else how(one, other)
        case ast.Call(func=ast.Name(id="len"), args=[held]):
            return _length(held, 0, shapes)
        case ast.Subscript(value=ast.Attribute(value=held, attr="shape"), slice=index):
            axis = _value(index, {}, {})
            return _length(held, int(axis), shapes) if axis is not None else None
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return numbers.get(ast.unparse(node))
        case _:
            return None


def _length(held: ast.expr, axis: int, shapes: Mapping[str, Shape]) -> float | None:
    shape = shapes.get(ast.unparse(held), ())
    return float(shape[axis]) if -len(shape) <= axis < len(shape) else None
