"""Expressions as text: how tightly one binds, which parentheses it needs, what it came to."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any

from ..hints import Shape

# How tightly an expression binds (The Python Language Reference, 6.17), the loosest first. What is
# BROKEN stands over several lines with nothing around it that allows this. NUMBER is apart since
# `2.T` is no attribute of 2.
Level = IntEnum(
    "Level",
    "BROKEN TUPLE TEST OR AND NOT COMPARE BIT_OR BIT_XOR BIT_AND SHIFT SUM PRODUCT UNARY POWER "
    "NUMBER PRIMARY",
    start=-1,
)

# Other operators bind as a product does, other expressions as a name does.
_BINDING: dict[type[ast.AST], Level] = {
    **dict.fromkeys((ast.NamedExpr, ast.Starred, ast.Yield, ast.YieldFrom), Level.TUPLE),
    **dict.fromkeys((ast.Lambda, ast.IfExp), Level.TEST),
    **dict.fromkeys((ast.Add, ast.Sub), Level.SUM),
    **dict.fromkeys((ast.LShift, ast.RShift), Level.SHIFT),
    **dict.fromkeys((ast.Pow, ast.Await), Level.POWER),
    ast.Or: Level.OR,
    ast.And: Level.AND,
    ast.Not: Level.NOT,
    ast.Compare: Level.COMPARE,
    ast.BitOr: Level.BIT_OR,
    ast.BitXor: Level.BIT_XOR,
    ast.BitAnd: Level.BIT_AND,
}

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Pow: operator.pow,
}  # fmt: skip
# Two numbers that agree so well are the same one.
_CLOSE = 1e-9


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr | None:
    """The syntax tree; None for what is no expression by itself."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=65536)
def level(text: str) -> Level:
    """How tightly an expression binds; ``BROKEN`` for what is no expression by itself."""
    match node := _parsed(text):
        case None:
            return Level.BROKEN
        case ast.Tuple():
            listed: Any = _parsed(f"[{text}\n]")
            return Level.PRIMARY if len(listed.elts) == 1 else Level.TUPLE  # in parentheses or not
        case ast.expr() if node.col_offset > 0 and text[0] == "(":
            return Level.PRIMARY
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator):
            return _BINDING.get(type(operator), Level.PRODUCT)
        case ast.UnaryOp(op=operator):
            return _BINDING.get(type(operator), Level.UNARY)
        case ast.Constant(value=int() | float() | complex() as held) if not isinstance(held, bool):
            return Level.NUMBER
    return _BINDING.get(type(node), Level.PRIMARY)


def operand(text: str, least: Level | int) -> str:
    """The expression, in parentheses where it binds less than ``least``."""
    return text if level(text) >= least else f"({text})"


def product(one: str, other: str) -> str:
    """``one * other``; a number comes first, and of ``1 / m`` there remains a division."""
    divisor = reciprocal(other)
    if divisor is not None:
        return quotient(one, divisor)
    if other == "-1":
        return negative(one)
    if number(other) is not None and level(one) != Level.PRODUCT:
        return f"{operand(other, Level.PRODUCT)} * {operand(one, Level.PRODUCT + 1)}"
    return f"{operand(one, Level.PRODUCT)} * {operand(other, Level.PRODUCT + 1)}"


def quotient(one: str, other: str) -> str:
    """``one / other``."""
    return f"{operand(one, Level.PRODUCT)} / {operand(other, Level.PRODUCT + 1)}"


def total(one: str, other: str) -> str:
    """``one + other``, or ``one - other`` where there is a minus in front of the other."""
    sign = "-" if other.startswith("-") and level(other) >= Level.PRODUCT else "+"
    other = other[1:].lstrip() if sign == "-" else other
    return f"{operand(one, Level.SUM)} {sign} {operand(other, Level.SUM + 1)}"


def negative(one: str) -> str:
    """The expression with a minus, or without the one that it has."""
    # The minus of `-a @ b` binds more than the product; it is the same minus.
    if one.startswith("-") and level(one) in (Level.UNARY, Level.PRODUCT):
        return one[1:].lstrip()
    if level(one) == Level.PRODUCT and not {"//", "%"} & set(one.split()):
        return f"-{one}"
    return f"-{operand(one, Level.UNARY)}"


def attribute(one: str, name: str) -> str:
    """``one.name``."""
    return f"{operand(one, Level.PRIMARY)}.{name}"


def turned(text: str) -> str:
    """A matrix transposed, without two transposes that cancel."""
    return text.removesuffix(".T") if text.endswith(".T") else attribute(text, "T")


def reciprocal(text: str) -> str | None:
    """The ``m`` of ``1 / m``."""
    for one in ("1 / ", "1.0 / ", "1/", "1.0/"):
        if text.startswith(one) and level(text[len(one) :]) > Level.PRODUCT:
            return text[len(one) :]
    return None


def number(text: str) -> int | float | None:
    """The value of a number literal, with or without a minus."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """An expression as Python itself would write it, so that two spellings are one key."""
    node = _parsed(text)
    return text if node is None else ast.unparse(node)


@lru_cache(maxsize=4096)
def loaded(text: str) -> frozenset[str]:
    """The names that an expression reads."""
    below = ast.walk(_parsed(text) or ast.Pass())
    return frozenset(node.id for node in below if isinstance(node, ast.Name))


def short(text: str, most: int = 48) -> str:
    """A piece of code on one line, its middle left out where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most // 2 - 1]} … {line[1 - most // 2 :]}"


def value(text: str, numbers: Mapping[str, float], shapes: Mapping[str, Shape]) -> float | None:
    """The number that an expression came to in the run; None where nobody knows."""
    try:
        found = _value(_parsed(text), numbers, shapes)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return found if isinstance(found, int | float) else None


def close(one: float | None, other: float | None) -> bool:
    """Whether two numbers are known, and the same."""
    if one is None or other is None:
        return False
    return abs(one - other) <= _CLOSE * max(abs(one), abs(other))


def _value(node: ast.expr | None, numbers: Mapping[str, float], shapes: Mapping[str, Shape]) -> Any:
    """The same of a syntax tree; ``LookupError`` where nobody knows."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, numbers, shapes)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = (_value(side, numbers, shapes) for side in (left, right))
            return _OPERATORS[type(op)](one, other)
        case ast.Call(func=ast.Name(id="len"), args=[held]):
            return float(shapes[ast.unparse(held)][0])
        case ast.Subscript(value=ast.Attribute(value=held, attr="shape"), slice=index):
            return float(shapes[ast.unparse(held)][int(_value(index, {}, {}))])
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return numbers[ast.unparse(node)]
    raise LookupError
